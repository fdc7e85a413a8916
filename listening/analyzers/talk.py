"""Who holds the floor: talk share, long monologues, floor transfers.

Talk share has two denominators in the field, speech time and call time; we use speech time, overlap counted for both
sides, and print it. Without times it falls back to words and says so.
"""

from __future__ import annotations

from itertools import pairwise

from listening.analyzers._contract import Analyzer, Earlier, Found
from listening.findings import Finding
from listening.language.conversation import Conversation, Turn
from listening.transcript import Timing

#: Pauses up to this long do not end a run of talk (MEASURES: longest_monologue_s).
BRIDGE_MS = 1500

LABELS = {
    "talk": "One stretch of talk: a speaker holding the floor, pauses up to 1.5 s bridged, backchannels not breaking it.",
    "floor_transfer": "The floor passes from one side to the other; backchannels do not take it.",
}


def run(conversation: Conversation, earlier: Earlier) -> Found:
    totals: dict[str, float] = {}
    for role in ("rep", "customer"):
        totals[f"{role}_words"] = sum(
            len(u.text.split()) for i, u in enumerate(conversation.utterances) if conversation.role(i) == role
        )
        totals[f"{role}_turns"] = sum(turn.role == role for turn in conversation.turns)
        totals[f"{role}_utterances"] = sum(conversation.role(i) == role for i in range(len(conversation.utterances)))
    timed = conversation.timing is not Timing.NONE
    if timed:
        for role in ("rep", "customer", "other"):
            totals[f"{role}_speech_ms"] = sum(span.length for span in conversation.activity(role))
    if conversation.transcript.duration:
        totals["call_ms"] = conversation.transcript.duration
    elif timed and conversation.utterances:
        totals["call_ms"] = max(u.end or 0 for u in conversation.utterances)
    return Found(findings=(*_runs(conversation, timed), *_transfers(conversation)), totals=totals)


def _runs(conversation: Conversation, timed: bool) -> list[Finding]:
    """A finding a stretch of talk; value = its length in ms."""
    if not timed:
        return []
    found = []
    for turn in conversation.turns:
        group: list[int] = []
        for index in turn.utterances:
            u = conversation.utterances[index]
            if group and u.start is not None:
                last = max(conversation.utterances[i].end or 0 for i in group)
                if u.start - last > BRIDGE_MS:
                    found.append(_run(conversation, turn, group))
                    group = []
            group.append(index)
        found.append(_run(conversation, turn, group))
    return found


def _run(conversation: Conversation, turn: Turn, group: list[int]) -> Finding:
    utterances = [conversation.utterances[i] for i in group]
    start = min(u.start or 0 for u in utterances)
    end = max(u.end or 0 for u in utterances)
    return Finding(
        label="talk",
        analyzer="talk",
        utterance=group[0],
        end_char=len(utterances[0].text),
        start=start,
        end=end,
        role=turn.role,
        value=end - start,
        of=tuple(group[1:]),
        why="holds the floor, pauses up to 1.5 s bridged",
    )


def _transfers(conversation: Conversation) -> list[Finding]:
    found = []
    turns = conversation.turns
    for before, turn in pairwise(turns):
        if before.role == turn.role:
            continue
        first = turn.utterances[0]
        found.append(
            Finding(
                label="floor_transfer",
                analyzer="talk",
                utterance=first,
                end_char=len(conversation.utterances[first].text),
                start=turn.start,
                end=conversation.utterances[first].end,
                role=turn.role,
                of=before.utterances[-1:],
                why="the other side had the floor before",
            )
        )
    return found


ANALYZER = Analyzer(
    name="talk",
    version="3",
    labels=LABELS,
    source="Gong Labs (talk share, switches, monologue), grade C; conversation analysis for the floor",
    run=run,
)
