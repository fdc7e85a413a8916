"""The measures: key, title, definition, source, unit, and how each is read from an Analysis.

Definitions are sentences a coach can read aloud. Targets are not here: they live in a rubric, with their source. To
add a measure, write a function under `@measure(...)` in the module of its family.
"""

from __future__ import annotations

from listening.scoring.measures import asking, detachment, talk, turns  # noqa: F401  in the order of a scorecard
from listening.scoring.measures.definition import MEASURES, Definition

__all__ = ["MEASURES", "Definition"]
