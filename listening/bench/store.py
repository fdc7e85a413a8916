"""A store with very many calls: filled through its own interface, then asked what people ask of it, each query timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import numpy as np

from listening.bench import made_up
from listening.progress import Progress, silent
from listening.scoring import MEASURES, load_rubric, trends
from listening.store import CallFilter, packing
from listening.store.plans import Plan, plans, size
from listening.store.store import Store

#: Calls in one transaction.
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """A query: the fastest of some runs and the first (s), processor time of this process in the best run (which says
    more on a busy machine, and for PostgreSQL leaves out the server), what it may take (s), and the database's plans.

    grows   it reads something of every call or rep, so that ten times the calls take up to ten times as long; else it
            reads what belongs to one rep, page or call
    """

    title: str
    seconds: float
    first_s: float
    cpu_s: float
    limit_s: float | None
    grows: bool
    plans: tuple[Plan, ...]

    def estimate(self, times: float) -> float:
        """Seconds with so many times the calls and the reps."""
        return self.seconds * (times if self.grows else 1)


@dataclass(frozen=True, slots=True)
class Figures:
    """calls by reps; `megabytes` the database as it is, `full_megabytes` if every call had all its words."""

    calls: int
    reps: int
    filled_per_s: float | None
    megabytes: float
    full_megabytes: float
    answers: tuple[Answer, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def measure(store: Store, calls: int, reps: int, progress: Progress = silent) -> Figures:
    """Fill the store up to so many calls, when it has fewer, and time the queries."""
    there = store.calls(limit=1).total
    speed = None
    if there < calls:
        began = time.monotonic()
        fill(store, calls, reps, there, progress)
        speed = (calls - there) / (time.monotonic() - began)
    there = max(calls, there)
    whole = size(store)
    short = there - there // made_up.FULL_EVERY
    answers = tuple(ask(*question) for question in _questions(store))
    return Figures(there, reps, speed, whole / 1e6, (whole + short * _left_out()) / 1e6, answers)


def is_in_use(store: Store) -> bool:
    """Does it hold calls that were not made up here?"""
    return any(call.content != made_up.content_of(call.info.id) for call in store.known().values())


def fill(store: Store, calls: int, reps: int, there: int = 0, progress: Progress = silent) -> None:
    made = made_up.calls(calls, reps, first=there)
    while portion := list(islice(made, AT_ONCE)):
        store.save_all(portion)
        there += len(portion)
        progress("filling", there, calls)


def _left_out() -> float:
    """Bytes by which a call with all its words is larger than a shortened one."""
    made = made_up.templates(np.random.default_rng(1), 10)

    def packed(calls: Iterable[made_up.Template]) -> float:
        return float(np.mean([len(packing.pack_transcript(t)) + len(packing.pack_analysis(a)) for t, a in calls]))

    return packed(made) - packed(made_up.shortened(*one) for one in made)


Question = tuple[Store, str, Callable[[], object], float | None, bool]


def ask(
    store: Store, title: str, work: Callable[[], object], limit_s: float | None, grows: bool, runs: int = 3
) -> Answer:
    took, cpu = [], []
    for _ in range(runs):
        began, cpu_began = time.perf_counter(), time.process_time()
        work()
        took.append(time.perf_counter() - began)
        cpu.append(time.process_time() - cpu_began)
    return Answer(title, min(took), took[0], min(cpu), limit_s, grows, plans(store, work))


def _questions(store: Store) -> list[Question]:
    """What has a limit, and what a coach's page asks."""
    rubric = load_rubric()
    everything = ("listening_index", *(f"component.{key}" for key in rubric.components), *MEASURES)
    directions = trends.directions(rubric)
    rep = next(iter(store.values_of("rep")), "")
    kind = next(iter(store.values_of("call_type")), "")
    newest = next((row.date for row in store.calls(limit=1).rows), None)
    one = next(
        (row.id for row in store.calls(CallFilter(text="0000"), sort="added", descending=False, limit=1).rows), 1
    )
    some = CallFilter(reps=(rep,), since=f"{(newest or '2025')[:4]}-01-01", call_types=(kind,))

    def one_rep() -> object:
        seen = store.measures(CallFilter(reps=(rep,)), everything)
        return trends.of_rep(seen, store.sums(everything), rep, everything, "month", directions)

    def whole_team() -> object:
        keys = ("listening_index",)
        return trends.of_team(store.measures(None, keys), store.sums(keys), keys, "month", directions)

    page = 0.3
    return [
        (store, "trends of one rep, all measures", one_rep, 0.5, True),
        (store, "trends of the team, listening index", whole_team, 3.0, True),
        (store, "calls: the newest", store.calls, page, True),
        (store, "calls: one rep, type and year", lambda: store.calls(some), page, False),
        (store, "calls: text search", lambda: store.calls(CallFilter(text="customer 0042")), page, True),
        (
            store,
            "calls: index below 60, worst first",
            lambda: store.calls(CallFilter(score_max=60), sort="score", descending=False),
            page,
            True,
        ),
        (store, "calls: sorted by a measure", lambda: store.calls(sort="talk_share"), page, True),
        (store, "calls: page 1,000", lambda: store.calls(offset=50_000), page, True),
        (store, "one call with everything", lambda: store.call(one), page, False),
    ]
