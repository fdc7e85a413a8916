"""The statistics of trends: partial pooling, slopes, spread, and differences, each with a 95 % interval.

The model of a team: the calls of rep i scatter around the rep's own mean, and the reps' means around the team's.

    x_ij ~ N(mean_i, variance_i)      mean_i ~ N(mu, tau^2)      mu, tau^2 flat      variance_i around a common variance

The variances are moderated toward the common one (Smyth 2004: a scaled inverse chi-square prior fitted by moments of
log variances), which makes intervals t with more degrees of freedom than the rep's calls alone would give. tau is
integrated over a grid, so that a small team's uncertain spread widens the intervals, as plugging in an estimate would
not; it is flat in tau^2, which gives intervals that cover as often as they say (Morris & Tang 2011; our simulation is in
tests/test_trends.py).

Where reps hardly differ (tau below a third of the standard error of a rep's mean), the intervals cover more often than
95 %: 97-99 % of the time in teams of 8 and 20, nearly always in one of 200. Data cannot tell such a tau from a slightly
larger one, and an interval has to hold for both; a prior that gives less weight to larger ones (flat in tau, or halfway)
leaves this corner as it is, and covers only 92-93 % in the next (tau half the standard error, 200 reps). So they err
toward "not enough to say".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats  # type: ignore[import-untyped]

Floats = NDArray[np.float64]

LEVEL = 0.95
#: Fewer reps than this say too little about how reps differ: each then stands alone.
MIN_TEAM = 4
#: Fewer calls than this are "not enough calls to say".
MIN_CALLS = 3
#: The same for a trend, and for how much a rep varies.
MIN_TREND = 6
MIN_SPREAD = 8
#: Where tau is looked at, as parts of the largest: denser near zero, where it matters most.
_GRID = np.linspace(0, 1, 80) ** 2


@lru_cache(maxsize=4096)
def quantile(df: float) -> float:
    """How many standard errors an interval reaches to each side, for so many degrees of freedom (Student's t)."""
    return float(special.stdtrit(min(df, 1e9), 0.5 + LEVEL / 2))


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % interval; `n` calls stand behind it."""

    value: float
    low: float
    high: float
    n: int

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Pooled:
    """Posterior of several means: mean, sd and degrees of freedom of each; `centre` and `spread` are mu and tau.

    weights (grid), conditional means (grid, units) and covariance with the centre are kept for differences.
    """

    mean: Floats
    sd: Floats
    df: Floats
    centre: float
    centre_sd: float
    spread: float
    _weights: Floats
    _means: Floats
    _variances: Floats
    _loadings: Floats
    _centre_variance: Floats

    def interval(self, i: int, n: int) -> Interval:
        half = quantile(float(self.df[i])) * float(self.sd[i])
        return Interval(float(self.mean[i]), float(self.mean[i]) - half, float(self.mean[i]) + half, n)

    def centre_interval(self, n: int) -> Interval:
        half = quantile(max(1, len(self.mean) - 1)) * self.centre_sd
        return Interval(self.centre, self.centre - half, self.centre + half, n)

    def difference(self, i: int, j: int, n: int) -> Interval:
        """Mean of i less mean of j."""
        gap = self._means[:, i] - self._means[:, j]
        shared = (self._loadings[:, i] - self._loadings[:, j]) ** 2 * self._centre_variance
        variance = self._variances[:, i] + self._variances[:, j] + shared
        mean = float(self._weights @ gap)
        sd = math.sqrt(max(float(self._weights @ (variance + gap**2)) - mean**2, 0.0))
        half = quantile(float(min(self.df[i], self.df[j]))) * sd
        return Interval(mean, mean - half, mean + half, n)


def moderated(squares: Floats, df: Floats) -> tuple[Floats, Floats]:
    """Variances moderated toward their common value, and their degrees of freedom.

    squares   sums of squared distances from each unit's mean; df   their degrees of freedom (0 for a single call)
    """
    has = df > 0
    if not has.any():
        return np.full(len(df), np.nan), np.zeros(len(df))
    pooled = float(squares[has].sum() / df[has].sum())
    if pooled <= 0:
        return np.full(len(df), 0.0), np.full(len(df), df[has].sum())
    own = np.maximum(np.divide(squares, df, out=np.zeros_like(squares), where=has), 1e-6 * pooled)
    prior_df, prior = math.inf, pooled
    if has.sum() > 2:
        half = df[has] / 2
        e = np.log(own[has]) - special.digamma(half) + np.log(half)
        excess = float(np.var(e, ddof=1) - np.mean(special.polygamma(1, half)))
        if excess > 0:
            prior_df = 2 * _trigamma_inverse(excess)
            prior = math.exp(float(e.mean()) + float(special.digamma(prior_df / 2)) - math.log(prior_df / 2))
    if math.isinf(prior_df):
        return np.full(len(df), pooled), np.full(len(df), float(df[has].sum()))
    total = prior_df + df
    return (prior_df * prior + df * own) / total, np.minimum(total, float(df[has].sum()) + prior_df)


def _trigamma_inverse(y: float) -> float:
    """x with trigamma(x) = y, by Newton's method (Smyth 2004, appendix)."""
    x = 0.5 + 1 / y
    for _ in range(50):
        tri = float(special.polygamma(1, x))
        step = tri * (1 - tri / y) / float(special.polygamma(2, x))
        x += step
        if abs(step) < 1e-8 * x:
            break
    return x


def pool(
    means: Floats,
    variances: Floats,
    df: Floats,
    *,
    centre: tuple[float, float] | None = None,
    scale: float | None = None,
) -> Pooled:
    """The posterior of means that scatter around a common centre.

    variances   of each mean (variance of a call / calls); df   degrees of freedom of those
    centre      what is known of the centre beforehand, mean and sd (default: nothing)
    scale       the scatter to expect beforehand (half-Cauchy); default: nothing, which takes `MIN_TEAM` units
    """
    v = np.maximum(variances, 1e-12 * max(float(np.max(variances)), 1e-12))
    reach = max(float(np.std(means)), 0.0)
    if centre is not None:
        reach = max(reach, float(np.max(np.abs(means - centre[0]))))
    typical = math.sqrt(float(np.median(v)))
    top = 4 * max(reach, scale or 0.0, 0.1 * typical)
    tau = _GRID * top
    width = np.gradient(tau)
    total = v[None, :] + tau[:, None] ** 2
    w = 1 / total
    before = 0.0 if centre is None else 1 / max(centre[1], 1e-12) ** 2
    precision = w.sum(axis=1) + before
    middle = ((w * means).sum(axis=1) + (before * centre[0] if centre else 0.0)) / precision
    log_p = -0.5 * (np.log(total) + (means - middle[:, None]) ** 2 * w).sum(axis=1) - 0.5 * np.log(precision)
    if centre is not None:
        log_p -= 0.5 * before * (middle - centre[0]) ** 2
    if scale is None:
        log_p += np.log(np.maximum(tau, 1e-12))
    else:
        log_p -= np.log1p((tau / max(scale, 1e-12)) ** 2)
    weights = np.exp(log_p - log_p.max()) * width
    weights /= weights.sum()
    keep = tau[:, None] ** 2 * w  # how much of a unit's own mean remains
    lent = 1 - keep
    conditional = keep * means + lent * middle[:, None]
    inside = keep * v
    overall = inside + lent**2 / precision[:, None]
    mean = weights @ conditional
    sd = np.sqrt(np.maximum(weights @ (overall + conditional**2) - mean**2, 0))
    mu = float(weights @ middle)
    mu_sd = math.sqrt(max(float(weights @ (1 / precision + middle**2)) - mu**2, 0.0))
    spread = float(weights @ tau)
    return Pooled(mean, sd, np.maximum(df, 1.0), mu, mu_sd, spread, weights, conditional, inside, lent, 1 / precision)


def alone(values: Floats) -> Interval | None:
    """Mean of one sample with its t interval; None for fewer than `MIN_CALLS`."""
    n = len(values)
    if n < MIN_CALLS:
        return None
    mean = float(np.mean(values))
    half = quantile(n - 1) * float(np.std(values, ddof=1)) / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, n)


def from_sums(n: int, mean: float, squares: float) -> Interval | None:
    """The same from how many, their mean, and their squared distances from it."""
    if n < MIN_CALLS:
        return None
    half = quantile(n - 1) * math.sqrt(squares / (n - 1) / n)
    return Interval(mean, mean - half, mean + half, n)


def welch(a: tuple[int, float, float], b: tuple[int, float, float]) -> Interval | None:
    """Difference of two means, each (n, mean, squares), their variances not taken to be equal (Welch 1947)."""
    (n, x, p), (m, y, q) = a, b
    if min(n, m) < MIN_CALLS:
        return None
    one, two = p / (n - 1) / n, q / (m - 1) / m
    variance = one + two
    if variance <= 0:
        return Interval(x - y, x - y, x - y, n + m)
    df = variance**2 / (one**2 / (n - 1) + two**2 / (m - 1))
    half = quantile(df) * math.sqrt(variance)
    return Interval(x - y, x - y - half, x - y + half, n + m)


def summed(values: Floats) -> tuple[int, float, float]:
    """How many, their mean, and their squared distances from it."""
    mean = float(np.mean(values)) if len(values) else math.nan
    return len(values), mean, float(np.sum((values - mean) ** 2)) if len(values) else 0.0


def slope(days: Floats, values: Floats, per: float = 30.0) -> tuple[Interval, float] | None:
    """Change in `per` days by least squares with its t interval, and the p value; None when there is too little."""
    n = len(values)
    if n < MIN_TREND or float(np.ptp(days)) < 14 or len(np.unique(days)) < 3:
        return None
    if float(np.ptp(values)) == 0:
        return Interval(0.0, 0.0, 0.0, n), 1.0
    fit = stats.linregress(days, values)
    half = quantile(n - 2) * float(fit.stderr)
    value = float(fit.slope)
    return Interval(value * per, (value - half) * per, (value + half) * per, n), float(fit.pvalue)


def spread(values: Floats) -> Interval | None:
    """Standard deviation with an interval that allows for tails heavier than the normal's (Bonett 2006)."""
    n = len(values)
    if n < MIN_SPREAD:
        return None
    sd = float(np.std(values, ddof=1))
    if sd == 0:
        return Interval(0.0, 0.0, 0.0, n)
    cut = int(n / (2 * math.sqrt(n - 4)))  # so many at each end are left out; scipy's trim_mean takes 25 times as long
    trimmed = float(np.mean(np.partition(values, (cut, n - cut - 1))[cut : n - cut]))
    centred = values - np.mean(values)
    kurtosis = n * float(np.sum((values - trimmed) ** 4)) / float(np.sum(centred**2)) ** 2
    z = float(special.ndtri(0.5 + LEVEL / 2))
    c = n / (n - z)
    half = z * c * math.sqrt(max(kurtosis - (n - 3) / n, 0.0) / (n - 1))
    variance = math.log(c * sd**2)
    return Interval(sd, math.exp((variance - half) / 2), math.exp((variance + half) / 2), n)


def surely_moved(p_values: list[float], rate: float = 0.05) -> list[bool]:
    """Which of several trends are there, so that at most `rate` of those named are not (Benjamini & Hochberg 1995)."""
    if not p_values:
        return []
    return cast("list[bool]", (stats.false_discovery_control(p_values) <= rate).tolist())
