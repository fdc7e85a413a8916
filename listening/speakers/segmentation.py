"""Who speaks when within ten seconds, and where two speak at once: pyannote segmentation-3.0.

The network hears chunks of 10 s, here one every 5 s, and says for every 17 ms which of up to three voices are active.
Its voices are local: voice 1 of one chunk may be voice 2 of the next. Bredin & Laurent, "End-to-end speaker
segmentation for overlap-aware resegmentation", Interspeech 2021; powerset form: Plaquet & Bredin, Interspeech 2023.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from listening.progress import Progress, silent
from listening.speakers._session import open_session, side_by_side

Floats = NDArray[np.float32]

RATE = 16_000
FRAME_MS = 10  # of what is returned
CHUNK_MS = 10_000
STEP_MS = 5_000
LOCAL = 3  # voices of a chunk
# A frame of the network is 270 samples; the middle of the first one lies at sample 495.
_FRAME_STEP, _FRAME_FIRST = 270 / 16, 495.5 / 16  # ms
# The seven classes of the network: nobody, each voice alone, each pair.
_VOICES = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]], np.float32)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Frames `first` … of 10 ms: `active` (frames, 3) the chance that a voice is active, `several` (frames,) that
    more than one is."""

    first: int
    active: Floats
    several: Floats

    @property
    def frames(self) -> slice:
        return slice(self.first, self.first + len(self.active))

    @property
    def trust(self) -> Floats:
        """1 in the middle of the chunk, 0.1 at its edges, where the network knows only one side."""
        count = CHUNK_MS // FRAME_MS
        return np.asarray(1 - 0.9 * np.abs(np.arange(len(self.active)) * 2 / count - 1), np.float32)


def segment(samples: NDArray[Any], progress: Progress = silent) -> tuple[Chunk, ...]:
    """Mono 16 kHz samples (float32 in -1..1, or int16) -> chunks that cover them.

    Raises ModelError or EngineError when the network cannot be had or run.
    """
    session = _network()
    size, step = CHUNK_MS * RATE // 1000, STEP_MS * RATE // 1000
    total = frame_count(len(samples))
    starts = range(0, max(1, len(samples) - size + step), step)

    def heard(start: int) -> Chunk:
        sound = samples[start : start + size].astype(np.float32)
        if samples.dtype == np.int16:
            sound /= 32768
        sound = np.pad(sound, (0, size - len(sound)))
        classes = np.exp(session.run(None, {"input": sound[None, None]})[0][0])
        first = start * 1000 // RATE // FRAME_MS
        at = (np.arange(min(CHUNK_MS // FRAME_MS, total - first)) + 0.5) * FRAME_MS
        middles = _FRAME_FIRST + _FRAME_STEP * np.arange(len(classes))
        alone = classes @ _VOICES
        return Chunk(
            first,
            np.stack([np.interp(at, middles, alone[:, k]) for k in range(LOCAL)], axis=1).astype(np.float32),
            np.interp(at, middles, classes[:, 4:].sum(axis=1)).astype(np.float32),
        )

    chunks: list[Chunk] = []
    for chunk in side_by_side(heard, starts):
        chunks.append(chunk)
        progress("finding overlaps", len(chunks), len(starts))
    return tuple(chunks)


def frame_count(samples: int) -> int:
    """How many frames of 10 ms cover that many samples."""
    return -(-samples * 1000 // RATE // FRAME_MS)


@functools.cache
def _network() -> Any:
    from listening import models

    return open_session(models.path("segmentation"))
