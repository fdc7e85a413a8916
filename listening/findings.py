"""Findings: labels on stretches of a call, each with the words, the times and the reason behind it.

Analyzers turn a conversation into an `Analysis`: findings, a score for every utterance whether or not a label was
given, and totals (speech time, call time, counts) that serve as denominators. A rubric turns an Analysis into measures
without looking at the transcript again, so stored findings can be re-scored without re-analysing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from listening.transcript import Timing

#: Questions that ask for something: what shares of questions are shares of.
ASKED = ("question.open", "question.closed")
QUESTION_LABELS = (*ASKED, "question.tag", "question.rhetorical")
BARRIER_LABELS = ("barrier.budget", "barrier.political", "barrier.timing", "barrier.other")
#: The labels `listening annotate` prints and `listening eval` reads, in the order they are shown.
PUBLIC_LABELS = (
    *QUESTION_LABELS,
    "restatement",
    "next_step.push",
    "next_step.mutual",
    *BARRIER_LABELS,
    "backchannel",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One label on one stretch of a call.

    label       e.g. "question.open", "restatement", "response_pause", "interruption"
    analyzer    name of the analyzer that gave it
    utterance   index into `Transcript.utterances`; None for something outside words, such as a silence
    start_char, end_char   characters of that utterance's text
    start, end  milliseconds, None when the input has no times
    role        whose act it is: "rep", "customer" or "other"
    score       0..1, how sure the analyzer is
    of          utterances it answers, restates or interrupts
    value       a number with the label's own unit (a pause in ms), None when the label is all there is to say
    tags        finer distinctions, e.g. "follow_up", "close_directed", "explored"
    why         one sentence without words of the call: the rule, the cue or the model score
    origin      "machine" or "person"
    """

    label: str
    analyzer: str
    utterance: int | None = None
    start_char: int = 0
    end_char: int = 0
    start: int | None = None
    end: int | None = None
    role: str = "other"
    score: float = 1.0
    of: tuple[int, ...] = ()
    value: float | None = None
    tags: tuple[str, ...] = ()
    why: str = ""
    origin: str = "machine"

    def to_dict(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "of": list(self.of), "tags": list(self.tags)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Finding:
        return cls(**{**data, "of": tuple(data.get("of", ())), "tags": tuple(data.get("tags", ()))})


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that the analyzers found in one call; the only thing scoring needs.

    scores      label -> one score (0..1) an utterance, None where the analyzer does not judge it
    totals      denominators by name, e.g. "rep_speech_ms", "call_ms", "customer_turns"; absent when unknown
    timing      the best timing the call has
    unmeasured  analyzer or label -> why it could not be judged in this call
    versions    analyzer or model name -> version
    """

    findings: tuple[Finding, ...]
    scores: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    totals: Mapping[str, float] = field(default_factory=dict)
    timing: Timing = Timing.NONE
    unmeasured: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    #: Label -> indices of its findings: scoring asks for them some forty times a call.
    _places: Mapping[str, tuple[int, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        places: dict[str, list[int]] = {}
        for i, finding in enumerate(self.findings):
            places.setdefault(finding.label, []).append(i)
        object.__setattr__(self, "_places", {label: tuple(indices) for label, indices in places.items()})

    def labelled(self, *labels: str, role: str | None = None) -> tuple[int, ...]:
        """Indices of the findings with one of these labels (and, if given, that role), in time order."""
        found = [i for label in dict.fromkeys(labels) for i in self._places.get(label, ())]
        if role is not None:
            found = [i for i in found if self.findings[i].role == role]
        return tuple(sorted(found))

    def to_dict(self) -> dict[str, Any]:
        return {
            "findings": [f.to_dict() for f in self.findings],
            "scores": {label: list(values) for label, values in self.scores.items()},
            "totals": dict(self.totals),
            "timing": self.timing.value,
            "unmeasured": dict(self.unmeasured),
            "versions": dict(self.versions),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Analysis:
        return cls(
            findings=tuple([Finding.from_dict(f) for f in data["findings"]]),
            scores={label: tuple(values) for label, values in data["scores"].items()},
            totals=dict(data["totals"]),
            timing=Timing(data["timing"]),
            unmeasured=dict(data["unmeasured"]),
            versions=dict(data["versions"]),
        )
