"""Hear new recordings in a folder as they finish being written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from listening.batch import sources
from listening.batch.run import Event, Summary, Tell, hear
from listening.batch.sources import Item
from listening.batch.workers import Workers, lazily
from listening.listen import Options

if TYPE_CHECKING:
    from listening.store.store import Store

#: How often the folder is looked at, s.
EVERY_S = 2.0
#: A file is finished when its size and time have been the same for this long, s.
STILL_S = 5.0


def watch(
    paths: Iterable[str],
    store: Store,
    workers: Callable[[], Workers],
    options: Options | None = None,
    *,
    tell: Tell = lambda event: None,
    still_s: float = STILL_S,
    every_s: float = EVERY_S,
    until: Callable[[], bool] = lambda: False,
) -> Summary:
    """Run again and again until `until()` says so (or KeyboardInterrupt): each file once it is finished and as it changes.

    A file that failed is tried again only when it has changed.
    """
    named = list(paths)
    marks: dict[str, tuple[str | None, float]] = {}
    done: dict[str, str | None] = {}
    whole = Summary()

    def told(event: Event) -> None:
        if event.state != "skipped":
            tell(event)

    with lazily(workers) as get:
        while not until():
            ready = list(_finished(named, marks, done, still_s))
            if ready:
                some = hear(ready, store, get, options, tell=told)
                whole.states += some.states
                whole.audio_ms += some.audio_ms
                whole.replaced += some.replaced
            time.sleep(every_s)
    return whole


def _finished(
    named: list[str], marks: dict[str, tuple[str | None, float]], done: dict[str, str | None], still_s: float
) -> Iterator[Item]:
    """Files that have not changed for a while and were not given before as they are now."""
    now = time.monotonic()
    for item in sources.find(named):
        if not isinstance(item, Item):
            continue  # an empty folder, or a file that comes later
        try:
            mark, _ = sources.tag(item)
        except OSError:
            continue
        if item.path in done and done[item.path] == mark:
            continue
        if item.path not in marks or marks[item.path][0] != mark:
            marks[item.path] = (mark, now)
        elif now - marks[item.path][1] >= still_s:
            done[item.path] = mark
            yield item
