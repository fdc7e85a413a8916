"""How numbers are written for a person: one place, so that terminal and page agree."""

from __future__ import annotations

from listening.scorecard import Measure, Target


def clock(ms: int | float | None) -> str:
    """Minutes and seconds.

    >>> clock(75_400), clock(None), clock(3_600_000)
    ('1:15', '–', '1:00:00')
    """
    if ms is None:
        return "–"
    seconds = int(ms // 1000)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def amount(value: float | None, unit: str) -> str:
    """A value in its unit.

    >>> amount(0.434, "share"), amount(210.4, "ms"), amount(75.4, "s"), amount(None, "s")
    ('43 %', '0.21 s', '1:15', '–')
    """
    if value is None:
        return "–"
    if unit == "share":
        return f"{100 * value:.0f} %"
    if unit == "ms":
        return f"{value / 1000:.2f} s"
    if unit == "s":
        return clock(value * 1000) if value >= 60 else f"{value:.0f} s"
    if unit == "min":
        return clock(value * 60_000)
    if unit in ("count", "per hour"):
        return f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"
    if unit == "0–100":
        return f"{value:.0f}"
    if unit == "per minute":
        return f"{value:.1f}"
    return f"{value:.2f}"


def measured(m: Measure) -> str:
    """The value of a measure, with its unit where the number alone does not say it, and the count behind a rate."""
    text = amount(m.value, m.unit)
    if m.value is None or not m.unit.startswith("per "):
        return text
    rate = f"{text} /{'h' if m.unit == 'per hour' else 'min'}"
    return rate if m.numerator is None else f"{m.numerator:.0f} · {rate}"


def interval(bounds: tuple[float, float] | None, unit: str) -> str:
    """A 95 % interval.

    >>> interval((0.2, 0.4), "share")
    '20–40 %'
    """
    if bounds is None:
        return ""
    low, high = (amount(b, unit) for b in bounds)
    tail = low.split()[-1] if " " in low else ""
    return f"{low.removesuffix(' ' + tail)}–{high}" if tail and high.endswith(tail) else f"{low}–{high}"


def aimed(target: Target | None, unit: str) -> str:
    """A target range.

    >>> aimed(Target(0.3, 0.5, "", "C"), "share"), aimed(Target(None, 4, "", "C"), "per hour")
    ('30–50 %', 'up to 4')
    """
    if target is None:
        return ""
    if target.low is None:
        return "none" if target.high == 0 else f"up to {amount(target.high, unit)}"
    if target.high is None:
        return f"{amount(target.low, unit)} or more"
    return interval((target.low, target.high), unit)


def met(m: Measure) -> bool | None:
    """Is the value inside its target? None when there is no target or no value."""
    if m.target is None or m.value is None:
        return None
    low, high = m.target.low, m.target.high
    return (low is None or m.value >= low) and (high is None or m.value <= high)
