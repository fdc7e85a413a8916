"""From an Analysis and a rubric to a scorecard. Reads nothing but values, so stored findings re-score at once."""

from __future__ import annotations

import math
from collections.abc import Mapping

from listening.findings import Analysis
from listening.scorecard import Component, Measure, Scorecard
from listening.scoring.measures import MEASURES, Definition
from listening.scoring.reading import Reading
from listening.scoring.rubric import ComponentRule, Rubric, load_rubric
from listening.scoring.uncertainty import count_interval
from listening.transcript import Transcript

__all__ = ["MEASURES", "Rubric", "load_rubric", "measure", "score"]


def score(analysis: Analysis, transcript: Transcript, rubric: Rubric | None = None) -> Scorecard:
    """The scorecard of one call. Of the transcript only its call info, speakers, duration and notes are read."""
    rubric = rubric or load_rubric()
    measures = measure(analysis, rubric)
    components = {key: _component(key, rule, measures, rubric) for key, rule in rubric.components.items()}
    length = analysis.totals.get("call_ms", transcript.duration)
    return Scorecard(
        call=transcript.info,
        speakers=transcript.speakers,
        measures=measures,
        components=components,
        index=_index(components),
        findings=analysis.findings,
        rubric=rubric.label,
        timing=analysis.timing,
        duration=None if length is None else int(length),
        versions=_versions(analysis, transcript, rubric),
        notes=transcript.provenance.notes,
    )


def measure(analysis: Analysis, rubric: Rubric) -> dict[str, Measure]:
    """Every measure, by key: a value, or None with the reason."""
    return {
        key: _measure(definition, definition.read(analysis), analysis, rubric) for key, definition in MEASURES.items()
    }


def _measure(definition: Definition, reading: Reading, analysis: Analysis, rubric: Rubric) -> Measure:
    aim = rubric.aims.get(definition.key)
    return Measure(
        key=definition.key,
        title=definition.title,
        definition=definition.definition,
        source=definition.source,
        unit=definition.unit,
        value=reading.value,
        reason=reading.reason,
        numerator=reading.numerator,
        denominator=reading.denominator,
        denominator_unit="words of rep and customer" if "by_words" in reading.details else definition.denominator,
        interval=_interval(reading),
        target=aim.target if aim else None,
        timing=reading.timing or analysis.timing,
        evidence=reading.evidence,
        details=reading.details,
    )


def _interval(reading: Reading) -> tuple[float, float] | None:
    """The interval of the value that follows from the accuracy of the labels counted in it."""
    if reading.value is None or reading.numerator is None or not reading.counted:
        return None
    counted = count_interval(reading.numerator, reading.counted)
    if counted is None:
        return None
    if not reading.against:  # a count, or a rate over time, which is known exactly
        over = reading.denominator or 1.0
        return counted[0] / over, counted[1] / over
    against = count_interval(reading.denominator or 0, reading.against)
    if against is None or not reading.denominator:
        return None
    # A ratio of two uncertain counts: relative errors add in squares (delta method).
    middle, below = sum(counted) / 2, sum(against) / 2
    if below <= 0:
        return None
    ratio = middle / below
    relative = math.hypot(
        (counted[1] - counted[0]) / 2 / max(middle, 0.5), (against[1] - against[0]) / 2 / max(below, 0.5)
    )
    low, high = max(0.0, ratio * (1 - relative)) if reading.numerator else 0.0, ratio * (1 + relative)
    is_share = set(reading.counted) < set(reading.against)
    return (low, min(1.0, high)) if is_share else (low, high)


def _component(key: str, rule: ComponentRule, measures: Mapping[str, Measure], rubric: Rubric) -> Component:
    points: dict[str, float] = {}
    spreads: dict[str, float] = {}
    for name in rule.measures:
        m, aim = measures[name], rubric.aims[name]
        if m.value is None:
            continue
        points[name] = aim.points(m.value)
        if m.interval:
            ends = [aim.points(end) for end in m.interval]
            spreads[name] = (max(*ends, points[name]) - min(*ends, points[name])) / 2
    left_out = tuple(name for name in rule.measures if name not in points)
    total = sum(rule.measures[name] for name in points)
    if not total:
        reason = "none of its measures could be taken in this call"
        return Component(key, rule.title, None, rule.weight, reason, left_out=left_out)
    value = sum(rule.measures[name] * p for name, p in points.items()) / total
    half = math.sqrt(sum((rule.measures[name] * s) ** 2 for name, s in spreads.items())) / total
    return Component(key, rule.title, value, rule.weight, None, _around(value, half), points, left_out)


def _around(value: float, half: float) -> tuple[float, float] | None:
    return (max(0.0, value - half), min(100.0, value + half)) if half else None


def _index(components: Mapping[str, Component]) -> Component:
    """The weighted mean of the components that could be measured, at least half of them by weight."""
    there = {key: c for key, c in components.items() if c.value is not None}
    left_out = tuple(key for key in components if key not in there)
    weight = sum(c.weight for c in there.values())
    title = "Listening index"
    if weight < sum(c.weight for c in components.values()) / 2 or not there:
        reason = "too few of its components could be measured in this call"
        return Component("listening_index", title, None, 1.0, reason, left_out=left_out)
    value = sum(c.weight * (c.value or 0.0) for c in there.values()) / weight
    halves = [c.weight * (c.interval[1] - c.interval[0]) / 2 for c in there.values() if c.interval]
    half = math.sqrt(sum(h * h for h in halves)) / weight
    parts = {key: c.value for key, c in there.items() if c.value is not None}
    return Component("listening_index", title, value, 1.0, None, _around(value, half), parts, left_out)


def _versions(analysis: Analysis, transcript: Transcript, rubric: Rubric) -> dict[str, str]:
    made_by = {"engine": transcript.provenance.engine, "model": transcript.provenance.model}
    return {**{k: v for k, v in made_by.items() if v}, **analysis.versions, "rubric": rubric.label}
