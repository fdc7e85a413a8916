"""How well the labels agree with those of people: precision, recall, F1 with intervals, Spearman, confusions.

`agreement`, `confusion`, `intervals` and `spearman` need no call: pairs of what people and machine said are enough, from a
gold file or from a coach's corrections. Agreement is counted by utterance and label: an utterance that asks two open questions counts once for question.open.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from listening.findings import BARRIER_LABELS, PUBLIC_LABELS, QUESTION_LABELS, Analysis
from listening.gold import KNOWN_LABELS, GoldCall
from listening.transcript import Transcript

#: Rows made of several labels: does it ask, is there any barrier.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "asks": ("question.open", "question.closed"),
    "barrier (any)": BARRIER_LABELS,
}
#: Labels between which it is shown what was taken for what.
CONFUSIONS: Mapping[str, tuple[str, ...]] = {
    "open or closed": ("question.open", "question.closed"),
    "question": QUESTION_LABELS,
    "barrier": BARRIER_LABELS,
}
#: Resamples of calls for an interval; the seed makes a run repeatable.
RESAMPLES, SEED = 1000, 20240229

#: What people and the machine said of one utterance.
Pair = tuple[frozenset[str], frozenset[str]]
Interval = tuple[float, float] | None
FIGURES = ("precision", "recall", "f1")


@dataclass(frozen=True, slots=True)
class Agreement:
    """Counts of one label and what follows from them; None where nothing was there to count."""

    both: int
    machine: int
    people: int

    @property
    def precision(self) -> float | None:
        return self.both / self.machine if self.machine else None

    @property
    def recall(self) -> float | None:
        return self.both / self.people if self.people else None

    @property
    def f1(self) -> float | None:
        given = self.machine + self.people
        return 2 * self.both / given if given else None

    def __add__(self, other: Agreement) -> Agreement:
        return Agreement(self.both + other.both, self.machine + other.machine, self.people + other.people)


NOTHING = Agreement(0, 0, 0)


def agreement(pairs: Iterable[Pair], labels: Iterable[str]) -> Agreement:
    """Agreement on whether an utterance has any of the labels.

    >>> agreement([(frozenset({"a"}), frozenset({"a"})), (frozenset(), frozenset({"a"}))], ["a"]).precision
    0.5
    """
    wanted = frozenset(labels)
    both = machine = people = 0
    for gold, found in pairs:
        yes, said = bool(gold & wanted), bool(found & wanted)
        people += yes
        machine += said
        both += yes and said
    return Agreement(both, machine, people)


def confusion(pairs: Iterable[Pair], labels: Sequence[str]) -> Counter[tuple[str, str]]:
    """(people's, machine's) -> utterances, among those where either gave one of the labels. Several are joined by +."""

    def name(given: frozenset[str]) -> str:
        return "+".join(label for label in labels if label in given) or "none"

    return Counter((name(g), name(f)) for g, f in pairs if (g | f) & set(labels))


def intervals(calls: Sequence[Agreement]) -> dict[str, Interval]:
    """95 % percentile intervals of precision, recall and F1 over calls drawn with replacement; None for one call."""
    if len(calls) < 2:
        return dict.fromkeys(FIGURES)
    counts = np.array([[c.both, c.machine, c.people] for c in calls], dtype=float)
    times = np.random.default_rng(SEED).multinomial(len(calls), [1 / len(calls)] * len(calls), size=RESAMPLES)
    both, machine, people = (times @ counts).T
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = {"precision": both / machine, "recall": both / people, "f1": 2 * both / (machine + people)}
    return {name: _middle(values[np.isfinite(values)]) for name, values in drawn.items()}


def _middle(values: np.ndarray) -> Interval:
    if not len(values):
        return None
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def spearman(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Rank correlation; None for fewer than three pairs or when one side never varies."""
    from scipy.stats import spearmanr

    people, machine = [p for p, _ in pairs], [m for _, m in pairs]
    if len(pairs) < 3 or len(set(people)) < 2 or len(set(machine)) < 2:
        return None
    return float(spearmanr(people, machine).statistic)


def spearman_interval(calls: Sequence[Sequence[tuple[float, float]]]) -> Interval:
    """95 % percentile interval of the rank correlation over calls drawn with replacement; None for one call."""
    calls = [call for call in calls if call]
    if len(calls) < 2:
        return None
    draws = np.random.default_rng(SEED).integers(len(calls), size=(RESAMPLES, len(calls)))
    drawn = (spearman([pair for i in draw for pair in calls[i]]) for draw in draws)
    return _middle(np.array([value for value in drawn if value is not None]))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the result: a label or group, its agreement and intervals (low, high) or None."""

    label: str
    agreement: Agreement
    intervals: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An utterance that people and machine label differently. `by` is how far the machine's score is off, 0..1.

    `key` is the call's in the store it was read from.
    """

    call: str
    index: int
    label: str
    kind: str  # "missed" or "not there"
    by: float
    text: str
    key: int | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result of `evaluate`. `macro` is the mean F1 over the kinds of a group that people gave at all."""

    calls: int
    utterances: int
    rows: tuple[Row, ...]
    macro: Mapping[str, float | None]
    confusions: Mapping[str, Mapping[tuple[str, str], int]]
    disagreements: tuple[Disagreement, ...]
    uptake: float | None = None
    uptake_interval: Interval = None
    uptake_pairs: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)


def evaluate(
    calls: Sequence[GoldCall],
    analyse: Callable[[Transcript], Analysis],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Evaluation:
    """Analyse labelled calls and compare. Labels nobody gave, people or machine, have no row.

    Cues are compared only where people marked some: `annotate` does not print them, so most gold files have none.
    """
    given = frozenset[str]().union(*(labels for call in calls for labels in call.labels if labels))
    compared = KNOWN_LABELS if any(label.startswith("cue.") for label in given) else PUBLIC_LABELS
    pairs: list[list[Pair]] = []
    ratings: list[list[tuple[float, float]]] = []
    worst: list[Disagreement] = []
    versions: Mapping[str, str] = {}
    for done, call in enumerate(calls):
        progress(done, len(calls))
        analysis = analyse(call.transcript)
        versions = analysis.versions
        found = _found(analysis, len(call.labels), compared)
        pairs.append([(gold, found[i]) for i, gold in enumerate(call.labels) if gold is not None])
        uptake = analysis.scores.get("uptake", (None,) * len(call.uptake))
        both = zip(call.uptake, uptake, strict=True)
        ratings.append([(people, machine) for people, machine in both if people is not None and machine is not None])
        worst += _disagreements(call, found, analysis)
    progress(len(calls), len(calls))
    flat = [pair for call_pairs in pairs for pair in call_pairs]
    rated = [rating for call_ratings in ratings for rating in call_ratings]
    names: dict[str, tuple[str, ...]] = {**GROUPS, **{label: (label,) for label in compared}}
    rows = tuple(row for name, labels in names.items() if (row := _row(name, labels, pairs)) is not None)
    f1 = {row.label: row.agreement.f1 for row in rows if row.agreement.people}
    return Evaluation(
        calls=len(calls),
        utterances=len(flat),
        rows=rows,
        macro={name: _mean(f1.get(label) for label in labels) for name, labels in CONFUSIONS.items()},
        confusions={name: confusion(flat, labels) for name, labels in CONFUSIONS.items()},
        disagreements=tuple(sorted(worst, key=lambda d: -d.by)),
        uptake=spearman(rated),
        uptake_interval=spearman_interval(ratings),
        uptake_pairs=len(rated),
        versions=versions,
    )


def _row(name: str, labels: tuple[str, ...], pairs: list[list[Pair]]) -> Row | None:
    counts = [agreement(call, labels) for call in pairs]
    total = sum(counts, NOTHING)
    if not total.people and not total.machine:
        return None
    return Row(name, total, intervals(counts))


def _mean(values: Iterable[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return sum(known) / len(known) if known else None


def _found(analysis: Analysis, utterances: int, compared: Iterable[str]) -> list[frozenset[str]]:
    labels: list[set[str]] = [set() for _ in range(utterances)]
    for finding in analysis.findings:
        if finding.utterance is not None and finding.label in compared:
            labels[finding.utterance].add(finding.label)
    return [frozenset(given) for given in labels]


def _disagreements(call: GoldCall, found: list[frozenset[str]], analysis: Analysis) -> Iterable[Disagreement]:
    for index, gold in enumerate(call.labels):
        if gold is None:
            continue
        for label in sorted(gold ^ found[index]):
            scores = analysis.scores.get(label)
            score = (scores[index] if scores else None) or 0.0
            kind, by = ("missed", 1 - score) if label in gold else ("not there", score)
            text = call.transcript.utterances[index].text
            yield Disagreement(call.transcript.info.id, index, label, kind, by, text)
