"""Where there is speech: silero v6 decides what is speech, short-time energy decides where it begins and ends.

The network alone hears onsets 8–23 ms late and ends 50–90 ms late (measured on two 8 kHz calls), so pauses come out
short; the edges are moved to where the sound crosses a level between the speech and the noise around it. On AR49 that
puts onsets at a median of 0 ms and ends at 5 ms early against the reference. Where speech is hardly louder than the noise,
the measured lag is taken off instead.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from listening.errors import EngineError
from listening.progress import Progress, silent
from listening.transcript import Span

RATE = 16_000  # Hz
FRAME = 512  # samples a probability, 32 ms
CONTEXT = 64  # samples of the past the network sees before each frame
HOP_MS = 5  # of the energy
ON, OFF = 0.5, 0.35  # of the probability; silero's own
MIN_SILENCE_FRAMES = 3  # about 0.1 s
MIN_SPEECH_FRAMES = 2
BRIDGE_MS = 180  # shorter gaps are articulation, not pauses (Heldner & Edlund 2010)
BELOW_TOP_DB = 36.0  # below the channel's loud speech; from 37 on a voice's hiss fills its own short pauses
BELOW_PEAK_DB = 18.0  # and at least so much below the stretch itself, which may be a quiet one
ABOVE_NOISE_DB = 8.0  # keeps the noise out
CLEAN_DB = 40.0  # speech this far above the noise: a clean line, where energy can be trusted
SHORT_ON = 0.3  # on a clean line, a short burst ("mhm") counts from this probability
SHORT_MS = (100, 2000)
LATE_ON_MS, LATE_OFF_MS = 12, 65  # the network's lag
LONGEST_LAG_MS = 500  # now and then it holds on this long after the sound has ended


@dataclass(frozen=True, slots=True)
class _Level:
    """Energy in dB every HOP_MS, its floor (noise) and its top (loud speech)."""

    db: npt.NDArray[np.float32]
    floor: float
    top: float


def speech_spans(samples: npt.NDArray[Any], *, progress: Progress = silent) -> tuple[Span, ...]:
    """Stretches of speech (ms) in one channel of 16 kHz samples, float32 within -1..1 or int16.

    Pauses under 180 ms are inside a stretch. Silence gives (). Raises ModelError when the voice activity model cannot
    be fetched, EngineError when onnxruntime is missing.
    """
    if samples.ndim != 1:
        raise ValueError("speech_spans takes one channel")
    if len(samples) < FRAME:
        return ()
    level = _level(samples)
    chance = probabilities(samples, gain=_gain(level.top), progress=progress)
    raw = _hysteresis(chance)
    ends = [0, *(s.end for s in raw)]
    starts = [*(s.start for s in raw[1:]), len(samples) * 1000 // RATE + 100]
    spans = [_refine(span, level, Span(ends[i], starts[i] - 60)) for i, span in enumerate(raw)]
    if level.top - level.floor >= CLEAN_DB:
        spans += _short_bursts(chance, level, raw)
    end = len(samples) * 1000 // RATE
    return join((Span(max(0, s.start), min(s.end, end)) for s in spans), BRIDGE_MS)


def join(spans: Any, gap_ms: int = 0) -> tuple[Span, ...]:
    """Spans in order, those that overlap or are less than `gap_ms` apart made one; empty ones dropped."""
    joined: list[Span] = []
    for span in sorted((s for s in spans if s), key=lambda s: s.start):
        if joined and span.start - joined[-1].end < max(gap_ms, 1):
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return tuple(joined)


def probabilities(samples: npt.NDArray[Any], gain: float = 1.0, progress: Progress = silent) -> npt.NDArray[np.float32]:
    """Probability of speech of every 32 ms."""
    session = _session()
    scale = np.float32(gain / 32768 if samples.dtype == np.int16 else gain)
    h = c = np.zeros((1, 1, 128), np.float32)
    past = np.zeros(CONTEXT, np.float32)
    block = FRAME * 512  # 16 s a call: enough to be fast, little memory
    out = []
    for at in range(0, len(samples), block):
        piece = np.clip(samples[at : at + block].astype(np.float32) * scale, -1, 1)
        frames = np.zeros((-(-len(piece) // FRAME), FRAME), np.float32)
        frames.reshape(-1)[: len(piece)] = piece
        contexts = np.vstack([past[None], frames[:-1, -CONTEXT:]])
        past = frames[-1, -CONTEXT:]
        chance, h, c = session.run(None, {"input": np.hstack([contexts, frames]), "h": h, "c": c})
        out.append(chance.reshape(-1))
        progress("finding speech", min(at + block, len(samples)), len(samples))
    return np.concatenate(out)


@functools.cache
def _session() -> Any:
    from listening import models

    try:
        import onnxruntime
    except ImportError as problem:
        raise EngineError("Finding speech needs onnxruntime, which is not installed.") from problem
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # more do not help a network this small
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(models.path("silero-vad")), options, providers=["CPUExecutionProvider"])


def energy_db(samples: npt.NDArray[Any], hop_ms: int = HOP_MS, window: int = 4) -> npt.NDArray[np.float32]:
    """Energy (dB, full scale 0) every `hop_ms`, averaged over `window` hops."""
    hop = RATE * hop_ms // 1000
    count = len(samples) // hop
    power = np.empty(count, np.float32)
    scale = 1 / 32768**2 if samples.dtype == np.int16 else 1.0
    for at in range(0, count, 60_000):  # blocks, so that two hours need no float copy of the whole
        piece = samples[at * hop : min(at + 60_000, count) * hop].astype(np.float32).reshape(-1, hop)
        power[at : at + len(piece)] = np.einsum("ij,ij->i", piece, piece) * (scale / hop)
    if window > 1:
        power = np.convolve(power, np.full(window, 1 / window, np.float32), "same")[:count].astype(np.float32)
    return np.asarray(10 * np.log10(power + 1e-10), np.float32)


def _level(samples: npt.NDArray[Any]) -> _Level:
    db = energy_db(samples)
    if not len(db):
        return _Level(db, -100.0, -100.0)
    floor = float(np.percentile(db, 10))
    top = float(np.percentile(db[db > floor + 6], 95)) if (db > floor + 6).any() else floor
    return _Level(db, floor, top)


def _gain(top: float) -> float:
    """Lifts a quiet recording towards -20 dB, by 30 dB at most; the network hears little below -40 dB."""
    return float(10 ** (min(30.0, max(0.0, -20 - top)) / 20)) if top < -32 else 1.0


def _hysteresis(chance: npt.NDArray[np.float32]) -> list[Span]:
    """Speech begins at ON, ends after MIN_SILENCE_FRAMES below OFF."""
    spans: list[Span] = []
    start = quiet = -1
    for i, value in enumerate(chance.tolist()):
        if start < 0:
            if value >= ON:
                start, quiet = i, -1
        elif value >= ON:
            quiet = -1
        elif value < OFF or quiet >= 0:
            if quiet < 0:
                quiet = i
            if i - quiet + 1 >= MIN_SILENCE_FRAMES:
                spans.append(_frames_to_span(start, quiet))
                start = -1
    if start >= 0:
        spans.append(_frames_to_span(start, len(chance)))
    return [s for s in spans if s.length >= MIN_SPEECH_FRAMES * 32]


def _frames_to_span(first: int, last: int) -> Span:
    return Span(first * 32, last * 32)


def _refine(span: Span, level: _Level, room: Span) -> Span:
    """Moves both edges to where the energy crosses a threshold near them, within the `room` that neighbours leave."""
    a, b = span.start // HOP_MS, span.end // HOP_MS
    inside = level.db[a:b]
    peak = float(np.percentile(inside, 90)) if len(inside) else -100.0
    threshold = max(min(level.top - BELOW_TOP_DB, peak - BELOW_PEAK_DB), level.floor + ABOVE_NOISE_DB)
    if peak - threshold < 6:  # hardly louder than the noise
        return Span(span.start - LATE_ON_MS, span.end - LATE_OFF_MS)
    before, after = max(0, a - 200 // HOP_MS, room.start // HOP_MS), min(len(level.db), a + 150 // HOP_MS)
    loud = np.flatnonzero(level.db[before:after] > threshold)
    start = (before + int(loud[0])) * HOP_MS if len(loud) else span.start - LATE_ON_MS
    before, after = max(a, b - LONGEST_LAG_MS // HOP_MS), min(len(level.db), b + 220 // HOP_MS, room.end // HOP_MS)
    loud = np.flatnonzero(level.db[before:after] > threshold)
    end = (before + int(loud[-1]) + 1) * HOP_MS if len(loud) else span.end - LATE_OFF_MS
    return Span(start, end)


def _short_bursts(chance: npt.NDArray[np.float32], level: _Level, known: Sequence[Span]) -> list[Span]:
    """Short sounds on a clean line that the network half takes for speech: "mhm", a laugh."""
    loud = level.db > max(level.top - 35, level.floor + 15)
    for span in known:
        loud[max(0, span.start // HOP_MS - 20) : span.end // HOP_MS + 20] = False
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.astype(np.int8), [0]])))
    runs = join((Span(int(a) * HOP_MS, int(b) * HOP_MS) for a, b in edges.reshape(-1, 2)), BRIDGE_MS)
    return [
        run
        for run in runs
        if SHORT_MS[0] <= run.length <= SHORT_MS[1]
        and float(chance[run.start // 32 : run.end // 32 + 1].max(initial=0)) >= SHORT_ON
    ]
