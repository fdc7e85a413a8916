"""From the labeller's judgements to findings and scores: what the language analyzers share."""

from __future__ import annotations

from collections.abc import Iterable

from listening.findings import Finding
from listening.language.conversation import Conversation
from listening.language.labeller import LabelledSpan


def finding(
    conversation: Conversation,
    analyzer: str,
    index: int,
    span: LabelledSpan,
    of: tuple[int, ...] = (),
    tags: Iterable[str] = (),
) -> Finding:
    """A Finding for a labelled span of utterance `index`, with the times of its words."""
    u = conversation.utterances[index]
    start, end = u.times(span.start_char, span.end_char)
    return Finding(
        label=span.label,
        analyzer=analyzer,
        utterance=index,
        start_char=span.start_char,
        end_char=span.end_char,
        start=start,
        end=end,
        role=conversation.role(index),
        score=span.score,
        of=of,
        tags=tuple(tags),
        why=span.why,
    )


def scores(conversation: Conversation, label: str) -> tuple[float | None, ...]:
    """The labeller's probability of a label for every utterance of the call."""
    return tuple(round(j.scores.get(label, 0.0), 4) for j in conversation.judgements)
