"""The timeline: a lane for each speaker, drawn as one SVG path; amplitude from the recording where there is one.

All x are in `COLUMNS` over the whole call, all y in 0..`HEIGHT`, so that the page can stretch it to any width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from listening.reports import numbers
from listening.reports.sound import Outline
from listening.transcript import Span, Speaker, Transcript

COLUMNS, HEIGHT = 600, 44
#: Seconds between ticks, the first that gives at most nine of them.
_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


@dataclass(frozen=True, slots=True)
class Lane:
    """One speaker: who, and the path of when (and how loud) the voice was active."""

    speaker: Speaker
    path: str
    talk: str


def lanes(transcript: Transcript, duration: int | None, outline: Outline | None = None) -> tuple[Lane, ...]:
    """A lane a speaker who is heard at some time; none without times. Rep first."""
    if not duration:
        return ()
    made = []
    for speaker in sorted(transcript.speakers, key=lambda s: s.role.value != "rep"):
        spans = spans_of(transcript, speaker.id)
        if not spans:
            continue
        channel = next((u.channel for u in transcript.utterances if u.speaker == speaker.id), None)
        height = _active(spans, duration) * _loudness(outline, channel, duration)
        made.append(Lane(speaker, _path(height), numbers.clock(sum(s.length for s in spans))))
    return tuple(made)


def spans_of(transcript: Transcript, speaker: str) -> Sequence[Span]:
    """When a speaker was heard: voice activity if there is any, else utterance times."""
    if transcript.speech:
        return [s.span for s in transcript.speech if s.speaker == speaker]
    return [u.span for u in transcript.utterances if u.speaker == speaker and u.span]


def ticks(duration: int | None) -> tuple[tuple[float, str], ...]:
    """Where (%) and what the clock says, from 0 on.

    >>> ticks(120_000)[:3]
    ((0.0, '0:00'), (12.5, '0:15'), (25.0, '0:30'))
    """
    if not duration:
        return ()
    step = 1000 * next((s for s in _STEPS if duration <= 9000 * s), _STEPS[-1])
    return tuple((round(100 * at / duration, 3), numbers.clock(at)) for at in range(0, int(duration * 0.97), step))


def _active(spans: Sequence[Span], duration: int) -> np.ndarray:
    """Share of each column in which the voice is active, 0..1."""
    edges = np.zeros(COLUMNS + 1)
    width = duration / COLUMNS
    for span in spans:
        first, last = span.start / width, min(span.end / width, COLUMNS)
        for column in range(max(0, int(first)), min(COLUMNS, int(np.ceil(last)))):
            edges[column] += max(0.0, min(last, column + 1) - max(first, column))
    return np.clip(edges[:COLUMNS], 0, 1)


def _loudness(outline: Outline | None, channel: int | None, duration: int) -> np.ndarray:
    """How loud each column is, 0.12..1; 0.7 all along without a recording."""
    if outline is None or outline.peaks.shape[1] == 0:
        return np.full(COLUMNS, 0.7)
    row = outline.peaks[channel] if channel is not None and channel < len(outline.peaks) else outline.peaks.max(axis=0)
    bins = np.linspace(0, duration / outline.bin_ms, COLUMNS + 1).astype(int)
    bins = np.clip(bins, 0, len(row) - 1)
    tops = np.maximum.reduceat(row, bins[:-1])
    return np.asarray(0.12 + 0.88 * np.sqrt(tops / 255))


def _path(height: np.ndarray) -> str:
    """Bars around the middle, one a column that is not silent."""
    middle = HEIGHT / 2
    parts = []
    for column in np.flatnonzero(height > 0.05):
        half = round(max(1.0, height[column] * middle), 1)
        parts.append(f"M{column + 0.5:g} {middle - half:g}V{middle + half:g}")
    return "".join(parts)
