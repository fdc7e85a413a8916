"""How reps' listening moves over time, and how sure that is.

    RepTrend    one rep and measure: mean, periods, trend, consistency, change, best and worst calls

Numbers of different rulers are never put together: a rep's figures are those of the latest ruler, and periods of older
ones stand apart in the line. What call types do is allowed for (`trends_team`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from listening.scoring import trends_stats as st
from listening.scoring.rubric import Rubric
from listening.scoring.trends_bounds import possible
from listening.scoring.trends_data import Ints, Mask, Observations, Sums
from listening.scoring.trends_stats import Floats, Interval
from listening.scoring.trends_team import Standing, Team, team

PERIODS = ("week", "month", "quarter", "call-type", "opportunity")
NOT_ENOUGH = "not enough calls to say"


@dataclass(frozen=True, slots=True)
class Point:
    """One period of a rep's line. `mean` is shrunk toward the rep's own and through it the team's; `raw` is not.

    A point of another ruler than the one before stands behind a break.
    """

    period: str
    ruler: int
    n: int
    raw: float
    mean: Interval | None
    enough: bool
    after_break: bool = False


@dataclass(frozen=True, slots=True)
class RepTrend:
    """One measure of one rep. What is None is "not enough calls to say".

    mean          over all calls of the latest ruler, shrunk toward the team
    slope         change a month
    consistency   standard deviation over calls, call types allowed for
    change        last period less the one before
    moved         the slope is there, also when all of the rep's measures are looked at together
    best, worst   store keys of calls, the best and worst examples first; empty when the measure has no good end
    """

    rep: str
    key: str
    ruler: int
    n: int
    mean: Interval | None
    points: tuple[Point, ...]
    slope: Interval | None
    consistency: Interval | None
    change: Interval | None
    moved: bool
    movement: float
    best: tuple[int, ...]
    worst: tuple[int, ...]

    @property
    def says(self) -> str:
        """The trend in words, no more than the intervals allow."""
        if self.mean is None or self.n < st.MIN_CALLS or self.slope is None:
            return NOT_ENOUGH
        if not self.moved:
            return "no clear movement"
        return "rising" if self.slope.value > 0 else "falling"


def of_rep(
    seen: Observations,
    sums: Mapping[str, Sums],
    rep: str,
    keys: Sequence[str],
    by: str = "month",
    good: Mapping[str, float] | None = None,
    examples: int = 3,
) -> tuple[RepTrend, ...]:
    """The trends of one rep.

    seen   calls of the rep (others are ignored), see `Store.measures`; sums: of the whole team, see `Store.sums`
    by     one of `PERIODS`; call-type and opportunity take the place of time in the points
    good   measure -> 1 when more is better, -1 when less is; the others have no best and worst examples
    """
    return _trends(seen.of_rep(rep), rep, keys, by, good or {}, examples, _teams(sums, rep))


def of_team(
    seen: Observations,
    sums: Mapping[str, Sums],
    keys: Sequence[str],
    by: str = "month",
    good: Mapping[str, float] | None = None,
    examples: int = 3,
) -> dict[str, tuple[RepTrend, ...]]:
    """The trends of every rep, by name; the order says nothing about anybody."""
    reps, place = np.unique(seen.reps.astype(str), return_inverse=True)
    order = np.argsort(place, kind="stable")
    ends = np.cumsum(np.bincount(place, minlength=len(reps)))
    teams = _teams(sums)
    found = {}
    for rep, start, end in zip(reps.tolist(), [0, *ends[:-1]], ends, strict=True):
        if rep:
            own = seen.where(np.sort(order[start:end]))
            found[rep] = _trends(own, rep, keys, by, good or {}, examples, teams)
    return found


def _teams(sums: Mapping[str, Sums], whose: str | None = None) -> Callable[[str, int], Team]:
    """`team`, each made once."""
    nothing = Sums.of()
    return cache(lambda key, ruler: team(key, sums.get(key, nothing), ruler, whose))


def _trends(
    own: Observations,
    rep: str,
    keys: Sequence[str],
    by: str,
    good: Mapping[str, float],
    examples: int,
    teams: Callable[[str, int], Team],
) -> tuple[RepTrend, ...]:
    directions = {"listening_index": 1.0, **good}
    found: list[RepTrend] = []
    p_values: dict[int, float] = {}
    names, period = np.unique(period_of(own, by).astype(str), return_inverse=True)
    for key in keys:
        there = ~np.isnan(own.values[key])
        some = own.where(there, (key,))
        dated = some.rulers[~np.isnat(some.days)]
        ruler = int(dated[-1]) if len(dated) else int(some.rulers[-1]) if len(some) else 0
        periods = Periods(by, names, period[there])
        trend, p = _one(some, periods, teams(key, ruler), rep, key, directions.get(key, 0.0), examples)
        if p is not None:
            p_values[len(found)] = p
        found.append(trend)
    moved = dict(zip(p_values, st.surely_moved(list(p_values.values())), strict=True))
    return tuple(dataclasses.replace(trend, moved=moved.get(i, False)) for i, trend in enumerate(found))


def _one(
    some: Observations, periods: Periods, whole: Team, rep: str, key: str, direction: float, examples: int
) -> tuple[RepTrend, float | None]:
    by_latest = some.rulers == whole.ruler
    latest = some.where(by_latest)
    all_values = whole.allow_for(some.values[key], some.call_types)
    values = all_values[by_latest]
    standing = whole.standings.get(rep)
    mean = standing.mean if standing and standing.enough else None
    dated = ~np.isnat(latest.days)
    days = latest.days[dated].astype(np.int64).astype(np.float64)
    fit = st.slope(days, values[dated])
    compared = some.values[key] if periods.by == "call-type" else all_values
    points = _points(compared, some.rulers, periods, whole, standing)
    movement = 0.0
    if fit is not None and np.std(values) > 0:
        movement = float(fit[0].value * np.ptp(days) / 30.0 / np.std(values, ddof=1))
    best, worst = _examples(latest, key, direction, examples)
    trend = RepTrend(
        rep=rep,
        key=key,
        ruler=whole.ruler,
        n=len(latest),
        mean=mean,
        points=points,
        slope=fit[0] if fit else None,
        consistency=st.spread(values),
        change=_change(values, periods.where(by_latest)),
        moved=False,
        movement=movement,
        best=best,
        worst=worst,
    )
    return trend, fit[1] if fit else None


def _examples(latest: Observations, key: str, direction: float, many: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if not direction or len(latest) < 2 * many:
        return (), ()
    order = np.argsort(-direction * latest.values[key], kind="stable")
    return tuple(latest.calls[order[:many]].tolist()), tuple(latest.calls[order[::-1][:many]].tolist())


@dataclass(frozen=True, slots=True)
class Periods:
    """Which period each call is of: a place in `names`, which are sorted; "" for a call that has none."""

    by: str
    names: NDArray[np.str_]
    of_call: Ints

    @property
    def in_time(self) -> bool:
        return self.by not in ("call-type", "opportunity")

    def where(self, mask: Mask) -> Periods:
        return Periods(self.by, self.names, self.of_call[mask])


def period_of(seen: Observations, by: str) -> NDArray[np.object_]:
    """The period of each call: 2026-W07, 2026-02, 2026-Q1, its type or opportunity; "" when it has none."""
    if by == "call-type":
        return seen.call_types
    if by == "opportunity":
        return seen.opportunities
    days = seen.days
    dated = ~np.isnat(days)
    if by == "month":
        names = np.datetime_as_string(days, unit="M")
    elif by == "week":
        day = days.astype(np.int64)
        thursday = (day - (day + 3) % 7 + 3).astype("datetime64[D]")  # whose year is the week's; day 0 was a Thursday
        year = thursday.astype("datetime64[Y]")
        names = _numbered(year, "-W", (thursday - year.astype("datetime64[D]")).astype(np.int64) // 7 + 1, 2)
    else:
        month = days.astype("datetime64[M]").astype(np.int64)
        names = _numbered(days.astype("datetime64[Y]"), "-Q", month % 12 // 3 + 1, 1)
    return np.where(dated, names, "").astype(object)


def _numbered(year: NDArray[np.datetime64], sign: str, number: NDArray[np.int64], digits: int) -> NDArray[np.str_]:
    names = np.char.add(np.datetime_as_string(year, unit="Y"), sign)
    return np.char.add(names, np.char.zfill(number.astype(str), digits))


def _points(
    values: Floats, rulers: Ints, periods: Periods, whole: Team, standing: Standing | None
) -> tuple[Point, ...]:
    """The periods, those of each ruler by themselves. Shrinking is done only for the latest ruler, which has a team."""
    named = periods.names[periods.of_call] != ""
    values, period = values[named], periods.of_call[named]
    known, ruler = np.unique(rulers[named], return_inverse=True)
    found, of_cell = np.unique(period * max(1, len(known)) + ruler, return_inverse=True)
    of_period, of_ruler = np.divmod(found, max(1, len(known)))
    if periods.in_time:
        first = np.full(len(known), len(periods.names))
        np.minimum.at(first, of_ruler, of_period)
        order = np.lexsort((of_ruler, first[of_ruler], of_period))
        of_period, of_ruler, of_cell = of_period[order], of_ruler[order], np.argsort(order)[of_cell]
    cells = list(zip(periods.names[of_period].tolist(), known[of_ruler].tolist(), strict=True))
    n = np.bincount(of_cell, minlength=len(cells))
    means = np.bincount(of_cell, values, len(cells)) / n
    squares = np.bincount(of_cell, (values - means[of_cell]) ** 2, len(cells))
    intervals: dict[int, Interval | None] = {}
    current = [i for i, (_, r) in enumerate(cells) if r == whole.ruler]
    if current and standing is not None and whole.centre is not None and whole.spread is not None:
        calls = n[current].astype(np.float64)
        inside = float(squares[current].sum())
        free = float(calls.sum() - len(calls))
        # The rep's own variance, with the team's as so many calls' worth of prior knowledge.
        variance = (inside + 10 * whole.call_variance) / (free + 10)
        centre = (whole.centre.value, float(np.hypot(whole.spread, whole.centre_sd)))
        pooled = st.pool(
            means[current],
            variance / calls,
            np.full(len(calls), free + 10),
            centre=centre,
            scale=max(whole.spread, 1e-9),
        )
        for j, i in enumerate(current):
            intervals[i] = pooled.interval(j, int(n[i]))
    points = []
    before: int | None = None
    for i, (period, ruler) in enumerate(cells):
        many, raw = int(n[i]), float(means[i])
        mean = intervals[i] if i in intervals else st.from_sums(many, raw, float(squares[i]))
        broken = before not in (None, ruler)
        points.append(Point(period, ruler, many, raw, possible(whole.key, mean), many >= st.MIN_CALLS, broken))
        before = ruler
    return tuple(points)


def _change(values: Floats, periods: Periods) -> Interval | None:
    """Last period less the one before, when both have enough calls."""
    there = np.unique(periods.of_call[periods.names[periods.of_call] != ""])
    if not periods.in_time or len(there) < 2:
        return None
    before, last = (values[periods.of_call == period] for period in there[-2:])
    return st.welch(st.summed(last), st.summed(before))


def directions(rubric: Rubric) -> dict[str, float]:
    """Measure -> 1 where the rubric wants more of it, -1 where less; those with a range to both sides are left out."""
    found = {f"component.{key}": 1.0 for key in rubric.components} | {"listening_index": 1.0}
    for key, aim in rubric.aims.items():
        if (aim.target.low is None) != (aim.target.high is None):
            found[key] = 1.0 if aim.target.high is None else -1.0
    return found
