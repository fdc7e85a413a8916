"""Questions: asking or not, open or closed, tag, rhetorical; and for the rep, what each one is after.

R: How do you track it today? In a spreadsheet?      open, then closed: the second is stacked on the first
C: Spreadsheets, and it takes days.
R: Days? Because of what?                            follow-ups
R: And who signs off on your side?                   script jump, close-directed
"""

from __future__ import annotations

import re
from itertools import pairwise

from listening.analyzers import _labelled
from listening.analyzers._contract import Analyzer, Earlier, Found
from listening.findings import ASKED, QUESTION_LABELS
from listening.language.conversation import Conversation
from listening.language.labeller import LabelledSpan

LABELS = {
    "question.open": "A question that leaves the other room to answer in their own way, also as “tell me about…”.",
    "question.closed": "A question answered by yes, no, a number, a name, a date, or a choice of options.",
    "question.tag": "A “right?” or “isn't it?” hung on a statement.",
    "question.rhetorical": "A question asked for effect, or answered at once by the one who asks.",
    "question.backchannel": "“Really?” or “oh yeah?”: a listener's sign of life in the form of a question.",
}
#: Silence (ms) between two questions from which the first one had room for an answer (MEASURES: stacked_questions).
ROOM_MS = 1000
#: Words of the rep's own between two questions of one turn, up to which the second is stacked on the first.
STACKED_WORDS = 12
#: Content words of the other side before a question, from which a pronoun in it is taken to point back at them.
ENOUGH_SAID = 2

#: How sure the rule for tags is (its precision on held-back talk), and the words a statement has before a bare one.
TAG_SCORE, BARE_TAG_WORDS = 0.7, 3

_LEXICON = _labelled.lexicon("questions")
_SIGNS = {
    "indirect": "it asks for an account without the form of a question",
    "asking": "it begins as questions do",
    "tag": "it is hung on a statement",
}
_HUNG = re.compile(r"(?<=[\w\]][,.;—–-]) ([\w' ]{1,40})\?")


def run(conversation: Conversation, earlier: Earlier) -> Found:
    drafts: list[tuple[int, LabelledSpan, str]] = []
    for index in range(len(conversation.utterances)):
        spans = _labelled.spans(conversation, index, *QUESTION_LABELS, "question.backchannel")
        hung = [
            t for t in _tag_questions(conversation, index) if not any(_same(t, s) or s.label == t.label for s in spans)
        ]
        for span in (*spans, *hung):
            label = _label(conversation, index, span)
            if label is not None:
                drafts.append((index, span, label))
    stacked = _stacked(conversation, [(i, s) for i, s, label in drafts if label in ASKED])
    findings = []
    for index, span, label in drafts:
        tags = _tags(conversation, index, span, label)
        if (index, span.start_char) in stacked:
            tags.append("stacked")
        of, why = _of(conversation, index), _why(conversation, index, span)
        findings.append(_labelled.finding(conversation, "questions", index, span, label, of, tags, why))
    return Found(
        findings=tuple(findings),
        scores={label: _labelled.scores(conversation, label) for label in QUESTION_LABELS},
    )


def _label(conversation: Conversation, index: int, span: LabelledSpan) -> str | None:
    """The label that stands: "really?" alone is a listener's word; what is rather a restatement is no question."""
    whole = _labelled.plain(conversation.utterances[index].text).rstrip("?.! ")
    if _LEXICON["backchannel"].fullmatch(whole.replace(",", "")) and _follows_talk(conversation, index):
        return "question.backchannel"
    if span.label in ASKED:
        if _LEXICON["idiom"].match(_labelled.words_of(conversation, index, span)):
            return None
        if any(_same(span, tag) for tag in _tag_questions(conversation, index)):
            return "question.tag"
        for other in _labelled.spans(conversation, index, "restatement"):
            if _same(span, other) and other.score > span.score:
                return None
    return span.label


def _why(conversation: Conversation, index: int, span: LabelledSpan) -> str:
    words = _labelled.words_of(conversation, index, span)
    sign = next((why for name, why in _SIGNS.items() if _LEXICON[name].match(words)), "its place in the talk says so")
    if words.endswith("?"):
        sign = "it ends in a question mark"
    return f"{span.score:.0%} sure; {sign}"


def _tag_questions(conversation: Conversation, index: int) -> list[LabelledSpan]:
    """Words by which a statement is turned to the other for confirmation: after a comma or stop and before a question
    mark; in an utterance without any punctuation, at its end."""
    text = conversation.utterances[index].text
    lowered = text.lower().replace("’", "'")
    found = [
        LabelledSpan("question.tag", m.start(1), m.end(), TAG_SCORE)
        for m in _HUNG.finditer(lowered)
        if _LEXICON["tag"].fullmatch(m[1].strip())
    ]
    if not found and not re.search(r"[.,?!;]", text):
        for m in _LEXICON["bare_tag"].finditer(lowered):
            if not lowered[m.end() :].strip() and len(lowered[: m.start()].split()) >= BARE_TAG_WORDS:
                found.append(LabelledSpan("question.tag", m.start(), m.end(), TAG_SCORE))
    return found


def _same(a: LabelledSpan, b: LabelledSpan) -> bool:
    """Do two spans cover each other for the most part?"""
    shared = min(a.end_char, b.end_char) - max(a.start_char, b.start_char)
    return shared > 0.8 * max(a.end_char - a.start_char, b.end_char - b.start_char)


def _follows_talk(conversation: Conversation, index: int) -> bool:
    """Does the utterance come right after another speaker's statement?"""
    at = conversation.place[index]
    if at == 0:
        return False
    before = conversation.order[at - 1]
    return conversation.utterances[before].speaker != conversation.utterances[index].speaker and not conversation.asks(
        before
    )


def _of(conversation: Conversation, index: int) -> tuple[int, ...]:
    """The utterance before which the question reacts to: the last of the other side."""
    return conversation.exchange(index)[0][-1:]


def _tags(conversation: Conversation, index: int, span: LabelledSpan, label: str) -> list[str]:
    if label not in (*ASKED, "question.rhetorical"):
        return []
    tags = []
    if conversation.role(index) == "rep" and _answers_itself(conversation, index, span, label):
        tags.append("self_answered")
    if label in ASKED:
        tags.append("follow_up" if _follows_up(conversation, index, span) else "script_jump")
        if conversation.role(index) == "rep":
            tags.append("close_directed" if _closes(conversation, index, span) else "need_directed")
    return tags


def _follows_up(conversation: Conversation, index: int, span: LabelledSpan) -> bool:
    """Does the question build on what the other side has just said?"""
    before = conversation.exchange(index)[0]
    if not before:
        return False
    words = _labelled.words_of(conversation, index, span)
    if _LEXICON["script_jump"].search(words):
        return False
    if "follow_up" in span.tags or _LEXICON["follow_up"].search(words):
        return True
    said = _labelled.content(conversation, before)
    if not said:
        return False
    asked = conversation.content_of(index, span.start_char, span.end_char)
    after_restatement = any(r.end_char <= span.start_char for r in _labelled.spans(conversation, index, "restatement"))
    points_back = len(said) >= ENOUGH_SAID and _LEXICON["points_back"].search(words)
    return bool(asked & said or after_restatement or points_back)


def _closes(conversation: Conversation, index: int, span: LabelledSpan) -> bool:
    """Does the question steer to our process or our close?"""
    pushes = _labelled.spans(conversation, index, "next_step.push")
    return (
        "close_directed" in span.tags
        or any(_labelled.overlaps(span, push) for push in pushes)
        or bool(_LEXICON["close_directed"].search(_labelled.words_of(conversation, index, span)))
    )


def _answers_itself(conversation: Conversation, index: int, span: LabelledSpan, label: str) -> bool:
    """Does the asker go on, in the same utterance, with words that answer? After one asked for effect: that take it up?"""
    text = conversation.utterances[index].text
    rest = _labelled.plain(text[span.end_char :]).lstrip(" ?.!,…-")
    if not rest or any(s.start_char >= span.end_char for s in _labelled.spans(conversation, index, *QUESTION_LABELS)):
        return False
    if _LEXICON["gives_room"].match(rest):
        return False
    if _LEXICON["answers_itself"].match(rest):
        return True
    if label != "question.rhetorical":
        return False
    asked = conversation.content_of(index, span.start_char, span.end_char)
    return bool(asked & conversation.content_of(index, span.end_char, len(text)))


def _stacked(conversation: Conversation, asked: list[tuple[int, LabelledSpan]]) -> set[tuple[int, int]]:
    """Where a real question follows the speaker's own before anybody could answer: (utterance, start character)."""
    found = set()
    by_turn: dict[int, list[tuple[int, LabelledSpan]]] = {}
    for index, span in asked:
        if (position := conversation.turn_of.get(index)) is not None:
            by_turn.setdefault(position, []).append((index, span))
    for position, questions in by_turn.items():
        place = {u: at for at, u in enumerate(conversation.turns[position].utterances)}
        questions.sort(key=lambda q: (place[q[0]], q[1].start_char))
        for (i, first), (j, second) in pairwise(questions):
            if not _leaves_room(conversation, i, first, j, second, conversation.turns[position].utterances):
                found.add((j, second.start_char))
    return found


def _leaves_room(
    conversation: Conversation, i: int, first: LabelledSpan, j: int, second: LabelledSpan, turn: tuple[int, ...]
) -> bool:
    """A second of silence, or a longer statement, between the end of one question and the beginning of the next."""
    utterances = conversation.utterances
    end, start = utterances[i].times(first.start_char, first.end_char)[1], utterances[j].start
    if i != j and end is not None and start is not None and start - end > ROOM_MS:
        return True
    if i == j:
        between = utterances[i].text[first.end_char : second.start_char]
    else:
        inner = [utterances[k].text for k in turn[turn.index(i) + 1 : turn.index(j)]]
        between = " ".join([utterances[i].text[first.end_char :], *inner, utterances[j].text[: second.start_char]])
    return len(between.split()) > STACKED_WORDS


ANALYZER = Analyzer(
    name="questions",
    version="2",
    labels=LABELS,
    source="MITI 4.2 (open and closed), B; Huang et al. 2017 (follow-ups), B; Rowe 1974 (room to answer)",
    run=run,
)
