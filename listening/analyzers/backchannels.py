"""Backchannels: "mhm", "right", "I see" while the other holds the floor. Listening, not interrupting."""

from __future__ import annotations

from listening.analyzers._contract import Analyzer, Earlier, Found
from listening.findings import Finding
from listening.language.conversation import Conversation

LABELS = {"backchannel": "An acknowledging word or two while the other holds the floor and goes on."}


def run(conversation: Conversation, earlier: Earlier) -> Found:
    found = []
    for index in sorted(conversation.backchannels):
        u = conversation.utterances[index]
        found.append(
            Finding(
                label="backchannel",
                analyzer="backchannels",
                utterance=index,
                end_char=len(u.text),
                start=u.start,
                end=u.end,
                role=conversation.role(index),
                why="only acknowledging words, and the other goes on",
            )
        )
    scores = tuple(1.0 if i in conversation.backchannels else 0.0 for i in range(len(conversation.utterances)))
    return Found(findings=tuple(found), scores={"backchannel": scores})


ANALYZER = Analyzer(
    name="backchannels",
    version="1",
    labels=LABELS,
    source="Yngve 1970; Ward & Tsukahara 2000 (A)",
    run=run,
)
