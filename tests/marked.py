"""Calls whose labels the test itself gives, in brackets, so that a test of a rule does not depend on the trained labeller.

analysed(("customer", "[problem|It broke twice.]"), ("rep", "[rs|Twice.] [open|What happened then?]"))
"""

from __future__ import annotations

import re

import pytest
from conftest import make_call

from listening.analyzers import analyse
from listening.findings import Analysis, Finding
from listening.language import labeller
from listening.language.labeller import Judgement, LabelledSpan

LABELS = {
    **{name: f"question.{name}" for name in ("open", "closed", "tag", "rhetorical")},
    **{name: f"barrier.{name}" for name in ("budget", "political", "timing", "other")},
    **{name: f"cue.{name}" for name in ("problem", "hope", "feeling")},
    "rs": "restatement",
    "push": "next_step.push",
    "mutual": "next_step.mutual",
}
_MARK = re.compile(r"\[(\w+)(?::([\d.]+))?\||\]")

#: Tests of what the trained model hears; skipped while the labeller is a stand-in.
trained = pytest.mark.skipif(
    labeller.VERSION.startswith(("rules", "missing", "untuned")), reason="needs the trained labeller"
)


def unmark(text: str) -> tuple[str, tuple[LabelledSpan, ...]]:
    plain, spans, opened, at = "", [], [], 0
    for mark in _MARK.finditer(text):
        plain += text[at : mark.start()]
        at = mark.end()
        if mark[1]:
            opened.append((LABELS[mark[1]], float(mark[2] or 0.8), len(plain)))
        else:
            label, score, start = opened.pop()
            spans.append(LabelledSpan(label, start, len(plain), score))
    return plain + text[at:], tuple(spans)


def analysed(*lines: tuple, acoustic: bool = False) -> Analysis:
    """Analyse lines as `make_call` takes them, their text marked up. Restores the labeller afterwards."""
    unmarked = [unmark(line[1]) for line in lines]
    call = make_call(
        *((line[0], text, *line[2:]) for line, (text, _) in zip(lines, unmarked, strict=True)), acoustic=acoustic
    )
    judgements = tuple(Judgement({s.label: s.score for s in spans}, spans) for _, spans in unmarked)

    def asks(conversation: object, index: int) -> bool:
        text, spans = unmarked[index]
        return any(s.label.startswith("question") and s.end_char >= len(text) - 1 for s in spans)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(labeller, "judge", lambda conversation: judgements)
        patch.setattr(labeller, "asks", asks)
        return analyse(call)


def found(analysis: Analysis, *labels: str, role: str | None = None) -> list[Finding]:
    return [analysis.findings[i] for i in analysis.labelled(*labels, role=role)]


def tags(analysis: Analysis, *labels: str, role: str | None = None) -> list[tuple[str, ...]]:
    return [f.tags for f in found(analysis, *labels, role=role)]
