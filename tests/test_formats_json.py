"""JSON of recognizers and call platforms, in the shape their own documentation gives."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from listening import formats
from listening.errors import TranscriptError
from listening.transcript import CallInfo, Provenance, Role, Speaker, Timing, Transcript, Utterance


def read(folder: Path, data: Any, name: str = "call.json") -> Transcript:
    path = folder / name
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return formats.read(path)


def lines(transcript: Transcript) -> list[tuple[str, str, int | None, int | None]]:
    return [(u.speaker, u.text, u.start, u.end) for u in transcript.utterances]


def roles(transcript: Transcript) -> dict[str, tuple[Role, str]]:
    return {s.id: (s.role, s.source) for s in transcript.speakers}


def test_whisper(tmp_path: Path) -> None:
    words = [
        {"word": " Hello", "start": 0.0, "end": 0.52, "probability": 0.9},
        {"word": " there.", "start": 0.52, "end": 1.0, "probability": 0.8},
    ]
    call = read(
        tmp_path,
        {
            "text": " Hello there. Bye.",
            "segments": [
                {"id": 0, "seek": 0, "start": 0.0, "end": 1.0, "text": " Hello there.", "tokens": [1], "words": words},
                {"id": 1, "seek": 0, "start": 2.5, "end": 3.0, "text": " Bye.", "tokens": [2]},
            ],
            "language": "en",
        },
    )
    assert call.provenance.format == "whisper"
    assert call.provenance.language == "en"
    assert lines(call) == [("unknown", "Hello there.", 0, 1000), ("unknown", "Bye.", 2500, 3000)]
    assert [u.timing for u in call.utterances] == [Timing.RECOGNIZER, Timing.CUE]
    assert [(w.text, w.start, w.end, w.confidence) for w in call.utterances[0].words] == [
        ("Hello", 0, 520, 0.9),
        ("there.", 520, 1000, 0.8),
    ]
    assert call.utterances[0].word_offsets() == ((0, 5), (6, 12))


def test_whisper_cpp(tmp_path: Path) -> None:
    data = {
        "result": {"language": "en"},
        "transcription": [{"timestamps": {}, "offsets": {"from": 0, "to": 900}, "text": " Hi."}],
    }
    assert lines(read(tmp_path, data)) == [("unknown", "Hi.", 0, 900)]


def test_whisper_cpp_tells_channels_apart(tmp_path: Path) -> None:
    heard = [(" Hi.", "1"), (" Hello.", "0"), (" Hm.", "?")]
    segments = [{"offsets": {"from": 0, "to": 900}, "text": text, "speaker": louder} for text, louder in heard]
    call = read(tmp_path, {"transcription": segments})
    assert [(u.speaker, u.channel) for u in call.utterances] == [("speaker 1", 1), ("speaker 0", 0), ("unknown", None)]


def test_whisperx(tmp_path: Path) -> None:
    words = [{"word": "12", "speaker": "SPEAKER_01"}, {"word": "o'clock", "start": 1.1, "end": 1.6, "score": 0.7}]
    segments = [
        {"start": 0.1, "end": 0.9, "text": " When?", "words": [], "speaker": "SPEAKER_00"},
        {"start": 1.0, "end": 1.6, "text": " 12 o'clock", "words": words},
    ]
    call = read(tmp_path, {"segments": segments, "word_segments": words, "language": "en"})
    assert call.provenance.format == "whisperx"
    assert lines(call) == [("SPEAKER_00", "When?", 100, 900), ("SPEAKER_01", "12 o'clock", 1000, 1600)]
    assert call.utterances[1].words[0].start is None


def item(text: str, start: float | None = None, end: float | None = None, **more: Any) -> dict[str, Any]:
    times = {} if start is None else {"start_time": str(start), "end_time": str(end)}
    kind = "punctuation" if start is None else "pronunciation"
    return {"type": kind, "alternatives": [{"confidence": "0.99", "content": text}], **times, **more}


ITEMS = [item("Hello", 0.1, 0.5), item("."), item("Hi", 0.6, 0.9), item("you", 1.0, 1.2), item("!")]


def aws(**more: Any) -> dict[str, Any]:
    return {"jobName": "j", "results": {"transcripts": [{"transcript": "Hello. Hi you!"}], "items": ITEMS, **more}}


AWS_LINES = [("spk_0", "Hello.", 100, 500), ("spk_1", "Hi you!", 600, 1200)]


def test_aws_speaker_labels(tmp_path: Path) -> None:
    def label(speaker: str, *spoken: dict[str, Any]) -> dict[str, Any]:
        times = [{"start_time": w["start_time"], "end_time": w["end_time"], "speaker_label": speaker} for w in spoken]
        return {"speaker_label": speaker, "items": times}

    labels = {"speakers": 2, "segments": [label("spk_0", ITEMS[0]), label("spk_1", ITEMS[2], ITEMS[3])]}
    call = read(tmp_path, aws(speaker_labels=labels))
    assert lines(call) == AWS_LINES
    assert call.utterances[0].timing is Timing.RECOGNIZER
    assert [w.text for w in call.utterances[1].words] == ["Hi", "you!"]
    assert call.utterances[1].word_offsets() == ((0, 2), (3, 7))
    assert call.utterances[0].words[0].confidence == 0.99


def test_aws_audio_segments(tmp_path: Path) -> None:
    items = [{**one, "id": i} for i, one in enumerate(ITEMS)]
    segments = [
        {"transcript": "Hello.", "start_time": "0.1", "end_time": "0.5", "speaker_label": "spk_0", "items": [0, 1]},
        {"transcript": "Hi you!", "start_time": "0.6", "end_time": "1.2", "speaker_label": "spk_1", "items": [2, 3, 4]},
    ]
    call = read(tmp_path, aws(items=items, audio_segments=segments, speaker_labels={"segments": []}))
    assert lines(call) == AWS_LINES
    assert [w.text for w in call.utterances[1].words] == ["Hi", "you!"]


def test_aws_channel_labels(tmp_path: Path) -> None:
    channels = [
        {"channel_label": "ch_0", "items": [item("So", 0.0, 0.3), item("?"), item("Good", 4.0, 4.3)]},
        {"channel_label": "ch_1", "items": [item("Well", 0.2, 0.6), item(".")]},
    ]
    call = read(tmp_path, aws(channel_labels={"channels": channels, "number_of_channels": 2}))
    assert lines(call) == [("ch_0", "So?", 0, 300), ("ch_1", "Well.", 200, 600), ("ch_0", "Good", 4000, 4300)]
    assert [u.channel for u in call.utterances] == [0, 1, 0]


def test_aws_without_labels(tmp_path: Path) -> None:
    assert lines(read(tmp_path, aws())) == [("unknown", "Hello. Hi you!", 100, 1200)]


def test_aws_call_analytics(tmp_path: Path) -> None:
    words = [
        {
            "Type": "pronunciation",
            "Content": "Hello",
            "BeginOffsetMillis": 10,
            "EndOffsetMillis": 400,
            "Confidence": "1",
        },
        {"Type": "punctuation", "Content": ".", "Confidence": "0.0"},
    ]
    turn = {"ParticipantRole": "AGENT", "Content": "Hello.", "BeginOffsetMillis": 10, "EndOffsetMillis": 400}
    data = {
        "ConversationCharacteristics": {"TotalConversationDurationMillis": 9000},
        "LanguageCode": "en-US",
        "Transcript": [
            {**turn, "Items": words},
            {"ParticipantRole": "CUSTOMER", "Content": "Hi", "BeginOffsetMillis": 300, "EndOffsetMillis": 700},
        ],
    }
    call = read(tmp_path, data)
    assert lines(call) == [("AGENT", "Hello.", 10, 400), ("CUSTOMER", "Hi", 300, 700)]
    assert roles(call) == {"AGENT": (Role.REP, "transcript"), "CUSTOMER": (Role.CUSTOMER, "transcript")}
    assert (call.duration, call.provenance.language) == (9000, "en-US")
    assert [w.text for w in call.utterances[0].words] == ["Hello."]


def test_contact_lens_participants(tmp_path: Path) -> None:
    data = {
        "Participants": [{"ParticipantId": "p1", "ParticipantRole": "AGENT"}],
        "Transcript": [{"ParticipantId": "p1", "Content": "Hello.", "BeginOffsetMillis": 0, "EndOffsetMillis": 9}],
    }
    assert roles(read(tmp_path, data)) == {"p1": (Role.REP, "transcript")}


def dg(word: str, start: float, end: float, **more: Any) -> dict[str, Any]:
    return {"word": word.lower(), "punctuated_word": word, "start": start, "end": end, "confidence": 0.9, **more}


def test_deepgram_utterances(tmp_path: Path) -> None:
    words = [dg("Hello.", 0.08, 0.5, speaker=0), dg("Hi!", 0.4, 0.8, speaker=1)]
    utterances = [
        {"start": 0.08, "end": 0.5, "channel": 0, "transcript": "Hello.", "words": words[:1], "speaker": 0},
        {"start": 0.4, "end": 0.8, "channel": 0, "transcript": "Hi!", "words": words[1:], "speaker": 1},
    ]
    channels = [{"alternatives": [{"transcript": "hello hi", "words": words}]}]
    call = read(tmp_path, {"metadata": {"duration": 2.5}, "results": {"channels": channels, "utterances": utterances}})
    assert lines(call) == [("speaker 0", "Hello.", 80, 500), ("speaker 1", "Hi!", 400, 800)]
    assert call.duration == 2500
    assert call.utterances[0].words[0].text == "Hello."


def test_deepgram_words_and_channels(tmp_path: Path) -> None:
    channels = [
        {"alternatives": [{"transcript": "a", "words": [dg("Hello.", 1.0, 1.5), dg("So?", 3.0, 3.5)]}]},
        {"alternatives": [{"transcript": "b", "words": [dg("Hi!", 1.4, 1.8)]}]},
    ]
    call = read(tmp_path, {"results": {"channels": channels}})
    assert lines(call) == [
        ("channel 0", "Hello.", 1000, 1500),
        ("channel 1", "Hi!", 1400, 1800),
        ("channel 0", "So?", 3000, 3500),
    ]
    assert [u.channel for u in call.utterances] == [0, 1, 0]


def test_assemblyai(tmp_path: Path) -> None:
    words = [{"text": "Hello.", "start": 250, "end": 650, "confidence": 0.97, "speaker": "A"}]
    utterances = [
        {"speaker": "A", "text": "Hello.", "confidence": 0.97, "start": 250, "end": 650, "words": words},
        {"speaker": "B", "text": "Hi.", "confidence": 0.97, "start": 700, "end": 900, "words": []},
    ]
    data = {"id": "x", "status": "completed", "audio_duration": 281, "language_code": "en_us", "words": words}
    call = read(tmp_path, {**data, "utterances": utterances})
    assert call.provenance.format == "assemblyai"
    assert lines(call) == [("A", "Hello.", 250, 650), ("B", "Hi.", 700, 900)]
    assert call.duration == 281_000
    assert lines(read(tmp_path, {**data, "utterances": None})) == [("A", "Hello.", 250, 650)]
    assert read(tmp_path, utterances).provenance.format == "assemblyai"


def test_assemblyai_speaker_0(tmp_path: Path) -> None:
    spoken = [(0, None, "Hello."), (1, None, "Hi."), ("", 2, "Hm.")]
    utterances = [{"speaker": speaker, "channel": channel, "text": text} for speaker, channel, text in spoken]
    call = read(tmp_path, {"audio_duration": 1, "utterances": utterances})
    assert [u.speaker for u in call.utterances] == ["0", "1", "2"]


def gong(**more: Any) -> dict[str, Any]:
    sentences = [{"start": 460, "end": 1200, "text": "Hello."}, {"start": 1300, "end": 1900, "text": "How are you?"}]
    transcript = [
        {"speakerId": "77", "topic": "Small talk", "sentences": sentences},
        {"speakerId": "88", "topic": None, "sentences": [{"start": 2000, "end": 2300, "text": "Fine."}]},
    ]
    return {"requestId": "r", "callTranscripts": [{"callId": "1", "transcript": transcript}], **more}


def test_gong(tmp_path: Path) -> None:
    assert lines(read(tmp_path, gong())) == [
        ("77", "Hello.", 460, 1200),
        ("77", "How are you?", 1300, 1900),
        ("88", "Fine.", 2000, 2300),
    ]


def test_gong_parties(tmp_path: Path) -> None:
    parties = [
        {"speakerId": "77", "name": "Ann", "affiliation": "Internal"},
        {"speakerId": "88", "name": "Bob", "affiliation": "External"},
        {"speakerId": None, "name": "Silent", "affiliation": "Internal"},
    ]
    call = read(tmp_path, gong(calls=[{"metaData": {"id": "1", "started": "2026-01-02"}, "parties": parties}]))
    assert roles(call) == {"Ann": (Role.REP, "transcript"), "Bob": (Role.CUSTOMER, "transcript")}
    assert (call.info.rep, call.info.date) == ("Ann", "2026-01-02")
    assert roles(read(tmp_path, gong(parties=parties))) == roles(call)


def test_gong_with_several_calls_is_refused(tmp_path: Path) -> None:
    data = gong()
    data["callTranscripts"] *= 3
    with pytest.raises(TranscriptError, match=r"^call.json holds 3 calls; a file has to hold one\.$"):
        read(tmp_path, data)


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
        ({"transcript": "x", "words": [dg("Hi.", 0, 1, speaker=0)]}, [("speaker 0", "Hi.", 0, 1000)]),
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


def test_numbers_of_a_recognizer_are_no_clock_on_the_wall(tmp_path: Path) -> None:
    """A recording whose first words come after an hour of silence."""
    segment = {"id": 0, "start": 4000.0, "end": 4001.0, "text": " Hello."}
    call = read(tmp_path, {"text": " Hello.", "segments": [segment], "language": "en"})
    assert (call.utterances[0].start, call.provenance.notes) == (4_000_000, ())


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


def test_simple_json(tmp_path: Path) -> None:
    rows = [
        {"speaker": "A", "text": "Hello.", "start": 0.5, "end": 1, "role": "rep"},
        {"speaker": "B", "text": "", "start_s": 1.5, "end_s": 2.0, "role": "unknown"},
        {"speaker": "B", "text": "Hi."},
        {"speaker": "A", "text": "So.", "start": "1:02.5", "end": "00:01:04"},
    ]
    expected = [("A", "Hello.", 500, 1000), ("B", "", 1500, 2000), ("B", "Hi.", None, None), ("A", "So.", 62500, 64000)]
    for data, name in (
        ({"utterances": rows}, "a.json"),
        (rows, "b.json"),
        ("\n".join(map(json.dumps, rows)), "c.jsonl"),
        (json.dumps(rows[0]) + "\n", "d.jsonl"),
    ):
        call = read(tmp_path, data, name)
        assert call.provenance.format == "simple_json"
        assert lines(call) == expected[: len(call.utterances)]
        assert roles(call)["A"] == (Role.REP, "transcript")
    with pytest.raises(TranscriptError, match="holds 2 calls"):
        read(tmp_path, [{**rows[0], "call": "x"}, {**rows[0], "call": "y"}])


def test_half_a_surrogate_pair_can_still_be_written(tmp_path: Path) -> None:
    call = read(tmp_path, '{"utterances": [{"speaker": "A", "text": "a \\ud800 \\ud83d\\ude00"}]}')
    assert call.utterances[0].text == "a ? 😀"
    formats.write(call, "native").encode()
