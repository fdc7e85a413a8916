"""Calls for tests of the store: heard by hand, in no time."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from listening.findings import Analysis, Finding
from listening.scorecard import Heard
from listening.scoring import load_rubric, score
from listening.transcript import CallInfo, Provenance, Role, Speaker, Timing, Transcript, Utterance

VERSIONS = {"labeller": "1", "questions": "1"}


def make_heard(
    name: str = "call",
    *,
    rep: str | None = "Ann",
    date: str | None = "2026-09-01",
    call_type: str | None = "discovery",
    opportunity: str | None = "Acme",
    customer: str | None = "Bob",
    questions: int = 3,
    analyzers: str = "1",
    engine: str | None = None,
) -> Heard:
    """A ten-minute call in which the rep asks so many open questions."""
    lines = [
        Utterance(f"What do you need, number {i}?", "A", 20_000 * i, 20_000 * i + 8000, timing=Timing.CUE)
        for i in range(questions)
    ]
    lines += [Utterance("We lose time on reports.", "B", 400_000 + i, 410_000 + i, timing=Timing.CUE) for i in range(3)]
    speakers = (
        Speaker("A", rep, Role.REP, 1.0, "metadata"),
        Speaker("B", customer, Role.CUSTOMER, 1.0, "metadata"),
    )
    info = CallInfo(name, rep, customer, opportunity, date, call_type)
    provenance = Provenance(f"{name}.vtt", "transcript", "webvtt", engine)
    transcript = Transcript(tuple(lines), speakers, info, provenance, 600_000)
    analysis = analyse(transcript, analyzers)
    return Heard(transcript, analysis, score(analysis, transcript))


def analyse(transcript: Transcript, version: str = "1") -> Analysis:
    """A stand-in for `listening.analyzers.analyse` that finds what ends in a question mark."""
    roles = {s.id: s.role.value for s in transcript.speakers}
    findings = [
        Finding("question.open", "questions", i, 0, len(u.text), u.start, u.end, roles[u.speaker], 0.9, why="a rule")
        for i, u in enumerate(transcript.utterances)
        if u.text.endswith("?")
    ]
    speech = {"rep": 0, "customer": 0}
    for u in transcript.utterances:
        speech[roles[u.speaker]] += (u.end or 0) - (u.start or 0)
    totals = {
        "call_ms": 600_000.0,
        "rep_speech_ms": float(speech["rep"]),
        "customer_speech_ms": float(speech["customer"]),
        "rep_words": 10.0,
        "customer_words": 10.0,
        "rep_turns": 3.0,
        "customer_turns": 3.0,
        "rep_utterances": 3.0,
        "customer_utterances": 3.0,
    }
    return Analysis(tuple(findings), {}, totals, Timing.CUE, {}, {**VERSIONS, "questions": version})


def with_rubric(heard: Heard, path: Path) -> Heard:
    rubric = load_rubric(path)
    return dataclasses.replace(heard, scorecard=score(heard.analysis, heard.transcript, rubric))
