"""Text that Whisper made up: how it is told from text that was said."""

from __future__ import annotations

import re
from collections.abc import Sequence

from listening.transcript import Word

NO_SPEECH = 0.6  # with LOW_CHANCE together: silence, in Whisper's own words (its paper, section 4.5)
LOW_CHANCE = -1.0  # mean log probability of the tokens
LOOP = 4  # times one run of words may follow itself; people say "no, no, no", not seven of them


def invented(no_speech: float, log_probability: float) -> bool:
    """Whether Whisper itself thinks there was nothing to hear."""
    return no_speech > NO_SPEECH and log_probability < LOW_CHANCE


def without_loops(words: Sequence[Word]) -> tuple[Word, ...]:
    """The words with runs of one to eight words that follow themselves more than LOOP times said once."""
    kept: list[Word] = []
    keys = [re.sub(r"\W", "", w.text).lower() for w in words]
    at = 0
    while at < len(words):
        for size in range(1, 9):
            times = 1
            while keys[at + times * size : at + (times + 1) * size] == keys[at : at + size] and at + times * size < len(
                words
            ):
                times += 1
            if times > LOOP:
                kept += words[at : at + size]
                at += times * size
                break
        else:
            kept.append(words[at])
            at += 1
    return tuple(kept)
