"""A recording -> a Transcript: decode, see what the channels hold, find speech, tell speakers apart, hear the words.

    two speakers' channels   speech and words of each channel, by itself; ids "left", "right" (or "channel 3")
    one channel, or a mix    speech, then diarization into "A", "B", …; words go to whoever speaks meanwhile

Times of utterances and speech come from voice activity, times of words from the recognizer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt

from listening.audio import activity, channels, decode
from listening.errors import AudioError, UsageError
from listening.progress import Progress, silent
from listening.recognizers import DEFAULT_MODEL, Options, Recognizer, Track, choose
from listening.speakers.utterances import assign, build
from listening.transcript import CallInfo, Provenance, Span, Speaker, Speech, Transcript, Utterance

MOST_SPEAKERS = 8  # that voices can be told apart into
LEAST_SPEECH_MS = 150  # less than this in a whole recording is a click


def transcribe(
    path: Path | str,
    *,
    engine: str = "auto",
    model: str | None = None,
    language: str | None = None,
    speakers: int = 2,
    compute_type: str | None = None,
    progress: Progress = silent,
) -> Transcript:
    """The transcript of a recording. `speakers` matters when several people share a channel.

    `progress` gets the stages "decoding", "finding speech", "telling speakers apart" and "hearing". Raises AudioError
    for a recording that cannot be heard or holds no speech, and EngineError, ModelError, UsageError.
    """
    if not 1 <= speakers <= MOST_SPEAKERS:
        raise UsageError(f"The number of speakers must be between 1 and {MOST_SPEAKERS}.")
    path = Path(path)
    recognizer = choose(engine)
    recording = decode.read(path, progress=progress)
    layout = channels.classify(recording.samples)
    notes = [*recording.notes, *([layout.note] if layout.note else [])]
    options = Options(model=model, language=language, compute_type=compute_type)
    hear = _by_channel if layout.kind == "speakers" else _by_voice
    utterances, speech, ids, heard_language = hear(
        path, recording.samples, layout, recognizer, options, speakers, notes, progress
    )
    return Transcript(
        utterances=tuple(sorted(utterances, key=lambda u: (u.start or 0, u.end or 0))),
        speakers=tuple(Speaker(i) for i in ids),
        info=CallInfo(path.stem),
        provenance=Provenance(
            source=path.name,
            kind="recording",
            format=recording.info.container,
            engine=recognizer.name,
            model=Path(model).name if model else DEFAULT_MODEL,
            language=heard_language,
            sha256=_sha256(path),
            notes=tuple(notes),
        ),
        duration=recording.duration_ms,
        speech=tuple(sorted(speech, key=lambda s: (s.start, s.end))),
    )


_Heard = tuple[list[Utterance], list[Speech], list[str], str | None]


def _by_channel(
    path: Path,
    samples: npt.NDArray[Any],
    layout: channels.Layout,
    recognizer: Recognizer,
    options: Options,
    speakers: int,
    notes: list[str],
    progress: Progress,
) -> _Heard:
    """Every channel is a speaker."""
    used = layout.channels
    found = []
    for i, c in enumerate(used):
        found.append(activity.speech_spans(samples[c], progress=_part(progress, i, len(used))))
    spans, note = channels.without_bleed(samples[list(used)], found)
    if note:
        notes.append(note)
    _require_speech(path, spans)
    talking = [i for i, s in enumerate(spans) if sum(x.length for x in s) >= LEAST_SPEECH_MS]
    if len(talking) == 1:
        notes.append("Speech was found in one channel only.")
    tracks = [Track(samples[c], s, path, c) for c, s in zip(used, spans, strict=True)]
    heard = recognizer.hear(tracks, options, progress)
    _require_words(path, sum(len(h.words) for h in heard))
    ids = _channel_ids(samples.shape[0], used)
    utterances: list[Utterance] = []
    speech: list[Speech] = []
    for i, (who, c, own, said) in enumerate(zip(ids, used, spans, heard, strict=True)):
        others = [s for j, o in enumerate(spans) if j != i for s in o]
        utterances += build(who, said.words, own, others, c, said.language)
        speech += [Speech(who, s.start, s.end) for s in own]
    return utterances, speech, ids, heard[0].language


def _by_voice(
    path: Path,
    samples: npt.NDArray[Any],
    layout: channels.Layout,
    recognizer: Recognizer,
    options: Options,
    speakers: int,
    notes: list[str],
    progress: Progress,
) -> _Heard:
    """Everybody is in one channel."""
    mono = channels.mix(samples, layout.channels)
    spans = activity.speech_spans(mono, progress=progress)
    _require_speech(path, [spans])
    speech = _diarize(mono, spans, speakers, notes, progress)
    (heard,) = recognizer.hear([Track(mono, spans, path)], options, progress)
    _require_words(path, len(heard.words))
    by_speaker: dict[str, list[Span]] = {}
    for stretch in speech:
        by_speaker.setdefault(stretch.speaker, []).append(stretch.span)
    ids = list(by_speaker)
    said = assign(heard.words, by_speaker)
    utterances: list[Utterance] = []
    for who in ids:
        others = [s for other in ids if other != who for s in by_speaker[other]]
        utterances += build(who, said[who], by_speaker[who], others, None, heard.language)
    return utterances, speech, ids, heard.language


def _diarize(
    mono: npt.NDArray[Any], spans: tuple[Span, ...], speakers: int, notes: list[str], progress: Progress
) -> list[Speech]:
    if speakers == 1:
        return [Speech("A", s.start, s.end) for s in spans]
    from listening.speakers.diarization import diarize

    speech = list(diarize(mono, spans, speakers=speakers, progress=_staged("telling speakers apart", 2, progress)))
    if len({s.speaker for s in speech}) > 1:
        notes.append("Speakers share a channel and were told apart by voice, which makes some mistakes.")
    return speech


def _channel_ids(count: int, used: Sequence[int]) -> list[str]:
    names: Mapping[int, str] = {0: "left", 1: "right"} if count == 2 else {}
    return [names.get(c, f"channel {c + 1}") for c in used]


def _require_speech(path: Path, spans: Sequence[Sequence[Span]]) -> None:
    if sum(s.length for channel in spans for s in channel) < LEAST_SPEECH_MS:
        raise AudioError(f"No speech was found in {path.name}.")


def _require_words(path: Path, count: int) -> None:
    if not count:
        raise AudioError(f"No words could be made out in {path.name}.")


def _part(progress: Progress, index: int, count: int) -> Progress:
    """The progress of one of several equal parts."""
    return lambda stage, done, total: progress(stage, index * total + done, count * total)


def _staged(stage: str, parts: int, progress: Progress) -> Progress:
    """One stage for the reader, made of several parts that each report their own."""
    seen: list[str] = []

    def report(part: str, done: float, total: float) -> None:
        if part.startswith("fetching"):
            progress(part, done, total)
            return
        if part not in seen:
            seen.append(part)
        progress(stage, min(len(seen) - 1 + (done / total if total else 1), parts), parts)

    return report


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
