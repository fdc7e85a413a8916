"""Packs speech into the 30 second windows Whisper takes, and maps times in a window back to the recording.

recording   ───███──────────██████────────────────────────███──
window      [·███·|·██████·|·███·]      pauses shortened, a little sound kept around each stretch
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from listening.audio.activity import RATE, energy_db
from listening.recognizers._guards import without_loops
from listening.transcript import Span, Word

WINDOW_MS = 29_000  # a little under Whisper's 30 s
PAD_BEFORE_MS = (
    500  # sound kept before speech: Whisper puts first words early, and they must not fall into the piece before
)
PAD_AFTER_MS = 200  # and after it, so that no consonant is lost
CUT_BACK_MS = 8_000  # speech longer than a window is cut at its quietest point in this much before the end
LEAST_ROOM_MS = 4_000  # less room than this at a window's end is not worth a cut
_HOP_MS = 10  # of the energy
PAUSE_DB = 25.0  # so far below the loud part of a stretch, a quiet point of 120 ms is a pause, where a cut does no harm


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the recording (`span`, with the sound around it) at `at` ms of its window."""

    at: int
    span: Span


@dataclass(frozen=True, slots=True)
class Chunk:
    """One window: pieces in order."""

    pieces: tuple[Piece, ...]

    @property
    def length(self) -> int:
        last = self.pieces[-1]
        return last.at + last.span.length

    def audio(self, samples: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """The window's samples, float32 within -1..1."""
        parts = [samples[p.span.start * RATE // 1000 : p.span.end * RATE // 1000] for p in self.pieces]
        joined = np.concatenate(parts)
        if joined.dtype == np.int16:
            return np.asarray(joined, np.float32) / np.float32(32768)
        return np.asarray(joined, np.float32)

    def place(self, start: int, end: int) -> Span:
        """Times in the window -> times in the recording, kept inside the piece that holds the middle of the two."""
        middle = (start + end) // 2
        piece = next((p for p in self.pieces if middle < p.at + p.span.length), self.pieces[-1])
        shift = piece.span.start - piece.at
        first = min(max(start + shift, piece.span.start), piece.span.end)
        return Span(first, min(max(end + shift, first), piece.span.end))


def pack(samples: npt.NDArray[Any], speech: Sequence[Span]) -> tuple[Chunk, ...]:
    """Windows that hold all the speech, in order."""
    end_of_all = len(samples) * 1000 // RATE
    padded: list[Span] = []
    for i, span in enumerate(speech):
        # What follows a stretch is its own up to the middle of the pause, at most; the rest belongs to the next.
        low = min((speech[i - 1].end + span.start) // 2, speech[i - 1].end + PAD_AFTER_MS) if i else 0
        high = (span.end + speech[i + 1].start) // 2 if i + 1 < len(speech) else end_of_all
        padded += _cut(samples, Span(max(span.start - PAD_BEFORE_MS, low), min(span.end + PAD_AFTER_MS, high)))
    chunks: list[Chunk] = []
    pieces: list[Piece] = []
    at = 0
    for span in padded:
        if at + span.length > WINDOW_MS:
            pause = _pause(samples, span, WINDOW_MS - at)
            if pause is not None:
                pieces.append(Piece(at, Span(span.start, pause)))
                span = Span(pause, span.end)
            chunks.append(Chunk(tuple(pieces)))
            pieces, at = [], 0
        pieces.append(Piece(at, span))
        at += span.length
    if pieces:
        chunks.append(Chunk(tuple(pieces)))
    return tuple(chunks)


def _pause(samples: npt.NDArray[Any], span: Span, room: int) -> int | None:
    """Where a stretch that is longer than the `room` left in its window can be cut without harm (ms), if anywhere."""
    if room < LEAST_ROOM_MS:
        return None
    db = _energy(samples, span)
    first = (room - min(room // 2, CUT_BACK_MS)) // _HOP_MS
    quietest = first + int(np.argmin(db[first : room // _HOP_MS]))
    return span.start + quietest * _HOP_MS if db[quietest] < np.percentile(db, 90) - PAUSE_DB else None


def _cut(samples: npt.NDArray[Any], span: Span) -> list[Span]:
    """Cuts a stretch that is longer than a window where it is quietest."""
    parts = []
    while span.length > WINDOW_MS:
        db = _energy(samples, Span(span.start + WINDOW_MS - CUT_BACK_MS, span.start + WINDOW_MS))
        cut = span.start + WINDOW_MS - CUT_BACK_MS + int(np.argmin(db)) * _HOP_MS
        parts.append(Span(span.start, cut))
        span = Span(cut, span.end)
    return [*parts, span]


def _energy(samples: npt.NDArray[Any], span: Span) -> npt.NDArray[np.float32]:
    """Energy (dB) around every 10 ms of `span`, averaged over 120 ms; loud at the edges, which are no place to cut."""
    db = energy_db(samples[span.start * RATE // 1000 : span.end * RATE // 1000], _HOP_MS, 12)
    db[:6] = db[-6:] = np.inf
    return db


def place_words(chunk: Chunk, said: Iterable[tuple[str, float, float, float]]) -> tuple[Word, ...]:
    """Words of a window (text as the tokenizer spells it, start and end in seconds, probability) in the recording.

    "-hmm" after " Mm" is one word with it. Loops are cut.
    """
    words: list[Word] = []
    for text, start, end, chance in said:
        bare = text.strip()
        if not bare:
            continue
        span = chunk.place(round(start * 1000), round(end * 1000))
        if words and text[0] in "-'’" and len(bare) > 1:
            last = words[-1]
            words[-1] = Word(last.text + bare, last.start, max(last.end or 0, span.end), last.confidence)
        else:
            words.append(Word(bare, span.start, span.end, round(float(chance), 3)))
    return without_loops(words)
