"""Log-mel features as Kaldi computes them, which is what the speaker embedding was trained on.

Kaldi's `compute-fbank-feats` with its defaults (25 ms frames every 10 ms, mean removed, pre-emphasis 0.97, "povey"
window, 512-point power spectrum, triangular mel filters from 20 Hz up, natural log) and 80 bins, no dither, samples in
-1..1. Checked against kaldi-native-fbank: see tests/test_speakers.py.
"""

from __future__ import annotations

import functools

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Floats = NDArray[np.float32]

RATE = 16_000
FRAME = 400  # samples: 25 ms
STEP = 160  # samples: 10 ms
BINS = 80
_FFT = 512
_LOWEST_HZ = 20.0
_PRE_EMPHASIS = 0.97
_BLOCK = 256  # frames at once: stays in the processor's cache
_FLOOR = float(np.finfo(np.float32).eps)


@functools.cache
def _window() -> Floats:
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / (FRAME - 1))
    return (hann**0.85).astype(np.float32)


@functools.cache
def _filters() -> Floats:
    """Triangular filters (spectrum bins, mel bins), equally wide on the mel scale 1127 ln(1 + f / 700)."""

    def mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(1127.0 * np.log1p(hz / 700.0))

    low, high = mel(np.array([_LOWEST_HZ, RATE / 2]))
    edges = np.linspace(low, high, BINS + 2)
    at = mel(np.arange(_FFT // 2 + 1) * RATE / _FFT)[:, None]
    rising = (at - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - at) / (edges[2:] - edges[1:-1])
    weights = np.clip(np.minimum(rising, falling), 0.0, None)
    weights[-1] = 0.0  # Kaldi leaves the Nyquist bin out
    return weights.astype(np.float32)


def fbank(samples: Floats) -> Floats:
    """Mono 16 kHz samples -> (frames, 80) log-mel energies; frames = 1 + (n - 400) // 160, none when n < 400."""
    if len(samples) < FRAME:
        return np.zeros((0, BINS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::STEP]
    return np.concatenate([_block(frames[at : at + _BLOCK]) for at in range(0, len(frames), _BLOCK)])


def _block(frames: Floats) -> Floats:
    frames = frames - frames.mean(axis=1, keepdims=True)
    shifted = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    spectrum = scipy.fft.rfft((frames - np.float32(_PRE_EMPHASIS) * shifted) * _window(), _FFT)
    power = spectrum.real**2 + spectrum.imag**2
    return np.asarray(np.log(np.maximum(power @ _filters(), _FLOOR)), np.float32)
