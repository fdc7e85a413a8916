"""Deepgram's JSON: `results.utterances` when asked for, else paragraphs or words of every channel."""

from __future__ import annotations

from typing import Any

from listening.formats._format import Content, Cue, Draft, Format
from listening.formats._text import squeeze
from listening.formats._words import ms, stretches, word
from listening.transcript import Word


def _matches(content: Content) -> bool:
    results = content.object.get("results")
    if not isinstance(results, dict):
        return False
    channels = results.get("channels")
    return isinstance(channels, list) and all(isinstance(c, dict) and "alternatives" in c for c in channels)


def _words(items: Any) -> list[tuple[Any, Word]]:
    """Each word with its speaker number."""
    return [
        (
            item.get("speaker"),
            word(
                item.get("punctuated_word") or item["word"],
                ms(item.get("start")),
                ms(item.get("end")),
                item.get("confidence"),
            ),
        )
        for item in items or ()
    ]


def _speaker(number: Any, channel: int, channels: int) -> str | None:
    """Speakers are numbered within a channel; with several channels the channel is the first thing to know."""
    if channels > 1:
        return f"channel {channel}" if number in (None, 0) else f"channel {channel} speaker {number}"
    return None if number is None else f"speaker {number}"


def _from_utterances(utterances: list[dict[str, Any]], channels: int) -> list[Cue]:
    cues = []
    for u in utterances:
        channel = int(u.get("channel") or 0)
        spoken = _words(u.get("words"))
        number = u.get("speaker") if u.get("speaker") is not None else next((n for n, _ in spoken), None)
        cues.append(
            Cue(
                squeeze(u["transcript"]),
                _speaker(number, channel, channels),
                ms(u.get("start")),
                ms(u.get("end")),
                tuple(w for _, w in spoken),
                channel if channels > 1 else None,
            )
        )
    return cues


def _from_alternative(best: dict[str, Any], channel: int, channels: int) -> list[Cue]:
    index = channel if channels > 1 else None
    spoken = [(_speaker(number, channel, channels), w) for number, w in _words(best.get("words"))]
    if spoken:
        return stretches(spoken, index)
    paragraphs = (best.get("paragraphs") or {}).get("paragraphs") or ()
    cues = [
        Cue(
            squeeze(s["text"]),
            _speaker(p.get("speaker"), channel, channels),
            ms(s.get("start")),
            ms(s.get("end")),
            channel=index,
        )
        for p in paragraphs
        for s in p["sentences"]
    ]
    text = squeeze(best.get("transcript") or "")
    return cues or ([Cue(text, _speaker(None, channel, channels), channel=index)] if text else [])


def _parse(content: Content) -> Draft:
    results, metadata = content.object["results"], content.object.get("metadata") or {}
    channels = results["channels"]
    if results.get("utterances"):
        cues = _from_utterances(results["utterances"], len(channels))
    else:
        cues = [
            cue
            for number, channel in enumerate(channels)
            for cue in _from_alternative(channel["alternatives"][0], number, len(channels))
        ]
        if len(channels) > 1:
            cues.sort(key=lambda c: c.start or 0)
    language = channels[0].get("detected_language") if channels else None
    return Draft(tuple(cues), duration=ms(metadata.get("duration")), language=language)


FORMAT = Format("deepgram", "Deepgram JSON", (".json",), _matches, _parse)
