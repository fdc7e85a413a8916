"""Calls made up in bulk, to fill a store with: ten minutes each, 1,500 words, 150 findings, by reps with ways of their own.

Nothing but `Store.call` reads the words, and packing them takes most of the time of filling, so that one call in
`FULL_EVERY` has them all and the others a few; every call has all its findings counted and all its measures.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from listening.findings import Analysis, Finding
from listening.scorecard import Heard
from listening.scoring import load_rubric, score
from listening.store import Source
from listening.transcript import CallInfo, Provenance, Role, Speaker, Speech, Timing, Transcript, Utterance, Word

LABELS = (
    "question.open question.closed restatement next_step.push next_step.mutual barrier.budget barrier.timing backchannel "
    "talk floor_transfer response response_pause interruption cue"
).split()
TYPES = ("discovery", "demo", "negotiation", "renewal")
ENDINGS = "ly ing ed er s ness ment tion al able".split()
UTTERANCES, FINDINGS = 130, 150
FULL_EVERY = 10
#: Utterances that the other calls keep.
FEW = 4
DAYS = 730

Template = tuple[Transcript, Analysis]


def templates(rng: np.random.Generator, many: int = 40) -> list[Template]:
    """Calls to be varied."""
    stems = ["".join(rng.choice(list("aeioubcdfglmnprst"), rng.integers(2, 7))) for _ in range(1500)]
    words = [stem + (ENDINGS[i % 10] if i % 3 else "") for i, stem in enumerate(stems)]
    often = rng.zipf(1.3, 20_000) % len(words)
    return [_template(rng, words, often) for _ in range(many)]


def _template(rng: np.random.Generator, words: list[str], often: NDArray[np.int64]) -> Template:
    utterances, speech, findings = [], [], []
    at = 0
    for i in range(UTTERANCES):
        start = at = at + int(rng.integers(100, 900))
        said = []
        for _ in range(int(rng.integers(3, 20))):
            end = at + int(rng.integers(120, 500))
            text = words[often[rng.integers(0, len(often))]]
            said.append(Word(text, at, end, round(float(rng.uniform(0.4, 1)), 3), Timing.RECOGNIZER))
            at = end
        speaker, text = "AB"[i % 2], " ".join(word.text for word in said)
        utterances.append(Utterance(text, speaker, start, at, tuple(said), i % 2, Timing.RECOGNIZER))
        speech.append(Speech(speaker, start, at))
    for _ in range(FINDINGS):
        i = int(rng.integers(0, UTTERANCES))
        u, label = utterances[i], LABELS[int(rng.integers(0, len(LABELS)))]
        about = {"of": (max(0, i - 1),), "value": float(rng.integers(100, 3000))}
        why = f"the model's score for {label} is above its threshold"
        where = (i, 0, len(u.text), u.start, u.end, ("rep", "customer")[i % 2])
        findings.append(Finding(label, label.split(".")[0], *where, 0.87, why=why, **about))  # type: ignore[arg-type]
    speakers = (Speaker("A", None, Role.REP, 1.0, "metadata"), Speaker("B", None, Role.CUSTOMER, 1.0, "metadata"))
    provenance = Provenance("call.wav", "recording", "wav", "faster-whisper", "small.en", "en")
    transcript = Transcript(tuple(utterances), speakers, CallInfo("call"), provenance, at, tuple(speech))
    totals = {"call_ms": float(at), "silence_ms": at * 0.1}
    for role in ("rep", "customer"):
        totals |= {f"{role}_speech_ms": at * 0.45, f"{role}_words": 750.0, f"{role}_turns": 65.0}
        totals |= {f"{role}_utterances": 65.0}
    scores = {
        label: tuple(round(float(x), 4) for x in rng.beta(1, 6, UTTERANCES))
        for label in (*LABELS[:7], "follow_up", "uptake")
    }
    uptake = scores["uptake"][::2]  # the rep's
    totals |= {"uptake_sum": sum(uptake), "uptake_turns": float(len(uptake))}
    findings.sort(key=lambda f: f.start or 0)
    versions = {"labeller": "1", "questions": "1"}
    return transcript, Analysis(tuple(findings), scores, totals, Timing.ACOUSTIC, {}, versions)


def shortened(transcript: Transcript, analysis: Analysis) -> Template:
    few = dataclasses.replace(transcript, utterances=transcript.utterances[:FEW], speech=transcript.speech[:FEW])
    return few, dataclasses.replace(analysis, findings=analysis.findings[::10], scores={})


def content_of(name: str, seed: int = 1) -> str:
    """What stands for the SHA-256 of such a call's recording: one of its name, which no recording has."""
    return hashlib.sha256(f"{seed} {name}".encode()).hexdigest()


def calls(
    many: int, reps: int, seed: int = 1, first: int = 0, full_every: int = FULL_EVERY
) -> Iterator[tuple[Heard, str, Source]]:
    """Calls number `first` to `many`, spread over two years; each rep talks in her own way."""
    rng = np.random.default_rng(seed)
    patterns = templates(rng)
    own = rng.uniform(0.3, 0.6, reps)
    rubric = load_rubric()
    began = date(2024, 1, 1)
    for i in range(first, many):
        rng = np.random.default_rng((seed, i))  # so that the rest of a store is the same whenever it is added
        rep = int(rng.integers(0, reps))
        transcript, analysis = patterns[int(rng.integers(0, len(patterns)))]
        share = float(np.clip(own[rep] + rng.normal(0, 0.08), 0.05, 0.95))
        totals = {**analysis.totals, "rep_speech_ms": 1e6 * share, "customer_speech_ms": 1e6 * (1 - share)}
        keep = rng.random(len(analysis.findings)) < 0.8
        findings = tuple(f for f, kept in zip(analysis.findings, keep, strict=True) if kept)
        info = CallInfo(
            f"call-{i:07d}",
            f"Rep {rep:03d}",
            f"Customer {int(rng.integers(0, 5000)):04d}",
            f"Opportunity {int(rng.integers(0, 20_000)):05d}",
            (began + timedelta(days=int(i * DAYS / many))).isoformat(),
            TYPES[int(rng.integers(0, len(TYPES)))],
        )
        transcript = transcript.with_info(info)
        analysis = dataclasses.replace(analysis, totals=totals, findings=findings)
        card = score(analysis, transcript, rubric)
        if i % full_every:
            transcript, analysis = shortened(transcript, analysis)
        source = Source(f"/calls/{info.id}.wav", "recording", 1, "1")
        yield Heard(transcript, analysis, card), content_of(info.id, seed), source
