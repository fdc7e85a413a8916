"""What a format is: it recognises Content and parses it into a Draft of cues, which becomes a Transcript in one place.

bytes ── Content (text, json, decoded once) ── parse ── Draft (cues as the file has them) ── Transcript
"""

from __future__ import annotations

import codecs
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import PurePath
from typing import Any

from listening.errors import TranscriptError, UsageError
from listening.transcript import CallInfo, Provenance, Role, Speaker, Timing, Transcript, Utterance, Word

#: Speaker id of cues that name nobody.
UNKNOWN = "unknown"
#: First start (ms) from which times may be those of a clock on the wall: a recording has talk in its first hour.
WALL_CLOCK_MS = 3_600_000

#: What formats call the two sides, lower case.
ROLE_NAMES: Mapping[str, Role] = {
    **dict.fromkeys(("rep", "agent", "internal", "seller", "salesperson", "sales rep", "sales_rep"), Role.REP),
    **dict.fromkeys(("customer", "external", "client", "buyer", "prospect"), Role.CUSTOMER),
    **dict.fromkeys(("other", "system", "custom_bot", "bot", "supervisor"), Role.OTHER),
}

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b"))


def looks_binary(head: bytes) -> bool:
    """Whether bytes are something else than text: control characters where no byte order mark explains them."""
    if head.startswith(tuple(bom for bom, _ in _BOMS)):
        return False
    return len(head.translate(None, _CONTROLS)) != len(head)


def load_json(text: str) -> Any:
    """The JSON value, half surrogate pairs (which no file could be written with) replaced. Raises ValueError."""
    value = json.loads(text)
    if "\\ud" in text.lower():
        value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    return value


class Content:
    """A file's bytes with its name (a bare file name), decoded and parsed at most once."""

    def __init__(self, data: bytes | str, name: str) -> None:
        self.data = data.encode("utf-8", "replace") if isinstance(data, str) else data
        self.name = PurePath(name).name or "transcript"

    @property
    def suffix(self) -> str:
        return PurePath(self.name).suffix.lower()

    @cached_property
    def _decoded(self) -> tuple[str, str | None]:
        for bom, encoding in _BOMS:
            if self.data.startswith(bom):
                return self.data.decode(encoding, "replace"), None
        try:
            return self.data.decode("utf-8"), None
        except UnicodeDecodeError:
            note = "The file is not UTF-8; it was read as Windows-1252 (Latin-1)."
        try:
            return self.data.decode("cp1252"), note
        except UnicodeDecodeError:
            return self.data.decode("latin-1"), note

    @cached_property
    def text(self) -> str:
        """The text with line ends made `\\n`: byte order mark, else UTF-8, else Windows-1252, else Latin-1."""
        return self._decoded[0].replace("\r\n", "\n").replace("\r", "\n")

    @property
    def notes(self) -> tuple[str, ...]:
        return (self._decoded[1],) if self._decoded[1] else ()

    @cached_property
    def json(self) -> Any:
        """The JSON value, None when the content is not JSON."""
        if self.text.lstrip()[:1] not in ("{", "["):
            return None
        try:
            return load_json(self.text)
        except (ValueError, RecursionError):
            return None

    @cached_property
    def object(self) -> dict[str, Any]:
        """The JSON object, empty when the content is anything else."""
        return self.json if isinstance(self.json, dict) else {}


@dataclass(frozen=True, slots=True)
class Cue:
    """One cue as the file has it; times in milliseconds, `speaker` None when the file names nobody."""

    text: str
    speaker: str | None = None
    start: int | None = None
    end: int | None = None
    words: tuple[Word, ...] = ()
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What a parser found: the cues in the order of the file, and what else the file states.

    roles and names are by speaker as in the cues. `named` says that speakers are people's names, not machine labels;
    `clock` that times are written as a clock's, so that they may be those of one on the wall.
    """

    cues: tuple[Cue, ...]
    named: bool = False
    clock: bool = False
    roles: Mapping[str, Role] = field(default_factory=dict)
    duration: int | None = None
    language: str | None = None
    date: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Format:
    """One transcript format.

    fits     whether content is of this format; must not raise on any content
    parse    content -> Draft (or a whole Transcript); any KeyError, TypeError, ValueError and the like means malformed
    render   Transcript -> text, for formats that can be written
    lenient  whether much else would fit too: then the file's extension must not speak against it
    """

    name: str
    title: str
    extensions: tuple[str, ...]
    matches: Callable[[Content], bool] | None = None
    parse: Callable[[Content], Draft | Transcript] | None = None
    render: Callable[[Transcript], str] | None = None
    lenient: bool = False

    def fits(self, content: Content) -> bool:
        if self.matches is None or (self.lenient and content.suffix not in ("", *self.extensions)):
            return False
        return self.matches(content)

    def sniff(self, head: bytes, name: str) -> bool:
        """Whether the content (best: all of it) is of this format."""
        return self.fits(Content(head, name))

    def read(self, data: bytes | str, name: str) -> Transcript:
        """The transcript in the data of a file of that name. Raises TranscriptError when malformed."""
        return self.transcript(Content(data, name))

    def write(self, transcript: Transcript) -> str:
        """The transcript in this format. Raises UsageError when the format is only read."""
        if self.render is None:
            raise UsageError(f"{self.title} is read only.")
        return self.render(transcript)

    def transcript(self, content: Content) -> Transcript:
        if self.parse is None:
            raise TranscriptError(f"{self.title} is written only.")
        try:
            draft = self.parse(content)
            return draft if isinstance(draft, Transcript) else _finish(draft, content, self)
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
            # Not chained: the cause may hold words of the call.
            raise TranscriptError(f"{content.name} is not well-formed {self.title}.") from None


def _finish(draft: Draft, content: Content, form: Format) -> Transcript:
    draft = _from_zero(draft) if draft.clock else draft
    cues = draft.cues
    if not any(cue.text for cue in cues):
        raise TranscriptError(f"{content.name} is {form.title} without a word in it.")
    utterances = tuple(_utterance(cue) for cue in cues)
    speakers = tuple(
        Speaker(name, name if draft.named and name != UNKNOWN else None, role, 1.0 if known else 0.0, source)
        for name in dict.fromkeys(u.speaker for u in utterances)
        for role in (draft.roles.get(name, Role.UNKNOWN),)
        for known in (role is not Role.UNKNOWN,)
        for source in ("transcript" if known else "none",)
    )
    reps = [s.name for s in speakers if s.role is Role.REP]
    return Transcript(
        utterances=utterances,
        speakers=speakers,
        info=CallInfo(PurePath(content.name).stem, rep=reps[0] if len(reps) == 1 else None, date=draft.date),
        provenance=Provenance(
            source=content.name,
            kind="transcript",
            format=form.name,
            language=draft.language,
            sha256=hashlib.sha256(content.data).hexdigest(),
            notes=content.notes + draft.notes,
        ),
        duration=draft.duration if draft.duration is not None else _last_end(utterances),
    )


def _from_zero(draft: Draft) -> Draft:
    """Times of a clock on the wall (14:03:22) made times since the call began, with a note that says so.

    They are taken for that where the first is an hour or more, and later than the talk is long.
    """
    starts = [cue.start for cue in draft.cues if cue.start is not None]
    if not starts:
        return draft
    first = min(starts)
    if first <= max(WALL_CLOCK_MS, max(starts) - first):
        return draft

    def since(ms: int | None) -> int | None:
        return None if ms is None else ms - first

    cues = tuple(
        replace(
            cue,
            start=since(cue.start),
            end=since(cue.end),
            words=tuple(replace(w, start=since(w.start), end=since(w.end)) for w in cue.words),
        )
        for cue in draft.cues
    )
    stated = draft.duration
    duration = since(stated) if stated is not None and stated > first else stated
    clock = f"{first // 3_600_000}:{first // 60_000 % 60:02}:{first // 1000 % 60:02}"
    note = f"The file's times begin at {clock}, as of a clock on the wall; here they count from there."
    return replace(draft, cues=cues, duration=duration, notes=(*draft.notes, note))


def _utterance(cue: Cue) -> Utterance:
    """A cue as an utterance. A negative start is nobody's knowledge, an end before its start is dropped."""
    start = cue.start if cue.start is not None and cue.start >= 0 else None
    end = cue.end if start is not None and cue.end is not None and cue.end >= start else None
    timed = any(word.start is not None for word in cue.words)
    timing = Timing.NONE if start is None else Timing.RECOGNIZER if timed else Timing.CUE
    return Utterance(cue.text, cue.speaker or UNKNOWN, start, end, cue.words, cue.channel, timing)


def _last_end(utterances: tuple[Utterance, ...]) -> int | None:
    """A transcript that does not state its duration lasts until its last end, when every utterance has one."""
    ends = [u.end for u in utterances if u.end is not None]
    return max(ends) if ends and len(ends) == len(utterances) else None


def unique_labels(transcript: Transcript) -> dict[str, str]:
    """Speaker id -> the label to write: the name where no other speaker has it too, else the id."""
    count = Counter(speaker.label for speaker in transcript.speakers)
    return {s.id: s.label if count[s.label] == 1 else s.id for s in transcript.speakers}
