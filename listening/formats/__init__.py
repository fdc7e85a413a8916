"""Transcripts in and out, one file a format; reading one loads no speech model.

    formats.read("call.vtt")            -> Transcript; what the file holds decides, not what it is called
    formats.sniff("call.json")          -> the Format of that file, or None (a recording, something else)
    formats.write(transcript, "webvtt") -> str

A new format is one module here with a `FORMAT` (see `_format.Format`), or the entry point group `listening.formats`.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from listening.errors import TranscriptError, UsageError
from listening.formats._format import Content, Cue, Draft, Format, looks_binary
from listening.registry import Registry
from listening.transcript import Transcript

__all__ = ["FORMATS", "Content", "Cue", "Draft", "Format", "read", "recognise", "sniff", "write"]

FORMATS: Registry[Format] = Registry("listening.formats", "FORMAT")

#: Bytes looked at to tell text from a recording, so that a film is not read whole to learn it is no transcript.
HEAD = 8192
#: A day of talk with word times as JSON is about 100 MB; more than this is something else.
LARGEST = 512 * 1024 * 1024


def read(path: str | PathLike[str]) -> Transcript:
    """The transcript in a file. Raises TranscriptError when it is missing, of no known format, or malformed."""
    path = Path(path)
    content = _content(path)
    if content is None:
        raise TranscriptError(f"{path.name} is not a transcript: it is not text.")
    if not content.text.strip():
        raise TranscriptError(f"{path.name} is empty.")
    found = recognise(content)
    if found is None:
        raise TranscriptError(f"{path.name} is in no transcript format that is known here.")
    return found.transcript(content)


def sniff(path: str | PathLike[str]) -> Format | None:
    """The format of a file, None when it is no known transcript. Raises TranscriptError when it cannot be opened."""
    content = _content(Path(path))
    return None if content is None else recognise(content)


def recognise(content: Content) -> Format | None:
    """The format that fits best: a sure one before a lenient one, then one whose file extension fits."""
    fitting = [f for f in FORMATS.values() if f.fits(content)]
    return min(fitting, key=lambda f: (f.lenient, content.suffix not in f.extensions), default=None)


def write(transcript: Transcript, format_name: str) -> str:
    """The transcript in a format, named by its name or file extension. Raises UsageError when none such writes."""
    writers = {f.name: f for f in FORMATS.values() if f.render}
    wanted = format_name.lower().lstrip(".")
    for found in (writers.get(wanted), *(f for f in writers.values() if f".{wanted}" in f.extensions)):
        if found is not None:
            return found.write(transcript)
    raise UsageError(f"No format named {format_name!r} can be written; there are {', '.join(sorted(writers))}.")


def _content(path: Path) -> Content | None:
    """The file's content, None when it is not text."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
            if looks_binary(head):
                return None
            data = head + file.read(LARGEST)
    except FileNotFoundError:
        raise TranscriptError(f"{path.name} does not exist.") from None
    except OSError as error:
        raise TranscriptError(f"{path.name} cannot be read: {error.strerror or 'unknown reason'}.") from None
    if len(data) > LARGEST:
        raise TranscriptError(f"{path.name} is too large to be a transcript.")
    return Content(data, path.name)
