"""Barriers and cues: what stands in the customer's way, what they say about problems, hopes and feelings, and what the
rep did with it.

    C: Finance has frozen everything until April.     barrier.budget, barrier.timing
    R: Frozen until April. What led to that?          restated
"""

from __future__ import annotations

import re

from listening.analyzers import _labelled
from listening.analyzers._contract import Analyzer, Earlier, Found
from listening.corrections import PERSON
from listening.findings import ASKED, BARRIER_LABELS, Finding
from listening.language.conversation import Conversation, Turn
from listening.language.labeller import LabelledSpan

CUE_LABELS = ("cue.problem", "cue.hope", "cue.feeling")
LABELS = {
    "barrier.budget": "The customer says money stands in the way: no budget, too dear, not worth the price.",
    "barrier.political": "The customer says people stand in the way: approval, power, somebody's preference.",
    "barrier.timing": "The customer says time stands in the way: not now, after the quarter, tied in until June.",
    "barrier.other": "Another reason that stands in the way: trust, fit, effort, being content as it is.",
    "cue.problem": "The customer voices a problem: something that hurts, breaks or costs them.",
    "cue.hope": "The customer voices a hope: what they wish were so.",
    "cue.feeling": "The customer voices a feeling.",
}
#: Turns of the rep's within which a cue must be picked up (MEASURES: cues_followed_share).
FOLLOW_TURNS = 3
#: The rep's words before a question or restatement up to which that still is the first thing done with a barrier.
PREAMBLE_WORDS = 8
#: Words of the rep's from which a reply is a statement and no mere acknowledgement.
STATEMENT_WORDS = 8
#: Share of a cue's content words in a later question from which that question is about the cue.
PICKED_UP = 0.2

#: What an act does with a barrier: the finding's tag and its reason.
MET = {
    "restated": "the rep next gives it back",
    "pushed": "the rep next proposes a step",
    "explored": "the rep next asks about it",
}
TREATMENTS = (*MET, "rebutted", "pivoted", "passed_over")
PASSED_OVER = ("passed_over", "the rep next does none of asking, giving back, arguing or offering")

_LEXICON = _labelled.lexicon("barriers")


def barriers_in(conversation: Conversation, index: int) -> tuple[LabelledSpan, ...]:
    """The labeller's barriers in a customer utterance, without those said to be out of the way."""
    if conversation.role(index) != "customer":
        return ()
    spans = _labelled.spans(conversation, index, *BARRIER_LABELS)
    return tuple(s for s in spans if not _cleared(_labelled.words_of(conversation, index, s)))


def _cleared(words: str) -> bool:
    """Said to be out of the way, and neither denied nor awaited ("not approved", "until it is approved")."""
    found = list(_LEXICON["cleared"].finditer(words))
    clauses = (re.split(r"[,.;!?]", words[: match.start()])[-1] for match in found)
    return bool(found) and not any(_LEXICON["awaited"].search(clause) for clause in clauses)


def run(conversation: Conversation, earlier: Earlier) -> Found:
    acts = [f for name in ANALYZER.after for f in earlier[name] if f.role == "rep"]
    findings = []
    for index in range(len(conversation.utterances)):
        for span in barriers_in(conversation, index):
            tag, why = _met(conversation, index, acts)
            findings.append(_finding(conversation, index, span, tag, why))
        if conversation.role(index) == "customer":
            for span in _labelled.spans(conversation, index, *CUE_LABELS):
                tag, why = _followed(conversation, index, span, acts)
                findings.append(_finding(conversation, index, span, tag, why))
    return Found(
        findings=tuple(findings),
        scores={label: _labelled.scores(conversation, label) for label in (*BARRIER_LABELS, *CUE_LABELS)},
    )


def _finding(conversation: Conversation, index: int, span: LabelledSpan, tag: str | None, why: str) -> Finding:
    why = f"the labeller is {span.score:.0%} sure; {why}"
    return _labelled.finding(conversation, "barriers", index, span, tags=(tag,) if tag else (), why=why)


def rep_turns_after(conversation: Conversation, index: int) -> list[Turn]:
    position = conversation.turn_of.get(index)
    if position is None:
        return []
    return [turn for turn in conversation.turns[position + 1 :] if turn.role == "rep"][:FOLLOW_TURNS]


def _met(conversation: Conversation, index: int, acts: list[Finding]) -> tuple[str | None, str]:
    """What the rep's next turn did with a barrier: the first act in it that is one, else what its words do."""
    turns = rep_turns_after(conversation, index)
    if not turns:
        return None, "the rep does not speak again"
    turn = turns[0]
    asked, met = met_by_acts(conversation, index, turn, acts)
    if met:
        return met, MET[met]
    said = _labelled.plain(" ".join(conversation.utterances[i].text for i in turn.utterances))
    said = _without_acknowledgement(said)
    if _LEXICON["rebuts"].match(said) or _LEXICON["turns"].search(said):
        return "rebutted", "the rep next argues against it"
    if _LEXICON["pivots"].search(said):
        return "pivoted", "the rep next turns to what is on offer"
    if not asked and len(said.split()) >= STATEMENT_WORDS:
        answers = _labelled.content(conversation, turn.utterances) & conversation.content[index]
        if answers:
            return "rebutted", "the rep next answers it with a statement"
        return "pivoted", "the rep next says something else at length"
    return PASSED_OVER


def met_by_acts(conversation: Conversation, index: int, turn: Turn, acts: list[Finding]) -> tuple[bool, str | None]:
    """Does the turn ask anything; and what it does with the barrier of utterance `index` (see `MET`), when an act does."""
    raised = set(conversation.exchange(turn.utterances[0])[0]) | {index}
    asked = False
    for before, act in acts_in(conversation, turn, acts):
        # what a person calls a restatement is not linked to what it restates: it is what was just said
        linked = raised.intersection(act.of) or (act.origin == PERSON and not act.of)
        if act.label == "restatement" and linked and before <= PREAMBLE_WORDS:
            return asked, "restated"
        if act.label == "next_step.push":
            return asked, "pushed"
        if act.label in ASKED and before <= PREAMBLE_WORDS:
            asked = True
            if "close_directed" in act.tags and "follow_up" not in act.tags:
                break
            if "follow_up" in act.tags:
                return asked, "explored"
    return asked, None


def _without_acknowledgement(said: str) -> str:
    words = said.split()
    while words and words[0].strip(",.!-") in {
        "okay",
        "ok",
        "right",
        "yeah",
        "yes",
        "sure",
        "mm",
        "well",
        "oh",
        "um",
        "uh",
        "so",
        "and",
    }:
        words = words[1:]
    return " ".join(words)


def acts_in(conversation: Conversation, turn: Turn, acts: list[Finding]) -> list[tuple[int, Finding]]:
    """The findings in a turn in the order of its words, each with the number of words before it that are no act.

    A question that is itself a push ("shall we book Thursday?") is left out: it asks for a step and not to hear more.
    """
    place = {index: at for at, index in enumerate(turn.utterances)}
    here = [f for f in acts if f.utterance in place]
    pushes = [f for f in here if f.label == "next_step.push"]
    mine = [f for f in here if f.label not in ASKED or not any(_asks_for(f, push) for push in pushes)]
    mine.sort(key=lambda f: (place[f.utterance or 0], f.start_char, f.end_char))
    found = []
    words, at, char = 0, 0, 0
    for act in mine:
        index = act.utterance or 0
        while at < place[index]:
            words += len(conversation.utterances[turn.utterances[at]].text[char:].split())
            at, char = at + 1, 0
        words += len(conversation.utterances[index].text[char : max(char, act.start_char)].split())
        char = max(char, act.end_char)
        found.append((words, act))
    return found


def _asks_for(question: Finding, push: Finding) -> bool:
    """Are most of the question's words those of the push?"""
    shared = min(question.end_char, push.end_char) - max(question.start_char, push.start_char)
    return question.utterance == push.utterance and shared > (question.end_char - question.start_char) / 2


def _followed(
    conversation: Conversation, index: int, span: LabelledSpan, acts: list[Finding]
) -> tuple[str | None, str]:
    """Did the rep pick a cue up: give it back, ask about it, or (a feeling) meet it?"""
    turns = rep_turns_after(conversation, index)
    if not turns:
        return None, "the rep does not speak again"
    content = conversation.content_of(index, span.start_char, span.end_char)
    for number, turn in enumerate(turns):
        for _, act in acts_in(conversation, turn, acts):
            if act.label == "restatement" and index in act.of:
                return "followed", "the rep gives it back"
            if act.label not in ASKED:
                continue
            about = bool(content) and _held(conversation, content, act) >= PICKED_UP
            if about or (number == 0 and "follow_up" in act.tags):
                return "followed", "the rep asks about it"
        said = _labelled.plain(" ".join(conversation.utterances[i].text for i in turn.utterances))
        if number == 0 and span.label == "cue.feeling" and _LEXICON["empathy"].search(said):
            return "followed", "the rep meets the feeling"
    return "missed", "in three turns the rep neither gives it back nor asks about it"


def _held(conversation: Conversation, content: frozenset[str], act: Finding) -> float:
    asked = conversation.content_of(act.utterance or 0, act.start_char, act.end_char)
    return len(content & asked) / len(content)


ANALYZER = Analyzer(
    name="barriers",
    version="3",
    labels=LABELS,
    source="the project's essays; MITI 4.2 (cues); Suchman et al. 1997 (clues and missed opportunities), B",
    run=run,
    after=("questions", "restatements", "next_steps"),
)
