"""`listening eval --corrections`: how often people agree with the machine, from the store."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from listening.cli._store import to_json
from listening.evaluation import Interval
from listening.reviews import Review, Standing, Told, review

#: The heads of `_counts`.
COUNTED = "".join(f"{field.name:>12}" for field in dataclasses.fields(Told))


def text(db: str | None, worst: int, form: str) -> str:
    """The result as a table or as JSON."""
    from listening.store import CallFilter, open_store

    with open_store(db, create=False) as store:
        found = review(store.call(row.id) for row in store.each(CallFilter(flags=("corrected",))))
    return to_json(as_data(found, worst)).rstrip() if form == "json" else "\n".join(_lines(found, worst))


def as_data(found: Review, worst: int) -> dict[str, Any]:
    return {
        "calls": {"gone_through": found.gone_through, "in_passing": found.in_passing, "outdated": found.outdated},
        "labels": {row.label: _row(row) for row in found.rows},
        "confusions": [{"people": a, "machine": b, "findings": n} for (a, b), n in sorted(found.confusions.items())],
        "worst": [dataclasses.asdict(d) for d in found.disagreements[:worst]],
    }


def _row(row: Standing) -> dict[str, Any]:
    return {
        "right": {"value": row.right, "interval": row.right_interval},
        "found": {"value": row.found, "interval": row.found_interval},
        "gone_through": dataclasses.asdict(row.gone_through),
        "in_passing": dataclasses.asdict(row.in_passing),
    }


def _lines(found: Review, worst: int) -> Iterator[str]:
    if not found.rows:
        yield "Nobody has corrected, confirmed or gone through a label in this store."
        return
    yield f"{_calls(found.gone_through)} gone through, {_calls(found.in_passing)} corrected in passing"
    if found.outdated:
        yield f"{_calls(found.outdated)} of these had been gone through before the analyzers changed: look at them again"
    if found.gone_through:
        yield ""
        yield "In calls gone through: right, of what the machine marked; found, of what people say is there"
        yield f"{'label':<22}{'right':<18}{'found':<18}{COUNTED}"
        for row in found.rows:
            figures = f"{_figure(row.right, row.right_interval):<18}{_figure(row.found, row.found_interval):<18}"
            yield f"{row.label:<22}{figures}{_counts(row.gone_through)}"
    if found.in_passing:
        yield ""
        yield "In other calls people spoke of what they came across; how often they agree cannot be told from that"
        yield f"{'label':<22}{COUNTED}"
        yield from (f"{row.label:<22}{_counts(row.in_passing)}" for row in found.rows)
    if found.confusions:
        yield ""
        yield "relabelled: people -> machine"
        for (people, machine), n in sorted(found.confusions.items(), key=lambda item: -item[1]):
            yield f"  {n:>5}  {people} -> {machine}"
    if worst and found.disagreements:
        yield ""
        yield "Worst disagreements"
        for d in found.disagreements[:worst]:
            yield f"  {d.call} #{d.index}  {d.label}, {d.kind} ({d.by:.2f}): {d.text}"


def _counts(told: Told) -> str:
    return "".join(f"{n:>12}" for n in dataclasses.astuple(told))


def _calls(n: int) -> str:
    return f"{n} call{'' if n == 1 else 's'}"


def _figure(value: float | None, interval: Interval) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" + (f" ({interval[0]:.2f}-{interval[1]:.2f})" if interval else "")
