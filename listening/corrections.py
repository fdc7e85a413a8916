"""What people say against the machine, and what a call becomes when it is applied.

    kind            what it needs                                              hear again?
    relabel         finding, label                                             no
    add             utterance, start_char, end_char, label                     no
    delete          finding                                                    no
    rename          speaker, text (the new name)                               no
    set_call_type   text; likewise set_rep_name, set_customer, set_opportunity, set_date     no
    swap_speakers   speaker, other: their roles and names change places        yes
    set_rep         speaker: is the rep, everybody else a customer             yes
    fix_word        utterance, start_char, end_char, text (what was said)      yes
    confirm         finding: the machine is right                              no
    review          text (`packing.digest` of the analyzers' versions): all labels of the call were gone through, and
                    what was left alone is right                               no

A correction addresses a finding by what it is (`Target`: label, utterance, characters), not by its place in a list, so
that it still fits after the call has been analysed again. "Hear again" means that the analyzers have to run on the
corrected transcript (never the recognizer on the recording): `apply_to_transcript`, analyse, then `apply_to_analysis`.
Nothing is lost: the machine's transcript and findings stay as they are, and undoing a correction is leaving it out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from listening.findings import Analysis, Finding
from listening.transcript import CallInfo, Transcript, Utterance

#: Kind -> the field of CallInfo it sets.
INFO_KINDS = {
    "set_call_type": "call_type",
    "set_rep_name": "rep",
    "set_customer": "customer",
    "set_opportunity": "opportunity",
    "set_date": "date",
}
#: Kinds after which the analyzers have to run on the corrected transcript.
HEAR_AGAIN = frozenset({"swap_speakers", "set_rep", "fix_word"})
#: Those that say what label words have.
LABELLING = ("relabel", "add", "delete")
KINDS = (*LABELLING, "confirm", "review", "rename", "swap_speakers", "set_rep", "fix_word", *INFO_KINDS)
PERSON = "person"


@dataclass(frozen=True, slots=True)
class Target:
    """The finding a correction is about; `utterance` is None for one outside words, which `start` (ms) tells apart."""

    label: str
    utterance: int | None
    start_char: int = 0
    end_char: int = 0
    start: int | None = None

    @classmethod
    def of(cls, finding: Finding) -> Target:
        return cls(finding.label, finding.utterance, finding.start_char, finding.end_char, finding.start)

    def fits(self, finding: Finding | Target) -> bool:
        """Same label and utterance, and the characters overlap (equal where one of them is empty)."""
        if self.label != finding.label or self.utterance != finding.utterance:
            return False
        if self.utterance is None:
            return self.start == finding.start
        if (self.start_char, self.end_char) == (finding.start_char, finding.end_char):
            return True
        return self.start_char < finding.end_char and finding.start_char < self.end_char


@dataclass(frozen=True, slots=True)
class Correction:
    """One thing a person said about a call; see the table above for which fields a kind uses.

    `who` and `when` (ISO 8601, UTC) are set by the store when it keeps the correction.
    """

    kind: str
    finding: Target | None = None
    label: str | None = None
    utterance: int | None = None
    start_char: int = 0
    end_char: int = 0
    speaker: str | None = None
    other: str | None = None
    text: str | None = None
    who: str = ""
    when: str = ""

    def __post_init__(self) -> None:
        needs = {
            "relabel": (self.finding, self.label),
            "add": (self.label, self.utterance),
            "delete": (self.finding,),
            "confirm": (self.finding,),
            "review": (self.text,),
            "rename": (self.speaker,),
            "swap_speakers": (self.speaker, self.other),
            "set_rep": (self.speaker,),
            "fix_word": (self.utterance, self.text),
        }
        if self.kind not in KINDS:
            raise ValueError(f"there is no correction {self.kind!r}")
        if any(part is None for part in needs.get(self.kind, ())):
            raise ValueError(f"a correction {self.kind!r} lacks what it is about")

    def to_dict(self) -> dict[str, Any]:
        return {k: v for k, v in dataclasses.asdict(self).items() if k not in ("who", "when")}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], who: str = "", when: str = "") -> Correction:
        finding = Target(**data["finding"]) if data.get("finding") else None
        return cls(**{**data, "finding": finding}, who=who, when=when)


def must_hear_again(corrections: Iterable[Correction]) -> bool:
    return any(c.kind in HEAR_AGAIN for c in corrections)


def apply(analysis: Analysis, transcript: Transcript, corrections: Sequence[Correction]) -> tuple[Analysis, Transcript]:
    """The call after the corrections, when none of them asks to hear again (ValueError otherwise)."""
    if must_hear_again(corrections):
        raise ValueError("these corrections change who said what: analyse the corrected transcript first")
    return apply_to_analysis(analysis, transcript, corrections), apply_to_transcript(transcript, corrections)


def check(transcript: Transcript, correction: Correction) -> None:
    """Raise ValueError when the correction names a speaker, utterance or characters that the call does not have."""
    ids = {s.id for s in transcript.speakers}
    named = {s for s in (correction.speaker, correction.other) if s is not None}
    if named - ids:
        raise ValueError("the call has no such speaker")
    if correction.utterance is not None:
        if not 0 <= correction.utterance < len(transcript.utterances):
            raise ValueError("the call has no such utterance")
        length = len(transcript.utterances[correction.utterance].text)
        if not 0 <= correction.start_char < correction.end_char <= length:
            raise ValueError("the utterance does not have those characters")


def apply_to_transcript(transcript: Transcript, corrections: Iterable[Correction]) -> Transcript:
    """Words, speakers and call info as people say they are."""
    for c in corrections:
        if c.kind in INFO_KINDS:
            info: CallInfo = dataclasses.replace(transcript.info, **{INFO_KINDS[c.kind]: c.text or None})  # type: ignore[arg-type]
            transcript = transcript.with_info(info)
        elif c.kind == "set_rep" and c.speaker is not None:
            transcript = transcript.with_rep(c.speaker, PERSON)
        elif c.kind == "rename" and c.speaker is not None:
            speakers = tuple(
                dataclasses.replace(s, name=c.text or None) if s.id == c.speaker else s for s in transcript.speakers
            )
            transcript = dataclasses.replace(transcript, speakers=speakers)
        elif c.kind == "swap_speakers" and c.speaker is not None and c.other is not None:
            transcript = _swapped(transcript, c.speaker, c.other)
        elif c.kind == "fix_word" and c.utterance is not None:
            utterances = list(transcript.utterances)
            utterances[c.utterance] = _fixed(utterances[c.utterance], c.start_char, c.end_char, c.text or "")
            transcript = dataclasses.replace(transcript, utterances=tuple(utterances))
    return transcript


def _swapped(transcript: Transcript, a: str, b: str) -> Transcript:
    one, two = transcript.speaker(a), transcript.speaker(b)
    new = {
        a: dataclasses.replace(one, name=two.name, role=two.role, confidence=1.0, source=PERSON),
        b: dataclasses.replace(two, name=one.name, role=one.role, confidence=1.0, source=PERSON),
    }
    return dataclasses.replace(transcript, speakers=tuple(new.get(s.id, s) for s in transcript.speakers))


def _fixed(u: Utterance, start: int, end: int, text: str) -> Utterance:
    """The utterance with other characters from start to end; words there become one, with their times."""
    words = []
    inserted = False
    for word, offset in zip(u.words, u.word_offsets(), strict=True):
        if offset is None or offset[1] <= start or offset[0] >= end:
            words.append(word)
            continue
        whole = u.text[min(offset[0], start) : start] + text + u.text[end : max(offset[1], end)]
        if inserted:
            words[-1] = dataclasses.replace(words[-1], end=word.end)
        elif whole.strip():
            words.append(dataclasses.replace(word, text=whole.strip(), confidence=1.0))
            inserted = True
    return dataclasses.replace(u, text=u.text[:start] + text + u.text[end:], words=tuple(words))


def apply_to_analysis(analysis: Analysis, transcript: Transcript, corrections: Sequence[Correction]) -> Analysis:
    """The findings with people's labels in place of the machine's, those given by people with origin "person".

    `transcript` is the one that was analysed (after `apply_to_transcript` when that ran). Offsets of a label that was
    given before a word of its utterance was fixed are moved along.
    """
    found = changes(analysis, transcript, corrections)
    findings = [people for _, people in found if people is not None]
    if any(machine is None for machine, _ in found):
        findings.sort(key=lambda f: f.start if f.start is not None else f.utterance or 0)
    return dataclasses.replace(analysis, findings=tuple(findings))


def changes(
    analysis: Analysis, transcript: Transcript, corrections: Sequence[Correction]
) -> tuple[tuple[Finding | None, Finding | None], ...]:
    """Every finding as (the machine found it, people say it is): the same object twice where nobody said otherwise.

    The second is None for one that people deleted, the first for one that they added.
    """
    pairs: list[tuple[Finding | None, Finding | None]] = [(f, f) for f in analysis.findings]
    for at, c in enumerate(corrections):
        later = corrections[at + 1 :]
        if c.kind in ("relabel", "delete") and c.finding is not None:
            target = _moved(c.finding, later)
            fitting = [i for i, (_, f) in enumerate(pairs) if f is not None and target.fits(f)]
            same = (i for i in fitting if target == Target.of(pairs[i][1]))  # type: ignore[arg-type]
            place = next(same, fitting[0] if fitting else None)
            if place is None:
                continue
            machine, found = pairs[place]
            if c.kind == "delete" or found is None:
                pairs[place] = (machine, None)
            else:
                why = f"a person's label in place of {found.label}"
                label = dataclasses.replace(found, label=c.label or "", origin=PERSON, score=1.0, why=why)
                pairs[place] = (machine, label)
        elif c.kind == "add" and c.utterance is not None:
            pairs.append((None, _added(c, transcript, later)))
    return tuple(pair for pair in pairs if pair != (None, None))


def confirmed(findings: Sequence[Finding | None], corrections: Sequence[Correction]) -> frozenset[int]:
    """Places of the findings that somebody said are right."""
    told = [
        _moved(c.finding, corrections[at + 1 :])
        for at, c in enumerate(corrections)
        if c.kind == "confirm" and c.finding
    ]
    return frozenset(i for i, f in enumerate(findings) if f is not None and any(target.fits(f) for target in told))


def is_built_on(correction: Correction, later: Sequence[Correction]) -> bool:
    """Does something said later hold only while this does: about words that it mended, or about a label that it gave?"""
    if correction.kind == "fix_word":
        return correction.utterance in {c.finding.utterance if c.finding else c.utterance for c in later}
    if correction.kind == "add":
        made = Target(correction.label or "", correction.utterance, correction.start_char, correction.end_char)
    elif correction.kind == "relabel" and correction.finding is not None:
        made = dataclasses.replace(correction.finding, label=correction.label or "")
    else:
        return False
    return any(c.finding is not None and c.finding.fits(_moved(made, later[:at])) for at, c in enumerate(later))


def _added(c: Correction, transcript: Transcript, later: Sequence[Correction]) -> Finding:
    target = _moved(Target(c.label or "", c.utterance, c.start_char, c.end_char), later)
    u = transcript.utterances[c.utterance or 0]
    start, end = u.times(target.start_char, target.end_char)
    role = transcript.speaker(u.speaker).role.value
    return Finding(
        label=c.label or "",
        analyzer=PERSON,
        utterance=c.utterance,
        start_char=target.start_char,
        end_char=target.end_char,
        start=start,
        end=end,
        role=role if role in ("rep", "customer") else "other",
        why="a person's label",
        origin=PERSON,
    )


def _moved(target: Target, later: Sequence[Correction]) -> Target:
    """The target after the word fixes that were made in its utterance since."""
    start, end = target.start_char, target.end_char
    for c in later:
        if c.kind != "fix_word" or c.utterance != target.utterance:
            continue
        grown = len(c.text or "") - (c.end_char - c.start_char)
        start = start + grown if start >= c.end_char else min(start, c.start_char) if start > c.start_char else start
        end = end + grown if end >= c.end_char else min(end, c.start_char) if end > c.start_char else end
    return dataclasses.replace(target, start_char=start, end_char=max(end, start))
