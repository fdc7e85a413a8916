"""Words by which a listener says "go on" without taking the floor (Yngve 1970; Ward & Tsukahara 2000)."""

from __future__ import annotations

import re

_WORDS = frozenset(
    """mm mhm mmhm mmm hmm hm uh-huh uhhuh mm-hm mm-hmm uh huh um ah aha oh ooh yeah yep yup yes right okay ok k
    sure exactly absolutely totally definitely wow gosh really gotcha great good nice cool interesting perfect true
    indeed wonderful lovely brilliant fine alright""".split()
)
_PHRASES = (
    "i see",
    "got it",
    "i know",
    "of course",
    "all right",
    "makes sense",
    "that makes sense",
    "fair enough",
    "no way",
    "oh no",
    "is that right",
    "oh really",
    "for sure",
    "i hear you",
    "i understand",
    "got you",
)
_PHRASE = re.compile(r"\b(?:" + "|".join(sorted(_PHRASES, key=len, reverse=True)) + r")\b")
_TOKEN = re.compile(r"[a-z]+(?:['-][a-z]+)*")

#: More words than this hold the floor, whatever they are.
MAX_WORDS = 5


def sounds_like_backchannel(text: str) -> bool:
    """True when the text is nothing but acknowledging words. Whether it was one depends on who held the floor.

    >>> sounds_like_backchannel("Mm-hmm, okay."), sounds_like_backchannel("Okay, so pricing.")
    (True, False)
    """
    lowered = text.lower().replace("’", "'")
    if len(_TOKEN.findall(lowered)) > MAX_WORDS:
        return False
    rest = _TOKEN.findall(_PHRASE.sub(" ", lowered))
    said_something = bool(_TOKEN.search(lowered))
    return said_something and all(word in _WORDS for word in rest)
