"""The trained network, as ONNX: from the utterances of a conversation to raw scores for each of them.

Files (in `models/labeller`, or its copy inside an installed package): labeller.onnx, tokenizer.json and
labeller.json, which names the labels and holds the calibration; `models/labeller/CARD.md` says how they were made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from listening import models, settings
from listening.errors import ModelError
from listening.language import _windows

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

Array = np.ndarray[Any, Any]

#: Word pieces computed together: bounds memory, and keeps padding small as windows are sorted by length.
BATCH_TOKENS = 2048


@dataclass(slots=True)
class Raw:
    """Logits for one utterance. `utterance` (labels,), `words` (words, token outputs), `offsets` of the words;
    `links`: earlier utterance of the other side -> logit that this one gives it back."""

    utterance: Array
    words: Array
    offsets: list[tuple[int, int]]
    uptake: float | None = None
    links: dict[int, float] = field(default_factory=dict)


def folder() -> Path:
    return models.manifest_path().parent / "labeller"


@lru_cache(maxsize=1)
def card() -> Mapping[str, Any]:
    """labeller.json. Raises ModelError when it is missing or not valid."""
    path = folder() / "labeller.json"
    try:
        data: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise ModelError(f"The labeller's settings cannot be read: {path}.") from problem
    return data


@lru_cache(maxsize=1)
def _session(path: Path, threads: int) -> InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # an arena keeps the largest batch's memory for good
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as problem:  # onnxruntime's own exceptions share no public base
        raise ModelError(f"The labeller's network cannot be read: {path}.") from problem


@lru_cache(maxsize=1)
def _tokenizer(path: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as problem:  # tokenizers raises bare Exception
        raise ModelError(f"The labeller's vocabulary cannot be read: {path}.") from problem
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def raw(texts: Sequence[tuple[int, str]]) -> list[Raw | None]:
    """(side, text) of every utterance in the order spoken, side 1 for the rep -> raw scores; None where no words are."""
    here = folder()
    session = _session(here / "labeller.onnx", settings.threads())
    tokenizer = _tokenizer(here / "tokenizer.json")
    cut = _windows.pieces(texts)
    made: list[Raw | None] = [None] * len(texts)
    every = sorted(_windows.windows(tokenizer, cut), key=lambda w: len(w.ids))
    collected: dict[int, tuple[Array, Array, float, dict[int, float]]] = {}
    at = 0
    while at < len(every):
        n = at + 1
        while n < len(every) and (n + 1 - at) * (len(every[n].ids) + 1) <= BATCH_TOKENS:
            n += 1
        _run(session, every[at:n], cut, collected)
        at = n
    for number, piece in enumerate(cut):
        utterance, words, uptake, links = collected[number]
        known = made[piece.utterance]
        if known is None:
            made[piece.utterance] = Raw(utterance, words, list(piece.offsets), uptake, links)
        else:
            known.utterance = np.maximum(known.utterance, utterance)
            known.words = np.concatenate([known.words, words])
            known.offsets += piece.offsets
            for j, value in links.items():
                known.links[j] = max(value, known.links.get(j, value))
    return made


def _run(
    session: InferenceSession,
    group: Sequence[_windows.Window],
    cut: Sequence[_windows.Piece],
    collected: dict[int, tuple[Array, Array, float, dict[int, float]]],
) -> None:
    feed = _windows.batch(group, [[cut[n].side for n in w.pieces] for w in group])
    token, utterance, uptake, link = session.run(None, feed)
    for row, w in enumerate(group):
        for i in range(w.fresh, len(w.pieces)):
            number = w.pieces[i]
            earlier: dict[int, float] = {}
            for j in range(i):
                other = cut[w.pieces[j]]
                if other.side != cut[number].side:
                    earlier[other.utterance] = max(float(link[row, i, j]), earlier.get(other.utterance, -99.0))
            has_before = bool(feed["before"][row, i].any())
            collected[number] = (
                utterance[row, i],
                token[row, w.firsts[i]],
                float(uptake[row, i]) if has_before else np.nan,
                earlier,
            )
