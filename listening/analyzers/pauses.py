"""Silences and interruptions, from acoustic times only: word times of a recognizer stretch over silences.

customer  ████████            ██████████
rep               ▒▒▒▒ ██████     ███████████
          response pause ^        ^ interruption: starts before the other ends, and takes the floor
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import pairwise

from listening.analyzers._contract import Analyzer, Earlier, Found
from listening.findings import ASKED, Finding
from listening.language.backchannels import sounds_like_backchannel
from listening.language.conversation import Conversation, Turn, merge
from listening.transcript import Span, Timing

#: A start this long (ms) before the other's end is an overlap and no longer a tight transition (conversation analysis;
#: MEASURES: interruptions_per_hour).
INTERRUPTION_MS = 200
#: Nobody reacts to a silence sooner than this (ms): who starts within it did not wait for the other to stop
#: (Levinson & Torreira 2015).
REACTION_MS = 200
#: The rep leaves at least this long (ms) before speaking: a brief silence that invites more (MEASURES: brief_silences).
BRIEF_SILENCE_MS = 1000
_SENTENCE_END = re.compile(r"[.?!]+\s*")

LABELS = {
    "response_pause": "The customer stops and the rep starts: the silence between, in milliseconds (0 when they overlap).",
    "wait_after_question": "The rep's question ends and somebody speaks: the silence between, in milliseconds.",
    "brief_silence": "The rep leaves a second or more after the customer before speaking.",
    "interruption": "Starts 200 ms or more before the other ends, takes the floor, and neither is an acknowledgement.",
}


def run(conversation: Conversation, earlier: Earlier) -> Found:
    findings: list[Finding] = []
    spans = {role: conversation.activity(role) for role in ("rep", "customer", "other")}
    voices = sorted((span for some in spans.values() for span in some), key=lambda span: span.start)
    for before, turn in pairwise(_floor(conversation)):
        if before.role != turn.role:
            findings += _transition(conversation, before, turn, spans)
    asked = [f for f in earlier["questions"] if f.role == "rep" and f.label in ASKED]
    findings += _waits(conversation, voices, spans, asked)
    totals: dict[str, float] = {}
    if conversation.transcript.duration:
        totals["silence_ms"] = max(0, conversation.transcript.duration - sum(span.length for span in merge(voices)))
    return Found(findings=tuple(findings), totals=totals)


def _floor(conversation: Conversation) -> list[Turn]:
    """The turns of rep and customer, without remarks said wholly inside the other's talk: those take no floor."""
    kept: list[Turn] = []
    reach: dict[str, int] = {}  # role -> end of its utterances so far
    for index in conversation.order:
        u, role = conversation.utterances[index], conversation.role(index)
        if role == "other" or index in conversation.backchannels or u.start is None or u.end is None:
            continue
        other = "customer" if role == "rep" else "rep"
        reach[role] = max(reach.get(role, 0), u.end)
        if u.end < reach.get(other, 0):
            continue
        if kept and kept[-1].role == role:
            last = kept[-1]
            end = max(last.end or 0, u.end)
            kept[-1] = Turn(role, last.speaker, (*last.utterances, index), last.start, end)
        else:
            kept.append(Turn(role, u.speaker, (index,), u.start, u.end))
    return kept


def _transition(
    conversation: Conversation, before: Turn, turn: Turn, spans: dict[str, tuple[Span, ...]]
) -> list[Finding]:
    """What happened where one turn follows the other: an interruption, or a pause (and perhaps a brief silence)."""
    assert turn.start is not None
    first, last, start = turn.utterances[0], before.utterances[-1], turn.start
    end_of_before = _end_of_talk(spans[before.role], start, before)
    taking = _takes_the_floor(conversation, turn, _end_of_utterance(conversation, before, start, end_of_before))
    if taking is not None and not _only_acknowledges(conversation.utterances[last].text):
        index, early = taking
        u = conversation.utterances[index]
        why = f"starts {early} ms before the other ends and takes the floor"
        return [_finding(conversation, "interruption", index, (u.start or 0, u.end), early, why, of=(last,))]
    if turn.role != "rep":
        return []
    pause = max(0, start - end_of_before)
    silence = (start - pause, start)
    if any(span & Span(*silence) for span in spans["other"]):
        return []  # a third speaker filled it
    why = "silence between the customer's last sound and the rep's first"
    found = [_finding(conversation, "response_pause", first, silence, pause, why, of=(last,))]
    if pause >= BRIEF_SILENCE_MS:
        why = f"the rep waited {pause} ms before speaking"
        found.append(_finding(conversation, "brief_silence", first, silence, pause, why, of=(last,)))
    return found


def _finding(
    conversation: Conversation,
    label: str,
    utterance: int,
    times: tuple[int, int | None],
    value: int,
    why: str,
    of: tuple[int, ...] = (),
    tags: tuple[str, ...] = (),
) -> Finding:
    return Finding(
        label=label,
        analyzer="pauses",
        utterance=utterance,
        end_char=len(conversation.utterances[utterance].text),
        start=times[0],
        end=times[1],
        role=conversation.role(utterance),
        of=of,
        value=value,
        tags=tags,
        why=why,
    )


def _takes_the_floor(conversation: Conversation, turn: Turn, end_of_before: int) -> tuple[int, int] | None:
    """The utterance by which a turn interrupts, and by how many ms, or None.

    It starts well before the other's end, goes on after it, and is more than an acknowledgement: "yeah" over the last
    words of the other, or a remark inside talk that goes on, takes no floor.
    """
    for index in turn.utterances:
        u = conversation.utterances[index]
        if u.start is None or u.end is None or end_of_before - u.start < INTERRUPTION_MS:
            return None
        if u.end > end_of_before and not sounds_like_backchannel(u.text):
            return index, end_of_before - u.start
    return None


def _only_acknowledges(text: str) -> bool:
    """Whether every sentence is an acknowledgement: "Oh, okay. That makes sense." A nod cannot be interrupted."""
    sentences = [sentence for sentence in _SENTENCE_END.split(text) if sentence]
    return bool(sentences) and all(sounds_like_backchannel(sentence) for sentence in sentences)


def _end_of_utterance(conversation: Conversation, before: Turn, start: int, end_of_talk: int) -> int:
    """Where the utterance ends that `start` falls into: who breathes or lists in mid-sentence has not finished.

    Not so when there was time to react to the silence, or when a sentence had ended in it: then both start anew.
    """
    silence = start - end_of_talk
    if silence >= REACTION_MS:
        return end_of_talk
    for index in before.utterances:
        u = conversation.utterances[index]
        if u.start is None or u.end is None or not u.start < start < u.end:
            continue
        said = [word for word in u.words if word.start is not None and word.start < start]
        finished = bool(said) and said[-1].text[-1:] in ".?!"
        return end_of_talk if silence > 0 and finished else max(u.end, end_of_talk)
    return end_of_talk


def _end_of_talk(spans: tuple[Span, ...], start: int, turn: Turn) -> int:
    """When the voice that held the floor before `start` falls silent: the end of its last stretch begun before then."""
    at = bisect_right([span.start for span in spans], start) - 1
    if at < 0:
        return turn.end or start
    return spans[at].end


def _waits(
    conversation: Conversation, voices: list[Span], spans: dict[str, tuple[Span, ...]], questions: list[Finding]
) -> list[Finding]:
    """After each rep utterance that ends by asking: how long until somebody speaks, and who it is."""
    found = []
    asking = {f.utterance for f in questions if f.utterance is not None and _closes(conversation, f)}
    for turn in conversation.turns:
        if turn.role != "rep":
            continue
        for index in turn.utterances:
            if index not in asking:
                continue
            end = _speech_end(spans["rep"], conversation.utterances[index].end)
            if end is None:
                continue
            following = next((span for span in voices if span.start >= end), None)
            if following is None or any(s.start < end < s.end for s in spans["customer"]):
                continue
            breaker = next(role for role, some in spans.items() if following in some)
            times, wait = (end, following.start), following.start - end
            why, tags = (
                f"the {breaker if breaker != 'other' else 'third speaker'} spoke first after the question",
                (f"broken_by_{breaker}",),
            )
            found.append(_finding(conversation, "wait_after_question", index, times, wait, why, tags=tags))
    return found


def _closes(conversation: Conversation, question: Finding) -> bool:
    """Is the question the last thing said in its utterance (a tag or a word or two may follow)?"""
    assert question.utterance is not None
    rest = conversation.utterances[question.utterance].text[question.end_char :]
    return len(rest.split()) <= 3


def _speech_end(spans: tuple[Span, ...], end: int | None) -> int | None:
    """When the voice heard at the `end` of an utterance falls silent; None when it talks on well after that."""
    if end is None:
        return None
    silent = next((s.end for s in reversed(spans) if s.start < end <= s.end + BRIEF_SILENCE_MS), end)
    return silent if silent - end <= BRIEF_SILENCE_MS else None


ANALYZER = Analyzer(
    name="pauses",
    version="5",
    labels=LABELS,
    source="Stivers et al. 2009; Levinson & Torreira 2015 (A); Rowe 1974 on wait time (B)",
    needs=Timing.ACOUSTIC,
    after=("questions",),
    run=run,
)
