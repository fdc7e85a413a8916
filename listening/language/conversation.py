"""A Conversation: a Transcript as analyzers read it, with roles, time order, turns, and parsed utterances.

    utterances (order of the input)   0:rep  1:customer  2:rep "mhm"  3:customer  4:rep
    turns (floor held, in time)       [rep 0] [customer 1 3] [rep 4]      and 2 is a backchannel

Utterances are addressed by their index in the transcript everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from listening.language import backchannels, pipeline
from listening.transcript import Role, Span, Timing, Transcript, Utterance

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from listening.language.labeller import Judgement


@dataclass(frozen=True, slots=True)
class Turn:
    """One speaker holding the floor: utterance indices in time order; times in ms or None. Backchannels are in none."""

    role: str
    speaker: str
    utterances: tuple[int, ...]
    start: int | None
    end: int | None


def merge(spans: Iterable[Span], gap: int = 0) -> tuple[Span, ...]:
    """The union of the spans, in order; stretches closer than `gap` ms are joined."""
    merged: list[Span] = []
    for span in sorted((s for s in spans if s), key=lambda s: s.start):
        if merged and span.start - merged[-1].end <= gap:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)


class Conversation:
    """The analyzers' view of a call. Expensive parts (parse, judgements) are made on first use and kept."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self.utterances: tuple[Utterance, ...] = transcript.utterances
        by_id = {s.id: s.role for s in transcript.speakers}
        self._roles = tuple(
            role.value if (role := by_id[u.speaker]) in (Role.REP, Role.CUSTOMER) else "other" for u in self.utterances
        )

    def role(self, index: int) -> str:
        """ "rep", "customer" or "other" (also when nobody knows)."""
        return self._roles[index]

    @property
    def has_rep(self) -> bool:
        return any(s.role is Role.REP for s in self.transcript.speakers)

    @cached_property
    def timing(self) -> Timing:
        """The best timing the whole call has."""
        if self.transcript.speech:
            return Timing.ACOUSTIC
        timed = [u.timing for u in self.utterances if u.span is not None]
        if not timed or len(timed) < len(self.utterances):
            return Timing.NONE
        return max(timed, key=lambda t: t.rank)

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Utterance indices by start time; the input's order where times are missing."""
        indices = range(len(self.utterances))
        if self.timing is Timing.NONE:
            return tuple(indices)
        return tuple(sorted(indices, key=lambda i: (self.utterances[i].start or 0, i)))

    @cached_property
    def backchannels(self) -> frozenset[int]:
        """Utterances that acknowledge while another holds the floor: acknowledging words only, and the other goes on.

        An acknowledging word after a question is an answer, not a backchannel.
        """
        found = set()
        for at, index in enumerate(self.order):
            u = self.utterances[index]
            if not backchannels.sounds_like_backchannel(u.text):
                continue
            before = self._neighbour(at, -1, found)
            after = self._neighbour(at, +1, found)
            if before is None or after is None:
                continue
            other = self.utterances[before]
            if other.speaker == u.speaker or self.utterances[after].speaker == u.speaker:
                continue
            overlaps = bool(u.span and other.span and u.span & other.span)
            if overlaps or not self.asks(before):
                found.add(index)
        return frozenset(found)

    def _neighbour(self, at: int, step: int, skipped: set[int]) -> int | None:
        """The utterance before or after position `at` of the order that is not itself only an acknowledgement."""
        at += step
        while 0 <= at < len(self.order) and self.order[at] in skipped:
            at += step
        return self.order[at] if 0 <= at < len(self.order) else None

    def asks(self, index: int) -> bool:
        """Does the utterance end by asking something?"""
        from listening.language import labeller

        return labeller.asks(self, index)

    @cached_property
    def turns(self) -> tuple[Turn, ...]:
        """The floor as it was held: consecutive utterances of one speaker, backchannels left out."""
        groups: list[list[int]] = []
        for index in self.order:
            if index in self.backchannels:
                continue
            if groups and self.utterances[groups[-1][-1]].speaker == self.utterances[index].speaker:
                groups[-1].append(index)
            else:
                groups.append([index])
        return tuple(self._turn(group) for group in groups)

    def _turn(self, group: list[int]) -> Turn:
        first = self.utterances[group[0]]
        ends = [self.utterances[i].end for i in group]
        end = max((e for e in ends if e is not None), default=None)
        return Turn(self.role(group[0]), first.speaker, tuple(group), first.start, end)

    @cached_property
    def turn_of(self) -> dict[int, int]:
        """Utterance index -> position of its turn in `turns`; backchannels have none."""
        return {i: position for position, turn in enumerate(self.turns) for i in turn.utterances}

    def activity(self, role: str) -> tuple[Span, ...]:
        """When anyone of that role was speaking, merged: voice activity if there is any, else utterance times."""
        ids = {s.id for s in self.transcript.speakers if _role_name(s.role) == role}
        if self.transcript.speech:
            return merge(s.span for s in self.transcript.speech if s.speaker in ids)
        return merge(u.span for u in self.utterances if u.speaker in ids and u.span)

    @cached_property
    def docs(self) -> tuple[Doc, ...]:
        """One parsed spaCy Doc an utterance."""
        return pipeline.parse([u.text for u in self.utterances])

    @cached_property
    def judgements(self) -> tuple[Judgement, ...]:
        """The trained labeller's view of every utterance in its context."""
        from listening.language import labeller

        return labeller.judge(self)


def _role_name(role: Role) -> str:
    return role.value if role in (Role.REP, Role.CUSTOMER) else "other"
