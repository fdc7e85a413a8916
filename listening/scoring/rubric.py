"""A rubric: for each measure a target range with its source, and how measures make components and an index."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from listening.errors import MetadataError
from listening.scorecard import Target
from listening.scoring.measures import MEASURES

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parent / "rubrics"
DEFAULT = "discovery"


@dataclass(frozen=True, slots=True)
class Aim:
    """A target and where points run out: 100 from `target.low` to `target.high`, 0 at `zero_low` and `zero_high`."""

    target: Target
    zero_low: float | None
    zero_high: float | None

    def points(self, value: float) -> float:
        """Points 0..100 for a value, linear between the target's edge and the zero beyond it.

        >>> Aim(Target(0.5, None, "", "C"), 0.0, None).points(0.25)
        50.0
        """
        low, high = self.target.low, self.target.high
        if low is not None and value < low:
            return _slope(value, self.zero_low, low)
        if high is not None and value > high:
            return _slope(value, self.zero_high, high)
        return 100.0


def _slope(value: float, zero: float | None, full: float) -> float:
    if zero is None or zero == full:
        return 0.0
    return 100.0 * min(1.0, max(0.0, (value - zero) / (full - zero)))


@dataclass(frozen=True, slots=True)
class ComponentRule:
    title: str
    weight: float
    measures: Mapping[str, float]  # measure key -> weight inside the component


@dataclass(frozen=True, slots=True)
class Rubric:
    name: str
    version: str
    title: str
    aims: Mapping[str, Aim]
    components: Mapping[str, ComponentRule]

    @property
    def label(self) -> str:
        return f"{self.name} {self.version}"


def names() -> tuple[str, ...]:
    """The rubrics that come with the package."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@lru_cache(maxsize=16)
def load_rubric(name_or_path: str | Path = DEFAULT) -> Rubric:
    """A rubric by name, or from a TOML file. Raises MetadataError with one sentence on anything wrong in it."""
    path = Path(name_or_path)
    if not path.suffix:
        path = FOLDER / f"{name_or_path}.toml"
        if not path.exists():
            raise MetadataError(f"There is no rubric {str(name_or_path)!r}; there are: {', '.join(names())}.")
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MetadataError(f"The rubric {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MetadataError(f"The rubric {path.name} is not valid TOML: {error}.") from error
    try:
        return _rubric(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MetadataError(
            f"The rubric {path.name} is not of the form described in discovery.toml: {error}."
        ) from error


def _rubric(data: Mapping[str, Any]) -> Rubric:
    aims = {}
    for key, t in data["targets"].items():
        target = Target(_number(t, "low"), _number(t, "high"), str(t["source"]), str(t["grade"]))
        if target.grade not in ("A", "B", "C"):
            raise ValueError(f"the grade of {key} is A, B or C")
        aims[key] = Aim(target, _number(t, "zero_low"), _number(t, "zero_high"))
    components = {
        key: ComponentRule(c["title"], float(c["weight"]), {k: float(w) for k, w in c["measures"].items()})
        for key, c in data["components"].items()
    }
    used = set(aims).union(*(c.measures for c in components.values()))
    if unknown := sorted(used.difference(MEASURES)):
        raise ValueError(f"unknown measure {unknown[0]}")
    for c in components.values():
        if aimless := sorted(set(c.measures).difference(aims)):
            raise ValueError(f"{aimless[0]} is in a component but has no target")
    return Rubric(data["name"], str(data["version"]), data.get("title", data["name"]), aims, components)


def _number(table: Mapping[str, Any], key: str) -> float | None:
    return None if table.get(key) is None else float(table[key])
