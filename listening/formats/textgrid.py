"""Praat TextGrid, written only: an interval tier a speaker, gaps filled with empty intervals."""

from __future__ import annotations

from listening.formats._format import Format, unique_labels
from listening.formats._spans import complete
from listening.transcript import Transcript

_HEADER = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = {xmax}
tiers? <exists>
size = {size}
item []:
"""
_TIER = """    item [{number}]:
        class = "IntervalTier"
        name = "{name}"
        xmin = 0
        xmax = {xmax}
        intervals: size = {size}
"""
_INTERVAL = """        intervals [{number}]:
            xmin = {xmin}
            xmax = {xmax}
            text = "{text}"
"""


def _render(transcript: Transcript) -> str:
    """Speakers may overlap, each on their own tier; within a tier Praat allows no overlap, so the later one waits."""
    labels = unique_labels(transcript)
    spans = complete(transcript, "TextGrid")
    last = max(1, transcript.duration or 0, *(max(end, start + 1) for _, start, end in spans))
    parts = [_HEADER.format(xmax=last / 1000, size=len(transcript.speakers))]
    for number, speaker in enumerate(transcript.speakers, 1):
        own = sorted((start, end, u.text) for u, start, end in spans if u.speaker == speaker.id)
        tier = _tier(own, last)
        parts.append(_TIER.format(number=number, name=_quoted(labels[speaker.id]), xmax=last / 1000, size=len(tier)))
        parts += [
            _INTERVAL.format(number=i, xmin=start / 1000, xmax=end / 1000, text=_quoted(text))
            for i, (start, end, text) in enumerate(tier, 1)
        ]
    return "".join(parts)


def _tier(spans: list[tuple[int, int, str]], last: int) -> list[tuple[int, int, str]]:
    """The spans (ms, sorted) as intervals that cover 0..last; one wholly inside another joins its text."""
    intervals: list[tuple[int, int, str]] = []
    at = 0
    for start, end, text in spans:
        if end <= max(at, start):
            if intervals and start < at:
                before = intervals[-1]
                intervals[-1] = (before[0], before[1], f"{before[2]} {text}")
                continue
            end = start + 1
        if start > at:
            intervals.append((at, start, ""))
        intervals.append((max(at, start), end, text))
        at = end
    if at < last:
        intervals.append((at, last, ""))
    return intervals


def _quoted(text: str) -> str:
    return " ".join(text.split()).replace('"', '""')


FORMAT = Format("textgrid", "Praat TextGrid", (".textgrid",), render=_render)
