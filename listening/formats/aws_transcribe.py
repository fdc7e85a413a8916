"""Amazon Transcribe's batch JSON: words in `results.items`, speakers by label or by channel.

Newer files say what an utterance is (`audio_segments`); in older ones it is a speaker's segment, or else a stretch of
words of one speaker or channel without a silence of `SPLIT_MS`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from listening.formats._format import Content, Cue, Draft, Format
from listening.formats._text import squeeze
from listening.formats._words import cue, joined, ms, stretches, word
from listening.transcript import Word


def _matches(content: Content) -> bool:
    results = content.object.get("results")
    return isinstance(results, dict) and isinstance(results.get("items"), list) and "transcripts" in results


def _words(items: Iterable[dict[str, Any]]) -> list[tuple[dict[str, Any], Word]]:
    """Every spoken item with its word; punctuation, which has no times, ends the word before it."""
    found: list[tuple[dict[str, Any], Word]] = []
    for item in items:
        best = item["alternatives"][0]
        if item.get("type") == "punctuation":
            if found:
                last, spoken = found[-1]
                found[-1] = (last, replace(spoken, text=spoken.text + str(best["content"])))
        else:
            times = ms(item.get("start_time")), ms(item.get("end_time"))
            found.append((item, word(best["content"], *times, best.get("confidence"))))
    return found


def _channel(label: Any) -> int | None:
    """`ch_1` is channel 1."""
    tail = str(label or "").rpartition("_")[2]
    return int(tail) if tail.isdecimal() and str(label).startswith("ch_") else None


def _label(item: dict[str, Any]) -> str | None:
    label = item.get("speaker_label") or item.get("channel_label")
    return str(label) if label else None


def _from_audio_segments(results: dict[str, Any]) -> list[Cue]:
    by_id = {item["id"]: item for item in results["items"] if "id" in item}
    cues = []
    for segment in results["audio_segments"]:
        found = tuple(w for _, w in _words(by_id[i] for i in segment.get("items") or () if i in by_id))
        text = squeeze(segment["transcript"])
        start, end = ms(segment.get("start_time")), ms(segment.get("end_time"))
        cues.append(Cue(text, _label(segment), start, end, found, _channel(segment.get("channel_label"))))
    return cues


def _from_speakers(results: dict[str, Any]) -> list[Cue]:
    """A cue a speaker segment; words join theirs by their times."""
    place: dict[tuple[Any, Any], tuple[int, str]] = {}
    for number, segment in enumerate(results["speaker_labels"]["segments"]):
        for item in segment.get("items") or ():
            label = str(item.get("speaker_label") or segment["speaker_label"])
            place[item.get("start_time"), item.get("end_time")] = (number, label)
    runs: list[tuple[tuple[int | None, str | None], list[Word]]] = []
    for item, spoken in _words(results["items"]):
        where: tuple[int | None, str | None] = place.get(
            (item.get("start_time"), item.get("end_time")), (None, _label(item))
        )
        if not runs or runs[-1][0] != where:
            runs.append((where, []))
        runs[-1][1].append(spoken)
    return [cue(joined(run), label, tuple(run)) for (_, label), run in runs]


def _from_channels(results: dict[str, Any]) -> list[Cue]:
    cues = []
    for channel in results["channel_labels"]["channels"]:
        label = str(channel["channel_label"])
        spoken = ((label, w) for _, w in _words(channel["items"]))
        cues += stretches(spoken, _channel(label))
    return sorted(cues, key=lambda c: c.start or 0)


def _parse(content: Content) -> Draft:
    results = content.object["results"]
    segments = results.get("audio_segments") or ()
    labelled = bool(results.get("speaker_labels") or results.get("channel_labels"))
    if segments and (not labelled or any(_label(s) for s in segments)):
        cues = _from_audio_segments(results)
    elif results.get("channel_labels"):
        cues = _from_channels(results)
    elif results.get("speaker_labels"):
        cues = _from_speakers(results)
    else:
        cues = stretches((_label(item), w) for item, w in _words(results["items"]))
    language = results.get("language_code")
    return Draft(tuple(cues), language=str(language) if language else None)


FORMAT = Format("aws_transcribe", "Amazon Transcribe JSON", (".json",), _matches, _parse)
