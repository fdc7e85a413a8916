"""Many calls on this machine: transcripts through `batch` with its workers, and scoring again from stored findings."""

from __future__ import annotations

import dataclasses
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from listening.batch import run
from listening.batch.workers import Processes
from listening.bench import made_up
from listening.errors import UsageError
from listening.formats import write
from listening.gold import read_gold
from listening.scoring import load_rubric
from listening.store.store import Store
from listening.transcript import CallInfo, Timing, Utterance

#: What makes a call of ten minutes: words, at 150 a minute.
WORDS = 1500
#: Scored again in one transaction, as `batch` does it.
AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Speed:
    """So many calls in so many seconds of wall time, and of processor time of this process and its workers."""

    what: str
    calls: int
    seconds: float
    cpu_s: float
    limit_per_s: float

    @property
    def per_s(self) -> float:
        return self.calls / self.seconds

    @property
    def per_cpu_s(self) -> float:
        return self.calls / self.cpu_s

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "per_s": self.per_s, "per_cpu_s": self.per_cpu_s}


def ten_minutes(gold: Path, folder: Path, many: int) -> None:
    """Write so many transcripts of ten minutes, each of other lines of the sample calls."""
    samples = [call.transcript for call in read_gold(gold)]
    lines = [(u.speaker, u.text) for sample in samples for u in sample.utterances]
    template = samples[0]
    speakers = {s.id: s for sample in samples for s in sample.speakers}
    for number in range(many):
        rng = np.random.default_rng(number)
        said: list[Utterance] = []
        at = words = 0
        while words < WORDS:
            speaker, text = lines[int(rng.integers(len(lines)))]
            length = 400 * len(text.split())
            said.append(Utterance(text, speaker, at, at + length, timing=Timing.CUE))
            at, words = at + length + 300, words + len(text.split())
        used = {u.speaker for u in said}
        call = dataclasses.replace(
            template,
            utterances=tuple(said),
            speakers=tuple(s for i, s in speakers.items() if i in used),
            info=CallInfo(f"ten minutes {number:03d}"),
            duration=at,
            speech=(),
        )
        (folder / f"ten minutes {number:03d}.json").write_text(write(call, "native"))


def transcripts(store: Store, folder: Path, jobs: int) -> Speed:
    """The batch over a folder of transcripts, the start of its workers and the loading of their models included."""
    summary = None

    def work() -> None:
        nonlocal summary
        summary = run([str(folder)], store, lambda: Processes(jobs))

    seconds, cpu_s = _timed(work)
    if summary is None or summary.failed or not summary.states["heard"]:
        raise UsageError("The made-up transcripts could not be scored; is this store empty?")
    return Speed(f"ten-minute transcripts, {jobs} workers", summary.states["heard"], seconds, cpu_s, 1.0)


def rescoring(store: Store, many: int) -> Speed:
    """Another rubric over stored findings, 120 a call."""
    ids: Sequence[int] = store.save_all(list(islice(made_up.calls(many, 20, full_every=1), many)))
    other = dataclasses.replace(load_rubric(), version="bench")

    def work() -> None:
        for start in range(0, many, AT_ONCE):
            store.rescore(ids[start : start + AT_ONCE], other)

    return Speed("scored again from stored findings", many, *_timed(work), 200.0)


def _timed(work: Callable[[], None]) -> tuple[float, float]:
    began, cpu_began = time.perf_counter(), _cpu()
    work()
    return time.perf_counter() - began, _cpu() - cpu_began


def _cpu() -> float:
    """Seconds of this process and of those of its children that have ended."""
    return sum(
        u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
