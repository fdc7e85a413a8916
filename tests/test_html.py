"""The one-file report: everything inside, every word harmless, every number leading to its moments."""

from __future__ import annotations

import base64
import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import web_calls

from listening.findings import Finding
from listening.reports import coaching, sound
from listening.reports.callview import call_view, mark
from listening.reports.html import page
from listening.reports.moments import moments
from listening.scorecard import Heard
from listening.scoring import score

HOSTILE = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\u202eevil\u202c שלום عالم 👩🏽‍💻 =cmd|' /C calc'!A0",
    "w" * 50_000,
    "{{ 7 * 7 }} {% raw %} <!-- ",
)


class Page(HTMLParser):
    """Ids, links and addresses of a page, its tags, and its visible text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.addresses: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), f"{tag} has {name}"
            if name == "id":
                self.ids.append(value or "")
            elif name == "href":
                self.links.append(value or "")
            elif name == "src":
                self.addresses.append(value or "")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return web_calls.write_tone(tmp_path_factory.mktemp("sound") / "tone.wav", seconds=20.0)


def hostile() -> Heard:
    call = web_calls.transcript()
    utterances = list(call.utterances)
    for at, text in enumerate(HOSTILE):
        utterances[at] = dataclasses.replace(utterances[at], text=text + " " + utterances[at].text)
    info = dataclasses.replace(call.info, id=HOSTILE[0], rep=HOSTILE[1], customer=HOSTILE[2])
    names = tuple(dataclasses.replace(s, name=HOSTILE[0]) for s in call.speakers)
    call = dataclasses.replace(call, utterances=tuple(utterances), speakers=names, info=info)
    found = web_calls.analysis(web_calls.transcript())
    return Heard(call, found, score(found, call))


def test_nothing_is_fetched_and_every_link_has_its_place(tone: Path) -> None:
    text = page([web_calls.heard(recording=tone), web_calls.heard("second")])
    parsed = Page(text)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert {link for link in parsed.links if not link.startswith("#")} == set()
    assert {link[1:] for link in parsed.links} <= set(parsed.ids)
    assert [a[:15] for a in parsed.addresses] == ["data:audio/webm"]
    assert "@import" not in text
    assert not re.search(r"url\((?!data:)", text)


def test_every_number_leads_to_its_moments() -> None:
    call = web_calls.heard()
    view = call_view(call)
    rows = {row.measure.key: row for _, family in view.families for row in family}
    opened = [m for m in rows["open_question_share"].moments if m.label == "question.open"]
    assert len(opened) == 6
    assert rows["interruptions_per_hour"].moments[0].at == 64_600
    text = page([call])
    for row in rows.values():
        if row.measure.evidence:
            assert f'id="c1-{row.measure.key}"' in text
            assert all(f'data-at="{m.at}" data-f="{m.index}"' in text for m in row.moments)


def test_words_of_a_call_are_text_and_nothing_else() -> None:
    text = page([hostile()])
    parsed = Page(text)
    assert parsed.tags.count("script") == 1
    assert "img" not in parsed.tags
    shown = "".join(parsed.words)
    for words in HOSTILE:
        assert words in shown
    assert "49" not in Page(page([hostile()])).words


def test_what_was_not_measured_is_said_with_its_reason() -> None:
    call = web_calls.transcript(acoustic=False)
    found = dataclasses.replace(web_calls.analysis(call), unmeasured={"pauses": "needs the recording"})
    text = page([Heard(call, found, score(found, call))])
    assert "needs the recording" in text


def test_an_empty_call_has_a_page() -> None:
    call = dataclasses.replace(web_calls.transcript(), utterances=(), speech=(), duration=None)
    found = dataclasses.replace(web_calls.analysis(web_calls.transcript()), findings=(), totals={}, scores={})
    text = page([Heard(call, found, score(found, call))])
    assert "Not measurable in this call" in text
    assert "<audio" not in text


def test_a_recording_that_has_gone_is_left_out(tmp_path: Path) -> None:
    assert "<audio" not in page([web_calls.heard(recording=tmp_path / "gone.wav")])


def test_moments_to_talk_about_begin_with_praise_and_differ() -> None:
    chosen = coaching.suggestions(web_calls.heard().scorecard)
    assert [s.praise for s in chosen] == [True, False, False]
    assert [s.title for s in chosen[1:]] == ["A push past a barrier", "An interruption"]
    assert len({s.finding for s in chosen}) == 3


def test_two_words_said_back_are_not_the_example_to_praise() -> None:
    short = Finding("restatement", "restatements", 0, end_char=8, role="rep", score=0.9)
    longer = dataclasses.replace(short, utterance=1, end_char=40, score=0.6)
    assert [place for _, place in coaching.cases("Saying it back", [short, longer])] == [1, 0]
    assert [place for _, place in coaching.cases("Saying it back", [short])] == [0]


def test_marked_text_is_the_text() -> None:
    card = web_calls.heard().scorecard
    shown = moments(card.findings, web_calls.transcript(), card.duration)
    pieces = mark("abcdef", [(1, 4, shown[0]), (3, 5, shown[1])])
    assert [p.text for p in pieces] == ["a", "bc", "d", "e", "f"]
    assert [len(p.moments) for p in pieces] == [0, 1, 2, 1, 0]


def test_sound_is_small_and_plays_from_its_own_data(tone: Path) -> None:
    data = sound.compress(tone)
    assert data[:4] == b"\x1a\x45\xdf\xa3"  # a Matroska (WebM) file
    assert len(data) < 20 * sound.BEST / 8 * 1.3
    outline = sound.outline(tone)
    assert outline.peaks.shape == (2, 200)
    assert outline.peaks[0, 20] > 200 > 20 > outline.peaks[1, 20]


@pytest.mark.parametrize("minutes", [60, 90])
def test_an_hour_of_sound_stays_under_15_mb(minutes: int) -> None:
    inside = sound.bitrate(minutes * 60_000) * minutes * 60 / 8 * 4 / 3
    assert inside < 14e6


def test_the_policy_allows_the_page_its_own_script_and_style() -> None:
    import hashlib

    text = page([web_calls.heard()])
    for tag in ("script", "style"):
        body = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.S)
        assert body is not None
        digest = base64.b64encode(hashlib.sha256(body[1].encode()).digest()).decode()
        assert digest in text.replace("&#43;", "+")


def test_a_question_that_steers_to_the_close_is_not_praised() -> None:
    asked = Finding("question.open", "questions", utterance=0, end_char=40, role="rep", tags=("follow_up",))
    steered = dataclasses.replace(asked, tags=("follow_up", "close_directed"), score=0.99)
    assert coaching.cases("An open follow-up question", [steered, asked]) == [(asked.score, 1)]
    assert coaching.cases("An open question", [steered]) == []
