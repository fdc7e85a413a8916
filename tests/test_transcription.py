"""Recording -> Transcript: whose words, where utterances begin and end, what is refused."""

from __future__ import annotations

import itertools
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from listening import transcription
from listening.audio import activity
from listening.errors import AudioError, UsageError
from listening.recognizers import Options, Recognized, Track
from listening.speakers.utterances import assign, build
from listening.transcript import Span, Speech, Timing, Word
from listening.transcription import transcribe

RATE = 16_000


def words(*said: tuple[str, int, int]) -> tuple[Word, ...]:
    return tuple(Word(text, start, end, 0.9) for text, start, end in said)


def test_a_pause_ends_an_utterance_and_edges_are_acoustic() -> None:
    said = words(
        ("So", 150, 300), ("were", 300, 2900), ("looking.", 2900, 3900), ("Well", 5200, 5400), ("ok.", 5400, 9000)
    )
    first, second = build("A", said, [Span(100, 1900), Span(2100, 3800), Span(5000, 5900)], channel=1)
    assert (first.text, first.start, first.end) == ("So were looking.", 100, 3800)
    assert (second.text, second.start, second.end) == ("Well ok.", 5000, 5900)
    assert first.channel == 1
    assert first.timing is Timing.ACOUSTIC
    # A word never stretches over a silence, or past the speech.
    assert [(w.start, w.end) for w in first.words] == [(150, 300), (300, 1900), (2900, 3800)]
    assert second.words[-1].end == 5900


def test_a_hesitation_stays_inside_unless_somebody_speaks() -> None:
    said = words(("last", 0, 400), ("Tuesday,", 400, 900), ("August", 1950, 2300), ("10th.", 2300, 2700))
    speech = [Span(0, 900), Span(1900, 2700)]
    assert len(build("A", said, speech)) == 1
    assert len(build("A", said, speech, others=[Span(1000, 1400)])) == 2
    assert len(build("A", words(("Yes.", 0, 800), ("August", 1950, 2300)), speech)) == 2


def test_the_first_words_after_a_pause_come_early() -> None:
    said = words(("the", 0, 300), ("light.", 300, 700), ("So", 800, 1000), ("let's", 4000, 4300), ("go.", 4300, 4600))
    first, second = build("A", said, [Span(0, 1000), Span(3900, 4600)])
    assert (first.text, second.text) == ("the light.", "So let's go.")
    assert second.words[0].start == 3900


def test_a_sound_the_recognizer_passed_over_keeps_no_words() -> None:
    said = words(("Well,", 100, 400), ("we", 5000, 5200), ("missed.", 5200, 5600))
    (only,) = build("A", said, [Span(0, 400), Span(4900, 5600)])
    assert (only.text, only.start) == ("Well, we missed.", 4900)
    yes = words(("Yeah.", 100, 400), ("we", 5000, 5200), ("missed.", 5200, 5600))
    assert len(build("A", yes, [Span(0, 400), Span(4900, 5600)])) == 2


def test_long_talk_is_cut_at_sentences() -> None:
    said = tuple(Word("word." if i % 10 == 9 else "word", i * 500, i * 500 + 450) for i in range(100))
    parts = build("A", said, [Span(0, 50_000)])
    assert len(parts) == 4
    assert all(p.text.endswith("word.") for p in parts)
    assert all(a.end == b.start for a, b in itertools.pairwise(parts))


def test_a_reply_inside_makes_two_utterances() -> None:
    said = words(("Right?", 0, 500), ("Good.", 1000, 1400))
    speech = [Span(0, 500), Span(1000, 1400)]
    assert len(build("A", said, speech)) == 1
    first, second = build("A", said, speech, others=[Span(550, 900)])
    assert (first.end, second.start) == (500, 1000)


def test_languages_without_spaces_and_nothing_said() -> None:
    assert build("A", words(("你", 0, 200), ("好", 200, 400)), [Span(0, 400)], language="zh")[0].text == "你好"
    assert build("A", (), [Span(0, 400)]) == ()
    assert build("A", words(("Hi", 0, 200)), [])[0].span == Span(0, 200)


def test_words_go_to_who_speaks() -> None:
    speech = {"A": [Span(0, 1000), Span(3000, 4000)], "B": [Span(1200, 2800), Span(3300, 3600)]}
    said = words(("hello", 0, 900), ("yes", 1150, 1600), ("mm", 2820, 2900), ("go", 3000, 3250), ("on", 3300, 3590))
    mine = assign(said, speech)
    # "mm" lies in a pause, nearest to B; "on" lies in an overlap and stays with A, who was speaking.
    assert [w.text for w in mine["A"]] == ["hello", "go", "on"]
    assert [w.text for w in mine["B"]] == ["yes", "mm"]


def test_a_change_of_speaker_moves_to_the_end_of_the_sentence() -> None:
    speech = {"A": [Span(0, 1000)], "B": [Span(1000, 2000)]}
    early = words(
        ("How", 0, 300), ("are", 300, 700), ("you?", 1010, 1200), ("Fine", 1200, 1500), ("thanks.", 1500, 1900)
    )
    mine = assign(early, speech)
    assert [w.text for w in mine["A"]] == ["How", "are", "you?"]
    assert [w.text for w in mine["B"]] == ["Fine", "thanks."]
    late = words(("All", 0, 300), ("good.", 300, 600), ("And", 700, 950), ("you?", 1100, 1500))
    assert [w.text for w in assign(late, speech)["B"]] == ["And", "you?"]


class Fake:
    """A recognizer that says one word a second of speech."""

    name = "fake"
    speed = None
    asked: Options | None = None

    def missing(self) -> str | None:
        return None

    def hear(self, tracks: Sequence[Track], options: Options, progress: Any) -> tuple[Recognized, ...]:
        self.asked = options
        progress("hearing", 1, 1)
        return tuple(
            Recognized(tuple(Word(f"w{t}.", s.start, s.end, 0.5) for s in track.speech), "en")
            for t, track in enumerate(tracks)
        )


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    """No models: energy instead of voice activity, a fake engine, and turns instead of voices."""

    def loud(samples: Any, *, progress: Any = None) -> tuple[Span, ...]:
        frames = np.flatnonzero(activity.energy_db(samples) > -45)
        return activity.join((Span(int(i) * 5, int(i) * 5 + 5) for i in frames), 180)

    engine = Fake()
    monkeypatch.setattr(transcription.activity, "speech_spans", loud)
    monkeypatch.setattr(transcription, "choose", lambda name: engine)
    from listening.speakers import diarization

    def turns(samples: Any, speech: Sequence[Span], speakers: int = 2, progress: Any = None) -> tuple[Speech, ...]:
        return tuple(Speech("AB"[i % 2], s.start, s.end) for i, s in enumerate(speech))

    monkeypatch.setattr(diarization, "diarize", turns)
    return engine


def record(path: Path, *sides: Sequence[Span], seconds: float = 10) -> Path:
    """A wav file with noise where each side speaks."""
    rng = np.random.default_rng(3)
    data = np.zeros((int(seconds * RATE), len(sides)), np.int16)
    for c, spans in enumerate(sides):
        for s in spans:
            part = slice(s.start * 16, s.end * 16)
            data[part, c] = rng.normal(0, 3000, data[part, c].shape).clip(-30000, 30000)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(len(sides))
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(data.tobytes())
    return path


def test_two_channels_are_two_speakers(tmp_path: Path, fake: Fake) -> None:
    stages: list[str] = []
    path = record(tmp_path / "call-7.wav", [Span(0, 2000), Span(5000, 7000)], [Span(1800, 4000)])
    heard = transcribe(path, language="de", model=None, progress=lambda stage, *_: stages.append(stage))
    assert [s.id for s in heard.speakers] == ["left", "right"]
    assert [(u.speaker, u.channel) for u in heard.utterances] == [("left", 0), ("right", 1), ("left", 0)]
    assert [abs((u.start or 0) - t) < 20 for u, t in zip(heard.utterances, (0, 1800, 5000), strict=True)] == [True] * 3
    assert heard.utterances[0].end > heard.utterances[1].start  # overlap is kept
    assert heard.duration == 10_000
    assert heard.info.id == "call-7"
    assert heard.provenance.engine == "fake"
    assert heard.provenance.model == "whisper-base"
    assert len(heard.provenance.sha256 or "") == 64
    assert {s.speaker for s in heard.speech} == {"left", "right"}
    assert fake.asked == Options(language="de")
    assert {"decoding", "hearing"} <= set(stages)


def test_one_channel_is_told_apart_by_voice(tmp_path: Path, fake: Fake) -> None:
    path = record(tmp_path / "mono.wav", [Span(0, 2000), Span(3000, 5000), Span(6000, 7000)])
    heard = transcribe(path)
    assert [u.speaker for u in heard.utterances] == ["A", "B", "A"]
    assert any("by voice" in note for note in heard.provenance.notes)
    alone = transcribe(path, speakers=1)
    assert {u.speaker for u in alone.utterances} == {"A"}
    assert alone.provenance.notes == ()


def test_channels_that_are_no_speakers(tmp_path: Path, fake: Fake) -> None:
    dead = transcribe(record(tmp_path / "dead.wav", [Span(0, 2000), Span(3000, 5000)], []))
    assert [s.id for s in dead.speakers] == ["A", "B"]
    assert "Only one of 2 channels" in dead.provenance.notes[0]
    three = record(tmp_path / "three.wav", [Span(0, 2000)], [Span(2500, 4000)], [Span(5000, 6000)])
    assert [u.speaker for u in transcribe(three).utterances] == ["channel 1", "channel 2", "channel 3"]


def test_one_word_and_one_side_only(tmp_path: Path, fake: Fake) -> None:
    heard = transcribe(record(tmp_path / "short.wav", [Span(0, 300)], [Span(500, 700)], seconds=1))
    assert len(heard.utterances) == 2
    one = transcribe(record(tmp_path / "one.wav", [Span(200, 600)], seconds=1))
    assert [s.id for s in one.speakers] == ["A"]


def test_nothing_to_hear(tmp_path: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AudioError, match=r"^No speech was found in silence\.wav\.$"):
        transcribe(record(tmp_path / "silence.wav", [], []))
    monkeypatch.setattr(Fake, "hear", lambda self, tracks, *_: tuple(Recognized((), "en") for _ in tracks))
    with pytest.raises(AudioError, match="No words"):
        transcribe(record(tmp_path / "music.wav", [Span(0, 3000)]))
    with pytest.raises(AudioError, match="no file"):
        transcribe(tmp_path / "none.wav")
    with pytest.raises(UsageError):
        transcribe(tmp_path / "none.wav", speakers=0)
