"""From how accurate the labels are to how sure a count is.

An analyzer that finds n things with precision p and recall r has found about n·p true ones, which are the share r of
all. The true count is then about n·p/r. With the true positives binomial(n, p) and the missed ones negative binomial
given them, its variance is n·p·(1-p)/r² + n·p·(1-r)/r². A call in which nothing was found may still hold a missed one,
so the variance is that of n + ½.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = Path(__file__).parent / "accuracy.toml"
Z95 = 1.959964


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Measured on held-back labelled conversations: see `accuracy.toml`, which `models/labeller` writes."""

    precision: float
    recall: float


@lru_cache(maxsize=1)
def accuracies() -> Mapping[str, Accuracy]:
    """Label -> accuracy; empty when none has been measured."""
    if not FILE.exists():
        return {}
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {label: Accuracy(float(a["precision"]), float(a["recall"])) for label, a in data["labels"].items()}


def count_interval(count: float, labels: Iterable[str]) -> tuple[float, float] | None:
    """95 % interval for the true number behind a count of findings; None when a label's accuracy is not known.

    >>> count_interval(10, ["nothing known of this"]) is None
    True
    """
    known = accuracies()
    chosen = [known[label] for label in labels if label in known]
    if not chosen or min(min(a.precision, a.recall) for a in chosen) <= 0:
        return None
    precision = sum(a.precision for a in chosen) / len(chosen)
    recall = sum(a.recall for a in chosen) / len(chosen)
    mean = count * precision / recall
    spread = (count + 0.5) * precision * ((1 - precision) + (1 - recall)) / recall**2
    half = Z95 * math.sqrt(spread)
    return max(0.0, mean - half), mean + half
