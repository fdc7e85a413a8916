"""Fixtures: `store` is an empty store on SQLite and, in a second run, on PostgreSQL; `sqlite` is one on SQLite."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_server import fresh_url

from listening.store import open_store
from listening.store.store import Store


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite store, to be copied: faster than migrating each time."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    open_store(str(path)).close()
    return path


@pytest.fixture
def sqlite(template: Path, tmp_path: Path) -> Iterator[Store]:
    with open_store(str(shutil.copy(template, tmp_path / "calls.db"))) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite")
        return
    with open_store(fresh_url("store")) as opened:
        yield opened


def content(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
