"""What we write: exact in our own JSON, readable elsewhere in the rest; and nothing read can raise but our errors."""

from __future__ import annotations

import copy
import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import listening
from listening import formats
from listening.errors import TranscriptError
from listening.findings import Finding
from listening.formats import Content
from listening.scorecard import Component, Measure, Scorecard, Target
from listening.transcript import (
    CallInfo,
    Provenance,
    Role,
    Speaker,
    Speech,
    Timing,
    Transcript,
    Utterance,
    Word,
)

SCHEMAS = Path(listening.__file__).parent / "schemas"


def schema(name: str) -> jsonschema.Draft202012Validator:
    data = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(data)
    return jsonschema.Draft202012Validator(data)


CALL = Transcript(
    utterances=(
        Utterance(
            "Hello <you> & --> all.",
            "A",
            500,
            1500,
            (Word("Hello", 500, 900, 0.9), Word("all.", None, None)),
            0,
            Timing.ACOUSTIC,
        ),
        Utterance('=cmd() "quoted"', "B", 1200, 1400, channel=1, timing=Timing.RECOGNIZER),
        Utterance("And more", "A", 2000, 3_661_001, timing=Timing.CUE),
    ),
    speakers=(Speaker("A", "Ann & Co", Role.REP, 0.8, "guess"), Speaker("B")),
    info=CallInfo("c1", "Ann", date="2026-01-02"),
    provenance=Provenance("a.wav", "recording", engine="replay", notes=("A note.",)),
    duration=3_700_000,
    speech=(Speech("A", 500, 1500),),
)
UNTIMED = Transcript((Utterance("Hi", "A"),), (Speaker("A"),), CallInfo("c"), Provenance("c.txt", "transcript"))


def test_native_is_exact_and_valid(tmp_path: Path) -> None:
    for call in (CALL, UNTIMED):
        text = formats.write(call, "native")
        path = tmp_path / "other.json"
        path.write_text(text)
        assert formats.read(path) == call
        schema("transcript").validate(json.loads(text))


@pytest.mark.parametrize(
    "change",
    [
        {"schema_version": 99},
        {"call": {"id": 1}},
        {"duration": "long"},
        {"utterances": [{"speaker": "A", "text": "secret", "start": 0.5}]},
        {"utterances": [{"speaker": "nobody", "text": "secret"}]},
        {"speakers": None},
        {"speakers": [{**CALL.to_dict()["speakers"][0], "name": 5}, CALL.to_dict()["speakers"][1]]},
        {"duration": 10**400},
    ],
)
def test_malformed_native_is_refused_without_its_words(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({**CALL.to_dict(), **change}))
    with pytest.raises(TranscriptError, match=r"^a\.json ") as caught:
        formats.read(path)
    assert "secret" not in str(caught.value)


def test_webvtt_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "a.vtt"
    path.write_text(formats.write(CALL, "vtt"))
    again = formats.read(path)
    assert [(u.text, u.start, u.end) for u in again.utterances] == [(u.text, u.start, u.end) for u in CALL.utterances]
    assert [u.speaker for u in again.utterances] == ["Ann & Co", "B", "Ann & Co"]


TEXT = st.text("ab<>&-:é \u2028\x85{}\\;'/v1.\tñ", min_size=1, max_size=15)


@given(
    st.lists(
        st.tuples(TEXT, st.sampled_from("AB"), st.integers(0, 10**8), st.integers(0, 10**6)), min_size=1, max_size=5
    )
)
@settings(max_examples=60, deadline=None)
def test_webvtt_round_trip_of_anything(rows: list[tuple[str, str, int, int]]) -> None:
    utterances = tuple(Utterance(" ".join(t.split()), s, a, a + n, timing=Timing.CUE) for t, s, a, n in rows)
    call = Transcript(utterances, (Speaker("A"), Speaker("B")), CallInfo("c"), Provenance("c", "transcript"))
    if any(u.text for u in utterances):
        again = formats.FORMATS["webvtt"].read(formats.write(call, "webvtt"), "c.vtt")
        assert [(u.text, u.speaker, u.start, u.end) for u in again.utterances] == [
            (u.text, u.speaker, u.start, u.end) for u in utterances
        ]


@pytest.mark.parametrize("name", sorted(n for n, f in formats.FORMATS.items() if f.render and f.parse))
@pytest.mark.parametrize("first", [3_600_001, 50_602_000, 400_000_000])
def test_our_own_file_of_a_call_that_begins_late_reads_back(tmp_path: Path, name: str, first: int) -> None:
    """Its times are no clock on the wall, though later than the talk is long."""
    utterances = (Utterance("Hi.", "A", first, first + 900), Utterance("NOTE 1 --> 2", "B", first + 1000, first + 1900))
    call = Transcript(utterances, (Speaker("A"), Speaker("B")), CallInfo("c"), Provenance("c.wav", "recording"))
    for newline in ("\n", "\r\n"):
        path = tmp_path / "c.txt"
        path.write_bytes(formats.write(call, name).replace("\n", newline).encode())
        again = formats.read(path)
        assert again.provenance.notes == ()
        assert [(u.text, u.speaker, u.start, u.end) for u in again.utterances] == [
            (u.text, u.speaker, u.start, u.end) for u in utterances
        ]


def test_same_names_stay_two_speakers() -> None:
    speakers = (Speaker("A", "Ann"), Speaker("B", "Ann"))
    call = Transcript((Utterance("Hi", "A", 0, 9), Utterance("Hi", "B", 0, 9)), speakers, CALL.info, CALL.provenance)
    assert "<v A>Hi</v>" in formats.write(call, "webvtt")


def test_textgrid_covers_time_on_a_tier_a_speaker() -> None:
    text = formats.write(CALL, "textgrid")
    tiers = text.split("item [")[2:]
    assert [re.search(r'name = "(.*)"', tier)[1] for tier in tiers] == ["Ann & Co", "B"]  # type: ignore[index]
    for tier in tiers:
        times = [float(t) for t in re.findall(r"^ {12}xm\w+ = (.*)$", tier, re.MULTILINE)]
        assert times[0] == 0
        assert times[-1] == 3700
        assert times[1:-1:2] == times[2::2]  # each begins where the one before ends
        assert all(a < b for a, b in zip(times[::2], times[1::2], strict=True))
    assert '"=cmd() ""quoted"""' in text


def test_textgrid_of_one_speaker_overlapping_herself() -> None:
    utterances = (Utterance("a", "A", 0, 1000), Utterance("b", "A", 200, 300), Utterance("c", "A", 900, 2000))
    text = formats.write(Transcript(utterances, (Speaker("A"),), CALL.info, CALL.provenance), "TextGrid")
    assert re.findall(r'text = "(.*)"', text) == ["a b", "c"]


def test_textgrid_has_room_for_a_last_utterance_without_an_end() -> None:
    utterances = (Utterance("a", "A", 0, 1000), Utterance("b", "B", 12_000))
    call = Transcript(utterances, (Speaker("A"), Speaker("B")), CALL.info, CALL.provenance, duration=12_000)
    ends = [float(t) for t in re.findall(r"xmax = (.*)", formats.write(call, "textgrid"))]
    assert ends[0] == max(ends)
    assert ends.count(ends[0]) == 5  # the file, both tiers, and the last interval of each


def test_csv_defuses_formulas() -> None:
    rows = list(csv.DictReader(io.StringIO(formats.write(CALL, "csv"))))
    assert [row["text"] for row in rows] == ["Hello <you> & --> all.", '\'=cmd() "quoted"', "And more"]
    assert rows[0]["role"] == "rep"
    assert rows[0]["start_s"] == "0.500"
    bad = Transcript((Utterance("\t@x", "-A"),), (Speaker("-A"),), CALL.info, CALL.provenance)
    row = next(csv.DictReader(io.StringIO(formats.write(bad, "csv"))))
    assert (row["speaker"], row["text"], row["start_s"]) == ("'-A", "'\t@x", "")


@pytest.mark.parametrize("name", ["webvtt", "textgrid"])
def test_formats_that_need_times_say_so(name: str) -> None:
    with pytest.raises(TranscriptError, match="needs times"):
        formats.write(UNTIMED, name)


def test_missing_times_are_filled_for_writing_only() -> None:
    utterances = (Utterance("a", "A", 1000), Utterance("b", "A"), Utterance("c", "A", 3000))
    call = Transcript(utterances, (Speaker("A"),), CALL.info, CALL.provenance)
    assert re.findall(r"(\S+) --> (\S+)", formats.write(call, "vtt")) == [
        ("00:00:01.000", "00:00:03.000"),
        ("00:00:03.000", "00:00:03.000"),
        ("00:00:03.000", "00:00:03.000"),
    ]


def test_scorecard_schema() -> None:
    measure = Measure("K", "Title", "What it is.", "Somebody 2020", "%", 40.0, interval=(30.0, 50.0))
    target = Target(None, 45.0, "Somebody 2020", "B")
    missing = Measure("L", "Title", "What.", "S", "ms", None, "No times.", target=target, details={"x": None})
    index = Component("index", "Index", None, 1.0, "Too little.", left_out=("L",))
    card = Scorecard(
        CALL.info,
        CALL.speakers,
        {"K": measure, "L": missing},
        {"talk": Component("talk", "Talk", 60.0, 0.5, interval=(50.0, 70.0), parts={"K": 60.0})},
        index,
        (Finding("question.open", "questions", 0, 0, 5, 500, 900, "rep", 0.9, (1,), tags=("x",), why="Because."),),
        "discovery",
        Timing.ACOUSTIC,
        3_700_000,
        {"questions": "1"},
        ("A note.",),
    ).to_dict()
    validator = schema("scorecard")
    validator.validate(card)
    validator.validate([card, card])
    assert not validator.is_valid({**card, "measures": {"K": {**card["measures"]["K"], "reason": "both"}}})


# Nothing that is read may raise anything but TranscriptError.

SPOKEN = {"word": "hi", "text": "hi", "start": 1, "end": 2, "speaker": 0, "score": 0.5}
AWS = {"type": "pronunciation", "start_time": "0.1", "end_time": "0.2", "id": 0, "alternatives": [{"content": "hi"}]}
AWS_SEGMENT = {"start_time": "0.1", "end_time": "0.2", "speaker_label": "a", "items": [0], "transcript": "hi"}
SAMPLES: list[Any] = [
    CALL.to_dict(),
    {"segments": [{"text": "hi", "start": 0, "end": 1, "words": [SPOKEN]}], "language": "en"},
    {"transcription": [{"offsets": {"from": 0, "to": 1}, "text": "hi"}], "result": {"language": "en"}},
    {"results": {"transcripts": [], "items": [AWS], "audio_segments": [AWS_SEGMENT]}},
    {"results": {"transcripts": [], "items": [AWS], "speaker_labels": {"segments": [{**AWS_SEGMENT, "items": [AWS]}]}}},
    {
        "results": {
            "transcripts": [],
            "items": [],
            "channel_labels": {"channels": [{"channel_label": "ch_0", "items": [AWS]}]},
        }
    },
    {
        "Transcript": [
            {"ParticipantRole": "AGENT", "Content": "hi", "BeginOffsetMillis": 1, "Items": [{"Content": "hi"}]}
        ],
        "Participants": [{"ParticipantId": "a", "ParticipantRole": "AGENT"}],
    },
    {
        "metadata": {"duration": 1},
        "results": {
            "channels": [{"alternatives": [{"transcript": "hi", "words": [SPOKEN]}]}],
            "utterances": [{"transcript": "hi", "start": 0, "channel": 0, "words": [SPOKEN]}],
        },
    },
    {"audio_duration": 1, "utterances": [{"speaker": "A", "text": "hi", "start": 1, "words": [SPOKEN]}]},
    {
        "callTranscripts": [{"callId": "1", "transcript": [{"speakerId": "7", "sentences": [SPOKEN]}]}],
        "calls": [{"metaData": {"id": "1"}, "parties": [{"speakerId": "7", "name": "A", "affiliation": "Internal"}]}],
    },
    {
        "vcon": "1",
        "parties": [{"name": "A", "role": "agent"}],
        "dialog": [{"type": "text", "start": "2026-01-02T03:04:05Z", "parties": 0, "body": "hi"}],
        "analysis": [{"type": "transcript", "body": [{"party": 0, "text": "hi"}]}],
    },
    {
        "vcon": "1",
        "parties": [{"name": "A"}],
        "attachments": [
            {
                "purpose": "wtf_transcription",
                "dialog": 0,
                "body": {
                    "transcript": {"text": "hi"},
                    "segments": [{**SPOKEN, "words": [0]}],
                    "words": [SPOKEN],
                    "speakers": {"0": {"label": "A"}},
                },
            }
        ],
    },
    {"utterances": [{"speaker": "A", "text": "hi", "start_s": 1, "role": "rep"}]},
]
JUNK = st.sampled_from(
    [None, True, -1, 1e308, float("nan"), 10**400, "", "x", [], {}, [[]], [None], {"a": 1}, ["x"], [{}], "\ud800"]
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container in a JSON value with each of its keys."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]


LINE_KINDS = """WEBVTT|1|NOTE|00:01.000 --> 00:02.000|-1:00 --> x|<v Ann>Hi|</v>|Ann: Hi|Ann  0:05|[00:01] Ann: Hi|
Ann (0:01):|{|[]|<v|:|é|00:00:01,000 -->|99999:99:99 --> 0:00||{"speaker": "A", "text": "x"}""".split("|")
LINES = st.lists(st.sampled_from(LINE_KINDS) | st.text(max_size=12), max_size=12)


def every_format_survives(data: bytes, name: str) -> None:
    content = Content(data, name)
    for found in formats.FORMATS.values():
        found.fits(content)
        try:
            call = found.transcript(content)
        except TranscriptError:
            continue
        assert Transcript.from_dict(call.to_dict()) == call
        formats.write(call, "csv").encode()


@given(st.binary(max_size=200) | LINES.map(lambda ln: "\n".join(ln).encode("utf-8", "replace")))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_bytes_break_a_format(data: bytes) -> None:
    every_format_survives(data, "call.txt")


@given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 99), JUNK), max_size=3))
@settings(max_examples=250, deadline=None)
def test_no_broken_json_breaks_a_format(sample: Any, changes: list[tuple[int, Any]]) -> None:
    data = copy.deepcopy(sample)
    for place, junk in changes:
        if found := places(data):
            container, key = found[place % len(found)]
            container[key] = copy.deepcopy(junk)
    every_format_survives(json.dumps(data).encode(), "call.json")


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_samples_are_read_unbroken(sample: Any) -> None:
    content = Content(json.dumps(sample), "call.json")
    found = formats.recognise(content)
    assert found is not None
    assert found.transcript(content).utterances


def test_deep_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_text("[" * 200_000)
    with pytest.raises(TranscriptError, match="no transcript format"):
        formats.read(path)
