"""How utterances are laid out for the labeller: one window holds a stretch of the conversation.

    [CLS] R so what made you call ? C the export broke again R so it broke more than once ... [SEP]
          ^ marker of the utterance: its output stands for the whole of it

Everything in a window is labelled in one pass, so each utterance sees what was said before it (and a little after) and
no word is computed more often than needed. The same code prepares training and use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tokenizers import Tokenizer

#: Tokens of the base model's vocabulary that nothing uses: customer side, rep side.
MARKERS = (2, 1)  # [unused1], [unused0] in BERT's vocabulary
CLS, SEP, PAD = 101, 102, 0
#: Word pieces in a window, and how much of the one before is shown again as context.
MAX_TOKENS, CONTEXT_TOKENS = 256, 56
#: Longer utterances are cut, at the end of a sentence where there is one.
MAX_WORDS = 72

_WORD = re.compile(r"\S+")
_SENTENCE_END = re.compile(r"[.?!…][\"')\]]*$")


@dataclass(frozen=True, slots=True)
class Piece:
    """Up to MAX_WORDS words of one utterance, with the characters where each word starts and ends."""

    utterance: int
    side: int  # 1 rep, 0 everybody else
    words: tuple[str, ...]
    offsets: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class Window:
    """Token ids with, for every piece, the place of its marker and of the first token of each of its words."""

    ids: list[int] = field(default_factory=lambda: [CLS])
    types: list[int] = field(default_factory=lambda: [0])
    pieces: list[int] = field(default_factory=list)
    markers: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    firsts: list[list[int]] = field(default_factory=list)
    fresh: int = 0  # pieces before this one are only context


def pieces(texts: Sequence[tuple[int, str]]) -> list[Piece]:
    """(side, text) of every utterance -> pieces in order. An utterance without words has none."""
    made = []
    for index, (side, text) in enumerate(texts):
        found = [(m[0], m.start(), m.end()) for m in _WORD.finditer(text)]
        while found:
            cut = len(found)
            if cut > MAX_WORDS:
                ends = [i + 1 for i in range(MAX_WORDS // 2, MAX_WORDS) if _SENTENCE_END.search(found[i][0])]
                cut = ends[-1] if ends else MAX_WORDS
            part, found = found[:cut], found[cut:]
            made.append(Piece(index, side, tuple(w for w, _, _ in part), tuple((a, b) for _, a, b in part)))
    return made


def tokenise(tokenizer: Tokenizer, words: Sequence[str]) -> tuple[list[int], list[int]]:
    """Token ids of words, and the position of each word's first token (that of the word before when it has none)."""
    encoded = tokenizer.encode([w.replace("’", "'") for w in words], is_pretokenized=True, add_special_tokens=False)
    firsts: list[int] = [-1] * len(words)
    for at, word in enumerate(encoded.word_ids):
        if word is not None and firsts[word] < 0:
            firsts[word] = at
    for i, first in enumerate(firsts):
        if first < 0:
            firsts[i] = firsts[i - 1] if i else 0
    return list(encoded.ids), firsts


def append(window: Window, number: int, side: int, ids: Sequence[int], firsts: Sequence[int]) -> None:
    window.pieces.append(number)
    window.markers.append(len(window.ids))
    window.ids.append(MARKERS[side])
    start = len(window.ids)
    window.ids.extend(ids)
    window.types.extend([side] * (1 + len(ids)))
    window.firsts.append([start + f for f in firsts])
    window.ends.append(len(window.ids))


def windows(tokenizer: Tokenizer, cut: Sequence[Piece]) -> Iterator[Window]:
    """Windows over a conversation; every piece is fresh in exactly one."""
    encoded = [tokenise(tokenizer, p.words) for p in cut]
    size = [1 + len(ids) for ids, _ in encoded]
    at = 0
    while at < len(cut):
        first, used = at, 2
        while first > 0 and used + size[first - 1] <= CONTEXT_TOKENS:
            first -= 1
            used += size[first]
        window = Window()
        n = first
        while n < len(cut) and (n <= at or used + size[n] <= MAX_TOKENS):
            if n >= at:
                used += size[n]
            append(window, n, cut[n].side, *encoded[n])
            n += 1
        window.fresh = at - first
        at = n
        yield window


def batch(group: Sequence[Window], sides: Sequence[Sequence[int]]) -> dict[str, np.ndarray[Any, Any]]:
    """Arrays for the model.

    ids, mask, types (B, T); marker (B, U, T) picks each piece's marker; words (B, U, T) averages over its tokens;
    before (B, U, U) averages over the other side's pieces (at most two) last spoken before each piece.
    """
    b, t, u = len(group), max(len(w.ids) for w in group) + 1, max(len(w.pieces) for w in group)
    made: dict[str, np.ndarray[Any, Any]] = {
        "ids": np.full((b, t), PAD, np.int64),
        "mask": np.zeros((b, t), np.int64),
        "types": np.zeros((b, t), np.int64),
        "marker": np.zeros((b, u, t), np.float32),
        "words": np.zeros((b, u, t), np.float32),
        "before": np.zeros((b, u, u), np.float32),
    }
    for row, (w, side) in enumerate(zip(group, sides, strict=True)):
        n = len(w.ids)
        made["ids"][row, :n] = w.ids
        made["ids"][row, n] = SEP
        made["mask"][row, : n + 1] = 1
        made["types"][row, :n] = w.types
        for i, (start, end) in enumerate(zip(w.markers, w.ends, strict=True)):
            made["marker"][row, i, start] = 1
            if end > start + 1:
                made["words"][row, i, start + 1 : end] = 1 / (end - start - 1)
            said = [j for j in range(i) if side[j] != side[i]]
            last = [j for j in said[-2:] if said[-1] - j <= 1]
            for j in last:
                made["before"][row, i, j] = 1 / len(last)
    return made
