"""Recordings as people have them: every container, every kind of damage, every way to use two channels."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from listening.audio import activity, channels, decode
from listening.errors import AudioError
from listening.transcript import Span

SHARED = Path(__file__).parents[2] / "shared" / "audio"
RATE = 16_000


def voice(seconds: float, seed: int = 0, rate: int = RATE) -> Any:
    """Noise in syllables, which is no speech, but has its envelope; float32 within -1..1."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * rate)) / rate
    syllables = np.clip(np.sin(2 * np.pi * (3 + seed) * t) + np.sin(2 * np.pi * 0.3 * t + seed), 0, 1)
    return (rng.normal(0, 0.1, len(t)) * syllables).astype(np.float32)


def encode(path: Path, samples: Any, codec: str, container: str, rate: int = RATE) -> Path:
    """Writes (channels, n) float32 with any encoder."""
    with av.open(str(path), "w", format=container) as out:
        track = out.add_stream(codec, rate=rate)
        track.layout = {1: "mono", 2: "stereo", 3: "2.1"}[samples.shape[0]]
        resampler = av.AudioResampler(format=track.format.name, layout=track.layout, rate=rate)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=track.layout.name)
        frame.rate = RATE
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(track.encode(piece))
        out.mux(track.encode(None))
    return path


KINDS = [
    ("pcm_u8", "wav", 8000, 1),
    ("pcm_s16le", "wav", 8000, 2),
    ("pcm_s24le", "wav", 44100, 2),
    ("pcm_s32le", "wav", 48000, 1),
    ("pcm_f32le", "wav", 48000, 3),
    ("pcm_mulaw", "wav", 8000, 2),
    ("pcm_alaw", "wav", 8000, 1),
    ("flac", "flac", 16000, 2),
    ("libmp3lame", "mp3", 22050, 2),
    ("aac", "mp4", 44100, 2),
    ("aac", "adts", 16000, 1),
    ("libopus", "ogg", 48000, 2),
    ("libvorbis", "ogg", 16000, 2),
    ("libopus", "webm", 48000, 1),
    ("libopencore_amrnb", "amr", 8000, 1),
]


@pytest.mark.parametrize(("codec", "container", "rate", "count"), KINDS)
def test_every_kind_is_decoded(tmp_path: Path, codec: str, container: str, rate: int, count: int) -> None:
    if codec not in av.codecs_available:
        pytest.skip(f"this PyAV has no {codec} encoder")
    samples = np.stack([voice(2.0, c) for c in range(count)])
    # The name says mp3 whatever it is: names are not believed.
    recording = decode.read(encode(tmp_path / "call.mp3", samples, codec, container, rate))
    assert recording.samples.dtype == np.int16
    assert recording.samples.shape[0] == count
    assert recording.info.channels == count
    assert abs(recording.duration_ms - 2000) < 120
    assert np.abs(recording.samples).max() > 3000


def test_a_video_gives_its_sound(tmp_path: Path) -> None:
    path = tmp_path / "meeting.mp4"
    with av.open(str(path), "w") as out:
        picture = out.add_stream("mpeg4", rate=10)
        picture.width = picture.height = 64
        picture.pix_fmt = "yuv420p"
        sound = out.add_stream("aac", rate=RATE)
        sound.layout = "mono"
        for i in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), i, np.uint8), format="rgb24")
            out.mux(picture.encode(frame))
        out.mux(picture.encode(None))
        tone = av.AudioFrame.from_ndarray(voice(1.0)[None], format="fltp", layout="mono")
        tone.rate = RATE
        out.mux(sound.encode(tone))
        out.mux(sound.encode(None))
    assert abs(decode.read(path).duration_ms - 1000) < 120


def test_blocks_join_to_the_whole(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.wav", np.stack([voice(3.3), voice(3.3, 1)]), "pcm_s16le", "wav")
    blocks = list(decode.stream(path, block_s=1.0))
    assert len(blocks) == 4
    whole = decode.load(path)
    assert whole.dtype == np.float32
    assert np.array_equal(np.concatenate(blocks, axis=1), whole)
    assert decode.probe(path) == decode.AudioInfo(3300, RATE, 2, "pcm_s16le", "wav")


def test_a_file_cut_short_is_decoded_as_far_as_it_goes(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.wav", voice(10.0)[None], "pcm_s16le", "wav")
    path.write_bytes(path.read_bytes()[: 5 * RATE * 2])
    recording = decode.read(path)
    assert 4900 < recording.duration_ms <= 5000
    assert recording.notes == ("The file ends before its end: 5 seconds of it could be decoded.",)


def test_a_damaged_place_is_passed_over(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp3", voice(10.0)[None], "libmp3lame", "mp3")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 3000] = b"\xff" * 3000
    path.write_bytes(data)
    assert decode.read(path).duration_ms > 7000


def _refusals(tmp_path: Path) -> dict[str, Path]:
    cases = {name: tmp_path / f"{name}.wav" for name in ("missing", "empty", "text", "zero", "cut", "picture")}
    cases["empty"].touch()
    cases["text"].write_text("Anna: hello\nBen: hi\n" * 50)
    with wave.open(str(cases["zero"]), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
    whole = encode(tmp_path / "whole.m4a", voice(5.0)[None], "aac", "mp4")
    cases["cut"].write_bytes(whole.read_bytes()[:2000])  # an mp4 without its index
    with av.open(str(cases["picture"]), "w", format="mp4") as film:
        picture = film.add_stream("mpeg4", rate=10)
        picture.width = picture.height = 64
        film.mux(picture.encode(av.VideoFrame(64, 64, "yuv420p")))
        film.mux(picture.encode(None))
    cases["folder"] = tmp_path
    return cases


@pytest.mark.parametrize("case", ["missing", "empty", "text", "zero", "cut", "picture", "folder"])
def test_what_is_no_recording_is_refused_in_one_sentence(tmp_path: Path, case: str) -> None:
    path = _refusals(tmp_path)[case]
    with pytest.raises(AudioError) as problem:
        decode.read(path)
    assert str(problem.value).endswith(".")
    assert "\n" not in str(problem.value)
    assert "hello" not in str(problem.value)


def call(bleed_db: float | None = None, echo_ms: int = 0) -> Any:
    """Two voices taking turns of three seconds, and a little noise."""
    rng = np.random.default_rng(9)
    sides = []
    for side in (0, 1):
        turns = (np.arange(24 * RATE) // (3 * RATE)) % 2 == side
        sides.append(voice(24.0, side) * turns)
    a, b = sides
    if bleed_db is not None:
        gain, late = 10 ** (bleed_db / 20), echo_ms * RATE // 1000
        a, b = a + gain * np.roll(b, late), b + gain * np.roll(a, late)
    return (np.stack([a, b]) + rng.normal(0, 3e-5, (2, 24 * RATE))).astype(np.float32)


def test_layouts() -> None:
    two = call()
    both = two.sum(axis=0)
    quiet = np.random.default_rng(1).normal(0, 1e-4, both.shape).astype(np.float32)

    def kind(*sides: Any) -> tuple[str, tuple[int, ...]]:
        layout = channels.classify((np.stack(sides) * 32767).astype(np.int16))
        return layout.kind, layout.channels

    assert kind(both) == ("mono", (0,))
    assert kind(*two) == ("speakers", (0, 1))
    assert kind(both, both) == ("duplicated", (0,))
    assert kind(both, -0.4 * np.roll(both, 90)) == ("duplicated", (0,))
    assert kind(both, quiet) == ("dead", (0,))
    assert kind(quiet * 0, both) == ("dead", (1,))
    assert kind(quiet * 0, quiet * 0)[0] == "dead"
    assert kind(two[0] + 0.6 * two[1], two[1] + 0.6 * two[0]) == ("mixed", (0, 1))
    assert kind(quiet, two[0], two[1], two[1] * 0.5) == ("speakers", (1, 2))
    assert kind(*call(-20)) == ("speakers", (0, 1))
    assert channels.classify((np.stack([both, both]) * 32767).astype(np.int16)).note.endswith("one was used.")


@pytest.mark.parametrize(("loss", "echo"), [(-15, 0), (-30, 0), (-20, 120)])
def test_bleed_is_left_to_the_louder_side(loss: float, echo: int) -> None:
    samples = call(loss, echo)
    loud = activity.energy_db(samples.sum(axis=0)) > -45
    heard = activity.join(Span(int(i) * 5, int(i) * 5 + 5) for i in np.flatnonzero(loud))
    (left, right), note = channels.without_bleed(samples, (heard, heard))
    assert "leaks" in note
    for spans, side in ((left, 0), (right, 1)):
        turns = [Span(start, start + 3000) for start in range(side * 3000, 24_000, 6000)]
        inside = sum((s & t).length for s in spans for t in turns)
        assert inside >= 0.9 * sum(s.length for s in spans)
        assert inside > 0.4 * sum(s.length for s in heard) * 0.9


def test_no_bleed_changes_nothing() -> None:
    spans = tuple(tuple(Span(s, s + 3000) for s in range(side * 3000, 24_000, 6000)) for side in (0, 1))
    assert channels.without_bleed(call(), spans) == (spans, "")


def test_join() -> None:
    spans = [Span(500, 900), Span(0, 100), Span(200, 300), Span(950, 940), Span(850, 1000)]
    assert activity.join(spans, 150) == (Span(0, 300), Span(500, 1000))
    assert activity.join([], 100) == ()


def test_energy_is_the_same_for_both_types() -> None:
    sound = voice(1.0)
    whole = (sound * 32768).astype(np.int16)
    assert np.allclose(activity.energy_db(sound), activity.energy_db(whole), atol=1.5)
    assert activity.energy_db(np.zeros(RATE, np.float32)).max() == -100


def test_noise_and_silence_are_no_speech() -> None:
    assert activity.speech_spans(np.zeros(60 * RATE, np.int16)) == ()
    assert activity.speech_spans(np.zeros(10, np.int16)) == ()
    noise = np.random.default_rng(2).normal(0, 0.05, 20 * RATE).astype(np.float32)
    assert sum(s.length for s in activity.speech_spans(noise)) < 300
    t = np.arange(20 * RATE) / RATE
    chord = sum(np.sin(2 * np.pi * f * t) for f in (220, 277, 330)) * 0.1 * (1 + np.sin(2 * np.pi * 2 * t))
    assert sum(s.length for s in activity.speech_spans(chord.astype(np.float32))) < 300


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real calls beside the checkout (../shared/audio)")
def test_speech_of_a_real_call() -> None:
    recording = decode.read(SHARED / "AR49.wav")
    reference: dict[str, list[Span]] = {"agent": [], "caller": []}
    for line in (SHARED / "AR49.rttm").read_text().splitlines():
        field = line.split()
        start = round(float(field[3]) * 1000)
        reference[field[7]].append(Span(start, start + round(float(field[4]) * 1000)))
    found = [activity.speech_spans(side) for side in recording.samples]
    assert channels.classify(recording.samples).kind == "speakers"
    assert channels.without_bleed(recording.samples, found) == (tuple(found), "")
    agent, caller = (sum(s.length for s in spans) for spans in found)
    truth_agent, truth_caller = (sum(s.length for s in reference[who]) for who in ("agent", "caller"))
    assert abs(agent / (agent + caller) - truth_agent / (truth_agent + truth_caller)) < 0.02
    for spans, truth in zip(found, reference.values(), strict=True):
        onsets = [min(abs(s.start - t.start) for s in spans) for t in truth]
        ends = [min(abs(s.end - t.end) for s in spans) for t in truth]
        assert np.median(onsets) <= 10
        assert np.median(ends) <= 30
