"""SubRip subtitles: numbered cues with `hh:mm:ss,mmm --> hh:mm:ss,mmm`; speakers as `Name: text` or `<v Name>`."""

from __future__ import annotations

import re
from itertools import islice

from listening.formats._cues import TIMING, blocks, draft
from listening.formats._format import Content, Draft, Format

#: The first timing line stands within this many lines that are not blank.
_WITHIN = 4
#: Positions and styles in the manner of SubStation Alpha, such as `{\\an8}`.
_STYLE = re.compile(r"\{\\[^{}\n]*\}")


def _matches(content: Content) -> bool:
    lines = (line for line in content.text.lstrip("\ufeff").split("\n") if line.strip())
    head = list(islice(lines, _WITHIN))
    return not "".join(head[:1]).lstrip().startswith("WEBVTT") and any(TIMING.match(line) for line in head)


def _parse(content: Content) -> Draft:
    return draft(blocks(_STYLE.sub("", content.text).split("\n"), keep_paragraphs=True))


FORMAT = Format("srt", "SubRip", (".srt",), _matches, _parse)
