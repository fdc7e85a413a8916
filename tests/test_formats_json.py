"""JSON of recognizers and call platforms, in the shape their own documentation gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from transcript_files import lines, read, roles

from listening import formats
from listening.errors import TranscriptError
from listening.transcript import Role, Timing


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


def test_numbers_of_a_recognizer_are_no_clock_on_the_wall(tmp_path: Path) -> None:
    """A recording whose first words come after an hour of silence."""
    segment = {"id": 0, "start": 4000.0, "end": 4001.0, "text": " Hello."}
    call = read(tmp_path, {"text": " Hello.", "segments": [segment], "language": "en"})
    assert (call.utterances[0].start, call.provenance.notes) == (4_000_000, ())


def test_half_a_surrogate_pair_can_still_be_written(tmp_path: Path) -> None:
    call = read(tmp_path, '{"utterances": [{"speaker": "A", "text": "a \\ud800 \\ud83d\\ude00"}]}')
    assert call.utterances[0].text == "a ? 😀"
    formats.write(call, "native").encode()
