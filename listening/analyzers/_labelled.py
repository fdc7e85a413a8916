"""From the labeller's judgements to findings and scores: what the language analyzers share.

The labeller leads: it has read every utterance in its context and says which words carry which label. An analyzer
refines what it says (kinds, tags, links), takes back what a plain rule rules out, and explains. Rules are read from a
lexicon beside the analyzer, a TOML file of regular expressions by name.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from listening.findings import Finding
from listening.language.conversation import Conversation
from listening.language.labeller import LabelledSpan

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def spans(conversation: Conversation, index: int, *labels: str) -> tuple[LabelledSpan, ...]:
    """The labelled spans of an utterance that have one of the labels, in the order of the words."""
    found = (span for span in conversation.judgements[index].spans if span.label in labels)
    return tuple(sorted(found, key=lambda span: (span.start_char, span.end_char)))


def finding(
    conversation: Conversation,
    analyzer: str,
    index: int,
    span: LabelledSpan,
    label: str | None = None,
    of: Iterable[int] = (),
    tags: Iterable[str] = (),
    why: str = "",
) -> Finding:
    """A Finding for a labelled span of utterance `index`, with the times of its words."""
    u = conversation.utterances[index]
    start, end = u.times(span.start_char, span.end_char)
    return Finding(
        label=label or span.label,
        analyzer=analyzer,
        utterance=index,
        start_char=span.start_char,
        end_char=span.end_char,
        start=start,
        end=end,
        role=conversation.role(index),
        score=round(span.score, 4),
        of=tuple(of),
        tags=tuple(tags),
        why=why,
    )


def scores(conversation: Conversation, label: str) -> tuple[float | None, ...]:
    """The labeller's probability of a label for every utterance of the call."""
    return tuple(round(j.scores.get(label, 0.0), 4) for j in conversation.judgements)


def words_of(conversation: Conversation, index: int, span: LabelledSpan) -> str:
    """The words of a span as the lexicons read them."""
    return plain(conversation.utterances[index].text[span.start_char : span.end_char])


def plain(text: str) -> str:
    """Lower case, straight apostrophes, single spaces; punctuation stays, since recognizers sometimes print it."""
    return " ".join(text.lower().replace("’", "'").split())


def content(conversation: Conversation, indices: Iterable[int]) -> frozenset[str]:
    """The content words of several utterances together."""
    return frozenset().union(*(conversation.content[i] for i in indices))


def overlaps(a: Finding | LabelledSpan, b: Finding | LabelledSpan) -> bool:
    """Do two stretches of one utterance share characters?"""
    return a.start_char < b.end_char and b.start_char < a.end_char


_APOSTROPHE = re.compile(r"'(ll\b|d\b|re\b)?")
#: Without their apostrophe "we'll", "I'll", "he'd" and "we're" are words of their own (well, ill, hid by "hed", were).
_BARE = {
    "ll": r"(?:'|(?<!\bwe)(?<!\bi)(?<!\bhe)(?<!\bshe))ll",
    "d": r"(?:'|(?<!\bwe)(?<!\bi)(?<!\bhe)(?<!\bshe))d",
    "re": r"(?:'|(?<!\bwe))re",
}


@cache
def lexicon(name: str, table: str | None = None) -> Mapping[str, re.Pattern[str]]:
    """Pattern by name, from `<name>.toml` beside the analyzers (or one table of it).

    Each entry is a list of regular expressions, matched on `plain` text at word boundaries. An apostrophe may be missing
    in the text, as recognizers drop it, unless that makes another word.
    """
    data = tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8"))
    return {key: _compiled(patterns) for key, patterns in (data[table] if table else data).items()}


def _compiled(patterns: list[str]) -> re.Pattern[str]:
    any_of = "|".join(_APOSTROPHE.sub(lambda m: _BARE.get(m[1] or "", "'?"), pattern) for pattern in patterns)
    return re.compile(rf"(?<!\w)(?:{any_of})(?!\w)", re.IGNORECASE)
