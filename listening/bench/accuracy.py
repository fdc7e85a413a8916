"""How well a call was heard, against its exact truth (`sample_calls/<call>.truth.json`).

Word error rate needs jiwer and openai-whisper's text normalizer; the rest needs nothing.
"""

from __future__ import annotations

import functools
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from listening.findings import Analysis, Finding
from listening.transcript import Role, Span, Transcript

#: A finding and a truth are the same event when the speech after it starts within this many ms of the other.
NEAR_MS = 600
#: Pauses shorter than this (ms) are not held to account.
LEAST_PAUSE_MS = 300


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How one call compares with its truth.

    word_errors, words        edits and words of the truth, both speakers, after normalizing spelling and numbers
    pause_errors              ms, heard minus true, of every true response pause of 0.3 s or more; None: not found
    interruptions, missed     true interruptions, and how many of them were not found
    false_interruptions       found, but there was none there
    backchannels              true backchannels, and of them `interrupting` were called an interruption
    talk_share                heard minus true
    """

    call: str
    word_errors: int
    words: int
    pause_errors: tuple[int | None, ...]
    interruptions: int
    missed: int
    false_interruptions: int
    backchannels: int
    interrupting: int
    talk_share: float


def truth_of(recording: Path) -> dict[str, Any] | None:
    """The truth beside a recording, or None."""
    path = recording.with_suffix(".truth.json")
    if not path.is_file():
        return None
    known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return known


def with_true_roles(transcript: Transcript, truth: Mapping[str, Any]) -> Transcript:
    """The transcript with the rep being who speaks most while the true rep does, so that a wrong guess is no mishearing."""
    rep = [Span(a, b) for a, b in truth["speech"]["rep"]]
    customer = [Span(a, b) for a, b in truth["speech"]["customer"]]

    def leaning(speaker: str) -> int:
        own = [s.span for s in transcript.speech if s.speaker == speaker]
        return _shared(own, rep) - _shared(own, customer)

    roles = {s.id: Role.REP if leaning(s.id) > 0 else Role.CUSTOMER for s in transcript.speakers}
    return transcript.with_roles(roles, "metadata")


def compare(transcript: Transcript, analysis: Analysis, truth: Mapping[str, Any]) -> Accuracy:
    """The roles of the transcript must be right. Raises ImportError without jiwer."""
    errors, words = word_errors(transcript, truth)
    heard = [f for f in analysis.findings if f.label == "interruption"]
    hits = [_nearest(heard, truth["utterances"][t["utterance"]]) for t in truth["interruptions"]]
    matched = {id(f) for f in hits if f is not None}
    rest = [f for f in heard if id(f) not in matched]
    utterances = truth["utterances"]
    interrupting = sum(_nearest(rest, utterances[i]) is not None for i in truth["backchannels"])
    talk = {role: _length(transcript, role) for role in (Role.REP, Role.CUSTOMER)}
    return Accuracy(
        call=truth["call"],
        word_errors=errors,
        words=words,
        pause_errors=pause_errors(analysis, truth),
        interruptions=len(hits),
        missed=sum(hit is None for hit in hits),
        false_interruptions=len(rest),
        backchannels=len(truth["backchannels"]),
        interrupting=interrupting,
        talk_share=talk[Role.REP] / max(1, sum(talk.values())) - truth["talk_share"],
    )


def pause_errors(analysis: Analysis, truth: Mapping[str, Any]) -> tuple[int | None, ...]:
    """Heard minus true (ms) of every true response pause of 0.3 s or more."""
    heard = [f for f in analysis.findings if f.label == "response_pause" and f.end is not None]
    out: list[int | None] = []
    for pause in truth["response_pauses"]:
        if pause["ms"] < LEAST_PAUSE_MS:
            continue
        onset = truth["utterances"][pause["utterance"]]["start"]
        best = min(heard, key=lambda f: abs((f.end or 0) - onset), default=None)
        if best is None or abs((best.end or 0) - onset) > NEAR_MS or best.value is None:
            out.append(None)
        else:
            out.append(round(best.value) - int(pause["ms"]))
    return tuple(out)


def word_errors(transcript: Transcript, truth: Mapping[str, Any]) -> tuple[int, int]:
    """Edits and number of words, speaker by speaker: a word given to the wrong speaker is two errors."""
    said = {role: " ".join(u["text"] for u in truth["utterances"] if u["role"] == role) for role in truth["speech"]}
    return count_errors([(text, words_of(transcript, Role(role))) for role, text in said.items()])


def count_errors(pairs: Sequence[tuple[str, str]]) -> tuple[int, int]:
    """Edits and words of (reference, hypothesis) pairs, after openai-whisper's English normalizer."""
    import jiwer

    normal = _normalizer()
    kept = [(normal(a), normal(b)) for a, b in pairs]
    kept = [(a, b) for a, b in kept if a]
    result = jiwer.process_words([a for a, _ in kept], [b for _, b in kept])
    return (
        result.substitutions + result.deletions + result.insertions,
        result.substitutions + result.deletions + result.hits,
    )


@functools.cache
def _normalizer() -> Any:
    from whisper.normalizers import EnglishTextNormalizer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves its table of spellings open
        return EnglishTextNormalizer()


def words_of(transcript: Transcript, role: Role | None = None) -> str:
    """All words (of one role) in the order they were spoken."""
    roles = {s.id: s.role for s in transcript.speakers}
    words = [w for u in transcript.utterances if role is None or roles[u.speaker] is role for w in u.words]
    return " ".join(w.text for w in sorted(words, key=lambda w: w.start or 0))


def _nearest(findings: Sequence[Finding], utterance: Mapping[str, Any]) -> Finding | None:
    """The finding of the same role that starts nearest to the utterance, if near enough."""
    own = [f for f in findings if f.role == utterance["role"] and f.start is not None]
    best = min(own, key=lambda f: abs((f.start or 0) - utterance["start"]), default=None)
    return best if best and abs((best.start or 0) - utterance["start"]) <= NEAR_MS else None


def _length(transcript: Transcript, role: Role) -> int:
    ids = {s.id for s in transcript.speakers if s.role is role}
    return sum(s.span.length for s in transcript.speech if s.speaker in ids)


def _shared(spans: Sequence[Span], others: Sequence[Span]) -> int:
    return sum((a & b).length for a in spans for b in others)
