"""Otter's text export: a line `Name  0:05`, then what was said, then a blank line. Only starts are known."""

from __future__ import annotations

import re

from listening.formats._format import Content, Cue, Draft, Format
from listening.formats._text import CLOCK, clock, squeeze, written_as_name

_HEADER = re.compile(rf"^(?P<name>[^\W_][^\n]{{0,79}}?)(?P<gap>\s+)(?P<time>{CLOCK})\s*$")
_FOOTER = re.compile(r"^\s*Transcribed by https?://(?:www\.)?otter\.ai", re.IGNORECASE)


def _header(line: str) -> re.Match[str] | None:
    found = _HEADER.match(line)
    if found is None or found["name"][-1] in ":,;-–•·|":
        return None
    # One blank only: a sentence that ends in a time of day is text.
    return found if found["gap"] != " " or written_as_name(found["name"]) else None


def _matches(content: Content) -> bool:
    lines = [line for line in content.text.split("\n") if line.strip()]
    headers = [i for i, line in enumerate(lines) if _header(line)]
    # Every header has text under it: at least two, or one in a file with nothing else.
    followed = sum(i + 1 < len(lines) and not _header(lines[i + 1]) for i in headers)
    return followed >= 2 or (followed == 1 and headers[0] == 0)


def _parse(content: Content) -> Draft:
    turns: list[tuple[str, int, list[str]]] = []
    for line in content.text.split("\n"):
        header = _header(line)
        if header:
            turns.append((squeeze(header["name"]), clock(header["time"]), []))
        elif _FOOTER.match(line):
            break
        elif turns:
            turns[-1][2].append(line)
    return Draft(
        tuple(Cue(squeeze(" ".join(said)), name, start) for name, start, said in turns), named=True, clock=True
    )


FORMAT = Format("otter", "Otter text", (".txt", ".text"), _matches, _parse, lenient=True)
