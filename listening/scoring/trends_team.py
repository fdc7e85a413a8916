"""One measure over all reps: what calls of each type are like, and each rep's mean among the others'.

Like is compared with like: what a call type does to a measure is estimated from reps who have calls of several types
and taken out before reps are compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from listening.scoring import trends_stats as st
from listening.scoring.trends_bounds import possible
from listening.scoring.trends_data import Ints, Sums
from listening.scoring.trends_stats import Floats, Interval


@dataclass(frozen=True, slots=True)
class Standing:
    """A rep in the team: mean with interval (None for one call without a team), `enough` says whether to rely on it."""

    rep: str
    n: int
    mean: Interval | None
    enough: bool


@dataclass(frozen=True, slots=True)
class Team:
    """One measure over all reps, by one ruler.

    effects   call type -> how much calls of that type differ from the team's average call
    centre    the team's mean with its interval; None for fewer than `trends_stats.MIN_TEAM` reps
    spread    how much reps' means differ from each other (standard deviation), None likewise
    """

    key: str
    ruler: int
    standings: Mapping[str, Standing]
    effects: Mapping[str, float]
    centre: Interval | None
    spread: float | None
    call_variance: float
    centre_sd: float = 0.0
    _pooled: st.Pooled | None = None
    _place: Mapping[str, int] = field(default_factory=dict)
    _own: Mapping[str, tuple[int, float, float]] = field(default_factory=dict)

    def difference(self, rep: str, other: str) -> Interval | None:
        """Mean of one rep less that of the other, call types allowed for; None when there are not enough calls."""
        if rep not in self._own or other not in self._own:
            return None
        a, b = self._own[rep], self._own[other]
        if min(a[0], b[0]) < st.MIN_CALLS:
            return None
        if self._pooled is not None:
            return self._pooled.difference(self._place[rep], self._place[other], a[0] + b[0])
        return st.welch(a, b)

    def allow_for(self, values: Floats, call_types: NDArray[np.object_]) -> Floats:
        """The values less what their call type does to them."""
        if not any(self.effects.values()):
            return values
        return values - np.fromiter(map(self.effects.get, call_types, repeat(0.0)), np.float64, len(values))


def team(key: str, sums: Sums, ruler: int, whose: str | None = None) -> Team:
    """What the sums of one measure say of the team, by one ruler. `whose`: only this rep's standing is asked for."""
    cells = _named(sums)
    cells = cells.where((cells.rulers == ruler) & (cells.n > 0))
    if not len(cells):
        return Team(key, ruler, {}, {}, None, None, 0.0)
    reps, of_rep = _there(cells.rep_names, cells.reps)
    types, of_type = _there(cells.type_names, cells.call_types)
    place = {rep: i for i, rep in enumerate(reps)}
    n, mean = cells.n.astype(np.float64), cells.means
    effects = _type_effects(of_rep, of_type, n, mean, len(reps), len(types))
    mean = mean - effects[of_type]
    count = np.bincount(of_rep, n, len(reps)).astype(np.float64)
    means = np.bincount(of_rep, n * mean, len(reps)) / count
    inside = np.bincount(of_rep, cells.squares + n * (mean - means[of_rep]) ** 2, len(reps)).astype(np.float64)
    variances, df = st.moderated(inside, count - 1)
    asked = reps if whose is None else [rep for rep in reps if rep == whose]
    own = {rep: (int(count[i]), float(means[i]), float(inside[i])) for rep in asked for i in (place[rep],)}
    named = {t: float(e) for t, e in zip(types, effects, strict=True)}
    pooled = None
    centre = spread = None
    if len(reps) >= st.MIN_TEAM and np.isfinite(variances).all():
        pooled = st.pool(means, variances / count, df)
        centre = possible(key, pooled.centre_interval(int(count.sum())))
        spread = pooled.spread
    standings = {}
    for rep in asked:
        i = place[rep]
        calls = int(count[i])
        stands = possible(key, pooled.interval(i, calls) if pooled else st.from_sums(*own[rep]))
        enough = stands is not None and calls >= st.MIN_CALLS
        standings[rep] = Standing(rep, calls, stands, enough)
    variance = float(np.nanmean(variances)) if np.isfinite(variances).any() else 0.0
    centre_sd = pooled.centre_sd if pooled else 0.0
    return Team(key, ruler, standings, named, centre, spread, variance, centre_sd, pooled, place, own)


def _type_effects(of_rep: Ints, of_type: Ints, n: Floats, mean: Floats, reps: int, types: int) -> Floats:
    """Least squares of cell means on rep and call type; the effects average zero over the team's calls."""
    if types < 2:
        return np.zeros(types)
    design = np.zeros((len(n), types))
    design[np.arange(len(n)), of_type] = 1.0
    total = np.bincount(of_rep, n, reps)

    def within(column: Floats) -> Floats:
        return column - (np.bincount(of_rep, n * column, reps) / total)[of_rep]

    x = np.column_stack([within(design[:, t]) for t in range(types)])
    normal = x.T @ (n[:, None] * x)
    effects = np.linalg.pinv(normal) @ (x.T @ (n * within(mean)))
    share = np.bincount(of_type, n, types) / n.sum()
    return np.asarray(effects - float(share @ effects), dtype=np.float64)


def common_ruler(cells: Sums, *reps: str) -> int:
    """The ruler to compare reps by: the one that the rep with fewest calls by it has most calls by, later ones first.

    Of more than two reps, one without calls by it does not decide: then the next fewest count.
    """
    counts = _counted(cells.only(reps))

    def fewest(ruler: int) -> list[int]:
        return sorted(counts[ruler].get(rep, 0) for rep in reps)[: max(1, len(reps) - 1)]

    return max(counts, key=lambda ruler: (fewest(ruler), ruler), default=0)


def team_ruler(cells: Sums) -> int:
    """The ruler to look at a team by: the one by which most reps have enough calls, later ones first."""
    counts = _counted(_named(cells))
    return max(counts, key=lambda ruler: (sum(n >= st.MIN_CALLS for n in counts[ruler].values()), ruler), default=0)


def _counted(cells: Sums) -> dict[int, dict[str, int]]:
    """Ruler -> rep -> calls."""
    counts = {}
    for ruler in np.unique(cells.rulers).tolist():
        some = cells.where(cells.rulers == ruler)
        calls = np.bincount(some.reps, some.n, len(some.rep_names))
        counts[ruler] = dict(zip(some.rep_names, calls.astype(np.int64).tolist(), strict=True))
    return counts


def _named(cells: Sums) -> Sums:
    """Those of somebody."""
    return cells.where(cells.reps > 0) if "" in cells.rep_names[:1] else cells


def _there(names: Sequence[str], places: Ints) -> tuple[list[str], Ints]:
    """The names that are there, and where each is among these."""
    found = np.flatnonzero(np.bincount(places, minlength=len(names)))
    return [names[i] for i in found.tolist()], np.searchsorted(found, places)
