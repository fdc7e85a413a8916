"""Reading text transcripts: clock times, tags and entities, and telling `Name: text` from text with a colon."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable

#: A clock time: [h:]mm:ss[.fff], comma or dot.
CLOCK = r"(?:\d{1,4}:)?\d{1,3}:\d{2}(?:[.,]\d{1,9})?"

_NAMED = re.compile(r"(?P<name>\+?[^\W_][^:<>\[\]{}\"\n]{0,59}):(?!//|\d)\s*(?P<text>.*)", re.DOTALL)
#: `[SPEAKER_00]: text`, as WhisperX writes it.
_LABEL = re.compile(r"^\[([^:\[\]\n]{1,60})\](?=:)")
#: "Smith, John", as Zoom shows names of a company's directory.
_LAST_FIRST = re.compile(r"[^\W\d_a-z][^,]*, [^\W\d_a-z][^,]*")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<\d[\d:.]*>")
_SPACE = re.compile(r"\s+")
#: A name has at most this many words ("Maria del Carmen Ruiz (she/her)").
_NAME_WORDS = 5
#: A file uses `Name: text` when at least this share of its cues begins so; below it, a colon is punctuation.
_NAMED_SHARE = 0.2
#: "the buyer:" is a speaker when it begins this share of the lines with a colon; "the thing is:" comes up less often.
_OFTEN_SHARE = 0.1


def clock(text: str) -> int:
    """Milliseconds of `[h:]mm:ss[.fff]`. Raises ValueError on anything else."""
    sign, text = (-1, text[1:]) if text[:1] in "-−" and text else (1, text)
    whole, _, fraction = text.replace(",", ".").partition(".")
    seconds = 0
    for part in whole.split(":"):
        seconds = seconds * 60 + int(part)
    return sign * (seconds * 1000 + int((fraction + "000")[:3]))


def squeeze(text: str) -> str:
    """One line without doubled spaces."""
    return _SPACE.sub(" ", text).strip()


def plain(markup: str) -> str:
    """Subtitle markup as one line of text: tags removed, entities resolved."""
    if "<" in markup:
        markup = _TAG.sub("", markup)
    return squeeze(html.unescape(markup) if "&" in markup else markup)


def split_name(line: str) -> tuple[str, str] | None:
    """`Name: text` as a pair, None when the line cannot be that. Whether it is, `names` tells from the whole file."""
    found = _NAMED.match(_LABEL.sub(r"\1", line))
    if not found:
        return None
    name = found["name"].strip()
    if len(name.split()) > _NAME_WORDS or re.search(r"[?!;]|\.\s+[a-z]", name):
        return None
    if "," in name and not _LAST_FIRST.fullmatch(name):
        return None
    return name, found["text"].strip()


def names(candidates: Iterable[str | None]) -> frozenset[str]:
    """Which candidate names of a file's lines (None: a line without) are speakers.

    Those written as a name is (every word capitalised, or one word), and others that keep coming back; none at all
    when colons are rare in the file.
    """
    lines = list(candidates)
    count = Counter(name for name in lines if name is not None)
    if count.total() < _NAMED_SHARE * len(lines):
        return frozenset()
    often = max(2, _OFTEN_SHARE * count.total())

    def speaks(name: str, times: int) -> bool:
        if "," in name:  # "Smith, John:" comes back, "Well, Bob:" does not
            return times >= 2
        return times >= often or written_as_name(name)

    return frozenset(name for name, times in count.items() if speaks(name, times))


def written_as_name(name: str) -> bool:
    """Every word capitalised (or in a script without capitals), or one word only."""
    words = name.split()
    return len(words) == 1 or all(not word[0].islower() for word in words)
