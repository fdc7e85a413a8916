"""`listening batch`: score many calls and keep them in the store."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from listening.cli._shared import hearing_options, options_from
from listening.errors import UsageError

if TYPE_CHECKING:
    from listening.batch import Event, Summary

#: State of a call -> how the summary says it, for one and for many.
_SAID = {
    "heard": "scored",
    "reanalysed": "analysed again",
    "rescored": "scored again",
    "skipped": "already there",
    "stale": "there, scored with other versions",
    "failed": "failed",
}


@click.command("batch")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--jobs", type=click.IntRange(1, 256), help="Calls heard at the same time. [default: one a core]")
@click.option("--watch", is_flag=True, help="Stay, and score new recordings as they finish being written.")
@click.option("--db", metavar="PATH|URL", help="The store: a SQLite file or a postgresql:// URL.")
@click.option("--rescore", is_flag=True, help="Bring up to date what was scored with other versions; not with --watch.")
@click.option("--cluster", metavar="tcp://HOST:PORT", help="Hear the calls on the workers of this Dask scheduler.")
@click.option("--rubric", help="A rubric's name, or a TOML file.")
@hearing_options
def command(
    paths: tuple[str, ...],
    jobs: int | None,
    watch: bool,
    db: str | None,
    rescore: bool,
    cluster: str | None,
    rubric: str | None,
    **hearing: Any,
) -> None:
    """Score many calls and keep them in the store.

    Each PATH is a recording, a transcript, a folder, a pattern such as 'calls/*.wav', a manifest (CSV or JSON with a
    column file), or a URL (s3://, gs://, http://). What is in the store already is skipped, so a run that was
    interrupted is simply started again.
    """
    from listening.batch import run, workers
    from listening.batch import watch as keep_watching
    from listening.settings import threads
    from listening.store import open_store

    if watch and rescore:
        raise UsageError("--rescore does not go with --watch: run it first, and watch then.")
    options = options_from(hearing, rubric)

    def make() -> workers.Workers:
        return workers.Cluster(cluster) if cluster else workers.Processes(jobs or threads())

    with open_store(db) as store, _display(quiet=watch) as display:
        try:
            if watch:
                summary = keep_watching(paths, store, make, options, tell=display.tell)
            else:
                summary = run(paths, store, make, options, rescore=rescore, tell=display.tell, total=display.total)
        except KeyboardInterrupt:
            display.close()
            click.echo("listening: stopped; what was scored is kept, and the same command goes on from here.", err=True)
            sys.exit(130)
    click.echo(_sentence(summary), err=True)
    if n := summary.replaced:
        changed = "1 file had changed; what it" if n == 1 else f"{n:,} files had changed; what they"
        click.echo(f"listening: {changed} held before is still in the store.", err=True)
    if summary.states["stale"]:
        click.echo("listening: --rescore brings the calls of other versions up to date.", err=True)
    if summary.failed:
        sys.exit(1)


def _sentence(summary: Summary) -> str:
    parts = [f"{n:,} {said}" for state, said in _SAID.items() if (n := summary.states[state])]
    hours = summary.audio_ms / 3_600_000
    audio = f"; {hours:.1f} hours of calls" if summary.audio_ms else ""
    return f"listening: {', '.join(parts) or 'nothing to do'}{audio}."


class _Display:
    """One bar for the whole run on a terminal; a line a failure everywhere."""

    def __init__(self, bar: Any) -> None:
        self.bar = bar
        self.task = None
        self.failed = 0
        self.audio_ms = 0

    def total(self, calls: int) -> None:
        if self.bar is not None:
            self.task = self.bar.add_task("", total=calls, hours="0.0 h", failed="", speed="")
            self.bar.start()

    def tell(self, event: Event) -> None:
        if event.state == "failed":
            self.failed += 1
            named = "" if event.sentence and event.name in event.sentence else f"{event.name}: "
            line = f"listening: {named}{event.sentence}"
            if self.bar is None:
                click.echo(line, err=True)
            else:
                self.bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        elif self.bar is None and event.path and event.state == "heard" and sys.stderr.isatty():
            click.echo(f"listening: {event.name}: scored", err=True)
        self.audio_ms += event.audio_ms
        if self.task is not None:
            elapsed = self.bar.tasks[0].elapsed or 0
            speed = f"{self.audio_ms / 1000 / elapsed:.0f}x real time" if elapsed > 1 and self.audio_ms else ""
            failed = f"{self.failed} failed" if self.failed else ""
            hours = f"{self.audio_ms / 3_600_000:.1f} h"
            self.bar.update(self.task, advance=1, hours=hours, failed=failed, speed=speed)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.stop()


@contextmanager
def _display(quiet: bool) -> Iterator[_Display]:
    if quiet or not sys.stderr.isatty():
        yield _Display(None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        MofNCompleteColumn(),
        BarColumn(),
        TextColumn("{task.fields[hours]}  {task.fields[speed]}"),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[failed]}", style="red"),
        console=Console(stderr=True),
        transient=True,
    )
    display = _Display(bar)
    try:
        yield display
    finally:
        display.close()
