"""Many calls: what paths stand for, what is done once, what is kept when things die."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
from postgres_server import Server, postgres  # noqa: F401
from store_calls import make_heard

from listening.batch import Event, run, sources, watch
from listening.batch.run import RETRIES
from listening.batch.sources import Item, Missing
from listening.batch.work import Done, Task, work
from listening.errors import StoreError
from listening.formats import write
from listening.listen import Options
from listening.scoring.rubric import DEFAULT, FOLDER
from listening.store import open_store
from listening.store.store import Store


def make_calls(folder: Path, many: int) -> list[Path]:
    """Short transcripts, each with its own content."""
    folder.mkdir(exist_ok=True)
    paths = []
    for i in range(many):
        path = folder / f"call {i:02d}.json"
        path.write_text(write(make_heard(f"call {i:02d}", questions=1 + i % 4).transcript, "native"))
        paths.append(path)
    return paths


class Here:
    """Workers that work in this process, at once; some calls can be made to kill their worker so many times."""

    def __init__(self, deaths: dict[str, int] | None = None) -> None:
        self.deaths = dict(deaths or {})
        self.done: list[str] = []
        self.restarts = 0
        self.broken = False
        self.at_once = 3

    def submit(self, task: Task) -> Future[Done]:
        future: Future[Done] = Future()
        if self.broken:
            raise BrokenProcessPool("broken")
        if self.deaths.get(task.item.name, 0) > 0:
            self.deaths[task.item.name] -= 1
            self.broken = True
            future.set_exception(BrokenProcessPool("a worker died"))
        else:
            self.done.append(task.item.name)
            future.set_result(work(task))
        return future

    def lost(self, error: BaseException) -> bool:
        return isinstance(error, BrokenProcessPool)

    def restart(self) -> None:
        self.restarts += 1
        self.broken = False

    def close(self, now: bool = False) -> None: ...


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(str(tmp_path / "calls.db")) as opened:
        yield opened


@pytest.fixture
def events() -> list[Event]:
    return []


def names(found: list[Item | Missing]) -> list[str]:
    return [one.name for one in found]


def test_paths_stand_for_files_folders_patterns_manifests_and_urls(tmp_path: Path) -> None:
    make_calls(tmp_path / "calls", 3)
    (tmp_path / "calls" / "manifest.csv").write_text("file,rep\ncall 00.json,Ann\nnot there.wav,Ben\n")
    folder = str(tmp_path / "calls")
    whole = list(sources.find([folder]))
    assert names(whole) == ["call 00.json", "call 01.json", "call 02.json"]
    assert names(list(sources.find([folder + "/*1.json", folder + "/call 01.json"]))) == ["call 01.json"]
    one, missing = sources.find([folder + "/manifest.csv"])
    assert isinstance(one, Item)
    assert one.setup is not None
    assert one.setup.info.rep == "Ann"
    assert isinstance(missing, Missing)
    assert missing.sentence == "not there.wav does not exist."
    assert "row 3" in missing.name
    assert [type(x) for x in sources.find([folder + "/nothing*", folder + "/no.wav", "zz://a"])] == [Missing] * 3
    (tmp_path / "list.csv").write_text("file,rep\ns3://bucket/a%20b.wav,Ann\n")
    (remote,) = sources.find([str(tmp_path / "list.csv")])
    assert isinstance(remote, Item)
    assert remote.path == "s3://bucket/a%20b.wav"


def test_calls_are_kept_once(tmp_path: Path, store: Store, events: list[Event]) -> None:
    paths = make_calls(tmp_path / "calls", 4)
    (tmp_path / "calls" / "copy.json").write_bytes(paths[0].read_bytes())
    (tmp_path / "calls" / "broken.vtt").write_text("WEBVTT\n\nthis is --> no time\n")
    workers = Here()
    folder = str(tmp_path / "calls")
    first = run([folder], store, lambda: workers, tell=events.append)
    assert (first.states["heard"], first.states["skipped"], first.failed) == (4, 1, 1)
    assert store.calls().total == 4
    (failure,) = [e for e in events if e.state == "failed"]
    assert failure.sentence
    assert failure.sentence.endswith(".")
    done = list(workers.done)
    again = run([folder], store, lambda: workers)
    assert again.states["heard"] == 0
    assert again.states["skipped"] == 5
    assert len(workers.done) == len(done) + 1  # the broken one is tried again
    os.utime(paths[1])  # the same content at another time is the same call
    assert run([str(paths[1])], store, lambda: workers).states["skipped"] == 1


def test_other_versions_are_taken_up_on_request_and_nothing_is_heard_twice(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_calls(tmp_path / "calls", 3)
    folder = str(tmp_path / "calls")
    run([folder], store, Here)
    rubric = tmp_path / "mine.toml"
    rubric.write_text((FOLDER / f"{DEFAULT}.toml").read_text().replace('version = "1"', 'version = "2"', 1))
    options = Options(rubric=str(rubric))
    idle = Here()
    assert run([folder], store, lambda: idle, options).states["stale"] == 3
    assert run([folder], store, lambda: idle, options, rescore=True).states["rescored"] == 3
    assert run([folder], store, lambda: idle, options, rescore=True).states["skipped"] == 3
    assert idle.done == []
    assert len(store.call(1).rulers) == 2

    monkeypatch.setattr("listening.analyzers.LABELLER_VERSION", "another")
    monkeypatch.setattr("listening.batch.work.transcribe", lambda *_, **__: pytest.fail("heard again"))
    assert run([folder], store, Here, options).states["stale"] == 3
    assert run([folder], store, Here, options, rescore=True).states["reanalysed"] == 3
    assert run([folder], store, Here, options, rescore=True).states["skipped"] == 3


def test_metadata_written_after_the_run_is_taken_over(tmp_path: Path, store: Store) -> None:
    make_calls(tmp_path / "calls", 2)
    run([str(tmp_path / "calls")], store, Here)
    manifest = tmp_path / "calls" / "manifest.csv"
    manifest.write_text("file,rep,date\ncall 00.json,Zoe,2026-05-05\n")
    run([str(manifest)], store, Here)
    assert {(row.rep, row.date) for row in store.calls().rows} == {("Zoe", "2026-05-05"), ("Ann", "2026-09-01")}


def test_a_call_that_kills_its_worker_does_not_take_the_others_along(
    tmp_path: Path, store: Store, events: list[Event]
) -> None:
    make_calls(tmp_path / "calls", 8)
    workers = Here({"call 02.json": 99, "call 05.json": 1})
    summary = run([str(tmp_path / "calls")], store, lambda: workers, tell=events.append)
    assert (summary.states["heard"], summary.failed) == (7, 1)
    assert [e.name for e in events if e.state == "failed"] == ["call 02.json"]
    assert len(set(workers.done)) == len(workers.done) == 7
    assert workers.restarts <= RETRIES + 3


def test_a_store_that_fails_stops_the_run_and_keeps_what_was_done(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_calls(tmp_path / "calls", 5)
    save, saved = store.save, []

    def fail_later(*args: object, **keywords: object) -> int:
        if len(saved) == 2:
            raise StoreError("The disk is full.")
        saved.append(args[1])
        return save(*args, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "save", fail_later)
    with pytest.raises(StoreError, match="full"):
        run([str(tmp_path / "calls")], store, Here)
    assert store.calls().total == 2
    monkeypatch.undo()
    assert run([str(tmp_path / "calls")], store, Here).states["heard"] == 3


def test_objects_in_storage_are_heard_and_told_apart_by_their_mark(
    tmp_path: Path, store: Store, events: list[Event]
) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    for path in make_calls(tmp_path / "calls", 2):
        memory.pipe(f"/bucket/{path.name}", path.read_bytes())
    workers = Here()
    assert run(["memory://bucket"], store, lambda: workers).states["heard"] == 2
    assert run(["memory://bucket/*.json"], store, lambda: workers).states["heard"] == 0
    assert store.call(1).source is not None
    assert store.call(1).source.path.startswith("memory://")  # type: ignore[union-attr]
    summary = run(["memory://bucket/gone.wav"], store, lambda: workers, tell=events.append)
    assert summary.failed == 1
    assert events[-1].sentence == "gone.wav cannot be read: it does not exist."


def test_watching_takes_files_once_they_are_still(tmp_path: Path, store: Store, events: list[Event]) -> None:
    folder = tmp_path / "calls"
    paths = make_calls(folder, 2)
    whole = paths[1].read_bytes()
    paths[1].write_bytes(whole[:100])
    began = time.monotonic()

    def step() -> bool:
        if time.monotonic() - began < 0.6:  # still being written
            with paths[1].open("ab") as file:
                file.write(b" ")
        elif paths[1].stat().st_size != len(whole):
            paths[1].write_bytes(whole)
        return store.calls().total == 2 or time.monotonic() - began > 60

    summary = watch([str(folder)], store, Here, tell=events.append, still_s=0.4, every_s=0.1, until=step)
    assert summary.states["heard"] == 2
    assert summary.failed == 0


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "listening", *arguments]


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


def children(pid: int) -> list[int]:
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


@pytest.mark.slow
def test_a_real_worker_that_is_killed_costs_nothing(tmp_path: Path, store: Store) -> None:
    from listening.batch.workers import Processes

    make_calls(tmp_path / "calls", 30)
    killed: list[int] = []

    def tell(event: Event) -> None:
        mine = [p for p in children(os.getpid()) if b"spawn_main" in Path(f"/proc/{p}/cmdline").read_bytes()]
        if not killed and mine:
            killed.append(mine[0])
            os.kill(mine[0], signal.SIGKILL)

    summary = run([str(tmp_path / "calls")], store, lambda: Processes(2), tell=tell)
    assert killed
    assert (summary.states["heard"], summary.failed) == (30, 0)
    assert store.calls().total == 30


@pytest.mark.slow
def test_postgresql_stopped_in_the_middle(tmp_path: Path, postgres: Server) -> None:  # noqa: F811
    make_calls(tmp_path / "calls", 12)
    url = postgres.fresh("middle")
    with open_store(url) as store:
        stop: list[Callable[[], None]] = [postgres.stop]

        def tell(event: Event) -> None:
            if store.engine and len(stop) == 1 and event.state == "heard" and event.name == "call 05.json":
                stop.pop()()

        with pytest.raises(StoreError, match="does not answer"):
            run([str(tmp_path / "calls")], store, Here, tell=tell)
        postgres.start()
        before = store.calls().total
        assert 0 < before < 12
        assert run([str(tmp_path / "calls")], store, Here).states["heard"] == 12 - before


class Dask:
    """A scheduler and workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        pytest.importorskip("distributed", reason="distributed is not installed (the extra cluster)")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder = folder
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        program = [sys.executable, "-m", f"distributed.cli.{module}", *arguments, "--no-dashboard"]
        process = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def scheduler(self) -> subprocess.Popen[bytes]:
        return self.start("dask_scheduler", "--host", "127.0.0.1", "--port", str(self.port))

    def wait(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.2)

    def worker(self) -> subprocess.Popen[bytes]:
        alone = ("--nthreads", "1", "--no-nanny", "--local-directory", str(self.folder))
        return self.start("dask_worker", self.address, *alone)

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Dask]:
    made = Dask(tmp_path)
    yield made
    made.stop()


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_numbers_and_loses_nothing(tmp_path: Path, store: Store, dask: Dask) -> None:
    from listening.batch.workers import Cluster

    make_calls(tmp_path / "calls", 24)
    dask.scheduler()
    dask.wait()
    dask.worker()
    victim = dask.worker()
    late: list[subprocess.Popen[bytes]] = []

    def tell(event: Event) -> None:
        if not late and store.calls().total >= 4:
            victim.kill()
            late.append(dask.worker())

    summary = run([str(tmp_path / "calls")], store, lambda: Cluster(dask.address), tell=tell)
    assert (summary.states["heard"], summary.failed) == (24, 0)
    assert late
    with open_store(str(tmp_path / "local.db")) as local:
        run([str(tmp_path / "calls")], local, Here)
        scores = [{row.name: (row.score, row.measures) for row in s.calls(limit=100).rows} for s in (store, local)]
        assert scores[0] == scores[1]


@pytest.mark.slow
def test_a_dask_scheduler_that_is_restarted_loses_nothing(tmp_path: Path, store: Store, dask: Dask) -> None:
    from listening.batch.workers import Cluster

    make_calls(tmp_path / "calls", 60)
    first = dask.scheduler()
    dask.wait()
    dask.worker()
    again: list[subprocess.Popen[bytes]] = []

    def tell(event: Event) -> None:
        if not again and store.calls().total >= 4:
            first.kill()
            first.wait()
            again.extend([dask.scheduler(), dask.worker()])

    summary = run([str(tmp_path / "calls")], store, lambda: Cluster(dask.address), tell=tell)
    assert (summary.states["heard"], summary.failed) == (60, 0)
    assert again
