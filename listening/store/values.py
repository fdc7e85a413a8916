"""What the store takes and gives: frozen rows, no database objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from listening.corrections import Correction
from listening.findings import Analysis
from listening.scorecard import Heard
from listening.transcript import CallInfo, Role, Transcript

#: What a call can be flagged with, and what each flag means.
FLAGS = {
    "role_guessed": "which speaker is the rep was guessed",
    "no_index": "too little could be measured for a listening index",
    "corrected": "a person corrected or confirmed something",
    "commented": "a person left a comment",
    "self_scored": "the rep scored herself",
}
#: Measures that `Store.calls` puts on every row.
KEY_MEASURES = (
    "talk_share",
    "open_question_share",
    "restatements_per_hour",
    "interruptions_per_hour",
    "listening_response_share",
    "pushes_per_hour",
)
#: The largest key that a database gives (PostgreSQL's integer): what is larger is nobody's.
LARGEST_KEY = 2**31 - 1
SORTS = ("date", "score", "rep", "customer", "call_type", "duration", "added", "name")


@dataclass(frozen=True, slots=True)
class Source:
    """The file a call came from. `tag` changes when the file does (size and time, or an object store's ETag)."""

    path: str
    kind: str = "recording"  # or "transcript"
    size: int | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The versions a caller wants a call scored with.

    `versions` are compared by the names in it: engine and model may be left out (any will do). `rubric` is the digest
    of the rubric's content, see `packing.rubric_digest`.
    """

    versions: Mapping[str, str] = field(default_factory=dict)
    rubric: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A call that is kept: its id, content hash, current ruler, what is known about it (after corrections), and whether
    its rep was guessed."""

    id: int
    content: str
    ruler: int
    info: CallInfo
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls. Everything given has to hold; a tuple means any of its values; () means none; None means all.

    since, until   ISO days, both inclusive
    text           found in name, rep, customer, opportunity or call type, without regard to case
    flags          all of them (names of `FLAGS`)
    """

    reps: tuple[str, ...] | None = None
    customers: tuple[str, ...] | None = None
    opportunities: tuple[str, ...] | None = None
    call_types: tuple[str, ...] | None = None
    since: str | None = None
    until: str | None = None
    text: str | None = None
    score_min: float | None = None
    score_max: float | None = None
    flags: tuple[str, ...] = ()
    ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class CallRow:
    """One line of a list of calls. `id` is the store's own key and never changes; `name` is the call's own id.

    score, low, high   the listening index 0..100 with its interval, None when it could not be measured
    duration_s         seconds, None when unknown
    measures           values of `KEY_MEASURES` that could be measured
    ruler              id of the ruler the numbers were made with
    """

    id: int
    name: str
    rep: str | None
    customer: str | None
    opportunity: str | None
    call_type: str | None
    date: str | None
    duration_s: float | None
    score: float | None
    low: float | None
    high: float | None
    components: Mapping[str, float | None]
    measures: Mapping[str, float]
    flags: tuple[str, ...]
    ruler: int
    content: str
    added: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some calls of a list, and how many there are in all."""

    rows: tuple[CallRow, ...]
    total: int
    offset: int
    limit: int


@dataclass(frozen=True, slots=True)
class StoredCorrection:
    """A correction as it is kept; `undone_at` is None while it holds. `before` is the machine's label, when there is one."""

    id: int
    call: int
    correction: Correction
    who: str
    when: str
    before: str | None = None
    undone_by: str | None = None
    undone_at: str | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """A person's remark on a call or a moment of it (`at_ms`, `utterance`)."""

    id: int
    call: int
    who: str
    when: str
    text: str
    at_ms: int | None = None
    utterance: int | None = None


@dataclass(frozen=True, slots=True)
class SelfScore:
    """How a rep scored her own call, 0..100 a component key (and "listening_index"), before seeing the machine's."""

    call: int
    who: str
    when: str
    scores: Mapping[str, float]
    note: str = ""


@dataclass(frozen=True, slots=True)
class StoredCall:
    """One call with all that is kept about it.

    machine      as the machine heard it
    heard        after people's corrections (the same object when there are none)
    found        what the analyzers found in the words as corrected, before people's labels
    recording    path or URL of the recording or transcript it came from
    """

    row: CallRow
    machine: Heard
    heard: Heard
    source: Source | None
    corrections: tuple[StoredCorrection, ...]
    comments: tuple[Comment, ...]
    self_scores: tuple[SelfScore, ...]
    versions: Mapping[str, str]
    rulers: tuple[int, ...]
    found: Analysis

    @property
    def holding(self) -> tuple[Correction, ...]:
        """The corrections that are not undone, in the order they were made."""
        return tuple(kept.correction for kept in self.corrections if kept.undone_at is None)


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may log in. `role` is "coach" or "rep"; `rep` is the name her calls bear; `team` groups users."""

    id: int
    name: str
    role: str
    password_hash: str
    rep: str | None
    team: str | None
    created: str
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A login. Only the SHA-256 of its token is kept."""

    token_hash: str
    user: int
    created: str
    expires: str


@dataclass(frozen=True, slots=True)
class Job:
    """A file given to `listening serve`. `state`: waiting, running, done or failed; `call` once it is done."""

    id: int
    source: str
    state: str
    message: str | None
    call: int | None
    who: str | None
    created: str
    updated: str
    options: Mapping[str, Any] = field(default_factory=dict)


def rep_of(transcript: Transcript) -> str | None:
    """Whose call it is: as metadata or a person says, else the name of the one speaker who is known to be the rep."""
    reps = [s for s in transcript.speakers if s.role is Role.REP]
    return transcript.info.rep or (reps[0].name if len(reps) == 1 and reps[0].source != "guess" else None)
