"""A Conversation: a Transcript as analyzers read it, with roles, time order, turns, and parsed utterances.

    utterances (order of the input)   0:rep  1:customer  2:rep "mhm"  3:customer  4:rep
    turns (floor held, in time)       [rep 0] [customer 1 3] [rep 4]      and 2 is a backchannel

Utterances are addressed by their index in the transcript everywhere.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from listening.language import backchannels, pipeline, words
from listening.transcript import Role, Span, Timing, Transcript, Utterance

#: How many utterances back, in order of their starts, one that still goes on is looked for.
OVERLAPPING = 6

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
        """Utterances that acknowledge while another holds the floor.

        Said inside another's utterance, any acknowledging word is one. Between two utterances of the same other
        speaker, only a continuer is ("mhm", "okay"): "yes" and "exactly" answer or confirm, and so does any word after
        a question. "Okay." as the beginning of the speaker's own talk is none.
        """
        found: set[int] = set()
        for group in self._acknowledgements():
            first = self.place[group[0]]
            if all(self._inside_another(i) for i in group):
                found.update(group)
                continue
            before = self._last_before(first, found)
            after = self.place[group[-1]] + 1
            if before is None or after >= len(self.order):
                continue
            speaker, other = self.utterances[group[0]].speaker, self.utterances[before].speaker
            if speaker == other or self.utterances[self.order[after]].speaker != other:
                continue
            if all(backchannels.continues(self.utterances[i].text) for i in group) and not self.asks(before):
                found.update(group)
        return frozenset(found)

    def _acknowledgements(self) -> list[list[int]]:
        """Runs of neighbouring utterances of one speaker that are nothing but acknowledging words."""
        groups: list[list[int]] = []
        last = -2
        for at, index in enumerate(self.order):
            u = self.utterances[index]
            if not backchannels.sounds_like_backchannel(u.text):
                continue
            if groups and at == last + 1 and self.utterances[groups[-1][-1]].speaker == u.speaker:
                groups[-1].append(index)
            else:
                groups.append([index])
            last = at
        return groups

    @cached_property
    def place(self) -> dict[int, int]:
        """Utterance index -> position in `order`."""
        return {index: at for at, index in enumerate(self.order)}

    def _inside_another(self, index: int) -> bool:
        """Is another speaking from before this utterance begins until after it ends?"""
        u = self.utterances[index]
        if self.timing is Timing.NONE or u.span is None:
            return False
        at = self.place[index]
        others = (self.utterances[i] for i in self.order[max(0, at - OVERLAPPING) : at])
        return any(
            o.speaker != u.speaker and o.span and o.span.start < u.span.start and o.span.end > u.span.end
            for o in others
        )

    def _last_before(self, at: int, skipped: set[int]) -> int | None:
        """The utterance before position `at` of the order that is no backchannel."""
        return next((i for i in reversed(self.order[:at]) if i not in skipped), None)

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

    def exchange(self, index: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """What the other side said in one go before and after the turn of utterance `index`; empty where nothing.

        Turns of one role that follow each other count as one go, and backchannels belong to none.
        """
        position = self.turn_of.get(index)
        if position is None:
            return (), ()
        return self._side(position, -1), self._side(position, +1)

    def _side(self, position: int, step: int) -> tuple[int, ...]:
        role = self.turns[position].role
        position += step
        while 0 <= position < len(self.turns) and self.turns[position].role == role:
            position += step
        found: list[int] = []
        while 0 <= position < len(self.turns) and self.turns[position].role != role:
            found += self.turns[position].utterances
            position += step
        return tuple(sorted(found, key=self.place.__getitem__))

    @cached_property
    def docs(self) -> tuple[Doc, ...]:
        """One parsed spaCy Doc an utterance."""
        return pipeline.parse([u.text for u in self.utterances])

    @cached_property
    def content(self) -> tuple[frozenset[str], ...]:
        """The content words of every utterance (see `words.stems`)."""
        return tuple(words.stems(doc) for doc in self.docs)

    def content_of(self, index: int, start_char: int, end_char: int) -> frozenset[str]:
        """The content words of some characters of an utterance."""
        span = self.docs[index].char_span(start_char, end_char, alignment_mode="expand")
        return words.stems(span) if span is not None else frozenset()

    @cached_property
    def _spread(self) -> Counter[str]:
        """Content word -> number of utterances it is in."""
        return Counter(word for content in self.content for word in content)

    def shared(self, content: frozenset[str], index: int) -> float:
        """How much of `content` utterance `index` holds, 0..1; words that are all over the call weigh less."""
        total = sum(self._weight(word) for word in content)
        return sum(self._weight(word) for word in content & self.content[index]) / total if total else 0.0

    def _weight(self, word: str) -> float:
        return 1 / (1 + math.log(max(1, self._spread[word])))

    @cached_property
    def judgements(self) -> tuple[Judgement, ...]:
        """The trained labeller's view of every utterance in its context."""
        from listening.language import labeller

        return labeller.judge(self)


def _role_name(role: Role) -> str:
    return role.value if role in (Role.REP, Role.CUSTOMER) else "other"
