"""What the channels of a recording hold. Two channels are not always two speakers.

    mono           one channel
    speakers       each channel its own speaker(s); `channels` says which ones to listen to
    duplicated     the same sound in every channel: one is enough
    dead           only one channel carries speech
    mixed          every channel holds everybody, about as loud: listen to their mean as to mono

One side's voice leaking into the other ("bleed") is still `speakers`; `without_bleed` takes the leaked stretches out
of the other side's speech.

    left   ████████░░░░░░░░██████     says A
    right  ▒▒▒▒▒▒▒▒████████▒▒▒▒▒▒     says B, with A leaking in 25 dB lower
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from listening.audio.activity import HOP_MS, RATE, energy_db, join
from listening.transcript import Span

SAME = 0.95  # correlation from which two channels hold the same sound
SAME_DB = 4.0  # and whose levels keep a constant distance
MIXED = 0.6  # a copy with echo or other codecs between; two-sided calls without bleed stay under 0.2
MIXED_DB = 14.0  # one microphone is at most 7 dB nearer to its speaker than to the other
MAX_LAG_MS = 60  # between two copies of one sound
SILENT_DB = -60.0  # a channel that is never louder than this is dead
LEAK_SAME_DB = 10.0  # energy up to this much above the expected leak is leak
LEAK_FOLLOWS = 0.5  # correlation of the two levels from which one channel follows the other
ECHO_MS = 300  # how late a leak may come (acoustic echo through a far telephone)


@dataclass(frozen=True, slots=True)
class Layout:
    """What the channels are: `kind` as above, the channels to listen to, and a sentence for the reader (or "")."""

    kind: str
    channels: tuple[int, ...]
    note: str = ""


def classify(samples: npt.NDArray[Any]) -> Layout:
    """What (channels, n) samples of 16 kHz hold; float32 or int16."""
    count = samples.shape[0]
    if count == 1:
        return Layout("mono", (0,))
    levels = [energy_db(samples[c], 20, 5) for c in range(count)]
    # A tenth of a second of noise does not make a channel live.
    tops = [float(np.sort(db)[-min(len(db), 10)]) if len(db) else -100.0 for db in levels]
    alive = [c for c in range(count) if tops[c] > SILENT_DB and tops[c] > max(tops) - 45]
    if not alive:
        return Layout("dead", (0,), "All channels are silent.")
    kept: list[int] = []
    copies = 0
    mixed = False
    for c in alive:
        pairs = [(_likeness(samples[k], samples[c], levels[k]), _separation(levels[k], levels[c])) for k in kept]
        if any(alike >= SAME and apart <= SAME_DB for alike, apart in pairs):
            copies += 1
            continue
        mixed = mixed or any(alike >= MIXED and apart <= MIXED_DB for alike, apart in pairs)
        kept.append(c)
    dead = count - len(alive)
    if mixed:
        return Layout(
            "mixed", tuple(kept), "The channels hold the same voices, so their mix was used and voices told apart."
        )
    if len(kept) == 1:
        if copies and not dead:
            return Layout("duplicated", (kept[0],), f"All {count} channels hold the same sound, so one was used.")
        used = "left" if kept[0] == 0 else "right" if count == 2 else f"number {kept[0] + 1}"
        if copies:
            return Layout("duplicated", (kept[0],), f"Of {count} channels {dead} are silent and the others the same.")
        return Layout("dead", (kept[0],), f"Only one of {count} channels ({used}) carries sound, so it alone was used.")
    note = "" if count == 2 else f"Of {count} channels {len(kept)} carry different voices; one speaker each."
    return Layout("speakers", tuple(kept), note)


def mix(samples: npt.NDArray[Any], channels: Sequence[int]) -> npt.NDArray[Any]:
    """The mean of some channels, of the same type as `samples`, computed in blocks."""
    if len(channels) == 1:
        return samples[channels[0]]
    out = np.empty(samples.shape[1], samples.dtype)
    block = RATE * 60
    for at in range(0, len(out), block):
        total = sum(samples[c, at : at + block].astype(np.float32) for c in channels)
        out[at : at + block] = (total / len(channels)).astype(samples.dtype)
    return out


def _likeness(a: npt.NDArray[Any], b: npt.NDArray[Any], level: npt.NDArray[np.float32]) -> float:
    """Highest correlation of the waveforms over small lags and either polarity: median of the loudest 4 s stretches."""
    size = RATE * 4
    hops = size // (RATE // 50)
    starts = list(range(0, len(level) - hops + 1, hops)) or [0]
    starts = sorted(starts, key=lambda i: -float(level[i : i + hops].mean()))[:12]
    lag = RATE * MAX_LAG_MS // 1000
    found = []
    for start in starts:
        at = start * (RATE // 50)
        x, y = a[at : at + size].astype(np.float32), b[at : at + size].astype(np.float32)
        x, y = x - x.mean(), y - y.mean()
        norm = float(np.sqrt((x @ x) * (y @ y)))
        if norm <= 0:
            found.append(0.0)
            continue
        n = 2 * max(len(x), 1)
        cross = np.fft.irfft(np.fft.rfft(x, n) * np.conj(np.fft.rfft(y, n)), n)
        near = np.concatenate([cross[: lag + 1], cross[-lag:]])
        found.append(float(np.abs(near).max()) / norm)
    return float(np.median(found))


def _separation(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> float:
    """How far the difference of two levels swings (dB, 10th to 90th percentile) while either is loud."""
    loud = (a > a.max() - 25) | (b > b.max() - 25)
    low, high = np.percentile((a - b)[loud], [10, 90])
    return float(high - low)


def without_bleed(
    samples: npt.NDArray[Any], spans: Sequence[tuple[Span, ...]]
) -> tuple[tuple[tuple[Span, ...], ...], str]:
    """Speech of each channel without what leaked in from the others, and a sentence ("" when nothing leaked).

    `samples` is (channels, n), `spans` each channel's speech. A channel leaks into another when, while only it is
    louder, the other's level follows its own; how much is measured from the call itself. Stretches of the other
    channel no more than 10 dB over the expected leak are leak. A backchannel is louder than that and stays.
    """
    count = len(spans)
    levels = [energy_db(samples[c], HOP_MS, 8) for c in range(count)]
    kept: list[tuple[Span, ...]] = []
    removed = 0
    for c in range(count):
        leaked = np.zeros(len(levels[c]), bool)
        for other in range(count):
            if other != c and spans[other] and spans[c]:
                leaked |= _leak(levels[c], levels[other], _mask(spans[other], len(leaked)))
        if not leaked.any():
            kept.append(spans[c])
            continue
        cleaned = []
        for span in spans[c]:
            a, b = span.start // HOP_MS, span.end // HOP_MS
            own = ~leaked[a:b]
            if own.all():
                cleaned.append(span)
                continue
            edges = np.flatnonzero(np.diff(np.concatenate([[0], own.astype(np.int8), [0]]))).reshape(-1, 2)
            runs = join((Span((a + int(i)) * HOP_MS, (a + int(j)) * HOP_MS) for i, j in edges), 100)
            cleaned += [run for run in runs if run.length >= 120]
        result = join(cleaned, 180)
        removed += sum(s.length for s in spans[c]) - sum(s.length for s in result)
        kept.append(result)
    if removed < 500:
        return tuple(spans), ""
    return tuple(kept), (
        f"One side's voice leaks into the other's channel: {removed / 1000:.0f} seconds of speech were left to the "
        "louder side."
    )


def _leak(
    level: npt.NDArray[np.float32], other: npt.NDArray[np.float32], talking: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Frames of `level` that are explained by the `other` channel leaking in, at once or as an echo."""
    from scipy.ndimage import maximum_filter1d

    best, follows, loss = 0, 0.0, 0.0
    for lag in range(0, ECHO_MS // HOP_MS + 1, 4):
        late = np.concatenate([np.full(lag, other.min(), np.float32), other[: len(other) - lag]])
        alone = np.roll(talking, lag) & (level < late - 6)
        if alone.sum() < 2000 // HOP_MS or not np.ptp(level[alone]) > 0:
            continue
        correlation = float(np.corrcoef(level[alone], late[alone])[0, 1])
        if correlation > follows:
            best, follows, loss = lag, correlation, float(np.median((level - late)[alone]))
    if follows <= LEAK_FOLLOWS:
        return np.zeros(len(level), bool)
    late = np.concatenate([np.full(best, other.min(), np.float32), other[: len(other) - best]])
    source = maximum_filter1d(late, 60 // HOP_MS)  # rooms ring
    return np.asarray((level < source + loss + LEAK_SAME_DB) & (source > np.percentile(other, 10) + 10), bool)


def _mask(spans: Sequence[Span], count: int) -> npt.NDArray[np.bool_]:
    mask = np.zeros(count, bool)
    for span in spans:
        mask[span.start // HOP_MS : span.end // HOP_MS] = True
    return mask
