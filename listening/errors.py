"""Every error a person can meet, each one clear sentence. Words of a call never appear in a message.

ListeningError              exit code 1
├── AudioError              a recording that cannot be heard
├── TranscriptError         a transcript that cannot be read
├── ModelError              a model that cannot be found, fetched or trusted
├── EngineError             a recognizer that cannot run here
├── MetadataError           a sidecar, manifest, rubric or outcomes file that cannot be used
├── StoreError              a database that cannot be opened, read or written
└── UsageError              wrong usage, exit code 2
"""

from __future__ import annotations


class ListeningError(Exception):
    """Base of all errors this package raises on purpose; `str(error)` is one sentence for the user."""

    exit_code = 1


class AudioError(ListeningError):
    """A recording that cannot be heard: missing, empty, not audio, truncated beyond use, or silent."""


class TranscriptError(ListeningError):
    """A transcript that cannot be read, or whose format is not known."""


class ModelError(ListeningError):
    """A model that cannot be found, fetched, verified or stored."""


class EngineError(ListeningError):
    """A recognizer that is not installed or cannot run with what it was given."""


class MetadataError(ListeningError):
    """A sidecar, manifest, rubric or outcomes file that cannot be used."""


class StoreError(ListeningError):
    """A database that cannot be opened, read or written."""


class UsageError(ListeningError):
    """The command or call was asked for something that does not exist or does not fit."""

    exit_code = 2
