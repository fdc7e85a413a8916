"""Runs workers as processes of their own: wall time, CPU time, peak memory, medians over runs."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from listening.audio import decode
from listening.bench.accuracy import count_errors, truth_of
from listening.errors import EngineError
from listening.progress import Progress, silent

#: `ru_maxrss` is in kB, on macOS in bytes.
_RSS_UNIT = 1024 if sys.platform != "darwin" else 1
LONG_S = 7200  # the two-hour file


@dataclass(frozen=True, slots=True)
class Run:
    """One process: wall time from its start to its end, CPU time of its threads, peak resident memory, its output."""

    seconds: float
    cpu_s: float
    peak_mb: float
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Side:
    """One program on one recording, medians over runs. `word_error_rate` is None without a truth.

    On a machine that does other work meanwhile, CPU time tells more than wall time.
    """

    seconds: float
    cpu_s: float
    times_real_time: float
    peak_mb: float
    word_error_rate: float | None = None
    stages: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One recording: ours, the reference (None when left out), how many times faster (by wall and by CPU time), and
    their word disagreement."""

    file: str
    audio_s: float
    engine: str
    ours: Side
    reference: Side | None
    ratio: float | None
    cpu_ratio: float | None
    disagreement: float | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def run(worker: str, *arguments: str) -> Run:
    """Run `python -m listening.bench.WORKER`. Raises EngineError when it fails."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", f"listening.bench.{worker}", *arguments], stdout=out, stderr=errors
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)  # it has been waited for
        if status:
            errors.seek(0)
            lines = errors.read().decode(errors="replace").strip().splitlines()
            raise EngineError(f"The benchmark {worker} failed: {lines[-1] if lines else 'no reason given'}")
        out.seek(0)
        cpu_s = usage.ru_utime + usage.ru_stime
        return Run(seconds, cpu_s, usage.ru_maxrss * _RSS_UNIT / 1e6, json.loads(out.read().splitlines()[-1]))


def measure(
    recordings: Sequence[Path],
    *,
    runs: int = 1,
    engine: str = "auto",
    reference: bool = True,
    progress: Progress = silent,
) -> list[Row]:
    """Hear each recording `runs` times with ours and with the reference, in turns, so that both meet the same machine."""
    rows = []
    total = len(recordings) * runs
    for number, recording in enumerate(recordings):
        ours, theirs = [], []
        for turn in range(runs):
            progress(recording.name, number * runs + turn, total)
            ours.append(run("hearing", str(recording), engine))
            if reference:
                theirs.append(run("reference", str(recording)))
        rows.append(_row(recording, ours, theirs))
    return rows


def _row(recording: Path, ours: list[Run], theirs: list[Run]) -> Row:
    first = ours[0].result
    audio_s = float(first["audio_s"])
    names = list(first["stages"])
    stages = {name: statistics.median(r.result["stages"].get(name, 0.0) for r in ours) for name in names}
    us = _side(recording, ours, audio_s, stages)
    them = _side(recording, theirs, audio_s) if theirs else None
    return Row(
        file=recording.name,
        audio_s=audio_s,
        engine=str(first["engine"]),
        ours=us,
        reference=them,
        ratio=round(them.seconds / us.seconds, 2) if them else None,
        cpu_ratio=round(them.cpu_s / us.cpu_s, 2) if them else None,
        disagreement=_rate(theirs[0].result["text"], first["text"]) if theirs else None,
    )


def _side(recording: Path, made: list[Run], audio_s: float, stages: Mapping[str, float] | None = None) -> Side:
    seconds = statistics.median(r.seconds for r in made)
    truth = truth_of(recording)
    rate = None
    if truth is not None:
        said = " ".join(u["text"] for u in sorted(truth["utterances"], key=lambda u: int(u["start"])))
        rate = _rate(said, made[0].result["text"])
    return Side(
        seconds=round(seconds, 2),
        cpu_s=round(statistics.median(r.cpu_s for r in made), 2),
        times_real_time=round(audio_s / seconds, 1),
        peak_mb=round(statistics.median(r.peak_mb for r in made)),
        word_error_rate=rate,
        stages=stages,
    )


def _rate(said: str, heard: str) -> float | None:
    """Word error rate in the order of time; None without jiwer, or without words."""
    try:
        errors, words = count_errors([(said, heard)])
    except ImportError:
        return None
    return round(errors / words, 4) if words else None


def repeated(recording: Path, folder: Path, seconds: int = LONG_S) -> Path:
    """The recording again and again until it is `seconds` long, as a 16 kHz WAV."""
    once = np.concatenate(list(decode.stream(recording)), axis=1)
    block = np.ascontiguousarray((np.clip(once, -1, 1) * 32767).astype("<i2").T)
    path = folder / f"{recording.stem}_{seconds}s.wav"
    left = seconds * decode.RATE
    with wave.open(str(path), "wb") as file:
        file.setnchannels(block.shape[1])
        file.setsampwidth(2)
        file.setframerate(decode.RATE)
        while left > 0:
            file.writeframes(block[:left].tobytes())
            left -= len(block)
    return path
