"""What subtitle formats share: timing lines, blocks of lines, and the voices inside a cue."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from listening.formats._format import Cue, Draft
from listening.formats._text import CLOCK, clock, ends_sentence, names, plain, split_name, squeeze

TIMING = re.compile(rf"^\s*(?P<start>[-−]?{CLOCK})\s*--+>\s*(?P<end>[-−]?{CLOCK})?")
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?(?:[ \t]+(?P<name>[^<>]*))?>|(?P<close></v>)")


@dataclass(slots=True)
class Block:
    """A cue's timing and its lines of text, as they stand in the file."""

    start: int
    end: int | None
    lines: list[str] = field(default_factory=list)


def blocks(lines: Iterable[str], keep_paragraphs: bool) -> Iterator[Block]:
    """The cues of a subtitle file. Lines outside cues (ids, headers, NOTE, STYLE, REGION) are left out.

    A timing line begins a cue even when the blank line before it is missing. With `keep_paragraphs` a blank line does
    not end a cue, only the next cue does: SubRip text has blank lines in practice, and losing words is worse.
    """
    block: Block | None = None
    inside = False
    comment = False
    before = ""
    for line in lines:
        timing = TIMING.match(line) if "->" in line else None
        if timing:
            if block is not None:
                # The next cue's number; digits before a blank line were spoken.
                if inside and before.strip().isdecimal():
                    block.lines.pop()
                yield block
            block = Block(clock(timing["start"]), clock(timing["end"]) if timing["end"] else None)
            inside, comment = True, False
        elif not line.strip():
            inside, comment = inside and keep_paragraphs, False
        elif not inside and line.startswith(("NOTE", "STYLE", "REGION")):
            comment = True
        elif block is not None and inside and not comment:
            block.lines.append(line)
        before = line
    if block is not None:
        yield block


def voices(text: str) -> list[tuple[str | None, str]]:
    """The `<v Name>` stretches of a cue in order, as (name, markup); name None for text outside any voice."""
    if "<v" not in text:
        return [(None, text)]
    parts: list[tuple[str | None, str]] = []
    name: str | None = None
    at = 0
    for tag in _VOICE.finditer(text):
        if name is not None or text[at : tag.start()].strip():
            parts.append((name, text[at : tag.start()]))
        name = None if tag["close"] else squeeze(html.unescape(tag["name"] or "")) or None
        at = tag.end()
    if name is not None or text[at:].strip():
        parts.append((name, text[at:]))
    return parts or [(None, "")]


def draft(found: Iterable[Block]) -> Draft:
    """Cues as utterances: one each, or one a voice where a cue has several (`<v A>…<v B>…` or lines `A: …`, `B: …`)."""
    listed = list(found)
    texts = ["\n".join(block.lines) for block in listed]
    if any(_VOICE.search(text) for text in texts):
        spoken = [[(name, plain(text)) for name, text in voices(text)] for text in texts]
    else:
        spoken = _by_colon([[plain(line) for line in block.lines] for block in listed])
    cues = tuple(
        Cue(text, name, block.start, block.end)
        for block, parts in zip(listed, spoken, strict=True)
        for name, text in parts
        if text or name
    )
    return Draft(cues, named=True, clock=True)


def _by_colon(cues: list[list[str]]) -> list[list[tuple[str | None, str]]]:
    pairs = [[split_name(line) for line in lines] for lines in cues]
    begins = (True, *(ends_sentence(line) for lines in cues for line in lines))
    known = names(zip((pair and pair[0] for named in pairs for pair in named), begins, strict=False))
    spoken: list[list[tuple[str | None, str]]] = []
    for lines, named in zip(cues, pairs, strict=True):
        parts: list[tuple[str | None, list[str]]] = []
        for line, pair in zip(lines, named, strict=True):
            if pair and pair[0] in known:
                parts.append((pair[0], [pair[1]]))
            elif parts:
                parts[-1][1].append(line)
            else:
                parts.append((None, [line]))
        spoken.append([(name, squeeze(" ".join(said))) for name, said in parts])
    return spoken
