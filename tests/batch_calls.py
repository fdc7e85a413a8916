"""What the tests of the batch share: short transcripts, workers in this process, the command."""

from __future__ import annotations

import sys
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from store_calls import make_heard

from listening.batch.work import Done, Task, work
from listening.formats import write


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


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "listening", *arguments]


def children(pid: int) -> list[int]:
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
