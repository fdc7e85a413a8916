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
#: A last and a first name together have at most this many words, and the last name does not begin with one of these.
_LAST_FIRST_WORDS = 4
_NO_LAST_NAME = frozenset(
    "absolutely actually after ah alright also and anyway as at basically because before but by certainly dear exactly "
    "fine finally first firstly for frankly from good great hello hey hi honestly if in indeed just last lastly listen "
    "look maybe meanwhile no nope not now of oh ok okay on once or otherwise perfect perhaps please really right "
    "second secondly seriously since so sorry sure thank thanks that the then there third this to today tomorrow true "
    "until well what when where while with yeah yep yes yesterday you "
    "monday tuesday wednesday thursday friday saturday sunday".split()
)
#: The end of a sentence, or of one that was cut off, with the quotes and brackets that may close behind it.
_ENDED = re.compile(r"[.?!…。！？—–-][\"'”’»)\]]*\s*$")
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


def ends_sentence(text: str) -> bool:
    """Whether what follows the text may be another sentence: it ends one, or was cut off."""
    return bool(_ENDED.search(text))


def names(lines: Iterable[tuple[str | None, bool]]) -> frozenset[str]:
    """Which candidate names of a file's lines are speakers: those written as a name is (every word capitalised, or one
    word), and others that keep coming back; none at all when colons are rare in the file.

    A line is its candidate (None: it has none) and whether a turn may begin there.
    """
    listed = list(lines)
    count = Counter(name for name, _ in listed if name is not None)
    if count.total() < _NAMED_SHARE * len(listed):
        return frozenset()
    often = max(2, _OFTEN_SHARE * count.total())
    found = {name for name, times in count.items() if "," not in name and (times >= often or written_as_name(name))}
    return frozenset(found | _last_first(listed, count))


def _last_first(lines: list[tuple[str | None, bool]], count: Counter[str]) -> set[str]:
    """The speakers written "Smith, John": all that come back; and where the file writes names so, who speaks once,
    unless that is in the middle of a turn or said to somebody ("Well, John: no")."""
    words = {name: re.findall(r"\w+", name.casefold()) for name in count}
    everybody = Counter(word for found in words.values() for word in set(found))
    back, once = set(), set()
    above = next((name for name, _ in lines if name is not None), None)  # only a title stands above it
    begun = {name for name, begins in lines if begins or name == above}
    for name in count:
        if "," not in name:
            continue
        no_last_name = words[name][0] in _NO_LAST_NAME
        first_name = re.findall(r"\w+", name.partition(",")[2].casefold())
        of_another = not first_name or everybody[first_name[0]] > 1
        name_like = written_as_name(name) and len(name.split()) <= _LAST_FIRST_WORDS
        if count[name] > 1 and not (no_last_name and of_another):
            back.add(name)
        elif count[name] == 1 and name in begun and name_like and not no_last_name and not of_another:
            once.add(name)
    # So it writes names when one of them comes back, or when most of what stands before a colon is of this form.
    return back | once if back or (len(once) >= 2 and 2 * len(once) > count.total()) else back


def written_as_name(name: str) -> bool:
    """Every word capitalised (or in a script without capitals), or one word only."""
    words = name.split()
    return len(words) == 1 or all(not word[0].islower() for word in words)
