"""Measures and the scorecard they make up: numbers with their definition, denominator, target and evidence."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from listening.findings import Analysis, Finding
from listening.transcript import CallInfo, Speaker, Timing, Transcript

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Target:
    """The range a rubric aims at. `grade`: A replicated research, B one study or validated scale, C practice."""

    low: float | None
    high: float | None
    source: str
    grade: str


@dataclass(frozen=True, slots=True)
class Measure:
    """One number, or the reason there is none.

    value and interval are in `unit`; numerator and denominator are what was divided, with `denominator_unit` naming
    the latter in words. `evidence` are indices into the scorecard's findings. `interval` is what the true value
    probably is (95 %), given what is known of the analyzers' precision and recall; None when that is not known.
    """

    key: str
    title: str
    definition: str
    source: str
    unit: str
    value: float | None
    reason: str | None = None
    numerator: float | None = None
    denominator: float | None = None
    denominator_unit: str | None = None
    interval: tuple[float, float] | None = None
    target: Target | None = None
    timing: Timing = Timing.NONE
    evidence: tuple[int, ...] = ()
    details: Mapping[str, float | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.value is None) != (self.reason is not None):
            raise ValueError(f"{self.key}: a measure has either a value or a reason why not")


@dataclass(frozen=True, slots=True)
class Component:
    """A rubric's weighted view of some measures, 0..100. `left_out` are measure keys that could not be measured."""

    key: str
    title: str
    value: float | None
    weight: float
    reason: str | None = None
    interval: tuple[float, float] | None = None
    parts: Mapping[str, float] = field(default_factory=dict)  # measure key -> its points 0..100
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scorecard:
    """How well the rep listened in one call. `index` is the listening index 0..100, shown with its components."""

    call: CallInfo
    speakers: tuple[Speaker, ...]
    measures: Mapping[str, Measure]
    components: Mapping[str, Component]
    index: Component
    findings: tuple[Finding, ...]
    rubric: str
    timing: Timing
    duration: int | None
    versions: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The published JSON form, `{call, measures: {KEY: {...}}, findings, ...}`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "call": dataclasses.asdict(self.call),
            "duration_s": None if self.duration is None else self.duration / 1000,
            "speakers": [{**dataclasses.asdict(s), "role": s.role.value} for s in self.speakers],
            "index": _component_to_dict(self.index),
            "components": {key: _component_to_dict(c) for key, c in self.components.items()},
            "measures": {key: _measure_to_dict(m) for key, m in self.measures.items()},
            "findings": [f.to_dict() for f in self.findings],
            "timing": self.timing.value,
            "rubric": self.rubric,
            "versions": dict(self.versions),
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Heard:
    """One call, heard. `recording` is None when a transcript was given."""

    transcript: Transcript
    analysis: Analysis
    scorecard: Scorecard
    recording: Path | None = None


def _measure_to_dict(m: Measure) -> dict[str, Any]:
    return {
        "value": m.value,
        "reason": m.reason,
        "unit": m.unit,
        "numerator": m.numerator,
        "denominator": m.denominator,
        "denominator_unit": m.denominator_unit,
        "interval": list(m.interval) if m.interval else None,
        "target": dataclasses.asdict(m.target) if m.target else None,
        "title": m.title,
        "definition": m.definition,
        "source": m.source,
        "timing": m.timing.value,
        "details": dict(m.details),
        "evidence": list(m.evidence),
    }


def _component_to_dict(c: Component) -> dict[str, Any]:
    return {
        "title": c.title,
        "value": c.value,
        "reason": c.reason,
        "interval": list(c.interval) if c.interval else None,
        "weight": c.weight,
        "parts": dict(c.parts),
        "left_out": list(c.left_out),
    }
