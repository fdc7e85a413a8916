"""Many calls: what paths stand for, and what is done once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from batch_calls import Here, make_calls

from listening.batch import Event, run, sources, watch
from listening.batch.sources import Item, Missing
from listening.listen import Options
from listening.scoring.rubric import DEFAULT, FOLDER
from listening.store.store import Store


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


def test_calls_are_kept_once(tmp_path: Path, sqlite: Store, events: list[Event]) -> None:
    paths = make_calls(tmp_path / "calls", 4)
    (tmp_path / "calls" / "copy.json").write_bytes(paths[0].read_bytes())
    (tmp_path / "calls" / "broken.vtt").write_text("WEBVTT\n\nthis is --> no time\n")
    workers = Here()
    folder = str(tmp_path / "calls")
    first = run([folder], sqlite, lambda: workers, tell=events.append)
    assert (first.states["heard"], first.states["skipped"], first.failed) == (4, 1, 1)
    assert sqlite.calls().total == 4
    (failure,) = [e for e in events if e.state == "failed"]
    assert failure.sentence
    assert failure.sentence.endswith(".")
    done = list(workers.done)
    again = run([folder], sqlite, lambda: workers)
    assert again.states["heard"] == 0
    assert again.states["skipped"] == 5
    assert len(workers.done) == len(done) + 1  # the broken one is tried again
    os.utime(paths[1])  # the same content at another time is the same call
    assert run([str(paths[1])], sqlite, lambda: workers).states["skipped"] == 1


def test_other_versions_are_taken_up_on_request_and_nothing_is_heard_twice(
    tmp_path: Path, sqlite: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_calls(tmp_path / "calls", 3)
    folder = str(tmp_path / "calls")
    run([folder], sqlite, Here)
    rubric = tmp_path / "mine.toml"
    rubric.write_text((FOLDER / f"{DEFAULT}.toml").read_text().replace('version = "1"', 'version = "2"', 1))
    options = Options(rubric=str(rubric))
    idle = Here()
    assert run([folder], sqlite, lambda: idle, options).states["stale"] == 3
    assert run([folder], sqlite, lambda: idle, options, rescore=True).states["rescored"] == 3
    assert run([folder], sqlite, lambda: idle, options, rescore=True).states["skipped"] == 3
    assert idle.done == []
    assert len(sqlite.call(1).rulers) == 2

    monkeypatch.setattr("listening.analyzers.LABELLER_VERSION", "another")
    monkeypatch.setattr("listening.batch.work.transcribe", lambda *_, **__: pytest.fail("heard again"))
    assert run([folder], sqlite, Here, options).states["stale"] == 3
    assert run([folder], sqlite, Here, options, rescore=True).states["reanalysed"] == 3
    assert run([folder], sqlite, Here, options, rescore=True).states["skipped"] == 3


def test_metadata_written_after_the_run_is_taken_over(tmp_path: Path, sqlite: Store) -> None:
    make_calls(tmp_path / "calls", 2)
    run([str(tmp_path / "calls")], sqlite, Here)
    manifest = tmp_path / "calls" / "manifest.csv"
    manifest.write_text("file,rep,date\ncall 00.json,Zoe,2026-05-05\n")
    run([str(manifest)], sqlite, Here)
    assert {(row.rep, row.date) for row in sqlite.calls().rows} == {("Zoe", "2026-05-05"), ("Ann", "2026-09-01")}


def test_objects_in_storage_are_heard_and_told_apart_by_their_mark(
    tmp_path: Path, sqlite: Store, events: list[Event]
) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    for path in make_calls(tmp_path / "calls", 2):
        memory.pipe(f"/bucket/{path.name}", path.read_bytes())
    workers = Here()
    assert run(["memory://bucket"], sqlite, lambda: workers).states["heard"] == 2
    assert run(["memory://bucket/*.json"], sqlite, lambda: workers).states["heard"] == 0
    assert sqlite.call(1).source is not None
    assert sqlite.call(1).source.path.startswith("memory://")  # type: ignore[union-attr]
    summary = run(["memory://bucket/gone.wav"], sqlite, lambda: workers, tell=events.append)
    assert summary.failed == 1
    assert events[-1].sentence == "gone.wav cannot be read: it does not exist."


def test_a_worker_loads_no_database() -> None:
    code = "import sys, listening.batch.work; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class EndpointConnectionError(Exception): ...


class NoCredentialsError(Exception): ...


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError("key AKIA"), "it may not be read"),
        (ConnectionResetError(), "the storage does not answer"),
        (EndpointConnectionError("http://secret"), "the storage does not answer"),
        (NoCredentialsError(), "there are no credentials for the storage"),
        (OSError(5, "secret"), "the storage reports an error"),
        (KeyError("secret"), "the storage says KeyError"),
    ],
)
def test_storage_that_fails_is_one_sentence_without_addresses_or_keys(
    error: Exception, said: str, tmp_path: Path, sqlite: Store, events: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    from fsspec.implementations.memory import MemoryFileSystem

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(MemoryFileSystem, "isdir", fail)
    (fine,) = make_calls(tmp_path / "calls", 1)
    summary = run(["memory://bucket/a.wav", str(fine)], sqlite, Here, tell=events.append)
    assert (summary.failed, summary.states["heard"]) == (1, 1)
    assert events[0].sentence == f"it cannot be read: {said}."


def test_watching_takes_files_once_they_are_still(tmp_path: Path, sqlite: Store, events: list[Event]) -> None:
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
        return sqlite.calls().total == 2 or time.monotonic() - began > 60

    summary = watch([str(folder)], sqlite, Here, tell=events.append, still_s=0.4, every_s=0.1, until=step)
    assert summary.states["heard"] == 2
    assert summary.failed == 0
