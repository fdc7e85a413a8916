"""How long-running work says how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called often with a stage ("fetching whisper-base", "hearing", …) and how much of it is done (any unit)."""

    def __call__(self, stage: str, done: float, total: float) -> None: ...


def silent(stage: str, done: float, total: float) -> None:
    """A Progress that says nothing."""
