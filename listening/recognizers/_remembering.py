"""A Whisper that encodes a window once, though both its language and its words are wanted, and one after the other.

Encoding is half of the work; faster-whisper encodes a window for its language and again for its words. It also encodes
the windows of a batch together: that takes 72 MB of attention a window, and on a CPU more time than one by one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.transcribe import get_ctranslate2_storage


class RememberingWhisper(WhisperModel):  # type: ignore[misc]
    """While `remembering`, what `languages` has encoded is not encoded again."""

    _encoded: list[tuple[npt.NDArray[np.float32], Any]] | None = None

    @contextlib.contextmanager
    def remembering(self) -> Iterator[None]:
        self._encoded = []
        try:
            yield
        finally:
            self._encoded = None

    def languages(self, audio: Sequence[npt.NDArray[np.float32]]) -> list[dict[str, float]]:
        """The probability of each language (ISO 639-1), a window."""
        # as the batched pipeline makes them; were it to change, they would be encoded again, that is all
        features = np.stack([pad_or_trim(self.feature_extractor(a)[..., :-1]) for a in audio])
        encoded = self.encode(features)
        if self._encoded is not None:
            self._encoded.append((features, encoded))
        return [{token[2:-2]: p for token, p in found} for found in self.model.detect_language(encoded)]

    def encode(self, features: npt.NDArray[np.float32]) -> Any:
        for known, encoded in self._encoded or ():
            if np.array_equal(known, features):
                return encoded
        if features.ndim == 2 or self.model.device != "cpu":
            return super().encode(features)
        each = [np.asarray(super(RememberingWhisper, self).encode(window)) for window in features]
        return get_ctranslate2_storage(np.concatenate(each))
