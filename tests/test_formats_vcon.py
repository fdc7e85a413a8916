"""vCon: transcripts in analyses, attachments and dialogs."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from transcript_files import lines, read, roles

from listening import formats
from listening.errors import TranscriptError
from listening.transcript import CallInfo, Provenance, Role, Speaker, Transcript, Utterance

PARTIES = [{"tel": "+1", "name": "Ann", "role": "agent"}, {"name": "Bob", "role": "customer"}]


def vcon(**more: Any) -> dict[str, Any]:
    return {
        "vcon": "0.0.2",
        "uuid": "u",
        "created_at": "2026-01-02T03:04:05Z",
        "parties": PARTIES,
        "dialog": [],
        **more,
    }


def test_vcon_analysis(tmp_path: Path) -> None:
    body = [{"party": 0, "text": "Hello.", "start": 0.5, "end": 1.0}, {"party": 1, "text": "Hi."}]
    dialog = [{"type": "recording", "start": "2026-01-02T03:00:00Z", "duration": 12.5, "parties": [0, 1]}]
    call = read(tmp_path, vcon(dialog=dialog, analysis=[{"type": "transcript", "dialog": 0, "body": body}]))
    assert lines(call) == [("Ann", "Hello.", 500, 1000), ("Bob", "Hi.", None, None)]
    assert roles(call) == {"Ann": (Role.REP, "transcript"), "Bob": (Role.CUSTOMER, "transcript")}
    assert (call.duration, call.info.date, call.info.rep) == (12500, "2026-01-02T03:00:00Z", "Ann")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Ann: Hello.\nBob: Hi.", [("Ann", "Hello.", None, None), ("Bob", "Hi.", None, None)]),
        ('{"utterances": [{"speaker": "Ann", "text": "Hello."}]}', [("Ann", "Hello.", None, None)]),
        ({"text": "Hi.", "segments": [{"text": " Hi.", "start": 0, "end": 1}]}, [("unknown", "Hi.", 0, 1000)]),
        (
            {"transcript": "x", "words": [{"word": "Hi.", "start": 0, "end": 1, "speaker": 0}]},
            [("speaker 0", "Hi.", 0, 1000)],
        ),
        ("Just words.", [("unknown", "Just words.", None, None)]),
        ({"vcon": "0.0.1", "dialog": []}, None),
    ],
)
def test_vcon_bodies(tmp_path: Path, body: Any, expected: Any) -> None:
    data = vcon(analysis=[{"type": "summary", "body": "no"}, {"type": "transcript", "body": body}])
    if expected is None:
        with pytest.raises(TranscriptError, match="in a form that is not known"):
            read(tmp_path, data)
    else:
        assert lines(read(tmp_path, data)) == expected


def test_vcon_with_several_dialogs(tmp_path: Path) -> None:
    def told(dialog: Any, text: str) -> dict[str, Any]:
        return {"type": "transcript", "dialog": dialog, "body": [{"party": 0, "text": text, "start": 1, "end": 2}]}

    dialog = [{"type": "recording", "start": f"2026-01-02T03:0{minute}:00Z"} for minute in (0, 1)]
    analysis = [told(0, "Hello."), told([1], "Me again."), told(0, "Hullo."), told(None, "Hello. Me again.")]
    assert lines(read(tmp_path, vcon(dialog=dialog, analysis=analysis))) == [
        ("Ann", "Hello.", 1000, 2000),
        ("Ann", "Me again.", 61_000, 62_000),
    ]


@pytest.mark.parametrize("place", ["analysis", "dialog"])
def test_vcon_in_base64url(tmp_path: Path, place: str) -> None:
    body = base64.urlsafe_b64encode(b"Ann: Hello?\nBob: Hi.").decode().rstrip("=")
    data = vcon(**{place: [{"type": "transcript", "encoding": "base64url", "parties": [0, 1], "body": body}]})
    assert lines(read(tmp_path, data)) == [("Ann", "Hello?", None, None), ("Bob", "Hi.", None, None)]


WTF = {
    "transcript": {"text": "Hello, Bob. Hi.", "language": "en-US", "duration": 4.2, "confidence": 0.9},
    "segments": [
        {"id": 0, "start": 0.5, "end": 2.0, "text": "Hello, Bob.", "confidence": 0.9, "speaker": 0, "words": [0, 1, 2]},
        {"id": 1, "start": 2.0, "end": 4.0, "text": "Hi.", "confidence": 0.9, "speaker": "1"},
    ],
    "words": [
        {"id": 0, "start": 0.5, "end": 0.8, "text": "Hello", "confidence": 0.98, "speaker": 0},
        {"id": 1, "start": 0.8, "end": 0.8, "text": ",", "confidence": 0.9, "speaker": 0, "is_punctuation": True},
        {"id": 2, "start": 0.9, "end": 1.2, "text": "Bob.", "confidence": 0.7, "speaker": 0},
    ],
    "speakers": {"0": {"id": 0, "label": "Ann"}},
    "metadata": {"provider": "deepgram", "model": "nova-2"},
}


@pytest.mark.parametrize("place", ["analysis", "attachments"])
@pytest.mark.parametrize("label", ["type", "purpose"])
@pytest.mark.parametrize("dumped", [False, True])
def test_vcon_world_transcription_format(tmp_path: Path, place: str, label: str, dumped: bool) -> None:
    part = {label: "wtf_transcription", "encoding": "json", "dialog": 0, "body": json.dumps(WTF) if dumped else WTF}
    call = read(tmp_path, vcon(**{place: [part]}))
    assert lines(call) == [("Ann", "Hello, Bob.", 500, 2000), ("speaker 1", "Hi.", 2000, 4000)]
    assert [(w.text, w.start, w.end) for w in call.utterances[0].words] == [("Hello,", 500, 800), ("Bob.", 900, 1200)]


@pytest.mark.parametrize(
    ("change", "speaker"),
    [
        ({"speakers": [{"id": 0, "label": "Ann"}]}, "Ann"),
        ({"speakers": {"0": None}}, "speaker 0"),
        ({"segments": [{"text": "Hello, Bob.", "party": 1, "speaker": 0, "words": [7]}]}, "Bob"),
        ({"segments": [{"text": "Hello, Bob.", "party": 7, "speaker": "Cy"}]}, "Cy"),
        ({"segments": None}, "unknown"),
    ],
)
def test_vcon_world_transcription_format_as_it_is_found(tmp_path: Path, change: dict[str, Any], speaker: str) -> None:
    call = read(tmp_path, vcon(analysis=[{"type": "wtf_transcription", "body": {**WTF, **change}}]))
    assert (call.utterances[0].speaker, call.utterances[0].text[:10]) == (speaker, "Hello, Bob")


def attached(text: str, **more: Any) -> dict[str, Any]:
    return {"party": 0, "dialog": 0, "encoding": "none", "body": text, **more}


HEARD = [("Ann", "Hello?", None, None), ("Bob", "Hi.", None, None)]
SAID = "Ann: Hello?\nBob: Hi."
CUES = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Hello?"


@pytest.mark.parametrize(
    ("attachment", "expected"),
    [
        (attached(SAID, purpose="transcript"), HEARD),
        (attached(SAID, type="Call Transcript"), HEARD),
        (attached(json.dumps(SAID), purpose="transcript", encoding="json"), HEARD),
        (attached(base64.urlsafe_b64encode(SAID.encode()).decode(), purpose="transcript", encoding="base64url"), HEARD),
        (attached(base64.b64encode(SAID.encode()).decode(), purpose="transcript", encoding="base64"), HEARD),
        (attached(SAID, purpose="transcript", dialog=7), HEARD),
        (attached(CUES, mediatype="text/vtt; charset=utf-8"), [("Ann", "Hello?", 1000, 2000)]),
        (attached(CUES, filename="call.VTT"), [("Ann", "Hello?", 1000, 2000)]),
    ],
)
@pytest.mark.parametrize("without", ["", "dialog", "parties"])
def test_vcon_attachments(tmp_path: Path, attachment: dict[str, Any], expected: Any, without: str) -> None:
    data = vcon(attachments=[None, attached("no", purpose="tags"), attachment])
    data.pop(without, None)
    assert lines(read(tmp_path, data)) == expected


def test_vcon_tells_a_call_once(tmp_path: Path) -> None:
    analysis = [{"type": "transcript", "dialog": 0, "body": SAID}]
    attachments = [attached("Ann: Hullo?\nBob: Hi.", purpose="transcript", dialog=place) for place in (0, None)]
    assert lines(read(tmp_path, vcon(analysis=analysis, attachments=attachments))) == HEARD
    assert lines(read(tmp_path, vcon(analysis=[], attachments=[attached("", purpose="transcript"), *attachments]))) == [
        ("Ann", "Hullo?", None, None),
        ("Bob", "Hi.", None, None),
    ]


@pytest.mark.parametrize(
    "attachment",
    [
        attached("They spoke of Bob: a summary.", purpose="transcript_summary"),
        attached("granted", purpose="transcription consent"),
        attached("Ann: Hello from last year.\nBob: Hi.", purpose="contract", filename="call.txt"),
        attached("JVBERi0xLjcKJeLjz9MK_w", purpose="transcript", encoding="base64url"),
        attached("a", purpose="transcript", encoding="base64url"),
        {"purpose": "transcript", "body": {"results": {"channels": [{"alternatives": [{"words": [{}]}]}]}}},
        {"purpose": "transcript", "url": "https://example.com/t.vtt"},
        {"purpose": ["transcript"], "body": SAID, "filename": 7, "mediatype": {}},
    ],
)
def test_vcon_attachments_that_are_no_transcript_leave_the_rest(tmp_path: Path, attachment: dict[str, Any]) -> None:
    dialog = [{"type": "text", "start": "2026-01-02T03:00:00Z", "parties": 0, "body": "Hello."}]
    call = read(tmp_path, vcon(dialog=dialog, attachments=[attachment]))
    assert lines(call) == [("Ann", "Hello.", 0, None)]
    assert len(call.provenance.notes) == (attachment.get("purpose") == "transcript")


UNREAD = "holds a transcript without words, or in a form that is not known here"


@pytest.mark.parametrize("place", ["analysis", "attachments"])
@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        (
            {"body": "JVBERi0xLjcKJeLjz9MK_w", "encoding": "base64url"},
            UNREAD,
        ),
        ({"body": "<p>secret</p>", "mediatype": "text/html"}, UNREAD),
        ({"body": "{\\rtf1 secret}"}, UNREAD),
        ({"body": {"text": "", "segments": []}}, UNREAD),
        ({"body": {"secret": ["words"]}}, UNREAD),
        ({"body": {"segments": [{"secret": 1}]}}, UNREAD),
        ({"url": "https://example.com/t.vtt"}, "names an address for its transcript and does not hold it"),
        ({"body": ""}, "is vCon without a word in it"),
    ],
)
def test_vcon_transcripts_that_cannot_be_read(tmp_path: Path, place: str, part: dict[str, Any], sentence: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        read(tmp_path, vcon(**{place: [{"type": "transcript", **part}]}))
    assert str(caught.value) == f"call.json {sentence}."


def test_vcon_carries_our_own_late_call_as_it_is(tmp_path: Path) -> None:
    utterances = (Utterance("Hi.", "Ann", 4_000_000, 4_001_000),)
    late = Transcript(utterances, (Speaker("Ann"),), CallInfo("c"), Provenance("c", "recording"))
    wall = "14:00:00 Ann: Hello.\n14:00:05 Bob: Hi.\n"
    for body, start, notes in ((formats.write(late, "webvtt"), 4_000_000, 0), (wall, 0, 1)):
        call = read(tmp_path, vcon(attachments=[attached(body, purpose="transcript")]))
        assert (call.utterances[0].start, len(call.provenance.notes)) == (start, notes)


def test_vcon_text_dialogs(tmp_path: Path) -> None:
    dialog = [
        {"type": "text", "start": "2026-01-02T03:00:00Z", "parties": 0, "body": "Hello."},
        {"type": "text", "start": "2026-01-02T03:00:02.5+00:00", "parties": [0, 1], "originator": 1, "body": "Hi."},
    ]
    assert lines(read(tmp_path, vcon(dialog=dialog))) == [("Ann", "Hello.", 0, None), ("Bob", "Hi.", 2500, None)]
