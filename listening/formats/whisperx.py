"""WhisperX JSON: Whisper's segments with aligned words (`score`) and, after diarization, a speaker each."""

from __future__ import annotations

from collections import Counter
from typing import Any

from listening.formats._format import Content, Cue, Draft, Format
from listening.formats._text import squeeze
from listening.formats._words import ms, words


def segments(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The `segments` of Whisper's form (objects with text and start), empty when there are none."""
    listed = data.get("segments")
    fits = isinstance(listed, list) and all(isinstance(s, dict) and "text" in s and "start" in s for s in listed)
    return listed if fits and listed else []


def is_whisperx(data: dict[str, Any]) -> bool:
    """Whether it is WhisperX that wrote these segments and not Whisper: aligned words or speakers."""
    return "word_segments" in data or any(
        "speaker" in segment or any("score" in word for word in segment.get("words") or () if isinstance(word, dict))
        for segment in segments(data)
        if isinstance(segment.get("words") or [], list)
    )


def _matches(content: Content) -> bool:
    return bool(segments(content.object)) and is_whisperx(content.object)


def _speaker(segment: dict[str, Any]) -> str | None:
    """The segment's speaker, else the one of most of its words."""
    if segment.get("speaker") is not None:
        return str(segment["speaker"])
    count = Counter(str(w["speaker"]) for w in segment.get("words") or () if w.get("speaker") is not None)
    return count.most_common(1)[0][0] if count else None


def _parse(content: Content) -> Draft:
    cues = (
        Cue(
            squeeze(s["text"]),
            _speaker(s),
            ms(s.get("start")),
            ms(s.get("end")),
            words(s.get("words"), confidence="score"),
        )
        for s in segments(content.object)
    )
    language = content.object.get("language")
    return Draft(tuple(cues), language=str(language) if language else None)


FORMAT = Format("whisperx", "WhisperX JSON", (".json",), _matches, _parse)
