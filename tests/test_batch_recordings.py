"""Recordings heard by two workers into SQLite and into PostgreSQL: the same calls, the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from postgres_server import fresh_url

from listening.audio.decode import probe
from listening.batch import run
from listening.batch.workers import Processes
from listening.store import StoredCall, open_store

SAMPLES = Path(__file__).parent.parent / "sample_calls"
#: Longer recordings would take too long here, s.
MOST_S = 360


def recordings(folder: Path) -> list[Path]:
    files = [f for f in sorted(folder.iterdir()) if f.suffix in (".ogg", ".wav", ".mp3", ".m4a", ".flac", ".webm")]
    return [file for file in files if probe(file).duration_ms <= MOST_S * 1000]


def heard_into(url: str, files: Sequence[Path]) -> dict[str, tuple[object, ...]]:
    """Everything that is kept of each call, but for the store's own keys and when it was added."""
    with open_store(url) as store:
        summary = run([str(file) for file in files], store, lambda: Processes(2))
        assert (summary.states["heard"], summary.failed) == (len(files), 0)
        assert run([str(file) for file in files], store, lambda: Processes(2)).states["skipped"] == len(files)
        return {row.content: _kept(store.call(row.id)) for row in store.each()}


def _kept(call: StoredCall) -> tuple[object, ...]:
    row = call.row
    numbers = (row.name, row.rep, row.date, row.duration_s, row.score, row.components, row.measures, row.flags)
    return (*numbers, call.heard, call.source, call.versions)


def equal_in_both(tmp_path: Path, files: Sequence[Path]) -> None:
    url = fresh_url("recordings")  # skips where there is no PostgreSQL
    one = heard_into(str(tmp_path / "calls.db"), files)
    two = heard_into(url, files)
    assert len(one) == len(files)
    assert one == two


@pytest.mark.slow
def test_the_sample_calls_are_equal_in_sqlite_and_postgresql(tmp_path: Path) -> None:
    equal_in_both(tmp_path, recordings(SAMPLES))


@pytest.mark.slow
def test_the_shared_recordings_are_equal_in_sqlite_and_postgresql(tmp_path: Path, shared: Path) -> None:
    equal_in_both(tmp_path, recordings(shared / "audio"))
