"""A recording for the page: small enough to carry, and its outline for the lanes. Both stream; neither holds the call."""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from listening.audio import decode

#: Bytes of audio a page may carry: base64 makes a third more of it, and an hour stays under 15 MB.
BUDGET = 9_500_000
#: Bits a second: more does not help telephone speech, less hurts it (Opus, mono).
BEST, WORST = 24_000, 10_000
#: Opus in WebM has exact times and plays in every browser of today.
MIME = "audio/webm"
_RATE = 16_000


@dataclass(frozen=True, slots=True)
class Outline:
    """How loud each channel is over the call: `peaks` (channels, n), 0..255, one for each `bin_ms`."""

    peaks: np.ndarray
    bin_ms: int = 100


def bitrate(duration_ms: int | None) -> int:
    """Opus bits a second for a call this long.

    >>> bitrate(60_000), bitrate(3_600_000) < 24_000
    (24000, True)
    """
    if not duration_ms:
        return BEST
    return int(min(BEST, max(WORST, BUDGET * 8 * 1000 / duration_ms)))


def compress(path: Path) -> bytes:
    """The recording as mono Opus in WebM. Raises AudioError."""
    import av

    rate = bitrate(decode.probe(path).duration_ms)
    out = io.BytesIO()
    with av.open(out, "w", format="webm") as container:
        stream = container.add_stream("libopus", rate=_RATE, layout="mono")
        stream.bit_rate = rate
        stream.options = {"application": "voip", "frame_duration": "60", "vbr": "constrained", "compression_level": "5"}
        at = 0
        for block in decode.stream(path, rate=_RATE, block_s=10.0):
            mono = np.ascontiguousarray(block.mean(axis=0, keepdims=True), dtype=np.float32)
            frame = av.AudioFrame.from_ndarray(mono, format="flt", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = _RATE, at, Fraction(1, _RATE)
            at += mono.shape[1]
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def outline(path: Path, bin_ms: int = 100) -> Outline:
    """The outline of a recording, at 8 kHz, which is enough to see who speaks. Raises AudioError."""
    size = 8 * bin_ms
    parts: list[np.ndarray] = []
    rest: np.ndarray | None = None
    for block in decode.stream(path, rate=8000, block_s=30.0):
        joined = block if rest is None else np.concatenate([rest, block], axis=1)
        whole = joined.shape[1] // size
        rest = joined[:, whole * size :]
        parts.append(np.abs(joined[:, : whole * size]).reshape(len(joined), whole, size).max(axis=2))
    if rest is not None and rest.shape[1]:
        parts.append(np.abs(rest).max(axis=1, keepdims=True))
    peaks = np.concatenate(parts, axis=1) if parts else np.zeros((1, 0))
    top = float(np.quantile(peaks, 0.995)) if peaks.size else 0.0
    return Outline(np.clip(255 * peaks / (top or 1.0), 0, 255).astype(np.uint8), bin_ms)
