"""Whisper's JSON (openai-whisper, faster-whisper dumps: seconds) and whisper.cpp's (offsets in milliseconds)."""

from __future__ import annotations

from typing import Any

from listening.formats._format import Content, Cue, Draft, Format
from listening.formats._text import squeeze
from listening.formats._words import ms, words
from listening.formats.whisperx import is_whisperx, segments


def _matches(content: Content) -> bool:
    data = content.object
    silent = data.get("segments") == [] and "text" in data
    return silent or bool(_cpp(data)) or (bool(segments(data)) and not is_whisperx(data))


def _cpp(data: dict[str, Any]) -> list[dict[str, Any]]:
    listed = data.get("transcription")
    fits = isinstance(listed, list) and all(isinstance(s, dict) and "offsets" in s and "text" in s for s in listed)
    return listed if fits and listed else []


def _cpp_cue(segment: dict[str, Any]) -> Cue:
    """With --diarize its speaker is the louder channel, "0" or "1", or "?" when neither is."""
    louder = str(segment.get("speaker"))
    channel = int(louder) if louder.isdecimal() else None
    speaker = None if channel is None else f"speaker {channel}"
    start, end = (ms(segment["offsets"].get(key), 1) for key in ("from", "to"))
    return Cue(squeeze(segment["text"]), speaker, start, end, channel=channel)


def _parse(content: Content) -> Draft:
    data = content.object
    cues = [_cpp_cue(s) for s in _cpp(data)] or [
        Cue(
            squeeze(s["text"]),
            None,
            ms(s.get("start")),
            ms(s.get("end")),
            words(s.get("words"), confidence="probability"),
        )
        for s in segments(data)
    ]
    language = data.get("language") or (data.get("result") or {}).get("language")
    return Draft(tuple(cues), duration=ms(data.get("duration")), language=str(language) if language else None)


FORMAT = Format("whisper", "Whisper JSON", (".json",), _matches, _parse)
