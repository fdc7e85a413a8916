"""The response mix: for every customer statement, the rep's next move.

C: It broke twice last week.            a statement
R: Twice. And nobody came?              restate
C: Nobody.                              (an answer is a statement too)
R: Our premium plan has a hotline.      rejoinder
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import pairwise

from listening.analyzers import _labelled
from listening.analyzers._contract import Analyzer, Earlier, Found
from listening.analyzers.barriers import acts_in
from listening.findings import Finding
from listening.language.backchannels import sounds_like_backchannel
from listening.language.conversation import Conversation, Turn
from listening.transcript import Timing

LABELS = {
    "response": "What the rep does next after the customer has said something: gives it back, asks, leaves silence, "
    "acknowledges, comes in with a pitch, a fix or a story, or pushes. Answers to the customer's question are left out."
}
#: Silence (ms) left after the customer that counts as a move of its own (MEASURES: brief_silences).
SILENCE_MS = 1000
#: Words of the rep's own before a question, restatement or push, from which those words were the move.
REJOINDER_WORDS = 12

_LEXICON = _labelled.lexicon("responses")
_MOVES = {
    "restatement": "restate",
    "question.open": "ask",
    "question.closed": "ask",
    "question.backchannel": "acknowledge",
    "next_step.push": "push",
}
_WHY = {
    "restate": "the rep's first move gives back what was said",
    "ask": "the rep's first move is a question",
    "push": "the rep's first move proposes a next step",
    "acknowledge": "the rep says no more than that it was heard",
    "rejoinder": "the rep comes in with something of their own",
}


def run(conversation: Conversation, earlier: Earlier) -> Found:
    acts = [f for name in ANALYZER.after for f in earlier[name] if f.role == "rep" and f.label in _MOVES]
    findings = []
    statement: list[int] = []
    for turn in conversation.turns:
        if turn.role == "customer":
            statement += turn.utterances
            continue
        if turn.role == "rep" and statement:
            findings += _left_room(conversation, tuple(statement))
            if _is_statement(conversation, tuple(statement)):
                findings.append(_response(conversation, tuple(statement), turn, acts))
        statement = []
    return Found(findings=tuple(findings))


def _is_statement(conversation: Conversation, utterances: tuple[int, ...]) -> bool:
    """Says something, and does not end by asking: the answer to a question is owed, and no choice of move."""
    said = [i for i in utterances if not _is_empty(conversation.utterances[i].text)]
    return bool(said) and not conversation.asks(utterances[-1])


def _is_empty(text: str) -> bool:
    words = _labelled.plain(text).rstrip(".!, ").replace(",", "")
    return not re.search(r"\w", words) or sounds_like_backchannel(words) or bool(_LEXICON["greeting"].fullmatch(words))


def _response(conversation: Conversation, statement: tuple[int, ...], turn: Turn, acts: list[Finding]) -> Finding:
    move = _move(conversation, turn, acts)
    why = _WHY[move]
    silence = _silence_before(conversation, turn)
    if silence >= SILENCE_MS and move in ("acknowledge", "rejoinder"):
        move, why = "silence", f"the rep leaves {silence} ms before speaking"
    return _finding(conversation, turn.utterances[0], statement, move, why)


def _finding(conversation: Conversation, index: int, of: tuple[int, ...], move: str, why: str) -> Finding:
    u = conversation.utterances[index]
    return Finding(
        label="response",
        analyzer="responses",
        utterance=index,
        end_char=len(u.text),
        start=u.start,
        end=u.end,
        role="rep",
        of=of,
        tags=(move,),
        why=why,
    )


def _move(conversation: Conversation, turn: Turn, acts: list[Finding]) -> str:
    """The first thing in the turn that is more than an acknowledgement."""
    for words, act in acts_in(conversation, turn, acts):
        move = _MOVES[act.label]
        if move == "acknowledge":
            continue
        return "rejoinder" if words > REJOINDER_WORDS else move
    text = " . ".join(conversation.utterances[i].text for i in turn.utterances)
    return "acknowledge" if _acknowledges(text) else "rejoinder"


def _acknowledges(text: str) -> bool:
    clauses = (" ".join(c.split()) for c in re.split(r"[.,;!?]+", _labelled.plain(text)))
    return all(not c or _LEXICON["acknowledges"].fullmatch(c) or sounds_like_backchannel(c) for c in clauses)


def _silence_before(conversation: Conversation, turn: Turn) -> int:
    """Silence (ms) between the customer's last sound and the turn; 0 without speech times from the recording."""
    if conversation.timing is not Timing.ACOUSTIC or turn.start is None:
        return 0
    spans = conversation.activity("customer")
    at = bisect_right([span.start for span in spans], turn.start) - 1
    return max(0, turn.start - spans[at].end) if at >= 0 else 0


def _left_room(conversation: Conversation, statement: tuple[int, ...]) -> list[Finding]:
    """Where the rep only nodded in the silence between two utterances of the customer, who then went on. Acoustic times
    only.
    """
    if conversation.timing is not Timing.ACOUSTIC:
        return []
    found = []
    for before, after in pairwise(statement):
        end, start = conversation.utterances[before].end, conversation.utterances[after].start
        between = conversation.order[conversation.place[before] + 1 : conversation.place[after]]
        if end is None or start is None or start <= end:
            continue
        nods = [i for i in between if conversation.role(i) == "rep" and end <= (conversation.utterances[i].start or 0)]
        if not nods or not _is_statement(conversation, (before,)):
            continue
        why = "the rep only acknowledges, and the customer goes on"
        found.append(_finding(conversation, nods[0], (before,), "silence", why))
    return found


ANALYZER = Analyzer(
    name="responses",
    version="3",
    labels=LABELS,
    source="the project's essays (the seeds' test)",
    run=run,
    after=("questions", "restatements", "next_steps"),
)
