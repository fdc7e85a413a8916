"""faster-whisper (CTranslate2): several windows at once, int8 on a CPU, float16 on CUDA."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from listening import settings
from listening.audio.activity import RATE
from listening.errors import EngineError, ModelError
from listening.progress import Progress
from listening.recognizers import Options, Recognized, Track
from listening.recognizers._chunks import Chunk, pack, place_words
from listening.recognizers._guards import invented
from listening.recognizers._memory import keep_large_blocks
from listening.recognizers._weights import locate
from listening.transcript import Word

BATCH = 6  # windows whose words are found together; each takes about 40 MB more
MOST_WORKERS = 4  # batches heard side by side, each on its own threads

_Window = tuple[int, Chunk]  # of which track


class FasterWhisper:
    name = "faster-whisper"
    speed = 1

    def missing(self) -> str | None:
        if find_spec("faster_whisper") is None:
            return "The engine faster-whisper is not installed; `pip install faster-whisper` installs it."
        return None

    def hear(self, tracks: Sequence[Track], options: Options, progress: Progress) -> tuple[Recognized, ...]:
        weights = locate(options.model, progress)
        progress("hearing", 0, 1)
        model = _load(weights, options.compute_type)
        packed = [pack(track.samples, track.speech) for track in tracks]
        work = [(t, chunk) for t, chunks in enumerate(packed) for chunk in chunks]
        if not work:
            return tuple(Recognized((), options.language) for _ in tracks)
        workers = model.model.num_workers
        batches = _shared_out(work, workers)
        words: list[list[Word]] = [[] for _ in tracks]
        total = sum(chunk.length for _, chunk in work)
        done = 0

        def sound(batch: list[_Window]) -> list[Any]:
            return [chunk.audio(tracks[t].samples) for t, chunk in batch]

        with ThreadPoolExecutor(workers) as pool, model.remembering():
            language = options.language or _language(model, pool, [sound(batch) for batch in batches[:workers]])
            # the sound is cut out by the worker: that of a whole long call would fill the memory
            every = pool.map(lambda batch: _hear_batch(model, sound(batch), language, options.beam), batches)
            with contextlib.closing(every) as hearing:  # whoever interrupts does not wait for the rest of the call
                for batch, heard in zip(batches, hearing, strict=True):
                    for (t, chunk), segments in zip(batch, heard, strict=True):
                        words[t] += _words(chunk, segments)
                        done += chunk.length
                    progress("hearing", done, total)
        return tuple(Recognized(tuple(w), language) for w in words)


def _shared_out(work: list[_Window], workers: int) -> list[list[_Window]]:
    """Batches of BATCH at most, in order, alike in size and as many for each worker: the workers end together."""
    count = min(len(work), workers * -(-len(work) // (workers * BATCH)))
    edges = [len(work) * i // count for i in range(count + 1)]
    return [work[a:b] for a, b in itertools.pairwise(edges)]


def _hear_batch(model: Any, audio: list[Any], language: str, beam: int) -> list[list[Any]]:
    """Segments of every window, times in seconds of the window."""
    from faster_whisper import BatchedInferencePipeline

    starts = np.cumsum([0, *(len(a) for a in audio)])
    clips = [{"start": a / RATE, "end": b / RATE} for a, b in itertools.pairwise(starts)]
    segments, _ = BatchedInferencePipeline(model).transcribe(
        np.concatenate(audio),
        language=language,
        beam_size=beam,
        temperature=0.0,
        vad_filter=False,
        clip_timestamps=clips,
        batch_size=len(audio),
        word_timestamps=True,
        without_timestamps=True,
    )
    sorted_in: list[list[Any]] = [[] for _ in audio]
    # A segment tells its window by `seek`, the window's first frame (10 ms).
    firsts = [int(clip["start"] * 100) for clip in clips]
    for segment in segments:
        window = max(i for i, first in enumerate(firsts) if first <= segment.seek)
        sorted_in[window].append((segment, firsts[window] / 100))
    return sorted_in


def _words(chunk: Chunk, segments: list[Any]) -> tuple[Word, ...]:
    said = []
    for segment, offset in segments:
        if not invented(segment.no_speech_prob, segment.avg_logprob):
            said += [(w.word, w.start - offset, w.end - offset, w.probability) for w in segment.words or ()]
    return place_words(chunk, said)


def _language(model: Any, pool: ThreadPoolExecutor, batches: Sequence[list[Any]]) -> str:
    """The language most likely over the windows that are heard first."""
    if not model.model.is_multilingual:
        return "en"
    chances: Counter[str] = Counter()
    for window in itertools.chain.from_iterable(pool.map(model.languages, batches)):
        chances.update(window)
    return chances.most_common(1)[0][0]


@functools.lru_cache(maxsize=2)
def _load(model: Path | str, compute_type: str | None) -> Any:
    import ctranslate2

    from listening.recognizers._remembering import RememberingWhisper

    if isinstance(model, Path):
        if model.is_file() or not (model / "model.bin").is_file():
            raise ModelError(
                f"{model} is no model for faster-whisper: a folder with model.bin, config.json and tokenizer.json is."
            )
        if not (model / "tokenizer.json").is_file():
            raise ModelError(f"The model in {model} lacks its tokenizer.json.")
    cuda = ctranslate2.get_cuda_device_count() > 0
    if not cuda:
        keep_large_blocks()
    threads = settings.threads()
    # as many as share the threads without a rest
    workers = 1 if cuda else next(n for n in range(MOST_WORKERS, 0, -1) if threads % n == 0)
    try:
        return RememberingWhisper(
            str(model),
            device="cuda" if cuda else "cpu",
            compute_type=compute_type or ("float16" if cuda else "int8"),
            cpu_threads=threads // workers,
            num_workers=workers,
            local_files_only=isinstance(model, Path),
        )
    except ValueError as problem:
        if compute_type:
            raise EngineError(f"faster-whisper cannot compute {compute_type} here.") from problem
        raise ModelError(f"faster-whisper knows no model {str(model)!r}.") from problem
    except (RuntimeError, OSError) as problem:
        raise ModelError(f"faster-whisper cannot load the model {str(model)!r}, or fetch it.") from problem


RECOGNIZER = FasterWhisper()
