"""What is kept when a worker, the run, the store or the database server dies."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from batch_calls import Here, children, command, make_calls
from postgres_server import Server

from listening.batch import Event, run
from listening.batch.run import RETRIES
from listening.errors import StoreError
from listening.store import open_store
from listening.store.store import Store


def test_a_call_that_kills_its_worker_does_not_take_the_others_along(tmp_path: Path, sqlite: Store) -> None:
    events: list[Event] = []
    make_calls(tmp_path / "calls", 8)
    workers = Here({"call 02.json": 99, "call 05.json": 1})
    summary = run([str(tmp_path / "calls")], sqlite, lambda: workers, tell=events.append)
    assert (summary.states["heard"], summary.failed) == (7, 1)
    assert [e.name for e in events if e.state == "failed"] == ["call 02.json"]
    assert len(set(workers.done)) == len(workers.done) == 7
    assert workers.restarts <= RETRIES + 3


def test_a_store_that_fails_stops_the_run_and_keeps_what_was_done(
    tmp_path: Path, sqlite: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_calls(tmp_path / "calls", 5)
    save, saved = sqlite.save, []

    def fail_later(*args: object, **keywords: object) -> int:
        if len(saved) == 2:
            raise StoreError("The disk is full.")
        saved.append(args[1])
        return save(*args, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(sqlite, "save", fail_later)
    with pytest.raises(StoreError, match="full"):
        run([str(tmp_path / "calls")], sqlite, Here)
    assert sqlite.calls().total == 2
    monkeypatch.undo()
    assert run([str(tmp_path / "calls")], sqlite, Here).states["heard"] == 3


def kill_and_finish(tmp_path: Path, calls: int, moments: list[float], jobs: int = 2) -> None:
    """Kill -9 a batch at those moments (shares of its run), then finish it; every call is there once, none done twice."""
    make_calls(tmp_path / "calls", calls)
    database = tmp_path / "killed.db"
    arguments = command("batch", str(tmp_path / "calls"), "--db", str(database), "--jobs", str(jobs))
    kept_before: dict[str, str] = {}
    open_store(str(database)).close()
    for moment in moments:
        process = subprocess.Popen(arguments, stderr=subprocess.DEVNULL)
        wait_for = round(moment * calls)
        until = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < until and count(database) < wait_for:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kept = rows(database)
        assert {k: v for k, v in kept.items() if k in kept_before} == kept_before, "something was done twice or lost"
        kept_before = kept
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=300, check=True)
    assert f"{calls - len(kept_before)} scored" in done.stderr or len(kept_before) == calls
    assert len(rows(database)) == calls
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("select count(*) from transcripts").fetchone() == (calls,)
        assert connection.execute("select count(*) from scorecards").fetchone() == (calls,)


def count(database: Path) -> int:
    return len(rows(database))


def rows(database: Path) -> dict[str, str]:
    """Content -> id and the row of its analysis: both new if a call were done twice."""
    connection = sqlite3.connect(database, timeout=30)
    try:
        return {c: f"{i} {a}" for c, i, a in connection.execute("select content, id, analysis from calls")}
    finally:
        connection.close()


def test_a_batch_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    kill_and_finish(tmp_path, 12, [0.3], jobs=1)


@pytest.mark.slow
def test_a_batch_that_is_killed_at_twenty_moments(tmp_path: Path) -> None:
    import random

    moments = sorted(random.Random(4).uniform(0, 1) for _ in range(20))
    kill_and_finish(tmp_path, 40, moments)


@pytest.mark.slow
def test_workers_end_when_the_parent_is_killed(tmp_path: Path) -> None:
    make_calls(tmp_path / "calls", 200)
    process = subprocess.Popen(
        command("batch", str(tmp_path / "calls"), "--db", str(tmp_path / "a.db"), "--jobs", "2"),
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 60
    while len(children(process.pid)) < 3 and time.monotonic() < until:
        time.sleep(0.05)
    there = children(process.pid)
    process.kill()
    process.wait()
    until = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in there) and time.monotonic() < until:
        time.sleep(0.1)
    assert not [pid for pid in there if Path(f"/proc/{pid}").exists()]


@pytest.mark.slow
def test_a_real_worker_that_is_killed_costs_nothing(tmp_path: Path, sqlite: Store) -> None:
    from listening.batch.workers import Processes

    make_calls(tmp_path / "calls", 30)
    killed: list[int] = []

    def tell(event: Event) -> None:
        mine = [p for p in children(os.getpid()) if b"spawn_main" in Path(f"/proc/{p}/cmdline").read_bytes()]
        if not killed and mine:
            killed.append(mine[0])
            os.kill(mine[0], signal.SIGKILL)

    summary = run([str(tmp_path / "calls")], sqlite, lambda: Processes(2), tell=tell)
    assert killed
    assert (summary.states["heard"], summary.failed) == (30, 0)
    assert sqlite.calls().total == 30


@pytest.mark.slow
def test_postgresql_stopped_in_the_middle(tmp_path: Path, postgres: Server) -> None:
    make_calls(tmp_path / "calls", 12)
    url = postgres.fresh("middle")
    with open_store(url) as sqlite:
        stop: list[Callable[[], None]] = [postgres.stop]

        def tell(event: Event) -> None:
            if sqlite.engine and len(stop) == 1 and event.state == "heard" and event.name == "call 05.json":
                stop.pop()()

        with pytest.raises(StoreError, match="does not answer"):
            run([str(tmp_path / "calls")], sqlite, Here, tell=tell)
        postgres.start()
        before = sqlite.calls().total
        assert 0 < before < 12
        assert run([str(tmp_path / "calls")], sqlite, Here).states["heard"] == 12 - before
