"""What several commands share: options for hearing a call, the progress bar, and running over many calls."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from listening.errors import ListeningError
from listening.listen import Options
from listening.progress import Progress, silent

Function = TypeVar("Function", bound=Callable[..., Any])
Result = TypeVar("Result")

#: Work shorter than this (s) shows no bar.
QUIET_S = 2.0

paths_argument = click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))


def hearing_options(function: Function) -> Function:
    """`--rep --engine --model --language --speakers`, collected by `options_from`."""
    for option in reversed(
        [
            click.option("--rep", metavar="SPEAKER", help="Who is the rep: left, right, or a speaker's name."),
            click.option(
                "--engine", default="auto", show_default=True, help="auto, faster-whisper, openai-whisper or replay."
            ),
            click.option("--model", help="A model's name, or a local model folder or file."),
            click.option("--language", help="Spoken language, such as en. Detected when not given."),
            click.option(
                "--speakers", default=2, show_default=True, type=click.IntRange(1, 8), help="Speakers on one channel."
            ),  # no more than `transcription.MOST_SPEAKERS`, which would take long to import
        ]
    ):
        function = option(function)
    return function


def options_from(values: dict[str, Any], rubric: str | None = None) -> Options:
    names = ("rep", "engine", "model", "language", "speakers")
    return Options(**{name: values[name] for name in names}, rubric=rubric)


@contextmanager
def progress_bar(title: str, quiet: bool = False) -> Iterator[Progress]:
    """A bar on stderr with stage and time left; appears after two seconds, and only on a terminal."""
    if quiet or not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    began = time.monotonic()
    bar = Bar(
        TextColumn("{task.fields[title]}"),
        BarColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(compact=True),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task("", total=1.0, title=title)
    stage_now = ""

    def report(stage: str, done: float, total: float) -> None:
        nonlocal stage_now
        if stage != stage_now:
            stage_now = stage
            bar.reset(task, description=stage, total=max(total, 1e-9))
        bar.update(task, completed=done, total=max(total, 1e-9))
        if not bar.live.is_started and time.monotonic() - began > QUIET_S:
            bar.start()

    try:
        yield report
    finally:
        bar.stop()


def keep(folder: Path, call: str, extension: str, text: str, written: set[Path]) -> None:
    """Write one call's file into the folder and print its path. Calls of one id in one run (`written`) get numbers.

    Raises ListeningError when it cannot be written.
    """
    stem = re.sub(r'[\x00-\x1f/\\:*?"<>|]+', "_", call).strip(". ") or "call"
    path = folder / f"{stem}{extension}"
    number = 1
    while path in written:
        number += 1
        path = folder / f"{stem}_{number}{extension}"
    write_text(path, text)
    written.add(path)
    click.echo(str(path))


def write_text(path: Path, text: str) -> None:
    """Write a file, and the folder it is in. Raises ListeningError when that cannot be done."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ListeningError(f"{path} cannot be written: {error.strerror or 'unknown reason'}.") from None


def each(paths: list[Path], work: Callable[[Path, Progress], Result]) -> Iterator[Result]:
    """Do the work for every call; a call that fails is one line on stderr, the others are still done.

    After the last, exits with code 1 (or the error's own) if any failed.
    """
    failed = 0
    for number, path in enumerate(paths, 1):
        title = path.name if len(paths) == 1 else f"[{number}/{len(paths)}] {path.name}"
        try:
            with progress_bar(title) as report:
                result = work(path, report)
        except ListeningError as error:
            failed = failed or error.exit_code
            named = "" if path.name in str(error) else f"{path.name}: "
            click.echo(f"listening: {named}{error}", err=True)
            continue
        yield result
    if failed:
        sys.exit(failed)
