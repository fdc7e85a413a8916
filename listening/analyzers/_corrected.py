"""What follows from labels follows people's labels too: the response mix after corrections."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from listening import corrections as by_people
from listening.analyzers import responses
from listening.corrections import Correction
from listening.findings import QUESTION_LABELS, Analysis, Finding
from listening.language.conversation import Conversation
from listening.transcript import Transcript


def corrected(analysis: Analysis, transcript: Transcript, corrections: Sequence[Correction]) -> Analysis:
    """The analysis as people say it is: their labels, and for the rep's turns they spoke of, the move that now comes first.

    Needs no model: who asks is taken from the labels. Arguments as for `corrections.apply_to_analysis`.
    """
    said = by_people.apply_to_analysis(analysis, transcript, corrections)
    spoken_of = {
        c.finding.utterance if c.finding else c.utterance for c in corrections if c.kind in by_people.LABELLING
    }
    if not spoken_of:
        return said
    conversation = _Labelled(transcript, said.findings)
    turns = {conversation.turn_of.get(i) for i in spoken_of if i is not None} - {None}
    firsts = {conversation.turns[at].utterances[0] for at in turns if at is not None}
    acts = {**dict.fromkeys(responses.ANALYZER.after, ()), "questions": said.findings}
    again = responses.run(conversation, acts).findings
    moves = {f.utterance: f for f in again if f.utterance in firsts}
    findings = tuple(
        dataclasses.replace(f, tags=moves[f.utterance].tags, why=moves[f.utterance].why)
        if f.label == "response" and f.utterance in moves and f.of == moves[f.utterance].of
        else f
        for f in said.findings
    )
    return dataclasses.replace(said, findings=findings)


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
