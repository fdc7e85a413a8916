"""Calls made by hand, so that tests say what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from postgres_server import postgres  # noqa: F401
from stores import sqlite, store, template  # noqa: F401

from listening.transcript import CallInfo, Provenance, Role, Speaker, Speech, Timing, Transcript, Utterance

SHARED = Path(__file__).parent.parent.parent / "shared"

Line = tuple[str, str] | tuple[str, str, float, float]


def make_call(
    *lines: Line, acoustic: bool = False, duration_s: float | None = None, call_id: str = "call"
) -> Transcript:
    """A transcript from ("rep" | "customer" | name, text[, start_s, end_s]) lines; `acoustic` adds speech as the lines say."""
    utterances = []
    for line in lines:
        start, end = (round(line[2] * 1000), round(line[3] * 1000)) if len(line) == 4 else (None, None)
        timing = Timing.NONE if start is None else Timing.ACOUSTIC if acoustic else Timing.CUE
        utterances.append(Utterance(line[1], line[0], start, end, timing=timing))
    speakers = []
    for name in dict.fromkeys(line[0] for line in lines):
        role = Role(name) if name in ("rep", "customer") else Role.UNKNOWN
        speakers.append(Speaker(name, role=role, confidence=1.0, source="flag"))
    speech = tuple(Speech(u.speaker, u.start or 0, u.end or 0) for u in utterances) if acoustic else ()
    return Transcript(
        tuple(utterances),
        tuple(speakers),
        CallInfo(call_id),
        Provenance("made.by.hand", "recording" if acoustic else "transcript"),
        duration=None if duration_s is None else round(duration_s * 1000),
        speech=speech,
    )


@pytest.fixture
def call() -> Callable[..., Transcript]:
    return make_call


@pytest.fixture
def shared() -> Path:
    """The folder of shared conversations and audio; tests that need it skip without."""
    if not SHARED.exists():
        pytest.skip("../shared with labelled conversations and audio is not beside this checkout")
    return SHARED


@pytest.fixture
def open_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A room without a team that one is in: client, store, ids of its six calls."""
    import web_calls
    from web_room import room

    monkeypatch.setenv("LISTENING_HOME", str(tmp_path / "home"))
    with room(tmp_path, recording=web_calls.write_tone(tmp_path / "tone.wav", seconds=6.0)) as made:
        yield made


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Any]:
    """A room with named users: cora (coach of all), cole (coach of north), robin (south) and alex (north), reps."""
    from web_room import add_people, room

    with room(tmp_path, team=True) as made:
        add_people(made[1])
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from chromium import chromium

    with chromium() as made:
        yield made


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A running server; the address that opens it."""
    from chromium import serving

    monkeypatch.setenv("LISTENING_HOME", str(tmp_path / "home"))
    with serving(tmp_path) as made:
        yield made


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Any]:
    from chromium import Visit

    made = Visit(browser, address)
    yield made
    made.close()
