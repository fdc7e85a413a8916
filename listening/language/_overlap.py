"""How much of one speaker's words the other uses again: simple, and the best single sign of uptake."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

_TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_STOP = frozenset(
    """a an the and or but so to of in on at for with from by as is are was were be been am do does did have has had i
    you he she it we they me him her us them my your his its our their this that these those there here what which who
    how when where why not no yes yeah yep okay ok oh um uh er mm mhm hmm well like just then than if can could would
    should will shall may might don't i'm it's you're that's he's she's we're they're i've you've we've i'd you'd i'll
    you'll isn't didn't doesn't can't won't gonna right really very too also all any some up out about into over one
    know mean think get got go going say said see let's because kind sort thing things""".split()
)

_YOUR_WORDS = re.compile(r"\b(you said|you're saying|you mean|so you|said|saying|says)\b")

FEATURES = (
    "used_again", "taken_over", "longest_run", "words", "before_words", "asks", "starts_alike", "begins_with_you",
    "why", "questions", "your_words",
)  # fmt: skip


def content(text: str) -> list[str]:
    """Stems (crudely) of the words that carry meaning, in order."""
    return [_stem(w) for w in _TOKEN.findall(text.lower().replace("’", "'")) if w not in _STOP]


def _stem(word: str) -> str:
    word = word.split("'")[0]
    for ending in ("ingly", "edly", "ing", "ies", "ed", "es", "ly", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def shared(before: Sequence[str], after: Sequence[str]) -> float:
    """Share of the content words of `before` that come again in `after`; 0 when there are none."""
    first = set(before)
    return len(first & set(after)) / len(first) if first else 0.0


def features(before: str, after: str) -> list[float]:
    """FEATURES of what was said and what was answered."""
    a, b = content(before), content(after)
    first, second = set(a), set(b)
    common = first & second
    raw_a, raw_b = _TOKEN.findall(before.lower()), _TOKEN.findall(after.lower())
    return [
        len(common) / math.sqrt(len(first)) if first else 0.0,
        len(common) / len(second) if second else 0.0,
        math.log1p(_longest_run(raw_a, raw_b)),
        math.log1p(len(raw_b)),
        math.log1p(len(raw_a)),
        float("?" in after),
        float(bool(first & set(content(" ".join(raw_b[:12]))))),
        float("you" in raw_b[:6]),
        float("why" in raw_b),
        float(after.count("?")),
        float(bool(_YOUR_WORDS.search(after.lower()))),
    ]


def _longest_run(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the longest run of words that is in both."""
    best, row = 0, [0] * (len(b) + 1)
    for word in a:
        new = [0] * (len(b) + 1)
        for j, other in enumerate(b):
            if word == other:
                new[j + 1] = row[j] + 1
                best = max(best, new[j + 1])
        row = new
    return best
