"""How a measure is read from an Analysis: counts, rates, shares, medians, or a reason why not."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from listening.findings import Analysis
from listening.transcript import Timing

HOUR_MS = 3_600_000
#: Below this much call (ms) a rate an hour is an extrapolation from nothing, and is not given.
RATE_MINIMUM_MS = 30_000


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured: see `Measure` for the fields. A reading has a value or a reason.

    `counted` are the labels whose number is the numerator, for the interval that follows from their accuracy.
    """

    value: float | None = None
    reason: str | None = None
    numerator: float | None = None
    denominator: float | None = None
    evidence: tuple[int, ...] = ()
    details: Mapping[str, float | None] = field(default_factory=dict)
    timing: Timing | None = None
    counted: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


NO_REP = "nobody who speaks in this call is known to be the rep"
NO_CUSTOMER = "no customer speaks in this call"


def why_not(analysis: Analysis, *analyzers: str) -> str | None:
    """The reason an analyzer recorded for not judging this call, if it did."""
    return next((analysis.unmeasured[name] for name in analyzers if name in analysis.unmeasured), None)


def sides(analysis: Analysis) -> str | None:
    """Why the call lacks a rep or a customer who speaks, if it does."""
    if not analysis.totals.get("rep_utterances"):
        return NO_REP
    if not analysis.totals.get("customer_utterances"):
        return NO_CUSTOMER
    return None


def missing(reason: str) -> Reading:
    return Reading(reason=reason)


def per_hour(analysis: Analysis, evidence: Sequence[int], counted: Iterable[str] = ()) -> Reading:
    """Findings an hour of call."""
    call_ms = analysis.totals.get("call_ms")
    if not call_ms:
        return missing("a rate needs the length of the call, which this transcript does not have")
    if call_ms < RATE_MINIMUM_MS:
        return missing(f"a call of {call_ms / 1000:.0f} s is too short for a rate an hour")
    count = len(evidence)
    return Reading(
        count * HOUR_MS / call_ms,
        numerator=count,
        denominator=call_ms / HOUR_MS,
        evidence=tuple(evidence),
        counted=tuple(counted),
    )


def count(evidence: Sequence[int], denominator: float | None = None, counted: Iterable[str] = ()) -> Reading:
    n = len(evidence)
    return Reading(float(n), numerator=n, denominator=denominator, evidence=tuple(evidence), counted=tuple(counted))


def share(
    part: Sequence[int], whole: Sequence[int], empty: str, counted: Iterable[str] = (), against: Iterable[str] = ()
) -> Reading:
    """Findings in `part` among those in `whole`; `empty` is the reason when there are none. Evidence is the whole."""
    if not whole:
        return missing(empty)
    return Reading(
        len(part) / len(whole),
        numerator=len(part),
        denominator=len(whole),
        evidence=tuple(whole),
        counted=tuple(counted),
        against=tuple(against),
    )


def median(analysis: Analysis, evidence: Sequence[int], empty: str) -> Reading:
    """Median of the findings' values, quartiles in the details (inclusive method)."""
    values = [v for i in evidence if (v := analysis.findings[i].value) is not None]
    if not values:
        return missing(empty)
    low, middle, high = (
        statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else (values[0], values[0], values[0])
    )
    return Reading(
        middle,
        numerator=None,
        denominator=len(values),
        evidence=tuple(evidence),
        details={"lower_quartile": low, "upper_quartile": high},
    )


def longest(analysis: Analysis, evidence: Sequence[int], empty: str) -> Reading:
    """The greatest value (ms) among the findings, in seconds; evidence is that one."""
    valued = [(v, i) for i in evidence if (v := analysis.findings[i].value) is not None]
    if not valued:
        return missing(empty)
    value, index = max(valued, key=lambda pair: (pair[0], -pair[1]))
    return Reading(value / 1000, numerator=value / 1000, evidence=(index,))


def tagged(analysis: Analysis, indices: Iterable[int], *tags: str) -> tuple[int, ...]:
    """Those findings that carry any of the tags."""
    return tuple(i for i in indices if set(tags).intersection(analysis.findings[i].tags))
