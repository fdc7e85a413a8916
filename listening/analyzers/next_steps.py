"""Next steps: the rep pushes one, or both plan one that the customer started.

R: Shall we get a demo in for Thursday?        push, kind:meeting kind:demo
C: I'd have to ask Priya first.                a hesitation
R: Let's pencil it in anyway.                  push, repeated, after_barrier
C: Send me the deck and I'll show her.         mutual: the customer starts it
R: You'll have it tonight.                     mutual: the rep takes it up
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from listening.analyzers import _labelled
from listening.analyzers._contract import Analyzer, Earlier, Found
from listening.analyzers.barriers import barriers_in
from listening.findings import Finding
from listening.language.conversation import Conversation
from listening.language.labeller import LabelledSpan

PUSH, MUTUAL = "next_step.push", "next_step.mutual"
LABELS = {
    PUSH: "The rep proposes, asks for or presses a next step that the customer did not start.",
    MUTUAL: "A next step that the customer asked for or started, planned or taken up by either.",
}
#: Turns back (of either side) within which the customer may have started the step that the rep takes up.
STARTED_WITHIN = 6
#: Turns of the rep's after a barrier or a no, within which a push is marked (MEASURES: pushes_after_barrier).
AFTER_BARRIER_TURNS = 2
AFTER_BARRIER = "after_barrier"
AFTER_BARRIER_WHY = "; the customer has just raised a barrier, said no or hesitated"
#: A labeller this sure is not overruled by a pattern.
SURE = 0.9

_KINDS = _labelled.lexicon("next_steps", "kind")
_RULES = _labelled.lexicon("next_steps", "rule")


@dataclass
class _Memory:
    """What has been said of next steps so far, in positions of `Conversation.turns`."""

    started: list[tuple[int, int, frozenset[str]]] = field(default_factory=list)  # turn, utterance, kinds
    pushed: list[tuple[int, frozenset[str]]] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)


def run(conversation: Conversation, earlier: Earlier) -> Found:
    memory = _Memory()
    findings: list[Finding] = []
    for index in conversation.order:
        turn = conversation.turn_of.get(index)
        role = conversation.role(index)
        spans = [s for s in _labelled.spans(conversation, index, PUSH, MUTUAL) if not _vetoed(conversation, index, s)]
        if turn is None or role == "other":
            continue
        if role == "customer":
            findings += _customer(conversation, index, turn, spans, memory)
        else:
            findings += [_rep(conversation, index, turn, span, memory) for span in _distinct(spans)]
    return Found(
        findings=tuple(findings), scores={label: _labelled.scores(conversation, label) for label in (PUSH, MUTUAL)}
    )


def _distinct(spans: Iterable[LabelledSpan]) -> list[LabelledSpan]:
    """Of spans on the same words (a push inside a plan), the one the labeller is surer of."""
    kept: list[LabelledSpan] = []
    for span in sorted(spans, key=lambda s: -s.score):
        if not any(_labelled.overlaps(span, k) for k in kept):
            kept.append(span)
    return sorted(kept, key=lambda s: s.start_char)


def _customer(
    conversation: Conversation, index: int, turn: int, spans: list[LabelledSpan], memory: _Memory
) -> list[Finding]:
    """The customer's own steps are mutual, however they are put. Starts and refusals are remembered."""
    found = []
    text = conversation.utterances[index].text
    for span in _distinct(spans):
        if _declines(_labelled.plain(text[: span.end_char])):
            continue
        kinds = _kinds(_labelled.words_of(conversation, index, span))
        memory.started.append((turn, index, kinds))
        why = f"the customer starts or plans the step; {_sure(span)}"
        found.append(_labelled.finding(conversation, "next_steps", index, span, MUTUAL, tags=_tags(kinds), why=why))
    words = _labelled.plain(text)
    if not found and not _declines(words) and _RULES["starts"].search(words) and _kinds(words):
        memory.started.append((turn, index, _kinds(words)))
    proposed = {i for i in conversation.exchange(index)[0] if _labelled.spans(conversation, i, PUSH, MUTUAL)}
    if barriers_in(conversation, index) or refuses(conversation, index, proposed):
        memory.refused.add(turn)
    return found


def refuses(conversation: Conversation, index: int, proposed: Container[int]) -> bool:
    """Does the customer say no or hesitate? `proposed`: the utterances that propose or plan a step.

    To a question that proposes none, "no" is an answer: what follows it counts.
    """
    words = _labelled.plain(conversation.utterances[index].text)
    if _declines(words):
        return True
    before = conversation.exchange(index)[0]
    answers = before and not any(i in proposed for i in before) and conversation.asks(before[-1])
    if answers and (no := _RULES["plain_no"].match(words)):
        words = words[no.end() :].lstrip(" ,.!")
    return bool(_RULES["hesitates"].match(words))


def just_before(conversation: Conversation, turn: int) -> list[int]:
    """The turns after which this turn of the rep's is still one of the rep's next (see `AFTER_BARRIER_TURNS`)."""
    found: list[int] = []
    taken = 0
    for at in range(turn - 1, -1, -1):
        taken += conversation.turns[at + 1].role == "rep"
        if taken > AFTER_BARRIER_TURNS:
            break
        found.append(at)
    return found


def _declines(words: str) -> bool:
    """Whether every step named in the words is one that is not wanted ("I do not want you to send me...")."""
    starts = list(_RULES["starts"].finditer(words))
    return bool(starts) and all(_RULES["unwanted"].search(words[: start.start()]) for start in starts)


def _rep(conversation: Conversation, index: int, turn: int, span: LabelledSpan, memory: _Memory) -> Finding:
    kinds = _kinds(_labelled.words_of(conversation, index, span))
    start = _start_by_customer(turn, kinds, memory)
    if span.label == MUTUAL or start is not None:
        of = (start,) if start is not None else ()
        reason = "takes up a step the customer started" if of else "plans a step with the customer"
        why = f"{reason}; {_sure(span)}"
        return _labelled.finding(conversation, "next_steps", index, span, MUTUAL, of, _tags(kinds), why)
    tags = _tags(kinds)
    why = f"proposes a step the customer did not start; {_sure(span)}"
    if any(not kinds or not before or kinds & before for at, before in memory.pushed if at != turn):
        tags.append("repeated")
    if not memory.refused.isdisjoint(just_before(conversation, turn)):
        tags.append(AFTER_BARRIER)
        why += AFTER_BARRIER_WHY
    memory.pushed.append((turn, kinds))
    return _labelled.finding(conversation, "next_steps", index, span, PUSH, tags=tags, why=why)


def _start_by_customer(turn: int, kinds: frozenset[str], memory: _Memory) -> int | None:
    """The customer's utterance that started a step of this kind shortly before, unless the rep pushed it earlier."""
    for at, utterance, started in reversed(memory.started):
        if turn - at > STARTED_WITHIN:
            return None
        if kinds & started and not any(before < at and kinds & pushed for before, pushed in memory.pushed):
            return utterance
    return None


def _kinds(words: str) -> frozenset[str]:
    return frozenset(kind for kind, pattern in _KINDS.items() if pattern.search(words))


def _tags(kinds: frozenset[str]) -> list[str]:
    return [f"kind:{kind}" for kind in _KINDS if kind in kinds]


def _sure(span: LabelledSpan) -> str:
    return f"the labeller is {span.score:.0%} sure"


def _vetoed(conversation: Conversation, index: int, span: LabelledSpan) -> bool:
    """Talk that only sounds like a next step: their process, a description, the past, this very call."""
    words = _labelled.words_of(conversation, index, span)
    this_call = _RULES["this_call"].match(words)
    if span.score >= SURE and not _RULES["own_process"].search(words) and (_kinds(words) or not this_call):
        return False
    if _RULES["own_process"].search(words) or _RULES["past"].search(words):
        return True
    return bool(_RULES["describes"].match(words) or this_call)


ANALYZER = Analyzer(
    name="next_steps",
    version="3",
    labels=LABELS,
    source="the project's essays on pushing and mutual planning",
    run=run,
)
