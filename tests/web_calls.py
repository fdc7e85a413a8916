"""A sales call made by hand with every kind of finding in it, for the page and the web tests."""

from __future__ import annotations

import dataclasses
import wave
from pathlib import Path

import numpy as np

from listening.findings import Analysis, Finding
from listening.scorecard import Heard
from listening.scoring import score
from listening.transcript import CallInfo, Provenance, Role, Speaker, Speech, Timing, Transcript, Utterance

R, C = "A", "B"
#: speaker, start s, end s, text
LINES = (
    (R, 1.0, 4.2, "Hi Dana, thanks for making the time. How has the week been?"),
    (C, 4.6, 9.8, "Busy. We closed the quarter on Friday and the whole team is worn out, to be honest."),
    (R, 10.4, 15.0, "So the quarter took it out of everybody. What got you looking at this now?"),
    (
        C,
        16.4,
        29.5,
        "Well, every month we copy the figures by hand from three systems, and last month two of them did not match. It took us four days to find out why.",
    ),
    (R, 22.0, 22.5, "Mhm."),
    (
        R,
        30.9,
        38.0,
        "Four days lost because two systems did not match, and nobody knew which one to trust. Is that fair?",
    ),
    (C, 38.4, 44.9, "Exactly. And I am the one who has to explain it upstairs, which I really do not enjoy."),
    (R, 47.0, 51.5, "What happens upstairs when the figures are late?"),
    (
        C,
        52.6,
        66.0,
        "My director loses patience. She thinks we should be able to press a button. I hope that by spring we can, but",
    ),
    (
        R,
        64.6,
        79.5,
        "Right, and that is exactly what our platform does. You press the button, it reconciles everything, you get the dashboard, the audit trail, the alerts, the whole package, and most customers are live in two weeks.",
    ),
    (C, 80.1, 84.0, "Okay. Two weeks sounds quick."),
    (R, 84.3, 90.2, "Do you use SAP? Or is it Oracle? And who signs off on purchases like this?"),
    (
        C,
        91.0,
        98.5,
        "SAP, mostly. Sign-off is my director and then finance, and honestly there is no budget left this year.",
    ),
    (
        R,
        98.7,
        105.0,
        "Budget always works itself out. Shall we book the demo for Thursday and get the contract moving?",
    ),
    (
        C,
        106.8,
        113.5,
        "I am not sure. My director was burned by the last vendor, she will not want to hear about a new tool.",
    ),
    (R, 115.2, 121.6, "She was burned before, so trust is the real question. What went wrong with the last one?"),
    (
        C,
        122.9,
        141.0,
        "They promised two weeks and it took nine months. Half of the reports never worked, and she had to defend it in front of the board. So whenever somebody says quick, she hears a warning.",
    ),
    (R, 128.0, 128.4, "Wow."),
    (R, 143.2, 149.0, "So when I said two weeks just now, I sounded like them."),
    (C, 149.4, 152.0, "A bit, yes."),
    (R, 153.6, 158.8, "What would she need to see before she would believe anybody?"),
    (
        C,
        160.1,
        172.4,
        "Somebody like us who has done it. With real dates, not a slide. Could you find a customer our size who would talk to her?",
    ),
    (R, 173.5, 180.0, "A reference of your size with real dates. Yes, I can do that by Monday."),
    (C, 180.6, 188.8, "Then let us do this: you send me two names, and I bring her to a call the week after."),
    (R, 189.9, 195.6, "Two names by Monday, and a call with her the week after. Anything else on your mind?"),
    (C, 197.2, 207.9, "Only the timing. We are in audit until the tenth, nobody will look at anything before that."),
    (R, 208.2, 213.8, "So nothing before the tenth. Would the week of the thirteenth be kinder?"),
    (C, 214.5, 219.0, "Much kinder. Thank you for listening, really."),
    (R, 219.8, 223.5, "Thank you, Dana. Talk soon."),
    (C, 223.9, 225.0, "Bye."),
)
#: label, utterance, words, role, tags, of
FOUND = (
    ("question.open", 0, "How has the week been?", "rep", (), ()),
    ("cue.feeling", 1, "the whole team is worn out", "customer", ("followed",), ()),
    ("restatement", 2, "So the quarter took it out of everybody.", "rep", (), (1,)),
    ("question.open", 2, "What got you looking at this now?", "rep", (), ()),
    ("cue.problem", 3, "two of them did not match", "customer", ("followed",), ()),
    (
        "restatement",
        5,
        "Four days lost because two systems did not match, and nobody knew which one to trust. Is that fair?",
        "rep",
        ("confirmed",),
        (3,),
    ),
    ("cue.feeling", 6, "which I really do not enjoy", "customer", ("missed",), ()),
    ("question.open", 7, "What happens upstairs when the figures are late?", "rep", ("follow_up",), (6,)),
    ("cue.hope", 8, "I hope that by spring we can", "customer", ("missed",), ()),
    ("question.closed", 11, "Do you use SAP?", "rep", ("stacked",), ()),
    ("question.closed", 11, "Or is it Oracle?", "rep", ("stacked",), ()),
    ("question.closed", 11, "And who signs off on purchases like this?", "rep", ("close_directed",), ()),
    ("barrier.budget", 12, "there is no budget left this year", "customer", ("pushed",), ()),
    (
        "next_step.push",
        13,
        "Shall we book the demo for Thursday and get the contract moving?",
        "rep",
        ("after_barrier",),
        (),
    ),
    (
        "barrier.political",
        14,
        "My director was burned by the last vendor, she will not want to hear about a new tool.",
        "customer",
        ("explored",),
        (),
    ),
    ("restatement", 15, "She was burned before, so trust is the real question.", "rep", (), (14,)),
    ("question.open", 15, "What went wrong with the last one?", "rep", ("follow_up",), (14,)),
    ("restatement", 18, "So when I said two weeks just now, I sounded like them.", "rep", ("confirmed",), (16,)),
    ("question.open", 20, "What would she need to see before she would believe anybody?", "rep", ("follow_up",), ()),
    ("next_step.mutual", 21, "Could you find a customer our size who would talk to her?", "customer", (), ()),
    ("restatement", 22, "A reference of your size with real dates.", "rep", (), (21,)),
    ("next_step.mutual", 23, "you send me two names, and I bring her to a call the week after", "customer", (), ()),
    ("restatement", 24, "Two names by Monday, and a call with her the week after.", "rep", (), (23,)),
    ("question.open", 24, "Anything else on your mind?", "rep", (), ()),
    ("barrier.timing", 25, "We are in audit until the tenth", "customer", ("restated",), ()),
    ("restatement", 26, "So nothing before the tenth.", "rep", ("confirmed",), (25,)),
    ("question.closed", 26, "Would the week of the thirteenth be kinder?", "rep", ("follow_up",), ()),
)
MOVES = {2: "restate", 5: "restate", 7: "silence", 9: "rejoinder", 11: "ask", 13: "push", 15: "restate", 18: "restate", 20: "ask", 22: "restate", 24: "restate", 26: "restate", 28: "acknowledge"}  # fmt: skip


def transcript(call_id: str = "dana-1", info: CallInfo | None = None, acoustic: bool = True) -> Transcript:
    utterances = tuple(
        Utterance(
            text,
            speaker,
            round(a * 1000),
            round(b * 1000),
            channel=0 if speaker == R else 1,
            timing=Timing.ACOUSTIC if acoustic else Timing.CUE,
        )
        for speaker, a, b, text in LINES
    )
    info = info or CallInfo(call_id, "Robin Marsh", "Dana Okafor, Northwind", "Northwind", "2026-09-14", "discovery")
    return Transcript(
        utterances,
        (Speaker(R, "Robin", Role.REP, 1.0, "metadata"), Speaker(C, "Dana", Role.CUSTOMER, 1.0, "metadata")),
        info,
        Provenance("made by hand", "recording" if acoustic else "transcript", engine="by hand", model="none"),
        duration=226_000,
        speech=tuple(Speech(u.speaker, u.start or 0, u.end or 0) for u in utterances) if acoustic else (),
    )


def analysis(call: Transcript) -> Analysis:
    found = [_said(call, *row) for row in FOUND]
    timed = call.utterances
    for index, move in MOVES.items():
        found.append(_at(call, "response", index, "rep", tags=(move,)))
    for index, u in enumerate(timed[1:], 1):
        before = timed[index - 1]
        if u.speaker == R and before.speaker == C and index not in (4, 17, 9):
            pause = (u.start or 0) - (before.end or 0)
            found.append(_at(call, "response_pause", index, "rep", value=pause))
            if pause >= 1000:
                found.append(_at(call, "brief_silence", index, "rep", value=pause))
        if u.speaker != before.speaker and index not in (4, 17):
            found.append(_at(call, "floor_transfer", index, "rep" if u.speaker == R else "customer"))
    found.append(_at(call, "interruption", 9, "rep", value=1400, of=(8,)))
    found += [_at(call, "backchannel", i, "rep") for i in (4, 17)]
    for index, u in enumerate(timed):
        found.append(
            _at(call, "talk", index, "rep" if u.speaker == R else "customer", value=(u.end or 0) - (u.start or 0))
        )
    spoken = {s: sum((u.end or 0) - (u.start or 0) for u in timed if u.speaker == s) for s in (R, C)}
    totals: dict[str, float] = {
        "rep_speech_ms": spoken[R], "customer_speech_ms": spoken[C], "call_ms": call.duration or 0,
        "rep_utterances": 16, "customer_utterances": 14, "rep_turns": 14, "customer_turns": 14, "rep_words": 300, "customer_words": 290,
        "silence_ms": 26_000, "uptake_sum": 14 * 0.55, "uptake_turns": 14,
    }  # fmt: skip
    return Analysis(
        tuple(sorted(found, key=lambda f: f.start or 0)),
        {"uptake": tuple(0.55 if u.speaker == R else None for u in timed)},
        totals,
        Timing.ACOUSTIC,
        {},
        {"labeller": "by hand"},
    )


def _said(
    call: Transcript, label: str, utterance: int, words: str, role: str, tags: tuple[str, ...], of: tuple[int, ...]
) -> Finding:
    u = call.utterances[utterance]
    a = u.text.index(words)
    length = (u.end or 0) - (u.start or 0)
    start = (u.start or 0) + length * a // max(1, len(u.text))
    end = (u.start or 0) + length * (a + len(words)) // max(1, len(u.text))
    return Finding(
        label, "by_hand", utterance, a, a + len(words), start, end, role, 0.9, of, tags=tags, why="labelled by hand"
    )


def _at(
    call: Transcript,
    label: str,
    utterance: int,
    role: str,
    value: float | None = None,
    tags: tuple[str, ...] = (),
    of: tuple[int, ...] = (),
) -> Finding:
    u = call.utterances[utterance]
    start = (u.start or 0) - round(value) if label in ("response_pause", "brief_silence") and value else u.start
    return Finding(
        label, "by_hand", utterance, 0, len(u.text), start, u.end, role, 1.0, of, value, tags, "timed by hand"
    )


def heard(call_id: str = "dana-1", recording: Path | None = None, **info: str) -> Heard:
    made = transcript(call_id)
    made = made.with_info(dataclasses.replace(made.info, **info))
    found = analysis(made)
    return Heard(made, found, score(found, made), recording)


def hour() -> Heard:
    """The call above twenty times over: 600 utterances, 75 minutes, some 500 marks."""
    base = transcript("an-hour")
    found = analysis(base)
    length, many = base.duration or 0, len(base.utterances)
    utterances = tuple(
        dataclasses.replace(u, start=(u.start or 0) + n * length, end=(u.end or 0) + n * length)
        for n in range(20)
        for u in base.utterances
    )
    findings = tuple(
        dataclasses.replace(
            f,
            utterance=(f.utterance or 0) + n * many,
            start=(f.start or 0) + n * length,
            end=(f.end or 0) + n * length,
            of=tuple(i + n * many for i in f.of),
        )
        for n in range(20)
        for f in found.findings
    )
    speech = tuple(Speech(u.speaker, u.start or 0, u.end or 0) for u in utterances)
    made = dataclasses.replace(base, utterances=utterances, speech=speech, duration=20 * length)
    totals = {name: value * 20 for name, value in found.totals.items()}
    long = dataclasses.replace(found, findings=findings, totals=totals, scores={})
    return Heard(made, long, score(long, made))


def write_tone(path: Path, seconds: float = 226.0, rate: int = 8000) -> Path:
    """A stereo recording in which each side hums while it speaks in the call above."""
    at = np.arange(int(seconds * rate)) / rate
    sides = []
    for side, pitch in ((R, 180), (C, 240)):
        on = np.zeros(len(at), bool)
        for speaker, a, b, _ in LINES:
            on |= (speaker == side) & (a <= at) & (at < b)
        sides.append(np.where(on, 6000 * np.sin(2 * np.pi * pitch * at), 0))
    with wave.open(str(path), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(np.stack(sides, axis=1).astype("<i2").tobytes())
    return path
