"""What follows from labels follows people's labels too."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Sequence

from listening import corrections as by_people
from listening.analyzers import barriers, next_steps, responses
from listening.corrections import Correction
from listening.findings import BARRIER_LABELS, QUESTION_LABELS, Analysis, Finding
from listening.language.conversation import Conversation
from listening.transcript import Transcript


def corrected(analysis: Analysis, transcript: Transcript, corrections: Sequence[Correction]) -> Analysis:
    """The analysis as people say it is: their labels, and what follows from them near the turns they spoke of.

    That is the rep's move (the response mix), what became of a barrier, and whether a push came right after one. Needs no
    model: who asks is taken from the labels. Arguments as for `corrections.apply_to_analysis`.
    """
    said = by_people.apply_to_analysis(analysis, transcript, corrections)
    spoken_of = {
        c.finding.utterance if c.finding else c.utterance for c in corrections if c.kind in by_people.LABELLING
    }
    if not spoken_of:
        return said
    conversation = _Labelled(transcript, said.findings)
    turns = {conversation.turn_of[i] for i in spoken_of if i in conversation.turn_of}
    moves = _moves(conversation, said.findings, turns)
    acts = [f for f in said.findings if f.role == "rep" and f.utterance is not None]

    def follow(f: Finding) -> Finding:
        if f.label == "response":
            move = moves.get(f.utterance)
            return f if move is None or move.of != f.of else dataclasses.replace(f, tags=move.tags, why=move.why)
        if f.label in (*BARRIER_LABELS, *barriers.CUE_LABELS) and f.utterance is not None:
            return _met(conversation, f, f.utterance, acts, turns)
        if f.label == next_steps.PUSH and f.utterance in conversation.turn_of:
            return _pressed(conversation, f, conversation.turn_of[f.utterance], said.findings, turns)
        return f

    return dataclasses.replace(said, findings=tuple(follow(f) for f in said.findings))


def _moves(
    conversation: Conversation, findings: tuple[Finding, ...], turns: Container[int]
) -> dict[int | None, Finding]:
    """The responses in some turns as they are by these findings, by utterance."""
    firsts = {turn.utterances[0] for at, turn in enumerate(conversation.turns) if at in turns}
    again = responses.run(conversation, {**dict.fromkeys(responses.ANALYZER.after, ()), "questions": findings})
    return {f.utterance: f for f in again.findings if f.utterance in firsts}


def _met(conversation: Conversation, f: Finding, index: int, acts: list[Finding], turns: Container[int]) -> Finding:
    """A barrier or cue with what the rep did with it.

    What the rep's words say without any act (rebutting and the like, or that a cue is about the same) is not worked out
    again: it stays as it was.
    """
    is_cue = f.label in barriers.CUE_LABELS
    own = set(f.tags).intersection(("followed", "missed") if is_cue else barriers.TREATMENTS)
    after = barriers.rep_turns_after(conversation, index)[: None if is_cue else 1]
    near = {conversation.turn_of[turn.utterances[0]] for turn in after}
    if not after or (own and (is_cue or not near.intersection(turns))):
        return f if own else dataclasses.replace(f, tags=())
    met = next((met for turn in after if (met := barriers.met_by_acts(conversation, index, turn, acts)[1])), None)
    if met is None and own and not own.intersection(barriers.MET):
        return f
    tag, why = (met, barriers.MET[met]) if met else barriers.PASSED_OVER
    if is_cue:
        picked_up = tag in ("restated", "explored")
        tag, why = ("followed", why) if picked_up else ("missed", "the rep neither gives it back nor asks about it")
    return dataclasses.replace(f, tags=(tag,), why=f"{f.why.split('; ')[0]}; {why}")


def _pressed(
    conversation: Conversation, f: Finding, turn: int, findings: Sequence[Finding], turns: Container[int]
) -> Finding:
    """A push, told to come right after a barrier or a no when it does."""
    recent = next_steps.just_before(conversation, turn)
    if not any(at in turns for at in (turn, *recent)):
        return f
    proposed = {x.utterance for x in findings if x.label in (next_steps.PUSH, next_steps.MUTUAL)}
    barred = {x.utterance for x in findings if x.label in BARRIER_LABELS}
    said = [i for at in recent if conversation.turns[at].role == "customer" for i in conversation.turns[at].utterances]
    refused = any(i in barred or next_steps.refuses(conversation, i, proposed) for i in said)
    tags = tuple(tag for tag in f.tags if tag != next_steps.AFTER_BARRIER)
    why = f.why.removesuffix(next_steps.AFTER_BARRIER_WHY)
    if refused:
        tags, why = (*tags, next_steps.AFTER_BARRIER), why + next_steps.AFTER_BARRIER_WHY
    return dataclasses.replace(f, tags=tags, why=why)


class _Labelled(Conversation):
    """A conversation in which an utterance asks when it ends in words that carry a question's label."""

    def __init__(self, transcript: Transcript, findings: Sequence[Finding]) -> None:
        super().__init__(transcript)
        self._asking = frozenset(
            f.utterance
            for f in findings
            if f.label in QUESTION_LABELS
            and f.utterance is not None
            and f.end_char >= len(self.utterances[f.utterance].text.rstrip()) - 1
        )

    def asks(self, index: int) -> bool:
        return index in self._asking
