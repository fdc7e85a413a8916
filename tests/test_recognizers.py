"""Speech in, words out: windows, times mapped back, loops cut, engines chosen, two engines on the same weights."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from listening import recognizers
from listening.audio import activity, decode
from listening.errors import EngineError, ModelError, UsageError
from listening.progress import silent
from listening.recognizers import Options, Track, _chunks, _ctranslate2, _guards, _weights
from listening.recognizers.replay import words_of
from listening.transcript import Span, Timing, Utterance, Word

SHARED = Path(__file__).parents[2] / "shared" / "audio"
RATE = 16_000
needs_calls = pytest.mark.skipif(
    not SHARED.is_dir(), reason="needs the real calls beside the checkout (../shared/audio)"
)


def noise(seconds: float) -> Any:
    return np.random.default_rng(0).normal(0, 0.1, int(seconds * RATE)).astype(np.float32)


def test_windows_hold_all_speech_and_map_times_back() -> None:
    samples = noise(100)
    speech = tuple(Span(s * 1000, s * 1000 + 4000) for s in range(2, 98, 8))
    chunks = _chunks.pack(samples, speech)
    assert len(chunks) == 2
    assert all(c.length <= _chunks.WINDOW_MS for c in chunks)
    for span in speech:
        assert any(p.span.start <= span.start and span.end <= p.span.end for c in chunks for p in c.pieces)
    first = chunks[0]
    assert len(first.audio(samples)) == first.length * RATE // 1000
    second = first.pieces[1]
    assert first.place(second.at + 500, second.at + 900) == Span(second.span.start + 500, second.span.start + 900)
    # A word that reaches over the pause stays on the side where most of it lies.
    assert first.place(second.at - 100, second.at + 900).start == second.span.start
    assert np.array_equal(first.audio((samples * 32768).astype(np.int16)).shape, first.audio(samples).shape)


def test_long_speech_is_cut_where_it_is_quiet() -> None:
    samples = noise(60)
    samples[25 * RATE : int(25.3 * RATE)] = 0
    chunks = _chunks.pack(samples, (Span(0, 60_000),))
    assert 25_000 <= chunks[0].pieces[-1].span.end <= 25_300
    assert sum(c.length for c in chunks) == 60_000
    assert _chunks.pack(samples, ()) == ()


def test_a_window_is_filled_up_to_a_pause() -> None:
    samples = noise(60)
    samples[27 * RATE : int(27.4 * RATE)] = 0
    speech = (Span(1000, 20_000), Span(21_000, 45_000))
    chunks = _chunks.pack(samples, speech)
    assert 27_000 <= chunks[0].pieces[-1].span.end <= 27_400
    assert chunks[1].pieces[0].span.start == chunks[0].pieces[-1].span.end
    # where nobody pauses, nobody is cut short
    unbroken = _chunks.pack(noise(60), speech)
    assert [len(c.pieces) for c in unbroken] == [1, 1]


def test_windows_are_shared_out_so_that_workers_end_together() -> None:
    from listening.recognizers.faster_whisper import BATCH, _shared_out

    for count in range(1, 40):
        for workers in (1, 2, 4):
            work: list[Any] = list(range(count))
            batches = _shared_out(work, workers)
            sizes = [len(batch) for batch in batches]
            assert [window for batch in batches for window in batch] == work
            assert set(sizes) <= {max(sizes), max(sizes) - 1}
            assert 0 < max(sizes) <= BATCH
            assert all(sizes)
            assert len(batches) % workers == 0 or len(batches) == count


def test_words_are_put_together_and_loops_cut() -> None:
    chunk = _chunks.Chunk((_chunks.Piece(0, Span(5000, 15_000)),))
    words = _chunks.place_words(chunk, [(" Mm", 0.0, 0.2, 0.9), ("-hmm.", 0.2, 0.5, 0.8), (" ", 0.5, 0.6, 1.0)])
    assert words == (Word("Mm-hmm.", 5000, 5500, 0.9),)
    loop = [Word(t, i, i + 1) for i, t in enumerate(["so"] + ["thank", "you."] * 9 + ["bye"])]
    assert [w.text for w in _guards.without_loops(loop)] == ["so", "thank", "you.", "bye"]
    people = [Word(t, i, i + 1) for i, t in enumerate(["no,", "no,", "No!", "okay", "okay"])]
    assert _guards.without_loops(people) == tuple(people)
    assert _guards.without_loops(()) == ()
    assert _guards.invented(0.9, -1.5)
    assert not _guards.invented(0.9, -0.2)


def test_choosing() -> None:
    assert {"faster-whisper", "openai-whisper", "replay"} <= set(recognizers.RECOGNIZERS)
    assert recognizers.choose("auto").name == "faster-whisper"
    with pytest.raises(UsageError, match="no engine named 'siri'"):
        recognizers.choose("siri")


def test_auto_takes_the_next_one_that_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    from listening.recognizers import faster_whisper, openai_whisper

    monkeypatch.setattr(faster_whisper, "find_spec", lambda _: None)
    assert recognizers.choose("auto").name == "openai-whisper"
    with pytest.raises(EngineError, match="not installed"):
        recognizers.choose("faster-whisper")
    monkeypatch.setattr(openai_whisper, "find_spec", lambda _: None)
    with pytest.raises(EngineError, match="No speech recognizer"):
        recognizers.choose()


def test_looking_at_engines_loads_none() -> None:
    code = (
        "import sys; from listening import recognizers; import listening.transcription; recognizers.choose('auto');"
        "print([m for m in ('torch', 'whisper', 'ctranslate2', 'av', 'onnxruntime') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "[]"


def test_models_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model at"):
        _weights.locate(str(tmp_path / "none"), silent)
    for odd in ("~$x", "~nobody-of-that-name/x", f"~/{'y' * 300}x"):  # of an unknown user, and too long
        with pytest.raises(ModelError, match=r"^There is no model at [^ ]*x\.$"):
            _weights.locate(odd, silent)
    assert _weights.locate(str(tmp_path), silent) == tmp_path
    assert _weights.locate("large-v3", silent) == "large-v3"
    track = Track(noise(1), (Span(0, 1000),))
    for engine in ("faster-whisper", "openai-whisper"):
        with pytest.raises(ModelError):
            recognizers.choose(engine).hear([track], Options(model=str(tmp_path), language="en"), silent)
    (tmp_path / "model.bin").write_bytes(b"nonsense")
    (tmp_path / "tokenizer.json").write_text("{}")
    for engine in ("faster-whisper", "openai-whisper"):
        with pytest.raises(ModelError):
            recognizers.choose(engine).hear([track], Options(model=str(tmp_path), language="en"), silent)


def test_no_speech_gives_no_words() -> None:
    from listening import models

    if models.where("whisper-base") is None:
        pytest.skip("the model has not been fetched")
    (heard,) = recognizers.choose().hear([Track(noise(60), ())], Options(language="en"), silent)
    assert heard.words == ()


def test_quantized_weights_are_scaled_back() -> None:
    variables = {
        "encoder/layer_0/self_attention/linear_0/weight": np.arange(18, dtype=np.float32).reshape(9, 2),
        "encoder/layer_0/self_attention/linear_0/bias": np.arange(9, dtype=np.float32),
        "decoder/layer_norm/gamma": np.ones(2, np.float16),
    }
    state = _ctranslate2.state_dict(variables)
    assert set(state) == {
        "encoder.blocks.0.attn.query.weight",
        "encoder.blocks.0.attn.key.weight",
        "encoder.blocks.0.attn.value.weight",
        "encoder.blocks.0.attn.query.bias",
        "encoder.blocks.0.attn.value.bias",
        "decoder.ln.weight",
    }
    assert state["encoder.blocks.0.attn.key.weight"].tolist() == [[6, 7], [8, 9], [10, 11]]


def test_replay_spreads_words_over_a_cue() -> None:
    cue = Utterance("well hello there", "Anna", 1000, 2700, timing=Timing.CUE)
    words = words_of(cue)
    assert [(w.text, w.start, w.end) for w in words] == [
        ("well", 1000, 1500),
        ("hello", 1500, 2100),
        ("there", 2100, 2700),
    ]
    assert words_of(Utterance("no times", "Anna")) == ()


def test_replay_takes_what_lies_beside(tmp_path: Path) -> None:
    recording = tmp_path / "call.wav"
    recording.write_bytes(b"")
    replay = recognizers.choose("replay")
    left, right = (
        Track(noise(1), spans, recording, c) for c, spans in enumerate([(Span(0, 900),), (Span(1000, 2000),)])
    )
    with pytest.raises(EngineError, match="nothing to replay"):
        replay.hear([left, right], Options(), silent)
    (tmp_path / "call.vtt").write_text(
        "WEBVTT\n\n00:00.000 --> 00:00.900\n<v Anna>Hi there</v>\n\n00:01.100 --> 00:01.800\n<v Ben>Hello</v>\n"
    )
    heard = replay.hear([left, right], Options(), silent)
    assert [[w.text for w in h.words] for h in heard] == [["Hi", "there"], ["Hello"]]


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # whisper leaves a file to be closed for it
@needs_calls
def test_two_engines_agree_on_float32() -> None:
    recording = decode.read(SHARED / "commercial_mono.wav")
    tracks = [Track(side, activity.speech_spans(side)) for side in recording.samples]
    options = Options(compute_type="float32", language="en")
    texts = []
    for engine in ("faster-whisper", "openai-whisper"):
        (heard,) = recognizers.choose(engine).hear(tracks, options, silent)
        texts.append([w.text for w in heard.words])
    assert texts[0] == texts[1]
    assert len(texts[0]) > 70


def test_who_interrupts_does_not_wait_for_the_rest_of_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    from contextlib import nullcontext
    from types import SimpleNamespace

    from listening.recognizers import faster_whisper

    heard = []

    def hear(model: Any, audio: list[Any], language: str, beam: int) -> list[list[Any]]:
        heard.append(len(audio))
        time.sleep(0.02)
        return [[] for _ in audio]

    def interrupt(stage: str, done: float, total: float) -> None:
        if done:
            raise KeyboardInterrupt

    model = SimpleNamespace(model=SimpleNamespace(num_workers=1), remembering=nullcontext)
    monkeypatch.setattr(faster_whisper, "_load", lambda *_: model)
    monkeypatch.setattr(faster_whisper, "_hear_batch", hear)
    monkeypatch.setattr(faster_whisper, "locate", lambda *_: "any")
    track = Track(noise(900), tuple(Span(s * 30_000, s * 30_000 + 28_000) for s in range(30)))
    with pytest.raises(KeyboardInterrupt):
        recognizers.choose("faster-whisper").hear([track], Options(language="en"), interrupt)
    assert sum(heard) < 15
