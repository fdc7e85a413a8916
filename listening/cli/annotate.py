"""`listening annotate`: every utterance with its labels and scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from listening.cli._shared import each, hearing_options, options_from, paths_argument
from listening.listen import expand, listen
from listening.reports.annotations import annotated


@click.command("annotate")
@paths_argument
@hearing_options
@click.option("-f", "--format", "form", type=click.Choice(["jsonl"]), default="jsonl", show_default=True)
def command(paths: tuple[Path, ...], form: str, **hearing: Any) -> None:
    """Print one JSON object an utterance: its labels with their words, and a score for every label.

    For auditing the labels, and for exporting labelled transcripts.
    """
    options = options_from(hearing)
    for call in each(list(expand(paths)), lambda path, report: listen(path, options, report)):
        for row in annotated(call.transcript, call.analysis):
            click.echo(json.dumps(row, ensure_ascii=False))
