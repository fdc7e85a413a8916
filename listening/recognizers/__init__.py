"""Speech to words, one module an engine.

A recognizer is handed one channel and where its speech is, and gives back words with times and confidence. It never
sees the silence between, which is where Whisper invents text. To add an engine, write a module here with a
`RECOGNIZER` (or join through the entry point group `listening.recognizers`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy.typing as npt

from listening.errors import EngineError, UsageError
from listening.progress import Progress
from listening.registry import Registry
from listening.transcript import Span, Word

DEFAULT_MODEL = "whisper-base"


@dataclass(frozen=True, slots=True)
class Options:
    """What a recognizer may be told.

    `model`: a folder or file, a name of the manifest, or a name the engine can fetch itself. `language`: ISO 639-1, or
    None to detect it. `compute_type`: "int8", "float16", "float32", or None for the engine's best here. `beam`: how
    many beginnings of a sentence are followed at once.
    """

    model: str | None = None
    language: str | None = None
    compute_type: str | None = None
    beam: int = 1


@dataclass(frozen=True, slots=True)
class Track:
    """One channel to hear: 16 kHz samples (float32 or int16), its speech, and where it comes from."""

    samples: npt.NDArray[Any]
    speech: tuple[Span, ...]
    recording: Path | None = None
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Recognized:
    """Words in the order spoken, times in ms of the recording, and the language they are in (None: unknown)."""

    words: tuple[Word, ...]
    language: str | None


class Recognizer(Protocol):
    """An engine. `speed` orders engines for "auto", lower first; None keeps one out of it."""

    @property
    def name(self) -> str: ...

    @property
    def speed(self) -> int | None: ...

    def missing(self) -> str | None:
        """Why this engine cannot run here, in a sentence; None when it can. Imports nothing heavy."""
        ...

    def hear(self, tracks: Sequence[Track], options: Options, progress: Progress) -> tuple[Recognized, ...]:
        """The words of each track. Tracks of one call share one language. Raises EngineError, ModelError."""
        ...


RECOGNIZERS: Registry[Recognizer] = Registry("listening.recognizers", "RECOGNIZER")


def choose(name: str = "auto") -> Recognizer:
    """The engine of this name, or the fastest one installed. Raises UsageError or EngineError."""
    if name == "auto":
        ranked = sorted((r for r in RECOGNIZERS.values() if r.speed is not None), key=lambda r: r.speed or 0)
        for recognizer in ranked:
            if recognizer.missing() is None:
                return recognizer
        raise EngineError(f"No speech recognizer is installed; install one of {', '.join(r.name for r in ranked)}.")
    if name not in RECOGNIZERS:
        raise UsageError(f"There is no engine named {name!r}; there are auto, {', '.join(RECOGNIZERS)}.")
    recognizer = RECOGNIZERS[name]
    if reason := recognizer.missing():
        raise EngineError(reason)
    return recognizer
