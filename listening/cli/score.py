"""`listening score`: hear calls and print their listening scorecards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from listening.cli._shared import each, hearing_options, keep, options_from, paths_argument
from listening.listen import expand, listen
from listening.reports import EXTENSIONS, render


@click.command("score")
@paths_argument
@hearing_options
@click.option("--rubric", help="A rubric's name, or a TOML file.")
@click.option("--format", "form", type=click.Choice(sorted(EXTENSIONS)), default="terminal", show_default=True)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="Write one file a call into this folder."
)
def command(paths: tuple[Path, ...], rubric: str | None, form: str, output: Path | None, **hearing: Any) -> None:
    """Hear calls and print their listening scorecards.

    PATHS are recordings, transcripts, or folders of them. Who the rep is comes from --rep, a sidecar or manifest beside
    the recording, or is guessed and shown as a guess.
    """
    options = options_from(hearing, rubric)
    heard = each(list(expand(paths)), lambda path, report: listen(path, options, report))
    if output is None:
        calls = []
        try:
            for call in heard:
                if form == "terminal":
                    click.echo(render([call], form), nl=False)
                else:
                    calls.append(call)
        finally:
            if calls:
                click.echo(render(calls, form), nl=False)
        return
    written: set[Path] = set()
    for call in heard:
        keep(output, call.scorecard.call.id, EXTENSIONS[form], render([call], form), written)
