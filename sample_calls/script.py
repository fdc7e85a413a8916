"""Read a script of a sample call: who it is, the labelled lines (markup of models/labeller/GUIDE.md) and their timing.

R(+1.2): text     starts 1.2 s after the one who holds the floor has ended (a pause)
R(-0.8): text     starts 0.8 s before the one who holds the floor ends (an interruption)
C(@50%): mm-hmm   starts half-way through the line that holds the floor, and leaves the floor where it is
R: text           starts 0.3 s after
"""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent
DEFAULT_GAP_S = 0.3
_TIMING = re.compile(r"^([RC])\((?:@(\d+)%|([+-]\d+(?:\.\d+)?))\):")
_QUESTIONS = {"qo": "question.open", "qc": "question.closed", "qt": "question.tag", "qr": "question.rhetorical"}
_BARRIERS = {"bb": "barrier.budget", "bp": "barrier.political", "bt": "barrier.timing", "bo": "barrier.other"}
_OTHERS = {"rs": "restatement", "p": "next_step.push", "m": "next_step.mutual", "bc": "backchannel"}
_CUES = {"kp": "cue.problem", "kh": "cue.hope", "kf": "cue.feeling"}
LABELS = _QUESTIONS | _BARRIERS | _OTHERS | _CUES
_TAGS = {"+": "follow_up", "$": "close_directed"}


@dataclass(frozen=True)
class Label:
    """A label on characters of a line; `of` holds the lines it restates."""

    name: str
    start_char: int
    end_char: int
    of: tuple[int, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """`inside` is the share of the floor-holder's line gone by, None for a line that follows it by `gap_s`."""

    role: str
    text: str
    labels: tuple[Label, ...]
    gap_s: float
    inside: float | None

    @property
    def is_backchannel(self) -> bool:
        return any(label.name == "backchannel" for label in self.labels)


@dataclass(frozen=True)
class Script:
    """`about` has rep, customer, opportunity, date, call_type and layout."""

    stem: str
    about: dict[str, str]
    lines: tuple[Line, ...]

    @property
    def channels(self) -> dict[str, int]:
        """Role -> channel; both are on 0 in a mono call."""
        if self.about["layout"] == "mono":
            return {"rep": 0, "customer": 0}
        sides = dict(part.split("=") for part in self.about["layout"].split())
        return {sides["left"]: 0, sides["right"]: 1}


def read(path: Path) -> Script:
    """Raises ValueError naming what is wrong."""
    about: dict[str, str] = {}
    plain: list[str] = []
    timing: list[tuple[float, float | None]] = []
    for raw in path.read_text(encoding="utf-8").splitlines():
        if not raw or raw.startswith("//"):
            continue
        if raw.startswith("## "):
            plain.append(raw)
        elif not plain:
            key, _, value = raw.partition(":")
            about[key] = value.strip()
        else:
            found = _TIMING.match(raw)
            inside = float(found[2]) / 100 if found and found[2] else None
            timing.append((float(found[3]) if found and found[3] else DEFAULT_GAP_S, inside))
            plain.append(_TIMING.sub(r"\1:", raw))
    (dialogue,) = _markup().parse("\n".join(plain), path.name)
    lines = []
    for utterance, (gap, inside) in zip(dialogue.utterances, timing, strict=True):
        labels = tuple(_label(span) for span in utterance.spans)
        role = "rep" if utterance.speaker == "R" else "customer"
        lines.append(Line(role, utterance.text, labels, gap, inside))
    for number, line in enumerate(lines):
        for label in line.labels:
            if any(lines[i].is_backchannel for i in label.of):
                raise ValueError(f"{path.name}: line {number} restates a backchannel")
    return Script(path.stem, about, tuple(lines))


def read_all(folder: Path = HERE / "scripts") -> list[Script]:
    return [read(path) for path in sorted(folder.glob("*.txt"))]


def _label(span: object) -> Label:
    tag = span.tag.rstrip("+$")  # type: ignore[attr-defined]
    marks = tuple(_TAGS[mark] for mark in span.tag[len(tag) :])  # type: ignore[attr-defined]
    return Label(LABELS[tag], span.start, span.end, span.of, marks)  # type: ignore[attr-defined]


def _markup() -> ModuleType:
    """models/labeller/markup.py, which is a script beside its data and no package."""
    import sys

    path = HERE.parent / "models" / "labeller" / "markup.py"
    spec = importlib.util.spec_from_file_location("markup", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
