"""What people's corrections in the store say about the machine: how often it was right, label by label.

A finding that nobody spoke of is not one that somebody found right. So calls are of two kinds. In a call that a person
has *gone through* (a correction `review`, made with the analyzers whose findings it has now), what was left alone is
confirmed, and agreement can be worked out. In any other call people spoke of what they came across, which is not a fair
sample: there, what they said is counted and nothing is worked out from it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from listening import corrections as by_people
from listening.corrections import Target
from listening.evaluation import NOTHING, Agreement, Disagreement, Interval, intervals
from listening.findings import Analysis, Finding
from listening.gold import KNOWN_LABELS
from listening.reports.annotations import annotated
from listening.store import StoredCall
from listening.store.packing import digest

#: Labels that people judge, in the order they are listed.
JUDGED = (*KNOWN_LABELS, "interruption", "brief_silence")


@dataclass(frozen=True, slots=True)
class Told:
    """What people told of one label. `added` counts labels the machine had not given there, or had called otherwise."""

    confirmed: int = 0
    relabelled: int = 0
    deleted: int = 0
    added: int = 0

    def __add__(self, other: Told) -> Told:
        return Told(
            self.confirmed + other.confirmed,
            self.relabelled + other.relabelled,
            self.deleted + other.deleted,
            self.added + other.added,
        )

    @property
    def agreement(self) -> Agreement:
        return Agreement(self.confirmed, self.confirmed + self.relabelled + self.deleted, self.confirmed + self.added)


@dataclass(frozen=True, slots=True)
class Standing:
    """One label: what people told in calls they went through and in others, and how sure that makes us.

    right   of the machine's findings in calls gone through, the share that people let stand; None without any
    found   of what people say is in those calls, the share that the machine had found; None without any
    """

    label: str
    gone_through: Told
    in_passing: Told
    right: float | None
    right_interval: Interval
    found: float | None
    found_interval: Interval


@dataclass(frozen=True, slots=True)
class Review:
    """The result of `review`. `outdated`: calls gone through, but with other analyzers; they count as in passing."""

    gone_through: int
    in_passing: int
    outdated: int
    rows: tuple[Standing, ...]
    confusions: Mapping[tuple[str, str], int]  # (people's label, machine's) -> findings
    disagreements: tuple[Disagreement, ...]


def fingerprint(analysis: Analysis) -> str:
    """What a correction `review` keeps: the versions whose findings somebody went through."""
    return digest(dict(analysis.versions))


def gone_through(call: StoredCall) -> bool:
    """Has somebody gone through all labels that the call has now?"""
    current = fingerprint(call.found)
    return any(c.kind == "review" and c.text == current for c in call.holding)


def review(calls: Iterable[StoredCall]) -> Review:
    """What people say against the machine in these calls; those nobody spoke of may be left out."""
    whole: list[Mapping[str, Told]] = []
    passing: list[Mapping[str, Told]] = []
    confusions: Counter[tuple[str, str]] = Counter()
    worst: list[Disagreement] = []
    outdated = 0
    for call in calls:
        through = gone_through(call)
        pairs = by_people.changes(call.found, call.heard.transcript, call.holding)
        told = _told(pairs, by_people.confirmed([people for _, people in pairs], call.holding), through)
        if not told and not through:
            continue
        (whole if through else passing).append(told)
        outdated += not through and any(c.kind == "review" for c in call.holding)
        worst += _disagreements(call, pairs)
        confusions.update(
            (people.label, machine.label)
            for machine, people in pairs
            if machine and people and machine.label != people.label
        )
    rows = (
        _standing(label, [t.get(label, Told()) for t in whole], [t.get(label, Told()) for t in passing])
        for label in JUDGED
    )
    return Review(
        gone_through=len(whole),
        in_passing=len(passing),
        outdated=outdated,
        rows=tuple(row for row in rows if row.gone_through != Told() or row.in_passing != Told()),
        confusions=confusions,
        disagreements=tuple(sorted(worst, key=lambda d: -d.by)),
    )


Pairs = Sequence[tuple[Finding | None, Finding | None]]


def _told(pairs: Pairs, confirmed: frozenset[int], through: bool) -> Mapping[str, Told]:
    told: dict[str, Told] = defaultdict(Told)
    for i, (machine, people) in enumerate(pairs):
        if machine is not None and people is not None and machine.label == people.label:
            if through or i in confirmed or people.origin == by_people.PERSON:
                told[machine.label] += Told(confirmed=1)
            continue
        if machine is not None:
            told[machine.label] += Told(deleted=1) if people is None else Told(relabelled=1)
        if people is not None:
            told[people.label] += Told(added=1)
    return {label: told[label] for label in told if label in JUDGED}


def _standing(label: str, whole: Sequence[Told], passing: Sequence[Told]) -> Standing:
    counts = [told.agreement for told in whole]
    total = sum(counts, NOTHING)
    drawn = intervals(counts)
    return Standing(
        label,
        sum(whole, Told()),
        sum(passing, Told()),
        total.precision,
        _wider(drawn["precision"], total.both, total.machine),
        total.recall,
        _wider(drawn["recall"], total.both, total.people),
    )


def _wider(drawn: Interval, hits: int, n: int) -> Interval:
    """The wider of two 95 % intervals: from drawing calls again, and of a share of n (Wilson 1927).

    Drawing calls again knows that findings of one call are alike; it says nothing where all calls agree, or there is
    only one of them.
    """
    if not n:
        return None
    from scipy.stats import binomtest

    share = binomtest(hits, n).proportion_ci(method="wilson")
    low, high = float(share.low), float(share.high)
    return (min(low, drawn[0]), max(high, drawn[1])) if drawn else (low, high)


def _disagreements(call: StoredCall, pairs: Pairs) -> Iterator[Disagreement]:
    for machine, people in pairs:
        shown = people or machine
        same = machine is not None and people is not None and machine.label == people.label
        if same or shown is None or shown.label not in JUDGED or shown.utterance is None:
            continue
        if machine is None:
            scores = call.found.scores.get(shown.label)
            kind, by = "missed", 1 - ((scores[shown.utterance] if scores else None) or 0.0)
        else:
            kind, by = ("not there" if people is None else f"is {people.label}"), machine.score
        text = call.heard.transcript.utterances[shown.utterance].text
        yield Disagreement(call.row.name, shown.utterance, (machine or shown).label, kind, by, text, call.row.id)


def gold(calls: Iterable[StoredCall]) -> Iterator[dict[str, Any]]:
    """Calls as people corrected them, one object an utterance, as `listening.gold` reads them.

    In a call gone through every utterance has its labels; in another only those that people spoke of, and the rest
    is context. The machine's labels stand beside them; its scores are left out, for in gold those are people's.
    """
    names: Counter[str] = Counter()
    for call in calls:
        names[call.row.name] += 1
        name = call.row.name if names[call.row.name] == 1 else f"{call.row.name} ({call.row.id})"
        spoken_of = None if gone_through(call) else _spoken_of(call)
        if spoken_of is not None and not spoken_of:
            continue
        machine = [row["labels"] for row in annotated(call.heard.transcript, call.found)]
        who = sorted({kept.who for kept in call.corrections if kept.undone_at is None})
        for row in annotated(call.heard.transcript, call.heard.analysis):
            del row["scores"]
            row["call"] = name
            if spoken_of is None or row["index"] in spoken_of:
                row |= {"machine_labels": [label["label"] for label in machine[row["index"]]], "who": who}
            else:
                del row["labels"]
            yield row


def _spoken_of(call: StoredCall) -> frozenset[int]:
    """Utterances of which somebody said what their labels are."""
    told = (c.finding or Target(c.label or "", c.utterance) for c in call.holding if c.kind != "fix_word")
    return frozenset(t.utterance for t in told if t.utterance is not None and t.label in KNOWN_LABELS)
