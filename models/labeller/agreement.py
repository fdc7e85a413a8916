"""How far two coders of the same dialogues agree: per label, over the utterances of the side that can carry it.

    python models/labeller/agreement.py gold/a.txt gold/b.txt
    python models/labeller/agreement.py gold/a.txt gold/b.txt --show restatement      the utterances they differ on

An utterance carries a label when any stretch of it does. F1 is the same whichever coder is taken as the truth.

>>> f1_and_kappa(both=3, only_a=1, only_b=1, neither=5)
(0.75, 0.5833333333333334)
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import markup

# label -> (tags that make it, sides that can carry it)
LABELS: dict[str, tuple[frozenset[str], str]] = {
    "question.open": (frozenset({"qo"}), "RC"),
    "question.closed": (frozenset({"qc"}), "RC"),
    "asks (open or closed)": (frozenset({"qo", "qc"}), "RC"),
    "question.tag": (frozenset({"qt"}), "RC"),
    "question.rhetorical": (frozenset({"qr"}), "RC"),
    "restatement": (frozenset({"rs"}), "R"),
    "next_step.push": (frozenset({"p"}), "R"),
    "next_step.mutual": (frozenset({"m"}), "RC"),
    "barrier.budget": (frozenset({"bb"}), "C"),
    "barrier.political": (frozenset({"bp"}), "C"),
    "barrier.timing": (frozenset({"bt"}), "C"),
    "barrier.other": (frozenset({"bo"}), "C"),
    "barrier (any)": (frozenset({"bb", "bp", "bt", "bo"}), "C"),
    "backchannel": (frozenset({"bc"}), "RC"),
}


class Pair(NamedTuple):
    """One utterance with the tags (follow-up and close marks dropped) that each coder put on it."""

    dialogue: str
    speaker: str
    text: str
    a: frozenset[str]
    b: frozenset[str]


def tags(utterance: markup.Utterance) -> frozenset[str]:
    return frozenset(span.tag.rstrip("+$") for span in utterance.spans)


def pairs(a: list[markup.Dialogue], b: list[markup.Dialogue]) -> Iterator[Pair]:
    """Raises ValueError when the files do not hold the same dialogues word for word."""
    if [d.id for d in a] != [d.id for d in b]:
        raise ValueError("the files hold different dialogues")
    for x, y in zip(a, b, strict=True):
        if [(u.speaker, u.text) for u in x.utterances] != [(u.speaker, u.text) for u in y.utterances]:
            raise ValueError(f"{x.id}: the text differs")
        for u, v in zip(x.utterances, y.utterances, strict=True):
            yield Pair(x.id, u.speaker, u.text, tags(u), tags(v))


def f1_and_kappa(both: int, only_a: int, only_b: int, neither: int) -> tuple[float, float]:
    """F1 and Cohen's kappa of a two by two table; nan where a measure is undefined."""
    n = both + only_a + only_b + neither
    marked = 2 * both + only_a + only_b
    f1 = 2 * both / marked if marked else float("nan")
    a, b = both + only_a, both + only_b
    chance = (a * b + (n - a) * (n - b)) / n**2 if n else 1.0
    kappa = ((both + neither) / n - chance) / (1 - chance) if chance < 1 else float("nan")
    return f1, kappa


def table(rows: list[Pair]) -> str:
    out = [f"{'label':<22} {'of':>5} {'A':>4} {'B':>4} {'both':>5} {'F1':>6} {'kappa':>6}"]
    for label, (made_of, sides) in LABELS.items():
        marks = [(bool(r.a & made_of), bool(r.b & made_of)) for r in rows if r.speaker in sides]
        both, only_a, only_b = (marks.count(m) for m in ((True, True), (True, False), (False, True)))
        f1, kappa = f1_and_kappa(both, only_a, only_b, marks.count((False, False)))
        out.append(
            f"{label:<22} {len(marks):>5} {both + only_a:>4} {both + only_b:>4} {both:>5} {f1:>6.3f} {kappa:>6.3f}"
        )
    return "\n".join(out)


def differences(rows: list[Pair], label: str) -> str:
    made_of, sides = LABELS[label]
    out = []
    for r in rows:
        if r.speaker in sides and bool(r.a & made_of) != bool(r.b & made_of):
            out.append(
                f"{r.dialogue} {r.speaker}: {r.text}\n    A {' '.join(sorted(r.a)) or '-'}   B {' '.join(sorted(r.b)) or '-'}"
            )
    return "\n".join(out)


def main() -> int:
    parser = argparse.ArgumentParser(description="Agreement of two coders, per label.")
    parser.add_argument("a", type=Path)
    parser.add_argument("b", type=Path)
    parser.add_argument("--show", metavar="LABEL", choices=LABELS, help="list the utterances they differ on")
    args = parser.parse_args()
    try:
        rows = list(pairs(markup.read(args.a), markup.read(args.b)))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    print(differences(rows, args.show) if args.show else table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
