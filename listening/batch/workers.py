"""Where calls are heard: processes of this machine, or a Dask cluster. Both are `concurrent.futures.Executor`s.

A worker that dies takes its calls with it and nothing else: `Lost` is raised for their futures, and the run decides
what is tried again.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol

from listening.batch.work import Done, Task, prepare_process, work
from listening.errors import UsageError
from listening.settings import threads

#: How long to wait for a cluster that has gone away to come back, s.
PATIENCE_S = 120.0
#: Variables that number-crunching libraries read when they are loaded.
_THREAD_VARIABLES = ("LISTENING_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Workers(Protocol):
    """`at_once` is how many calls to keep submitted; `restart` makes it usable again after calls were lost."""

    @property
    def at_once(self) -> int: ...

    def submit(self, task: Task) -> Future[Done]: ...

    def lost(self, error: BaseException) -> bool:
        """Does this error mean that the worker died, not that the call is bad?"""
        ...

    def restart(self) -> None: ...

    def close(self, now: bool = False) -> None: ...


class Processes:
    """Worker processes of this machine that share its cores evenly, so that their threads don't fight."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self._threads = max(1, threads() // jobs)
        self._executor: Executor = self._start()

    def _start(self) -> Executor:
        # spawn: a forked copy of a process that holds locks of native libraries can hang.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.jobs, mp_context=context, initializer=prepare_process)

    @property
    def at_once(self) -> int:
        return self.jobs + 1  # one waits ready, so that no worker stands idle while a call is being kept

    def submit(self, task: Task) -> Future[Done]:
        with _environment({name: str(self._threads) for name in _THREAD_VARIABLES}):
            return self._executor.submit(work, task)  # may start a process, which inherits the environment

    def lost(self, error: BaseException) -> bool:
        return isinstance(error, (BrokenExecutor, CancelledError))

    def restart(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._executor = self._start()

    def close(self, now: bool = False) -> None:
        if now:
            for process in multiprocessing.active_children():
                process.kill()
        self._executor.shutdown(wait=True, cancel_futures=True)


class Cluster:
    """A Dask cluster. Its workers need `listening` installed and see the recordings under the same paths or URLs."""

    def __init__(self, address: str) -> None:
        try:
            import distributed
        except ImportError:
            raise UsageError("A cluster needs the extra: pip install 'listening[cluster]'.") from None
        self._distributed: Any = distributed
        self.address = address
        self._client: Any = None
        self._executor: Any = None
        self._connect(10.0)

    def _connect(self, patience_s: float) -> None:
        until = time.monotonic() + patience_s
        while True:
            try:
                self._client = self._distributed.Client(self.address, timeout=5, set_as_default=False)
                break
            except (OSError, ValueError):
                if time.monotonic() > until:
                    raise UsageError(f"There is no Dask scheduler at {self.address}.") from None
                time.sleep(1)
        self._executor = self._client.get_executor(pure=False)

    @property
    def at_once(self) -> int:
        """Two calls a thread, so that a worker has the next one when it is done; workers may join late."""
        threads_there = sum(self._client.nthreads().values()) if self._alive() else 0
        return 2 * max(2, threads_there)

    def _alive(self) -> bool:
        return self._client is not None and self._client.status == "running"

    def submit(self, task: Task) -> Future[Done]:
        if not self._alive():
            self.restart()
        future: Future[Done] = self._executor.submit(work, task)
        return future

    def lost(self, error: BaseException) -> bool:
        if isinstance(error, (CancelledError, OSError)):
            return True
        kinds = (self._distributed.scheduler.KilledWorker, self._distributed.client.FutureCancelledError)
        return isinstance(error, kinds)

    def restart(self) -> None:
        """Connect anew when the scheduler has gone (Dask itself replaces a lost worker)."""
        if self._alive():
            return
        self.close(now=True)
        self._connect(PATIENCE_S)

    def close(self, now: bool = False) -> None:
        if self._client is not None:
            self._client.close(timeout=5)
            self._client = None


@contextmanager
def lazily(make: Callable[[], Workers]) -> Iterator[Callable[[], Workers]]:
    """Workers that are made when they are first asked for, kept, and closed at the end: at once when it is an error."""
    made: list[Workers] = []

    def get() -> Workers:
        if not made:
            made.append(make())
        return made[0]

    try:
        yield get
    except BaseException:
        for workers in made:
            workers.close(now=True)
        raise
    for workers in made:
        workers.close()


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
