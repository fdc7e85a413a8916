"""Words by which a listener says "go on" without taking the floor (Yngve 1970; Ward & Tsukahara 2000)."""

from __future__ import annotations

import re

#: Continuers: said while the other holds the floor, they claim nothing ("mhm", "okay").
_CONTINUERS = frozenset(
    """mm mhm mmhm mmm mmmm hmm hm hmmm uh-huh uhhuh mm-hm mm-hmm mmhmm uh huh um er erm ah aha oh ooh yeah yep yup right
    okay ok k sure gotcha great good nice cool alright righto lovely wow gosh""".split()
)
#: Agreement: a listener's word too, but between two turns it is an answer or a confirmation ("exactly", "yes").
_AGREEMENT = frozenset(
    """yes exactly absolutely totally definitely really interesting perfect true indeed wonderful brilliant
    fine""".split()
)
_CONTINUER_PHRASES = (
    "i see",
    "got it",
    "of course",
    "all right",
    "makes sense",
    "that makes sense",
    "fair enough",
    "oh no",
    "i hear you",
    "i understand",
    "got you",
)
_AGREEMENT_PHRASES = ("i know", "no way", "is that right", "for sure")
#: Thinking aloud: by itself no acknowledgement of anything.
_FILLERS = frozenset("um uh er erm".split())
_TOKEN = re.compile(r"[a-z]+(?:['-][a-z]+)*")


def _any_of(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(sorted(phrases, key=len, reverse=True)) + r")\b")


_CONTINUER_PHRASE = _any_of(_CONTINUER_PHRASES)
_PHRASE = _any_of((*_CONTINUER_PHRASES, *_AGREEMENT_PHRASES))

#: More words than this hold the floor, whatever they are.
MAX_WORDS = 5


def sounds_like_backchannel(text: str) -> bool:
    """True when the text is nothing but acknowledging words. Whether it was one depends on who held the floor.

    >>> sounds_like_backchannel("Mm-hmm, okay."), sounds_like_backchannel("Okay, so pricing.")
    (True, False)
    """
    return _only(text, _PHRASE, _CONTINUERS | _AGREEMENT)


def continues(text: str) -> bool:
    """True when the text is nothing but continuers, which answer and confirm nothing.

    >>> continues("Mm-hmm, okay."), continues("Exactly."), continues("Really?")
    (True, False, False)
    """
    return _only(text, _CONTINUER_PHRASE, _CONTINUERS)


def _only(text: str, phrase: re.Pattern[str], words: frozenset[str]) -> bool:
    lowered = text.lower().replace("’", "'")
    tokens = _TOKEN.findall(lowered)
    if len(tokens) > MAX_WORDS or re.search(r"\d", lowered) or _FILLERS.issuperset(tokens):
        return False
    return all(word in words for word in _TOKEN.findall(phrase.sub(" ", lowered)))
