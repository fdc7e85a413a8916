"""The sample calls are what they say they are, and are heard as their exact truth says."""

from __future__ import annotations

import functools
import json
import statistics
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from listening import sidecars
from listening.analyzers import analyse
from listening.audio import decode
from listening.bench.accuracy import Accuracy, compare, count_errors, truth_of, with_true_roles, words_of
from listening.findings import PUBLIC_LABELS
from listening.gold import read_gold
from listening.transcript import Transcript
from listening.transcription import transcribe

SAMPLES = Path(__file__).parent.parent / "sample_calls"
RECORDINGS = sorted(SAMPLES.glob("*.ogg"))
STEMS = [path.stem for path in RECORDINGS]
#: Stereo, both sides interrupt or nod, long silences.
ONE = "2026-11-12_dana_cole"


def truth(stem: str) -> dict[str, Any]:
    known = truth_of(SAMPLES / f"{stem}.ogg")
    assert known is not None
    return known


@functools.cache
def transcript(stem: str, engine: str = "auto", compute_type: str | None = None) -> Transcript:
    return transcribe(SAMPLES / f"{stem}.ogg", engine=engine, compute_type=compute_type)


@functools.cache
def accuracy(stem: str) -> Accuracy:
    heard = with_true_roles(transcript(stem), truth(stem))
    return compare(heard, analyse(heard), truth(stem))


def test_there_are_calls_of_every_kind_small_in_size() -> None:
    rows = sidecars.read_manifest(SAMPLES / "calls.csv")
    assert [row.path for row in rows] == RECORDINGS
    assert len(rows) >= 6
    assert len({row.setup.info.rep for row in rows}) == 2
    assert len({row.setup.info.customer for row in rows}) >= 5
    assert len({row.setup.info.date for row in rows}) == len(rows)
    assert {row.setup.info.call_type for row in rows} == {"discovery", "demo", "renewal"}
    assert {row.setup.rep for row in rows} == {"left", "right", None}
    assert sum(path.stat().st_size for path in RECORDINGS) < 4e6


@pytest.mark.parametrize("stem", STEMS)
def test_the_truth_fits_the_recording(stem: str) -> None:
    known = truth(stem)
    recording = decode.read(SAMPLES / f"{stem}.ogg")
    assert recording.samples.shape[0] == len(set(known["channels"].values()))
    assert abs(recording.duration_ms - known["duration_ms"]) <= 10
    assert 60_000 <= known["duration_ms"] <= 240_000
    for role, spans in known["speech"].items():
        own = [u for u in known["utterances"] if u["role"] == role]
        assert all(a < b < c < d for (a, b), (c, d) in pairwise(spans))
        assert {u["start"] for u in own} <= {start for start, _ in spans}
        assert {u["end"] for u in own} <= {end for _, end in spans}


def test_the_labels_of_the_truth_are_ours_and_all_kinds_occur() -> None:
    calls = read_gold(SAMPLES / "truth.jsonl")
    assert len(calls) == len(RECORDINGS)
    seen = Counter(label for call in calls for labels in call.labels for label in labels or ())
    assert set(PUBLIC_LABELS) <= seen.keys()
    lines = [json.loads(line) for line in (SAMPLES / "truth.jsonl").read_text("utf-8").splitlines()]
    assert all(label["start_char"] < label["end_char"] for line in lines for label in line["labels"])


def check(found: list[Accuracy]) -> None:
    """Issue 2, bar 3."""
    assert sum(a.word_errors for a in found) / sum(a.words for a in found) < 0.12
    pauses = [error for a in found for error in a.pause_errors]
    assert None not in pauses
    assert max(abs(error or 0) for error in pauses) <= 80
    assert statistics.median(abs(error or 0) for error in pauses) < 40
    assert sum(a.interruptions for a in found) > 0
    assert sum(a.missed for a in found) == 0
    assert sum(a.interrupting for a in found) == 0
    assert sum(a.false_interruptions for a in found) == 0
    assert max(abs(a.talk_share) for a in found) < 0.02


def test_one_call_is_heard_as_it_was_made() -> None:
    check([accuracy(ONE)])


@pytest.mark.slow
def test_every_call_is_heard_as_it_was_made() -> None:
    check([accuracy(stem) for stem in STEMS])


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # whisper leaves a file to be closed for it
def test_both_engines_hear_the_same_words() -> None:
    pairs = [
        (
            words_of(transcript(stem, "openai-whisper", "float32")),
            words_of(transcript(stem, "faster-whisper", "float32")),
        )
        for stem in STEMS
    ]
    errors, words = count_errors(pairs)
    assert errors / words <= 0.01
