"""Times for formats that cannot leave one out (WebVTT, TextGrid): here, and only for writing, gaps are filled."""

from __future__ import annotations

from listening.errors import TranscriptError
from listening.transcript import Transcript, Utterance


def complete(transcript: Transcript, title: str) -> list[tuple[Utterance, int, int]]:
    """Every utterance with a start and an end (ms), in the order of the transcript.

    A missing start is the latest time passed so far; a missing end is the next later start of anybody, else the
    duration, else the start. Raises TranscriptError when the transcript has no times at all.
    """
    starts = sorted({u.start for u in transcript.utterances if u.start is not None})
    if not starts:
        raise TranscriptError(f"{title} needs times, and this transcript has none.")
    following = dict(zip(starts, [*starts[1:], max(transcript.duration or 0, starts[-1])], strict=True))
    spans: list[tuple[Utterance, int, int]] = []
    passed = 0
    for utterance in transcript.utterances:
        if utterance.start is None:
            start = end = passed
        else:
            start = utterance.start
            end = utterance.end if utterance.end is not None else following[start]
        spans.append((utterance, start, end))
        passed = max(passed, start, end)
    return spans
