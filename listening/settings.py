"""Where things are kept, from the environment; the only module that reads it."""

from __future__ import annotations

import os
from pathlib import Path

from listening.errors import UsageError

#: Environment variables, each with what it changes. `listening --help` prints them.
VARIABLES = {
    "LISTENING_HOME": "folder for fetched models and the default database",
    "LISTENING_DB": "database: a path to a SQLite file or a postgresql:// URL",
    "LISTENING_THREADS": "CPU threads a process may use (default: all cores)",
}


def home() -> Path:
    """Folder for models and the default database: `LISTENING_HOME`, else the platform's cache folder.

    Raises UsageError when `LISTENING_HOME` names the home of a user who is not known.
    """
    chosen = os.environ.get("LISTENING_HOME")
    if chosen:
        try:
            return Path(chosen).expanduser()
        except RuntimeError:
            raise UsageError(f"LISTENING_HOME is {chosen}, the home of a user who is not known here.") from None
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or "~/.cache"
    return Path(base).expanduser() / "listening"


def database() -> str:
    """The store to use when none is named: `LISTENING_DB`, else a file in `home()`."""
    return os.environ.get("LISTENING_DB") or str(home() / "listening.db")


def threads() -> int:
    """CPU threads a process may use, at least 1."""
    chosen = os.environ.get("LISTENING_THREADS", "")
    if chosen.isdigit() and int(chosen) > 0:
        return int(chosen)
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, available or 1)
