"""The same run on a Dask cluster: a scheduler and workers, each a process of its own."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from batch_calls import Here, make_calls

from listening.batch import Event, run
from listening.store import open_store
from listening.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(str(tmp_path / "calls.db")) as opened:
        yield opened


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
