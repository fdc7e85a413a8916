"""First form: the labeller's spans as they are."""

from __future__ import annotations

from listening.analyzers import _labelled
from listening.analyzers._contract import Analyzer, Earlier, Found
from listening.language.conversation import Conversation

LABELS = dict.fromkeys("next_step.push next_step.mutual".split(), "")


def run(conversation: Conversation, earlier: Earlier) -> Found:
    findings = tuple(
        _labelled.finding(conversation, "next_steps", i, span)
        for i, judgement in enumerate(conversation.judgements)
        for span in judgement.spans
        if span.label in LABELS
    )
    return Found(findings=findings, scores={label: _labelled.scores(conversation, label) for label in LABELS})


ANALYZER = Analyzer(name="next_steps", version="0", labels=LABELS, source="MEASURES.md", run=run)
