"""openai-whisper (torch): the reference, on the same weights as faster-whisper, float32 unless CUDA is there."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from listening import settings
from listening.errors import EngineError, ModelError
from listening.progress import Progress
from listening.recognizers import Options, Recognized, Track
from listening.recognizers import _ctranslate2 as ctranslate2
from listening.recognizers._chunks import pack, place_words
from listening.recognizers._guards import invented
from listening.recognizers._weights import locate
from listening.transcript import Word


class OpenAIWhisper:
    name = "openai-whisper"
    speed = 2

    def missing(self) -> str | None:
        if find_spec("whisper") is None:
            return "The engine openai-whisper is not installed; `pip install openai-whisper` installs it."
        return None

    def hear(self, tracks: Sequence[Track], options: Options, progress: Progress) -> tuple[Recognized, ...]:
        model = _load(locate(options.model, progress), options.compute_type)
        packed = [pack(track.samples, track.speech) for track in tracks]
        total = sum(chunk.length for chunks in packed for chunk in chunks)
        if not total:
            return tuple(Recognized((), options.language) for _ in tracks)
        language = options.language or _language(model, tracks, packed)
        done = 0
        heard = []
        for track, chunks in zip(tracks, packed, strict=True):
            words: list[Word] = []
            for chunk in chunks:
                words += place_words(chunk, _hear(model, chunk.audio(track.samples), language, options.beam))
                done += chunk.length
                progress("hearing", done, total)
            heard.append(Recognized(tuple(words), language))
        return tuple(heard)


def _mel(model: Any, audio: Any) -> Any:
    """The window's spectrogram, filled up to 30 s, computed and filled as faster-whisper does."""
    from whisper.audio import N_FRAMES, log_mel_spectrogram, pad_or_trim

    mel = log_mel_spectrogram(audio, model.dims.n_mels, padding=160)[..., :-1]
    return pad_or_trim(mel, N_FRAMES).to(model.device), mel.shape[-1]


def _hear(model: Any, audio: Any, language: str, beam: int) -> list[tuple[str, float, float, float]]:
    from whisper.decoding import DecodingOptions
    from whisper.timing import add_word_timestamps
    from whisper.tokenizer import get_tokenizer

    mel, frames = _mel(model, audio)
    half = _is_half(model)
    result = model.decode(
        mel.half() if half else mel,
        DecodingOptions(language=language, without_timestamps=True, fp16=half, beam_size=beam if beam > 1 else None),
    )
    if not result.tokens or invented(result.no_speech_prob, result.avg_logprob):
        return []
    tokenizer = get_tokenizer(
        model.is_multilingual, num_languages=model.num_languages, language=language, task="transcribe"
    )
    seconds = len(audio) / 16_000
    segment: dict[str, Any] = {"tokens": result.tokens, "start": 0.0, "end": seconds, "seek": 0}
    add_word_timestamps(
        segments=[segment],
        model=model,
        tokenizer=tokenizer,
        mel=mel.half() if half else mel,
        num_frames=frames,
        last_speech_timestamp=0.0,
    )
    return [(w["word"], float(w["start"]), float(w["end"]), float(w["probability"])) for w in segment["words"]]


def _is_half(model: Any) -> bool:
    return str(model.decoder.token_embedding.weight.dtype) == "torch.float16"


def _language(model: Any, tracks: Sequence[Track], packed: Sequence[Sequence[Any]]) -> str:
    """The language of the window with the most speech."""
    if not model.is_multilingual:
        return "en"
    work = [(t, chunk) for t, chunks in enumerate(packed) for chunk in chunks]
    t, chunk = max(work, key=lambda item: item[1].length)
    mel, _ = _mel(model, chunk.audio(tracks[t].samples))
    _, chances = model.detect_language(mel.half() if _is_half(model) else mel)
    return str(max(chances, key=chances.get))


@functools.lru_cache(maxsize=1)
def _load(model: Path | str, compute_type: str | None) -> Any:
    import torch
    import whisper

    if compute_type not in (None, "float32", "float16"):
        raise EngineError(f"openai-whisper cannot compute {compute_type}; it can compute float32 and float16.")
    torch.set_num_threads(settings.threads())
    cuda = torch.cuda.is_available()
    try:
        if isinstance(model, Path) and model.is_dir():
            files = sorted(model.glob("*.pt"))
            if (model / "model.bin").is_file():
                loaded = ctranslate2.load(model)
            elif files:
                loaded = whisper.load_model(str(files[0]), device="cpu")
            else:
                raise ModelError(f"{model} holds no model for openai-whisper: a .pt file or a CTranslate2 model.bin.")
        else:
            if isinstance(model, str) and not re.fullmatch(r"[\w.-]+", model):
                raise ModelError(f"openai-whisper knows no model {model!r}.")
            loaded = whisper.load_model(str(model), device="cpu")
    except ModelError:
        raise
    except RuntimeError as problem:
        raise ModelError(f"openai-whisper knows no model {str(model)!r}, or it is damaged.") from problem
    except OSError as problem:
        raise ModelError(f"openai-whisper cannot load the model {str(model)!r}, or fetch it.") from problem
    half = compute_type == "float16" or (compute_type is None and cuda)
    loaded = loaded.to("cuda" if cuda else "cpu")
    return loaded.half() if half else loaded


RECOGNIZER = OpenAIWhisper()
