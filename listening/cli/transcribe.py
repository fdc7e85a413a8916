"""`listening transcribe`: a call's transcript in one of the formats we write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from listening import formats
from listening.cli._shared import each, hearing_options, keep, options_from, paths_argument
from listening.errors import UsageError
from listening.listen import expand, transcribe
from listening.progress import Progress


@click.command("transcribe")
@paths_argument
@hearing_options
@click.option(
    "--format", "form", default="native", show_default=True, help="native (our JSON), webvtt, textgrid or csv."
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="Write one file a call into this folder."
)
def command(paths: tuple[Path, ...], form: str, output: Path | None, **hearing: Any) -> None:
    """Print a call's transcript in another format.

    PATHS are recordings, or transcripts in any format we read.
    """
    writable = {name: f for name, f in formats.FORMATS.items() if f.render}
    if form not in writable:
        raise UsageError(f"There is no format {form!r} to write; there are: {', '.join(writable)}.")
    options = options_from(hearing)
    written: set[Path] = set()

    def work(path: Path, report: Progress) -> tuple[str, str]:
        transcript, _ = transcribe(path, options, report)
        return transcript.info.id, formats.write(transcript, form)

    for call, text in each(list(expand(paths)), work):
        if output is None:
            click.echo(text, nl=not text.endswith("\n"))
            continue
        keep(output, call, writable[form].extensions[0], text, written)
