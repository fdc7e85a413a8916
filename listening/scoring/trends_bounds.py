"""What values a measure can have at all."""

from __future__ import annotations

import math

from listening.scoring.measures import MEASURES
from listening.scoring.trends_stats import Interval


def possible(key: str, interval: Interval | None) -> Interval | None:
    """The part of an interval a mean of this measure can lie in: no share is above one, no rate below zero.

    Cutting off what is impossible leaves the interval's coverage as it is.
    """
    if interval is None:
        return None
    unit = MEASURES[key].unit if key in MEASURES else "0–100"  # the index and its components
    top = {"share": 1.0, "0–1": 1.0, "0–100": 100.0}.get(unit, math.inf)
    return Interval(interval.value, max(interval.low, 0.0), min(interval.high, top), interval.n)
