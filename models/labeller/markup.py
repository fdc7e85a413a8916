"""Read the bracket markup of `GUIDE.md`: dialogues with labelled stretches of words.

>>> d = parse("## x | sales\\nC: [kp| It broke.]\\nR: [rs| It broke.] [qo+| What happened?]\\n")[0]
>>> [(s.tag, s.text, s.of) for s in d.utterances[1].spans]
[('rs', 'It broke.', (0,)), ('qo+', 'What happened?', ())]
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

TAGS = frozenset("qo qc qt qr qb rs p m bb bp bt bo kp kh kf bc".split())
_OPEN = re.compile(r"\[([a-z]{1,2})([+$]*)(?::(\d+(?:,\d+)*))?\| ?")


@dataclass(frozen=True)
class Span:
    """A labelled stretch: characters `start`..`end` of the utterance's plain text; `of` holds utterance indices."""

    tag: str
    start: int
    end: int
    text: str
    of: tuple[int, ...] = ()


@dataclass(frozen=True)
class Utterance:
    speaker: str
    text: str
    spans: tuple[Span, ...]


@dataclass
class Dialogue:
    id: str
    setting: str
    utterances: list[Utterance] = field(default_factory=list)


def _utterance(line: str, dialogue: Dialogue, where: str) -> Utterance:
    speaker, body = line[0], line[2:].strip()
    index = len(dialogue.utterances)
    out: list[str] = []
    length = 0
    stack: list[tuple[str, str | None, int]] = []
    spans: list[tuple[str, int, int, str | None]] = []
    i = 0
    while i < len(body):
        m = _OPEN.match(body, i)
        if m:
            if m[1] not in TAGS:
                raise ValueError(f"{where}: unknown tag {m[1]!r}")
            stack.append((m[1] + m[2], m[3], length))
            i = m.end()
        elif body[i] == "]":
            if not stack:
                raise ValueError(f"{where}: a ']' with nothing open")
            tag, back, start = stack.pop()
            spans.append((tag, start, length, back))
            i += 1
        elif body[i] == "[":
            raise ValueError(f"{where}: a '[' that opens no tag")
        else:
            out.append(body[i])
            length += 1
            i += 1
    if stack:
        raise ValueError(f"{where}: {stack[-1][0]!r} is never closed")
    text = "".join(out)
    made = []
    for tag, start, end, back in sorted(spans, key=lambda s: (s[1], -s[2])):
        of: tuple[int, ...] = ()
        if tag == "rs":
            if speaker != "R":
                raise ValueError(f"{where}: restatements are R's")
            if back:
                of = tuple(index - int(n) for n in back.split(","))
                if any(n < 0 or dialogue.utterances[n].speaker != "C" for n in of):
                    raise ValueError(f"{where}: rs:{back} does not point at a C line")
            else:
                said = [n for n, u in enumerate(dialogue.utterances) if u.speaker == "C"]
                of = tuple(said[-1:])
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        made.append(Span(tag, start, end, text[start:end], of))
    return Utterance(speaker, text, tuple(made))


def parse(text: str, name: str = "text") -> list[Dialogue]:
    """Dialogues of one file. Raises ValueError naming the line when the markup is broken."""
    dialogues: list[Dialogue] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        where = f"{name}:{number}"
        if not line or line.startswith("//"):
            continue
        if line.startswith("##"):
            ident, _, setting = (part.strip() for part in line[2:].partition("|"))
            dialogues.append(Dialogue(ident, setting))
        elif line[:2] in ("R:", "C:") and dialogues:
            dialogues[-1].utterances.append(_utterance(line, dialogues[-1], where))
        else:
            raise ValueError(f"{where}: neither a '## id | setting' header nor an 'R:'/'C:' line")
    return dialogues


def read(path: Path) -> list[Dialogue]:
    return parse(path.read_text(encoding="utf-8"), path.name)


def main() -> int:
    """Check files given on the command line and count their labels."""
    failed = 0
    for name in sys.argv[1:]:
        try:
            dialogues = read(Path(name))
        except ValueError as error:
            print(error)
            failed = 1
            continue
        counts: dict[str, int] = {}
        for d in dialogues:
            for u in d.utterances:
                for s in u.spans:
                    counts[s.tag] = counts.get(s.tag, 0) + 1
        n = sum(len(d.utterances) for d in dialogues)
        print(f"{name}: {len(dialogues)} dialogues, {n} utterances, {dict(sorted(counts.items()))}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
