"""What a measure's definition is, and the table they all go into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from listening.findings import Analysis
from listening.scoring.reading import Reading

Read = Callable[[Analysis], Reading]


@dataclass(frozen=True, slots=True)
class Definition:
    """A measure that can be read. `family` groups measures on a scorecard; `denominator` names what it is divided by."""

    key: str
    family: str
    title: str
    definition: str
    source: str
    unit: str
    read: Read
    denominator: str | None = None


#: Every measure by key, in the order of a scorecard.
MEASURES: dict[str, Definition] = {}


def measure(
    family: str, title: str, definition: str, source: str, unit: str, denominator: str | None = None
) -> Callable[[Read], Read]:
    """Puts a reading function into the table under its own name."""

    def add(read: Read) -> Read:
        key = read.__name__
        MEASURES[key] = Definition(key, family, title, definition, source, unit, read, denominator)
        return read

    return add
