"""Voices told apart: features, windows, clustering, fusion with local voices, and the error on a real call."""

from __future__ import annotations

import itertools
import time
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from listening.speakers import diarization, features
from listening.speakers.clustering import spectral
from listening.speakers.diarization import diarize
from listening.speakers.embedding import embed, windows
from listening.speakers.segmentation import Chunk
from listening.transcript import Span, Speech

AUDIO = Path(__file__).parents[2] / "shared" / "audio"


def error_rate(reference: Sequence[Speech], found: Sequence[Speech], collar_ms: int = 250) -> float:
    """Diarization error rate: (missed + false + confused speech) / reference speech, overlap scored, best mapping.

    Time within the collar around each edge of the reference is not scored.
    """
    end = max(s.end for s in (*reference, *found))
    scored = np.ones(end, bool)
    for s in reference:
        for edge in (s.start, s.end):
            scored[max(0, edge - collar_ms) : edge + collar_ms] = False

    def active(stretches: Sequence[Speech]) -> np.ndarray:
        ids = sorted({s.speaker for s in stretches})
        rows = np.zeros((max(len(ids), 1), end), bool)
        for s in stretches:
            rows[ids.index(s.speaker), s.start : s.end] = True
        return rows[:, scored]

    truth, heard = active(reference), active(found)
    common = (truth[:, None] & heard[None]).sum(axis=2)
    if len(truth) > len(heard):
        common = common.T
    right = max(
        sum(row[p] for row, p in zip(common, order, strict=False))
        for order in itertools.permutations(range(common.shape[1]), len(common))
    )
    wrong = np.maximum(truth.sum(axis=0), heard.sum(axis=0)).sum() - right
    return float(wrong / truth.sum())


def test_error_rate() -> None:
    truth = (Speech("x", 0, 2000), Speech("y", 2000, 4000))
    assert error_rate(truth, (Speech("B", 0, 2000), Speech("A", 2000, 4000))) == 0
    assert error_rate(truth, (Speech("A", 0, 4000),), 0) == 0.5  # confused
    assert error_rate(truth, (Speech("A", 0, 1000), Speech("B", 2000, 4000)), 0) == 0.25  # missed
    assert error_rate(truth, (*truth, Speech("x", 3000, 5000)), 0) == 0.5  # false
    assert error_rate(truth, (Speech("A", 0, 2240), Speech("B", 2240, 4000))) == 0  # within the collar


def test_features_have_kaldi_shape_and_hear_pitch() -> None:
    assert features.fbank(np.zeros(399, np.float32)).shape == (0, 80)
    at = np.arange(16_000) / 16_000
    low, high = (features.fbank(np.sin(2 * np.pi * hz * at).astype(np.float32)) for hz in (200, 3000))
    assert low.shape == (98, 80)
    assert low.mean(axis=0).argmax() < 12 < 45 < high.mean(axis=0).argmax()
    kaldi = pytest.importorskip("kaldi_native_fbank", reason="compared with kaldi-native-fbank when it is installed")
    options = kaldi.FbankOptions()
    options.frame_opts.dither, options.mel_opts.num_bins = 0, 80
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    theirs = kaldi.OnlineFbank(options)
    theirs.accept_waveform(16_000, noise.tolist())
    frames = np.stack([theirs.get_frame(i) for i in range(98)])
    assert np.allclose(frames, features.fbank(noise), atol=5e-3)


def test_windows_cover_speech() -> None:
    assert windows(()) == ()
    assert windows((Span(0, 300),)) == (Span(0, 300),)
    assert windows((Span(100, 3000),)) == (Span(100, 1600), Span(850, 2350), Span(1500, 3000))


def voices(labels: Sequence[int], spread: float, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    centres = np.eye(192)[:4]
    made = centres[list(labels)] + random.normal(0, spread / np.sqrt(192), (len(labels), 192))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("groups", [2, 3])
def test_clustering_finds_unequal_groups_and_repeats_itself(groups: int) -> None:
    truth = np.array([0] * 80 + [1] * 25 + [2] * (20 if groups == 3 else 0))
    made = voices(truth, 1.0)
    found = spectral(made, groups, 0.1)
    for group in range(groups):
        assert len(set(found[truth == group])) == 1
    assert len(set(found)) == groups
    assert (found == spectral(made, groups, 0.1)).all()
    assert len(spectral(made[:1], 1, 0.1)) == 1


def test_local_voices_sharpen_the_change_and_overlap_adds_a_speaker() -> None:
    """Window labels know a change within 0.75 s; the local voices move it to the frame."""
    speech = (Span(0, 20_000),)
    spans = windows(speech)
    labels = [0 if s.start + s.end < 2 * 7_100 else 1 for s in spans]
    chunks = []
    for first in (0, 500, 1000):
        at = np.arange(first, first + 1000)
        one, two = (at < 740).astype(np.float32), ((at >= 740) | (at >= 700)).astype(np.float32)
        local = [two, one, 0 * one] if first else [one, two, 0 * one]  # numbered otherwise in every chunk
        chunks.append(Chunk(first, np.stack(local, axis=1), one * two))
    call = diarization._Call(spans, voices(labels, 0.8), tuple(chunks), 2000, 2)
    found = diarization._named(diarization._stretches(speech, *call.decide()))
    assert found[0].speaker == "A"
    assert found[0].start == 0
    assert found[1].end == 20_000
    assert abs(found[0].end - 7_400) <= 100
    assert abs(found[1].start - 7_000) <= 100


def test_one_voice_is_not_cut_in_two() -> None:
    spans = windows((Span(0, 20_000),))
    alone = np.zeros((1000, 3), np.float32)
    alone[:, 0] = 1
    chunks = tuple(Chunk(first, alone, alone[:, 1]) for first in (0, 500, 1000))
    one = diarization._Call(spans, voices([0] * len(spans), 0.5), chunks, 2000, 2)
    two = diarization._Call(spans, voices([int(i % 10 < 3) for i in range(len(spans))], 0.5), chunks, 2000, 2)
    assert one.is_one_voice()
    assert not two.is_one_voice()


def test_trivial_calls_need_no_network() -> None:
    silence = np.zeros(32_000, np.float32)
    assert diarize(silence, ()) == ()
    assert diarize(silence, (Span(100, 900), Span(1500, 9000)), speakers=1) == (
        Speech("A", 100, 900),
        Speech("A", 1500, 2000),
    )
    with pytest.raises(ValueError, match="speakers"):
        diarize(silence, (), speakers=0)


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.2, 1.0, 2.5])
def test_tiny_calls(seconds: float) -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, int(16_000 * seconds)).astype(np.float32)
    found = diarize(sound, (Span(0, int(seconds * 1000)),), speakers=3)
    assert found
    assert found[0].speaker == "A"
    assert embed(sound, [Span(0, 200)]).shape == (1, 192)


def real_call() -> tuple[np.ndarray, tuple[Speech, ...]]:
    if not (AUDIO / "AR49.wav").is_file():
        pytest.skip("the recordings of ../shared/audio are not here")
    from scipy.signal import resample_poly

    with wave.open(str(AUDIO / "AR49.wav")) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, file.getnchannels())
        rate = file.getframerate()
    rows = (line.split() for line in (AUDIO / "AR49.rttm").read_text(encoding="utf-8").splitlines())
    truth = tuple(Speech(r[7], round(float(r[3]) * 1000), round(1000 * (float(r[3]) + float(r[4])))) for r in rows)
    return resample_poly(sound.mean(axis=1) / 32768, 16_000, rate).astype(np.float32), truth


def share(stretches: Sequence[Speech], speaker: str) -> float:
    return sum(s.span.length for s in stretches if s.speaker == speaker) / sum(s.span.length for s in stretches)


@pytest.mark.slow
def test_real_call_mixed_to_one_channel() -> None:
    from listening.audio.activity import speech_spans

    samples, truth = real_call()
    speech = speech_spans(samples)
    began = time.process_time()
    found = diarize(samples, speech)
    used = time.process_time() - began
    error = error_rate(truth, found)
    print(f"DER {error:.1%}, {len(samples) / 16_000 / used:.0f} s of audio a CPU second")
    assert error <= 0.08
    assert abs(share(found, "A") - share(truth, "agent")) <= 0.05  # the agent speaks first
