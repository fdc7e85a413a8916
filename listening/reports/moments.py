"""Findings as moments a person can go to: a title, a time, the words, and why it was marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from listening.findings import Finding
from listening.reports import numbers
from listening.transcript import Transcript

#: Words of a moment are cut here (characters); the transcript below has the rest.
EXCERPT = 160


@dataclass(frozen=True, slots=True)
class Kind:
    """A family of marks: one row of the timeline, one key (1–5) of the filter."""

    key: str
    title: str
    labels: tuple[str, ...]


KINDS = (
    Kind("asking", "Questions", ("question.open", "question.closed", "question.tag", "question.rhetorical")),
    Kind("restating", "Restatements", ("restatement",)),
    Kind("turns", "Turns and silence", ("interruption", "brief_silence", "backchannel")),
    Kind("steps", "Next steps", ("next_step.push", "next_step.mutual")),
    Kind(
        "barriers",
        "Barriers and cues",
        (
            "barrier.budget",
            "barrier.political",
            "barrier.timing",
            "barrier.other",
            "cue.problem",
            "cue.hope",
            "cue.feeling",
        ),
    ),
)
KIND_OF: Mapping[str, Kind] = {label: kind for kind in KINDS for label in kind.labels}

TITLES: Mapping[str, str] = {
    "question.open": "Open question",
    "question.closed": "Closed question",
    "question.tag": "Tag question",
    "question.rhetorical": "Rhetorical question",
    "restatement": "Restatement",
    "interruption": "Interruption",
    "brief_silence": "Silence left",
    "backchannel": "Backchannel",
    "next_step.push": "Push",
    "next_step.mutual": "Mutual next step",
    "barrier.budget": "Barrier: budget",
    "barrier.political": "Barrier: people",
    "barrier.timing": "Barrier: timing",
    "barrier.other": "Barrier: other",
    "cue.problem": "Cue: a problem",
    "cue.hope": "Cue: a hope",
    "cue.feeling": "Cue: a feeling",
    "response_pause": "Response pause",
    "wait_after_question": "Wait after a question",
    "talk": "Stretch of talk",
    "floor_transfer": "Floor passes",
    "response": "Response",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """A finding to show. `index` is its place in the scorecard's findings; `at` (ms) and `x` (% of the call) or None."""

    index: int
    label: str
    title: str
    kind: str | None
    role: str
    at: int | None
    x: float | None
    clock: str
    text: str
    why: str
    tags: tuple[str, ...]
    utterance: int | None
    origin: str
    sure: int


def excerpt(text: str, limit: int = EXCERPT) -> str:
    """The text on one line, cut at a word before the limit.

    >>> excerpt("so you said   it takes too long", 18)
    'so you said it …'
    """
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    return line[: limit - 1].rsplit(" ", 1)[0][: limit - 1] + " …"


def moments(findings: Sequence[Finding], transcript: Transcript, duration: int | None) -> tuple[Moment, ...]:
    """One moment a finding, in the findings' order."""
    return tuple(_moment(index, finding, transcript, duration) for index, finding in enumerate(findings))


def _moment(index: int, f: Finding, transcript: Transcript, duration: int | None) -> Moment:
    at, utterance = f.start, None
    words = ""
    if f.utterance is not None and f.utterance < len(transcript.utterances):
        utterance = f.utterance
        text = transcript.utterances[f.utterance].text
        words = excerpt(text[f.start_char : f.end_char] or text)
        if at is None:
            at = transcript.utterances[f.utterance].start
    kind = KIND_OF.get(f.label)
    title = TITLES.get(f.label, f.label.replace("_", " ").replace(".", ": "))
    if f.value is not None and f.label in ("interruption", "brief_silence", "response_pause", "wait_after_question"):
        title = f"{title}, {numbers.amount(f.value, 'ms')}"
    elif f.value is not None and f.label == "talk":
        title = f"{title}, {numbers.amount(f.value / 1000, 's')}"
    return Moment(
        index=index,
        label=f.label,
        title=title,
        kind=kind.key if kind else None,
        role=f.role,
        at=at,
        x=round(100 * at / duration, 3) if at is not None and duration else None,
        clock=numbers.clock(at),
        text=words,
        why=f.why,
        tags=f.tags,
        utterance=utterance,
        origin=f.origin,
        sure=round(100 * f.score),
    )
