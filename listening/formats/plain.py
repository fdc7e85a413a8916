"""Plain text, `Name: text` a line, with a time before or behind the name or without any.

    Ann: Hello.          [00:01:02] Ann: Hello.          Ann (00:01): Hello.          Ann [1:02]:
                                                                                      Hello.

A line without a name carries on the utterance before it, without the time it may begin with. Whether `word:` is a name
is told from the whole file (`_text.names`), so a colon within an answer does not invent a speaker.
"""

from __future__ import annotations

import re
from collections import Counter

from listening.formats._format import Content, Cue, Draft, Format
from listening.formats._text import CLOCK, clock, ends_sentence, names, split_name, squeeze

_BEFORE = re.compile(rf"^\s*(?:[-*•]\s+)?(?:\[(?P<a>{CLOCK})\]|\((?P<b>{CLOCK})\)|(?P<c>{CLOCK}))?\s*(?:[-–—]\s*)?")
_BEHIND = re.compile(rf"^(?P<name>[^\n:\[\]()]{{1,60}}?)\s*[\[(](?P<time>{CLOCK})[\])]\s*(?P<colon>:)?")
#: A text is a conversation when at least this share of its lines that are not blank begins with a speaker,
_SHARE = 0.25
#: and there are no more speakers than lines for this many each: in a list of settings every key stands once.
_LINES_A_SPEAKER = 2


def _line(line: str) -> tuple[int | None, str | None, str]:
    """Time, candidate name and text of a line."""
    before = _BEFORE.match(line)
    time = before and (before["a"] or before["b"] or before["c"])
    start = clock(time) if time else None
    rest = line[before.end() :] if before else line
    behind = _BEHIND.match(rest)
    if behind:
        start = clock(behind["time"])
        rest = f"{behind['name']}: {rest[behind.end() :].lstrip()}"
    pair = split_name(rest.replace("**", ""))
    return (start, *pair) if pair else (start, None, squeeze(rest))


def _bare(line: str) -> bool:
    """Whether a line begins with a time without brackets."""
    before = _BEFORE.match(line)
    return before is not None and before["c"] is not None


def _carried_on(line: str, bare: bool) -> str:
    """A line without a name, less its time. One without brackets is a time only where speakers' lines begin so too:
    in others it is said ("we meet at / 12:30 on Monday")."""
    before = _BEFORE.match(line)
    timed = before and (before["a"] or before["b"] or (bare and before["c"]))
    return line[before.end() :] if before and timed else line


def _cues(text: str) -> tuple[list[Cue], int]:
    """The cues, and how many lines that are not blank there are."""
    raw = [line for line in text.lstrip("\ufeff").split("\n") if line.strip()]
    lines = [_line(line) for line in raw]
    # Where speakers' lines have a time, a line without one carries on.
    timed = any(start is not None and name is not None for start, name, _ in lines)
    begins = [start is not None for start, *_ in lines] if timed else [True, *map(ends_sentence, raw)]
    known = names(zip((name for _, name, _ in lines), begins, strict=False))
    bare = any(_bare(whole) for whole, (_, name, _) in zip(raw, lines, strict=True) if name in known)
    turns: list[tuple[str, int | None, list[str]]] = []
    for whole, (start, name, said) in zip(raw, lines, strict=True):
        if name in known:
            turns.append((str(name), start, [said]))
        elif turns:
            turns[-1][2].append(_carried_on(whole, bare))
        # Lines above the first speaker are a title, not speech.
    return [Cue(squeeze(" ".join(said)), name, start) for name, start, said in turns], len(raw)


def _matches(content: Content) -> bool:
    if content.text.lstrip("\ufeff \n\t")[:1] in ("{", "[") and content.json is not None:
        return False
    cues, lines = _cues(content.text)
    count = Counter(str(cue.speaker) for cue in cues)
    if any("," in name and times > 1 for name, times in count.items()):
        # Where "Smith, John:" comes back, "Doe, Jane:" once is no setting.
        count = Counter({name: times for name, times in count.items() if times > 1 or "," not in name})
    settings = len(count) > 2 and count.total() < _LINES_A_SPEAKER * len(count)
    return bool(cues) and len(cues) >= _SHARE * lines and not settings


def _parse(content: Content) -> Draft:
    return Draft(tuple(_cues(content.text)[0]), named=True, clock=True)


FORMAT = Format("plain", "plain text", (".txt", ".text", ".md", ".transcript"), _matches, _parse, lenient=True)
