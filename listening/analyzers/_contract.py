"""What an analyzer is. To add one, write a module in this folder that defines `ANALYZER = Analyzer(...)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from listening.findings import Finding
from listening.language.conversation import Conversation
from listening.transcript import Timing

Earlier = Mapping[str, tuple[Finding, ...]]


@dataclass(frozen=True, slots=True)
class Found:
    """What an analyzer returns. See `listening.findings.Analysis` for the fields."""

    findings: tuple[Finding, ...] = ()
    scores: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    totals: Mapping[str, float] = field(default_factory=dict)
    unmeasured: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Analyzer:
    """A named step from a conversation to findings.

    run       called with the conversation and, for each analyzer in `after`, what that one found
    labels    label -> its definition, one sentence a coach can read aloud
    needs     the worst timing it can work with; with worse, `analyse` records why and does not call it
    version   changes whenever the same conversation would give other findings
    source    where the definitions come from
    """

    name: str
    version: str
    labels: Mapping[str, str]
    source: str
    run: Callable[[Conversation, Earlier], Found]
    needs: Timing = Timing.NONE
    after: tuple[str, ...] = ()
