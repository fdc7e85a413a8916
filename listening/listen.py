"""Hear one call, end to end: a recording or a transcript in, a scorecard with its evidence out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from listening import formats, progress, sidecars
from listening.errors import ListeningError, TranscriptError, UsageError
from listening.scorecard import Heard
from listening.scoring import load_rubric, score
from listening.transcript import Role, Speaker, Transcript

#: File name endings of recordings, for finding them in a folder. A file that is named is tried whatever its ending.
RECORDINGS = frozenset(
    ".wav .mp3 .m4a .aac .ogg .oga .opus .flac .webm .mp4 .m4v .mov .mkv .wma .amr .aif .aiff .au .3gp .mpga".split()
)
#: Likewise for transcripts.
TRANSCRIPTS = frozenset(".vtt .srt .json .jsonl .txt .vcon".split())
#: Stems of a folder's files that are about calls and are no calls.
NOT_CALLS = frozenset({"manifest", "calls", "outcomes", "readme", "license"})


@dataclass(frozen=True, slots=True)
class Options:
    """How to hear a call. `rep` is a channel (left, right) or a speaker; `rubric` a name or a TOML file."""

    engine: str = "auto"
    model: str | None = None
    language: str | None = None
    speakers: int = 2
    rep: str | None = None
    rubric: str | None = None


def listen(
    path: Path,
    options: Options | None = None,
    report: progress.Progress = progress.silent,
    setup: sidecars.CallSetup | None = None,
) -> Heard:
    """Transcribe (or read), analyse and score one call. `setup` is used in place of what lies beside the file.

    Raises a ListeningError whose message is one sentence when it cannot be done.
    """
    from listening.analyzers import analyse

    options = options or Options()
    rubric = load_rubric(options.rubric) if options.rubric else load_rubric()
    transcript, recording = transcribe(path, options, report, setup)
    report("analysing", 0, 1)
    analysis = analyse(transcript)
    report("analysing", 1, 1)
    return Heard(transcript, analysis, score(analysis, transcript, rubric), recording)


def transcribe(
    path: Path,
    options: Options | None = None,
    report: progress.Progress = progress.silent,
    setup: sidecars.CallSetup | None = None,
) -> tuple[Transcript, Path | None]:
    """The transcript of a call with its roles settled, and the recording it was made from (None for a transcript).

    Who is the rep is taken from the first that says so: the option, the sidecar or manifest, the transcript's own
    speaker roles, a guess (kept as a guess, with its confidence). `setup` is used in place of what lies beside the file.
    """
    options = options or Options()
    check_name(path.name)
    recording: Path | None = None
    if path.is_file() and (path.suffix.lower() in TRANSCRIPTS or formats.sniff(path) is not None):
        transcript = formats.read(path)  # one that is no transcript is told so, not that it holds no sound
    else:
        from listening.transcription import transcribe as hear

        recording = path
        transcript = hear(
            path,
            engine=options.engine,
            model=options.model,
            language=options.language,
            speakers=options.speakers,
            progress=report,
        )
    return _settle_roles(transcript, setup or sidecars.find(path), options.rep), recording


def _settle_roles(transcript: Transcript, setup: sidecars.CallSetup | None, rep: str | None) -> Transcript:
    from listening.speakers import roles

    if setup is not None:
        transcript = sidecars.apply(transcript, setup)
    if rep is not None:
        return roles.apply_rep(transcript, rep, "flag")
    if any(speaker.role is Role.UNKNOWN for speaker in transcript.speakers):
        return roles.guess(transcript)
    return transcript


def settle_again(transcript: Transcript, setup: sidecars.CallSetup | None, rep: str | None) -> Transcript:
    """A call heard before, with the roles that are told now; as it was when nothing new is told of them.

    Raises UsageError when `rep` is nobody in this call.
    """
    speakers = tuple(s if s.source == "transcript" else Speaker(s.id, s.name) for s in transcript.speakers)
    settled = _settle_roles(replace(transcript, speakers=speakers), setup, rep)
    if any(s.source == "guess" for s in settled.speakers):
        return transcript
    told = any(s.source == "guess" for s in transcript.speakers)
    return (
        settled if told or [s.role for s in settled.speakers] != [s.role for s in transcript.speakers] else transcript
    )


def check_name(path: str) -> None:
    """Raises ListeningError for a file name or path that is not UTF-8: it can be neither kept nor printed."""
    try:
        path.encode()
    except UnicodeEncodeError:
        raise ListeningError("Its name or folder is not UTF-8; rename it.") from None


def expand(paths: Iterable[Path]) -> Iterator[Path]:
    """The calls that paths stand for: a file is itself; a folder is its recordings or, having none, its transcripts.

    Raises UsageError for a folder that holds neither.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        files = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
        found = [p for p in files if p.suffix.lower() in RECORDINGS] or [p for p in files if _is_transcript(p)]
        if not found:
            raise UsageError(f"There are no recordings or transcripts in the folder {path}.")
        yield from found


def _is_transcript(path: Path) -> bool:
    """Whether a file of a folder is the transcript of a call; one that cannot be opened is taken for none."""
    if path.suffix.lower() not in TRANSCRIPTS or path.stem.lower() in NOT_CALLS:
        return False
    with suppress(TranscriptError):
        return formats.sniff(path) is not None
    return False
