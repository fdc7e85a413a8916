"""Restatements: does the rep give back what the customer said, which words of theirs, and did they say "yes, that"?

C: We lost two days a month to it.                       0
C: And finance never sees the numbers before the tenth.  1
R: Two days gone, and finance still waits.               2   restates 0 and 1
C: Exactly.                                                  confirmed
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from listening.analyzers import _labelled
from listening.analyzers._contract import Analyzer, Earlier, Found
from listening.findings import Finding
from listening.language.conversation import Conversation
from listening.language.labeller import LabelledSpan

LABELS = {
    "restatement": "The rep gives back something the customer said, meant or felt: an echo, a paraphrase, a reading.",
}
#: How many of the customer's utterances back one is looked for that a restatement restates.
REACH = 14
#: Share of the restatement's content words found in one customer utterance from which it counts as restated, and the
#: share a further utterance must add.
HELD, ADDED = 0.3, 0.2
#: What each customer utterance back costs against a nearer one, and what not being the last costs.
DISTANCE_COST, NOT_LAST = 0.02, 0.15
#: A labeller this sure is not overruled by the softer vetoes (answer, pitch).
SURE = 0.9
#: Digits or letters in a row from which something is read back rather than understood.
READBACK_RUN = 4
#: First words of the customer's reply in which a confirmation or correction is looked for.
REPLY_WORDS = 8

_LEXICON = _labelled.lexicon("restatements")
_TOKEN = re.compile(r"[\w@.]+(?:['’]\w+)?")
_NEGATION = re.compile(
    r"\b(?:not|no|never|nobody|none|nothing|nor|without|cannot"
    r"|(?:do|does|did|is|are|was|were|have|has|had|wo|would|ca|could|should|ai|must|need)n'?t)\b"
)
_SETS_RIGHT = re.compile(
    r"(?:well |oh |but |yeah )*(?:it|that|he|she|they|we|i|you|this)"
    r"(?:'?s|'?re|'?m|(?: (?:is|are|am|was|were|do|does|did|has|have|would))?)(?: not|n'?t| never)\b"
    r"(?! (?:say|see it|what|right|true|quite)\b)"
)


def run(conversation: Conversation, earlier: Earlier) -> Found:
    findings = []
    said: list[int] = []
    for index in conversation.order:
        role = conversation.role(index)
        if role == "customer" and index not in conversation.backchannels and _says_something(conversation, index):
            said.append(index)
        elif role == "rep" and said:
            findings += _restated(conversation, index, tuple(said[-REACH:]))
    uptake = _uptake(conversation)
    return Found(
        findings=tuple(findings),
        scores={"restatement": _labelled.scores(conversation, "restatement"), "uptake": uptake},
        totals=_uptake_of_turns(conversation, uptake),
    )


def _uptake_of_turns(conversation: Conversation, uptake: tuple[float | None, ...]) -> dict[str, float]:
    """Sum over the turns that have one, and their number: a turn's is that of its utterance that builds most."""
    turns = ([value for i in turn.utterances if (value := uptake[i]) is not None] for turn in conversation.turns)
    best = [max(values) for values in turns if values]
    return {"uptake_sum": sum(best), "uptake_turns": len(best)}


def _says_something(conversation: Conversation, index: int) -> bool:
    """More than a greeting or a filler: something that can be given back."""
    text = _labelled.plain(conversation.utterances[index].text)
    return bool(re.search(r"\w", _LEXICON["empty"].sub("", text)))


def _restated(conversation: Conversation, index: int, said: tuple[int, ...]) -> list[Finding]:
    found = []
    for span in _labelled.spans(conversation, index, "restatement"):
        candidate = _Candidate(conversation, index, span, said)
        if candidate.vetoed():
            continue
        of = candidate.of()
        tags = [_reply(conversation, index, span)]
        found.append(
            _labelled.finding(conversation, "restatements", index, span, of=of, tags=tags, why=candidate.why(of))
        )
    return found


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A stretch of the rep's that the labeller takes for a restatement, beside what the customer said before it."""

    conversation: Conversation
    index: int
    span: LabelledSpan
    said: tuple[int, ...]

    @property
    def words(self) -> str:
        return _labelled.words_of(self.conversation, self.index, self.span)

    @property
    def content(self) -> frozenset[str]:
        return self.conversation.content_of(self.index, self.span.start_char, self.span.end_char)

    def of(self) -> tuple[int, ...]:
        """The customer's utterances restated: each that holds, or adds, enough of the words; else the labeller's choice;
        else what the customer said last."""
        named = tuple(i for i in self.conversation.judgements[self.index].of if i in self.said)
        left, found = self.content, list[int]()
        while left and len(found) < 4:
            best, share = self._nearest_holder(left)
            held = left & self.conversation.content[best]
            if share < HELD or (found and (len(held) < 2 or self.conversation.shared(self.content, best) < ADDED)):
                break
            found.append(best)
            left = left - held
        return tuple(sorted({*found, *named})) or self._last_said()

    def _nearest_holder(self, content: frozenset[str]) -> tuple[int, float]:
        """The customer utterance that holds most of the words; of two alike, the nearer."""
        shares = {i: self.conversation.shared(content, i) for i in self.said}
        cost = {i: (DISTANCE_COST * back + NOT_LAST) * (back > 0) for back, i in enumerate(reversed(self.said))}
        best = max(self.said, key=lambda i: shares[i] - cost[i] if shares[i] else -1.0 - cost[i])
        return best, shares[best]

    def _last_said(self) -> tuple[int, ...]:
        return self.said[-1:]

    def vetoed(self) -> bool:
        if self._reads_back() or self._repeats_itself():
            return True
        return self.span.score < SURE and not _LEXICON["cue"].match(self.words) and (self._answers() or self._pitches())

    def _reads_back(self) -> bool:
        """A number, name or address spelled out for checking."""
        run = longest = 0
        for token in _TOKEN.findall(self.words):
            run = run + (len(token) if token.isdigit() else 1) if _LEXICON["digit"].fullmatch(token) else 0
            longest = max(longest, run)
        if _LEXICON["readback"].search(self.words) and longest >= 2:
            return True
        return longest >= READBACK_RUN and len(self.content) <= longest and not _LEXICON["amount"].search(self.words)

    def _repeats_itself(self) -> bool:
        """The rep's own words of just before, and none of the customer's."""
        content = self.content
        if len(content) < 2 or any(self.conversation.shared(content, i) > 0.2 for i in self.said):
            return False
        place = self.conversation.place[self.index]
        own = [i for i in self.conversation.order[max(0, place - 8) : place] if self.conversation.role(i) == "rep"]
        return any(self.conversation.shared(content, i) >= 0.8 for i in own)

    def _answers(self) -> bool:
        """The customer has just asked, and this is what comes first."""
        before = self.conversation.exchange(self.index)[0]
        turn = self.conversation.turn_of.get(self.index)
        if not before or turn is None or self.conversation.turns[turn].utterances[0] != self.index:
            return False
        first = self.span.start_char < 8 and not _LEXICON["addresses"].search(self.words)
        return first and self.conversation.asks(before[-1])

    def _pitches(self) -> bool:
        """About us, and not about the customer."""
        return bool(_LEXICON["pitch"].search(self.words)) and not _LEXICON["addresses"].search(self.words)

    def why(self, of: tuple[int, ...]) -> str:
        held = max((self.conversation.shared(self.content, i) for i in of), default=0.0)
        parts = [f"the labeller is {self.span.score:.0%} sure"]
        if _LEXICON["cue"].match(self.words):
            parts.append("it opens with a phrase that announces a restatement")
        if held:
            parts.append(f"{held:.0%} of its content words are the customer's")
        return ", ".join(parts)


def _reply(conversation: Conversation, index: int, span: LabelledSpan) -> str:
    """What the customer made of it: confirmed, corrected, elaborated (went on without saying), or unanswered."""
    reply = _reply_words(conversation, index)
    if reply is None:
        return "unanswered"
    negative = _NEGATION.search(_labelled.words_of(conversation, index, span))
    opening = " ".join(reply.replace(",", " ").replace("-", " ").split()[:REPLY_WORDS])
    clause = re.split(r"[.;!?]", " ".join(reply.split()[: 2 * REPLY_WORDS]))[0]
    if _asks_after(conversation, index, span):
        opening = re.sub(r"^(?:(?:no|nope|nah|yes|yeah|yep|mm|sure|right|um|uh|oh)\b[ ,.]*)+", "", opening)
        clause = ""
    if _LEXICON["confirms"].match(opening) and not re.match(r"(yes and no|(yeah|right|sure),? no (no|not))", opening):
        return "confirmed"
    if re.match(r"(no|nope|nah)\b", opening):
        agrees = re.match(
            r"(no|nope|nah)[ ,.]*(no )?(exactly|that'?s (it|right)|right|yeah|yes|it does|i know)", opening
        )
        return "confirmed" if agrees or negative else "corrected"
    denies = _SETS_RIGHT.match(clause)
    if denies and negative:
        return "confirmed"
    if _LEXICON["corrects"].match(opening):
        return "corrected"
    echoed = conversation.content_of(index, span.start_char, span.end_char)
    if denies and _says_again(clause, echoed):
        return "corrected"
    if re.search(r"\b(exactly|that's it|pretty much|spot on|but yeah|you could say)\b", opening):
        return "confirmed"
    return "elaborated"


def _asks_after(conversation: Conversation, index: int, span: LabelledSpan) -> bool:
    """Does the rep go on to ask, so that the customer's "no" answers the question?"""
    turn = conversation.turn_of.get(index)
    later = () if turn is None else tuple(i for i in conversation.turns[turn].utterances if i > index)
    here = _labelled.spans(conversation, index, "question.open", "question.closed")
    return any(q.start_char >= span.end_char for q in here) or any(
        _labelled.spans(conversation, i, "question.open", "question.closed") for i in later
    )


def _says_again(clause: str, content: frozenset[str]) -> bool:
    words = re.findall(r"[a-z0-9]+", clause)
    return sum(any(w.startswith(c) for w in words) for c in content) >= max(1, (len(content) + 1) // 2)


def _reply_words(conversation: Conversation, index: int) -> str | None:
    """The customer's next words, an acknowledgement included, if they come before the rep has said much more."""
    place = conversation.place[index]
    said: list[str] = []
    own = 0
    for i in conversation.order[place + 1 : place + 8]:
        if conversation.role(i) == "rep" and i not in conversation.backchannels:
            own += 1
            if said or own > 2:
                break
        elif conversation.role(i) == "customer":
            said.append(_labelled.plain(conversation.utterances[i].text))
    return " ".join(said) if said else None


def _uptake(conversation: Conversation) -> tuple[float | None, ...]:
    """For every rep utterance of a turn that follows the customer's: the labeller's score, else the words shared."""
    values: list[float | None] = []
    for index, judgement in enumerate(conversation.judgements):
        before = conversation.exchange(index)[0] if conversation.role(index) == "rep" else ()
        if not before:
            values.append(None)
        elif judgement.uptake is not None:
            values.append(round(judgement.uptake, 4))
        else:
            values.append(round(max(conversation.shared(conversation.content[index], i) for i in before), 4))
    return tuple(values)


ANALYZER = Analyzer(
    name="restatements",
    version="3",
    labels=LABELS,
    source="MITI 4.2 (reflections), B; Demszky et al. 2021 (uptake), human-rated",
    run=run,
)
