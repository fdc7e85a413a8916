"""Fill a store with made-up calls through its own interface, and time what people do with it.

python tests/store_bench.py PATH|URL [CALLS] [REPS] [light]
"""

from __future__ import annotations

import dataclasses
import hashlib
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from listening.findings import Analysis, Finding
from listening.scorecard import Heard
from listening.scoring import MEASURES, load_rubric, score, trends
from listening.store import CallFilter, Source, open_store
from listening.store.store import Store
from listening.transcript import CallInfo, Provenance, Role, Speaker, Speech, Timing, Transcript, Utterance, Word

LABELS = (
    "question.open question.closed restatement next_step.push next_step.mutual barrier.budget barrier.timing backchannel "
    "talk floor_transfer response response_pause interruption cue"
).split()
TYPES = ("discovery", "demo", "negotiation", "renewal")
ENDINGS = "ly ing ed er s ness ment tion al able".split()


#: Of 130 utterances, how many are kept when only the queries are to be timed: they do not read transcripts.
LIGHT = 4


def models(rng: np.random.Generator, many: int = 40) -> list[tuple[Transcript, Analysis]]:
    """Ten-minute calls of 1,500 words with word times, 130 utterances and 150 findings, to be varied."""
    stems = ["".join(rng.choice(list("aeioubcdfglmnprst"), rng.integers(2, 7))) for _ in range(1500)]
    words = [stem + (ENDINGS[i % 10] if i % 3 else "") for i, stem in enumerate(stems)]
    often = rng.zipf(1.3, 20_000) % len(words)
    return [_model(rng, words, often) for _ in range(many)]


def _model(rng: np.random.Generator, words: list[str], often: np.ndarray) -> tuple[Transcript, Analysis]:
    utterances, speech, findings = [], [], []
    at = 0
    for i in range(130):
        start, said = at + int(rng.integers(100, 900)), []
        at = start
        for _ in range(int(rng.integers(3, 20))):
            end = at + int(rng.integers(120, 500))
            text = words[often[rng.integers(0, len(often))]]
            said.append(Word(text, at, end, round(float(rng.uniform(0.4, 1)), 3), Timing.RECOGNIZER))
            at = end
        speaker = "AB"[i % 2]
        text = " ".join(word.text for word in said)
        utterances.append(Utterance(text, speaker, start, at, tuple(said), i % 2, Timing.RECOGNIZER))
        speech.append(Speech(speaker, start, at))
    for _ in range(150):
        i = int(rng.integers(0, 130))
        u = utterances[i]
        label = LABELS[int(rng.integers(0, len(LABELS)))]
        role = ("rep", "customer")[i % 2]
        value = float(rng.integers(100, 3000))
        found = Finding(
            label, label.split(".")[0], i, 0, len(u.text), u.start, u.end, role, 0.87, (max(0, i - 1),), value
        )
        findings.append(dataclasses.replace(found, why=f"the model's score for {label} is above its threshold"))
    speakers = (Speaker("A", None, Role.REP, 1.0, "metadata"), Speaker("B", None, Role.CUSTOMER, 1.0, "metadata"))
    provenance = Provenance("call.wav", "recording", "wav", "faster-whisper", "small.en", "en")
    transcript = Transcript(tuple(utterances), speakers, CallInfo("call"), provenance, at, tuple(speech))
    totals = {"call_ms": float(at), "silence_ms": at * 0.1}
    for role in ("rep", "customer"):
        totals |= {f"{role}_speech_ms": at * 0.45, f"{role}_words": 750.0, f"{role}_turns": 65.0}
        totals |= {f"{role}_utterances": 65.0}
    scores = {
        label: tuple(round(float(x), 4) for x in rng.beta(1, 6, 130)) for label in (*LABELS[:7], "follow_up", "uptake")
    }
    findings.sort(key=lambda f: f.start or 0)
    return transcript, Analysis(
        tuple(findings), scores, totals, Timing.ACOUSTIC, {}, {"labeller": "1", "questions": "1"}
    )


def _shortened(transcript: Transcript) -> Transcript:
    return dataclasses.replace(transcript, utterances=transcript.utterances[:LIGHT], speech=transcript.speech[:LIGHT])


def made_up(calls: int, reps: int, seed: int = 1, light: bool = False) -> Iterator[tuple[Heard, str, Source]]:
    """Calls over two years; each rep has her own way of talking, which moves a little."""
    rng = np.random.default_rng(seed)
    patterns = models(rng)
    if light:
        patterns = [(_shortened(t), dataclasses.replace(a, findings=a.findings[::10], scores={})) for t, a in patterns]
    own = rng.uniform(0.3, 0.6, reps)
    rubric = load_rubric()
    first = date(2024, 1, 1)
    for i in range(calls):
        rep = int(rng.integers(0, reps))
        transcript, analysis = patterns[int(rng.integers(0, len(patterns)))]
        share = float(np.clip(own[rep] + rng.normal(0, 0.08), 0.05, 0.95))
        totals = {**analysis.totals, "rep_speech_ms": 1e6 * share, "customer_speech_ms": 1e6 * (1 - share)}
        keep = rng.random(len(analysis.findings)) < 0.8
        findings = tuple(f for f, kept in zip(analysis.findings, keep, strict=True) if kept)
        analysis = dataclasses.replace(analysis, totals=totals, findings=findings)
        info = CallInfo(
            f"call-{i:06d}",
            f"Rep {rep:03d}",
            f"Customer {int(rng.integers(0, 5000)):04d}",
            f"Opportunity {int(rng.integers(0, 20_000)):05d}",
            (first + timedelta(days=int(i * 730 / calls))).isoformat(),
            TYPES[int(rng.integers(0, len(TYPES)))],
        )
        transcript = transcript.with_info(info)
        heard = Heard(transcript, analysis, score(analysis, transcript, rubric))
        yield heard, hashlib.sha256(info.id.encode()).hexdigest(), Source(f"/calls/{info.id}.wav", "recording", 1, "1")


def fill(store: Store, calls: int, reps: int, light: bool = False, portion: int = 250) -> None:
    began = time.monotonic()
    waiting = []
    for done, item in enumerate(made_up(calls, reps, light=light), 1):
        waiting.append(item)
        if len(waiting) == portion or done == calls:
            store.save_all(waiting)
            waiting.clear()
        if done % 5000 == 0:
            print(f"{done:,} calls, {done / (time.monotonic() - began):.0f} a second", flush=True)


def timed(title: str, work: Callable[[], object], repeat: int = 3) -> float:
    """Seconds of the fastest of some runs, printed."""
    best = float("inf")
    for _ in range(repeat):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    print(f"{best:7.3f} s  {title}", flush=True)
    return best


def questions(store: Store) -> dict[str, float]:
    """Seconds for what issue 4 puts limits on."""
    rubric = load_rubric()
    everything = ("listening_index", *(f"component.{key}" for key in rubric.components), *MEASURES)
    directions = trends.directions(rubric)

    def one_rep() -> object:
        seen = store.measures(CallFilter(reps=("Rep 007",)), everything)
        return trends.of_rep(seen, store.sums(everything), "Rep 007", everything, "month", directions)

    def whole_team() -> object:
        keys = ("listening_index",)
        return trends.of_team(store.measures(None, keys), store.sums(keys), keys, "month", directions)

    some = CallFilter(reps=("Rep 007",), since="2024-06-01", call_types=("demo",))
    return {
        "sums": timed("all sums, first time", store.sums, 1),
        "rep": timed("trends of one rep, all measures", one_rep),
        "team": timed("trends of the team, listening index", whole_team),
        "page": timed("calls: first page", store.calls),
        "filter": timed("calls: rep, type and date", lambda: store.calls(some)),
        "search": timed("calls: text search", lambda: store.calls(CallFilter(text="customer 0042"))),
        "score": timed(
            "calls: worst scores", lambda: store.calls(CallFilter(score_max=60), sort="score", descending=False)
        ),
        "measure": timed("calls: sorted by a measure", lambda: store.calls(sort="talk_share")),
        "deep": timed("calls: page 1,000", lambda: store.calls(offset=50_000)),
        "call": timed("one call with everything", lambda: store.call(100)),
    }


def main() -> None:
    where, calls, reps = sys.argv[1], int((sys.argv[2:] or ["100000"])[0]), int((sys.argv[3:] or ["200"])[0])
    with open_store(where) as store:
        missing = calls - store.calls(limit=1).total
        if missing > 0:
            fill(store, calls, reps, light="light" in sys.argv)
        if "://" not in where:
            size = sum(p.stat().st_size for p in Path(where).parent.glob(f"{Path(where).name}*"))
            print(f"{size / 1e9:.2f} GB, {size / calls / 1e3:.1f} kB a call")
        questions(store)


if __name__ == "__main__":
    main()
