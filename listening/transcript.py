"""A Transcript: who said which words, when, and how well each of those is known.

    Transcript
    ├── utterances   one a cue or stretch of talk, in the order of the input; they may overlap in time
    │   └── words    with times and confidence where a recognizer gave them
    ├── speakers     id, name, and the role (rep or customer) with its confidence and where it comes from
    ├── speech       when each speaker's voice was active (acoustic; empty when only text was given)
    ├── info         what is known about the call: id, rep, customer, date, …
    └── provenance   which file, engine and model made it

Everything is frozen; a change returns a new Transcript. Times are integer milliseconds from the start of the
recording, or None where nobody knows them. A `Timing` says how a time was measured, so that a measure which needs
better timing can say "not measurable" instead of guessing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

SCHEMA_VERSION = 1


class Timing(str, Enum):
    """Where a time comes from, best first."""

    ACOUSTIC = "acoustic"  # voice activity in the recording
    RECOGNIZER = "recognizer"  # word times of a speech recognizer
    CUE = "cue"  # a subtitle or export, of unknown precision
    NONE = "none"

    @property
    def rank(self) -> int:
        """0 is best. `a.rank <= b.rank` means a is at least as good as b."""
        return _TIMING_ORDER.index(self)


_TIMING_ORDER = (Timing.ACOUSTIC, Timing.RECOGNIZER, Timing.CUE, Timing.NONE)


class Role(str, Enum):
    """What a speaker is in the call. `UNKNOWN` until said or guessed; `OTHER` is on neither side."""

    REP = "rep"
    CUSTOMER = "customer"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, milliseconds, start inclusive, end exclusive; ordered; empty when end <= start."""

    start: int
    end: int

    def __bool__(self) -> bool:
        return self.end > self.start

    def __and__(self, other: Span) -> Span:
        return Span(max(self.start, other.start), min(self.end, other.end))

    @property
    def length(self) -> int:
        return max(0, self.end - self.start)


@dataclass(frozen=True, slots=True)
class Word:
    """One recognized word. `text` carries its punctuation and no surrounding space."""

    text: str
    start: int | None
    end: int | None
    confidence: float | None = None
    timing: Timing = Timing.RECOGNIZER


@dataclass(frozen=True, slots=True)
class Utterance:
    """One cue or stretch of talk by one speaker.

    `text` is what is shown and analysed; character offsets in findings refer to it. `words`, when present, appear in
    `text` in order, and are matched to it by character offset (`word_offsets`), never by position. `timing` says where
    `start` and `end` come from.
    """

    text: str
    speaker: str
    start: int | None = None
    end: int | None = None
    words: tuple[Word, ...] = ()
    channel: int | None = None
    timing: Timing = Timing.NONE

    @property
    def span(self) -> Span | None:
        return None if self.start is None or self.end is None else Span(self.start, self.end)

    def word_offsets(self) -> tuple[tuple[int, int] | None, ...]:
        """Start and end character of every word in `text`; None for a word that is not found there."""
        offsets: list[tuple[int, int] | None] = []
        at = 0
        for word in self.words:
            found = self.text.find(word.text, at)
            if found < 0:
                offsets.append(None)
            else:
                at = found + len(word.text)
                offsets.append((found, at))
        return tuple(offsets)

    def times(self, start_char: int, end_char: int) -> tuple[int | None, int | None]:
        """Start and end (ms) of a stretch of characters: from its words, else those of the whole utterance."""
        inside = [
            word
            for word, offset in zip(self.words, self.word_offsets(), strict=True)
            if offset and offset[0] < end_char and offset[1] > start_char and word.start is not None
        ]
        if not inside:
            return self.start, self.end
        ends = [word.end for word in inside if word.end is not None]
        return inside[0].start, max(ends) if ends else self.end


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice or name in the call. `source` of the role: flag, metadata, transcript, guess, person or none."""

    id: str
    name: str | None = None
    role: Role = Role.UNKNOWN
    confidence: float = 0.0
    source: str = "none"

    @property
    def label(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Speech:
    """A stretch (ms) in which the speaker's voice was active, from voice activity detection."""

    speaker: str
    start: int
    end: int

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)


@dataclass(frozen=True, slots=True)
class CallInfo:
    """What is known about a call. `date` is ISO 8601 (a day or a moment); `id` is empty where it is not said."""

    id: str
    rep: str | None = None
    customer: str | None = None
    opportunity: str | None = None
    date: str | None = None
    call_type: str | None = None

    def said(self) -> dict[str, str]:
        """What is known, by field; the others are left out."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name))}


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made the transcript. `notes` are sentences for the reader, such as what was wrong with the recording."""

    source: str
    kind: str  # "recording" or "transcript"
    format: str | None = None
    engine: str | None = None
    model: str | None = None
    language: str | None = None
    sha256: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transcript:
    """Who said which words, when. Utterances keep the order of the input and may overlap."""

    utterances: tuple[Utterance, ...]
    speakers: tuple[Speaker, ...]
    info: CallInfo
    provenance: Provenance
    duration: int | None = None
    speech: tuple[Speech, ...] = ()
    schema_version: int = field(default=SCHEMA_VERSION)

    def __post_init__(self) -> None:
        known = [speaker.id for speaker in self.speakers]
        if len(set(known)) != len(known):
            raise ValueError("two speakers share an id")
        missing = {u.speaker for u in self.utterances}.union(s.speaker for s in self.speech).difference(known)
        if missing:
            raise ValueError(f"{len(missing)} speakers of utterances or speech are not listed")

    def speaker(self, speaker_id: str) -> Speaker:
        for speaker in self.speakers:
            if speaker.id == speaker_id:
                return speaker
        raise KeyError(speaker_id)

    @property
    def rep_ids(self) -> frozenset[str]:
        return frozenset(s.id for s in self.speakers if s.role is Role.REP)

    def with_roles(self, roles: Mapping[str, Role], source: str, confidence: float = 1.0) -> Transcript:
        """The same transcript with the given speakers' roles replaced."""
        speakers = tuple(
            dataclasses.replace(s, role=roles[s.id], source=source, confidence=confidence) if s.id in roles else s
            for s in self.speakers
        )
        return dataclasses.replace(self, speakers=speakers)

    def with_rep(self, speaker_id: str, source: str, confidence: float = 1.0) -> Transcript:
        """One speaker is the rep, everybody else a customer."""
        if speaker_id not in {s.id for s in self.speakers}:
            raise KeyError(speaker_id)
        roles = {s.id: Role.REP if s.id == speaker_id else Role.CUSTOMER for s in self.speakers}
        return self.with_roles(roles, source, confidence)

    def with_info(self, info: CallInfo) -> Transcript:
        return dataclasses.replace(self, info=info)

    def to_dict(self) -> dict[str, Any]:
        """The published JSON form (see `formats/native.py` for its schema). Times in milliseconds."""
        return {
            "schema_version": self.schema_version,
            "call": dataclasses.asdict(self.info),
            "duration": self.duration,
            "speakers": [
                {"id": s.id, "name": s.name, "role": s.role.value, "confidence": s.confidence, "source": s.source}
                for s in self.speakers
            ],
            "utterances": [_utterance_to_dict(u) for u in self.utterances],
            "speech": [[s.speaker, s.start, s.end] for s in self.speech],
            "provenance": {**dataclasses.asdict(self.provenance), "notes": list(self.provenance.notes)},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Transcript:
        """The inverse of `to_dict`. Raises KeyError, TypeError or ValueError on data of another form."""
        version = int(data["schema_version"])
        if version > SCHEMA_VERSION:
            raise ValueError(f"schema version {version} is newer than this program's {SCHEMA_VERSION}")
        provenance = dict(data["provenance"])
        provenance["notes"] = tuple(provenance.get("notes", ()))
        return cls(
            utterances=tuple(_utterance_from_dict(u) for u in data["utterances"]),
            speakers=tuple(
                Speaker(s["id"], s.get("name"), Role(s["role"]), float(s["confidence"]), s["source"])
                for s in data["speakers"]
            ),
            info=CallInfo(**data["call"]),
            provenance=Provenance(**provenance),
            duration=data.get("duration"),
            speech=tuple(Speech(s, int(a), int(b)) for s, a, b in data.get("speech", ())),
        )


def _utterance_to_dict(u: Utterance) -> dict[str, Any]:
    data: dict[str, Any] = {
        "speaker": u.speaker,
        "start": u.start,
        "end": u.end,
        "text": u.text,
        "timing": u.timing.value,
    }
    if u.channel is not None:
        data["channel"] = u.channel
    if u.words:
        data["words"] = [[w.text, w.start, w.end, w.confidence, w.timing.value] for w in u.words]
    return data


def _utterance_from_dict(data: Mapping[str, Any]) -> Utterance:
    words: Iterable[Any] = data.get("words", ())
    return Utterance(
        text=data["text"],
        speaker=data["speaker"],
        start=data.get("start"),
        end=data.get("end"),
        words=tuple(Word(t, a, b, c, Timing(timing)) for t, a, b, c, timing in words),
        channel=data.get("channel"),
        timing=Timing(data.get("timing", "none")),
    )
