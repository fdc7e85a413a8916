"""Views across calls that are not a line over time: pressure toward a period's end, and attachment to opportunities."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date

import numpy as np

from listening.scoring import trends_stats as st
from listening.scoring.trends_data import Observations
from listening.scoring.trends_stats import Floats, Interval

#: Days to the period's end: the bins of the pressure curve, first and last day, both inclusive.
BINS = ((0, 2), (3, 6), (7, 13), (14, 27), (28, 92))
#: "The last days" that are compared with the rest, when it is asked whether pushing rises toward the end.
LAST_DAYS = 6


@dataclass(frozen=True, slots=True)
class PressurePoint:
    """Calls so many days before the period's end: how many, and their mean with interval when they are enough."""

    first: int
    last: int
    n: int
    mean: Interval | None


@dataclass(frozen=True, slots=True)
class Pressure:
    """Does pushing rise toward the period's end? `rise`: calls of its last week less the others, when both are enough."""

    key: str
    period: str
    points: tuple[PressurePoint, ...]
    rise: Interval | None

    @property
    def says(self) -> str:
        if self.rise is None:
            return "not enough calls to say"
        if not self.rise.excludes_zero:
            return "no change toward the period's end that is larger than chance"
        return f"{'more' if self.rise.value > 0 else 'less'} in the last {LAST_DAYS + 1} days of the {self.period}"


def days_to_end(day: date, period: str) -> int:
    """Days from a day to the last one of its month or quarter (0 on that day)."""
    month = day.month if period == "month" else (day.month + 2) // 3 * 3
    return (date(day.year, month, calendar.monthrange(day.year, month)[1]) - day).days


def pressure(seen: Observations, period: str = "quarter", key: str = "pushes_per_hour") -> Pressure:
    """The pressure curve of some calls (one rep's, or a team's), those of the latest ruler."""
    some = _latest(seen.where(~np.isnan(seen.values[key]) & ~np.isnat(seen.days)))
    left = np.array([days_to_end(day.item(), period) for day in some.days], dtype=np.int64)
    values: Floats = some.values[key]
    points = []
    for first, last in BINS:
        inside = values[(left >= first) & (left <= last)]
        if len(inside):
            points.append(PressurePoint(first, last, len(inside), st.alone(inside)))
    late = left <= LAST_DAYS
    rise = st.welch(st.summed(values[late]), st.summed(values[~late]))
    return Pressure(key, period, tuple(points), rise)


@dataclass(frozen=True, slots=True)
class Attachment:
    """How concentrated call time is on a few opportunities.

    concentration   sum of squared shares of call time (Herfindahl), 1 when all of it goes to one
    effective       its inverse: as if the time were spread evenly over so many
    top             the opportunities with the most time: name, share, calls
    unnamed_share   call time that no opportunity is known for; not counted above
    """

    opportunities: int
    calls: int
    concentration: float
    effective: float
    top: tuple[tuple[str, float, int], ...]
    unnamed_share: float


def attachment(seen: Observations, top: int = 5) -> Attachment | None:
    """None when fewer than three calls have an opportunity and a duration."""
    timed = seen.where(~np.isnan(seen.durations_s) & (seen.durations_s > 0))
    named = timed.where(timed.opportunities != "")
    if len(named) < st.MIN_CALLS:
        return None
    names, place, counts = np.unique(named.opportunities.astype(str), return_inverse=True, return_counts=True)
    time = np.bincount(place, named.durations_s)
    share = time / time.sum()
    order = np.argsort(-share, kind="stable")[:top]
    concentration = float(np.sum(share**2))
    return Attachment(
        opportunities=len(names),
        calls=len(named),
        concentration=concentration,
        effective=1 / concentration,
        top=tuple((str(names[i]), float(share[i]), int(counts[i])) for i in order),
        unnamed_share=float(1 - named.durations_s.sum() / timed.durations_s.sum()),
    )


def _latest(seen: Observations) -> Observations:
    return seen.where(seen.rulers == seen.rulers[-1]) if len(seen) else seen
