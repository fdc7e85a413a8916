"""Plays back the words of a transcript that lies beside the recording: for tests, and for those who have one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from listening.errors import EngineError, TranscriptError
from listening.progress import Progress
from listening.recognizers import Options, Recognized, Track
from listening.transcript import Span, Transcript, Utterance, Word


class Replay:
    name = "replay"
    speed = None

    def missing(self) -> str | None:
        return None

    def hear(self, tracks: Sequence[Track], options: Options, progress: Progress) -> tuple[Recognized, ...]:
        transcript = _beside(tracks[0].recording if tracks else None, options.model)
        progress("hearing", 0, 1)
        by_channel = any(u.channel is not None for u in transcript.utterances)
        words: list[list[Word]] = [[] for _ in tracks]
        for utterance in transcript.utterances:
            said = words_of(utterance)
            if not said:
                continue
            if by_channel:
                chosen = [t for t, track in enumerate(tracks) if track.channel == utterance.channel] or [0]
            else:
                span = utterance.span or Span(0, 0)
                chosen = [max(range(len(tracks)), key=lambda t: _shared(tracks[t].speech, span))]
            words[chosen[0]] += said
        progress("hearing", 1, 1)
        language = options.language or transcript.provenance.language
        return tuple(Recognized(tuple(sorted(w, key=lambda x: x.start or 0)), language) for w in words)


def words_of(utterance: Utterance) -> tuple[Word, ...]:
    """An utterance's words; when it has none, its text spread over its time by the letters. () without times."""
    if utterance.words:
        return tuple(w for w in utterance.words if w.start is not None and w.end is not None)
    span = utterance.span
    texts = utterance.text.split()
    if span is None or not texts:
        return ()
    letters = sum(len(t) + 1 for t in texts)
    words, at = [], 0
    for text in texts:
        start = span.start + span.length * at // letters
        at += len(text) + 1
        words.append(Word(text, start, span.start + span.length * at // letters, None, utterance.timing))
    return tuple(words)


def _shared(speech: Sequence[Span], span: Span) -> int:
    return sum((s & span).length for s in speech)


def _beside(recording: Path | None, named: str | None) -> Transcript:
    from listening import formats

    if named is not None:
        return formats.read(Path(named))
    if recording is None:
        raise EngineError("The replay engine needs a recording with a transcript beside it.")
    beside = sorted(
        p
        for p in recording.parent.glob("*")
        if p.is_file() and p != recording and (p.stem == recording.stem or p.name.startswith(recording.stem + "."))
    )
    for candidate in beside:
        try:
            if formats.sniff(candidate) is not None:
                return formats.read(candidate)
        except TranscriptError:
            continue
    raise EngineError(f"No transcript with the name of {recording.name} lies beside it, so there is nothing to replay.")


RECOGNIZER = Replay()
