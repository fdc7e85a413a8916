"""What recognizers' JSON shares: numbers as milliseconds, words, and stretches of words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from listening.formats._format import Cue
from listening.transcript import Word

#: Where a format gives words but no stretches, a silence this long (ms) ends one. The usual default of recognizers'
#: own utterance splitting (Deepgram's `utt_split` is 0.8 s).
SPLIT_MS = 800
LONGEST_MS = 10**10  # four months; a larger number is no time in a call


def ms(value: Any, per_unit: float = 1000.0) -> int | None:
    """A number, or text of one, in units of `per_unit` ms as whole milliseconds; None when it is no time."""
    if value is None or isinstance(value, bool):
        return None
    try:
        time = float(value) * per_unit
    except (TypeError, ValueError, OverflowError):
        return None
    return round(time) if math.isfinite(time) and abs(time) < LONGEST_MS else None


def share(value: Any) -> float | None:
    """A confidence 0..1, None when there is none."""
    thousandths = ms(value)
    return None if thousandths is None or not 0 <= thousandths <= 1000 else float(value)


def word(text: Any, start: int | None, end: int | None, confidence: Any = None) -> Word:
    """A word; a negative start or inverted end is dropped as in cues."""
    start = start if start is not None and start >= 0 else None
    end = end if start is not None and end is not None and end >= start else None
    return Word(str(text).strip(), start, end, share(confidence))


def words(items: Any, text: str = "word", confidence: str = "confidence", per_unit: float = 1000.0) -> tuple[Word, ...]:
    """Words of a list of objects with `start` and `end`; whatever has no text is left out."""
    found = (
        word(item[text], ms(item.get("start"), per_unit), ms(item.get("end"), per_unit), item.get(confidence))
        for item in items or ()
        if isinstance(item, Mapping) and item.get(text)
    )
    return tuple(w for w in found if w.text)


def joined(spoken: Iterable[Word]) -> str:
    return " ".join(w.text for w in spoken)


def stretches(spoken: Iterable[tuple[str | None, Word]], channel: int | None = None) -> list[Cue]:
    """Words with their speaker as cues: a new one when the speaker changes or after `SPLIT_MS` of silence."""
    runs: list[tuple[str | None, list[Word]]] = []
    last: int | None = None
    for speaker, w in spoken:
        silent = w.start is not None and last is not None and w.start - last >= SPLIT_MS
        if not runs or runs[-1][0] != speaker or silent:
            runs.append((speaker, []))
        runs[-1][1].append(w)
        last = w.end if w.end is not None else w.start if w.start is not None else last
    return [cue(joined(run), speaker, tuple(run), channel) for speaker, run in runs]


def cue(text: str, speaker: str | None, spoken: tuple[Word, ...], channel: int | None = None) -> Cue:
    """A cue that lasts from its first word to its last."""
    starts = [w.start for w in spoken if w.start is not None]
    ends = [w.end for w in spoken if w.end is not None]
    return Cue(text, speaker, min(starts, default=None), max(ends, default=None), spoken, channel)
