"""The trained labeller: how likely each label is for an utterance in its context, and on which words.

Until the trained model is in place, `judge` is a small set of rules with the same interface.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from listening.language.conversation import Conversation

VERSION = "rules-0"


@dataclass(frozen=True, slots=True)
class LabelledSpan:
    """Characters of the utterance that carry a label, with its probability."""

    label: str
    start_char: int
    end_char: int
    score: float
    why: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """One utterance. `scores`: label -> probability for the utterance as a whole, for every label it can carry."""

    scores: Mapping[str, float]
    spans: tuple[LabelledSpan, ...] = ()
    uptake: float | None = None
    of: tuple[int, ...] = field(default=())


_OPEN = re.compile(r"\b(what|how|why|tell me|walk me|describe)\b", re.I)
_CUE = re.compile(r"^(so|okay so|right so|and|but)?,?\s*(you|it sounds|sounds like|what i'm hearing|you're)\b", re.I)
_PUSH = re.compile(
    r"\b(book|schedule|sign|set up a|send (you )?the (contract|proposal)|get you (started|booked))\b", re.I
)
_SENTENCE = re.compile(r"[^.?!]+[.?!]*")


def asks(conversation: Conversation, index: int) -> bool:
    """Does the utterance end by asking something?"""
    return conversation.utterances[index].text.rstrip().endswith("?")


def judge(conversation: Conversation) -> tuple[Judgement, ...]:
    """One Judgement an utterance."""
    return tuple(_judge(conversation, i) for i in range(len(conversation.utterances)))


def _judge(conversation: Conversation, index: int) -> Judgement:
    text, role = conversation.utterances[index].text, conversation.role(index)
    spans = []
    for m in _SENTENCE.finditer(text):
        sentence = m[0].strip()
        start = m.start() + len(m[0]) - len(m[0].lstrip())
        end = start + len(sentence)
        if sentence.endswith("?"):
            label = "question.open" if _OPEN.search(sentence) else "question.closed"
            spans.append(LabelledSpan(label, start, end, 0.8, "question mark"))
        elif role == "rep" and _CUE.match(sentence):
            spans.append(LabelledSpan("restatement", start, end, 0.6, "cue phrase"))
        if role == "rep" and _PUSH.search(sentence):
            spans.append(LabelledSpan("next_step.push", start, end, 0.6, "push phrase"))
    return Judgement({s.label: s.score for s in spans}, tuple(spans))
