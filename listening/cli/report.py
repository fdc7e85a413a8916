"""`listening report`: one call as a page to send or print."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from listening.cli._shared import hearing_options, options_from, progress_bar
from listening.errors import UsageError
from listening.scorecard import Heard


@click.command("report")
@click.argument("call")
@click.option(
    "--format", "form", type=click.Choice(["html", "pdf-ready", "md"]), default="html", show_default=True,
    help="html holds the sound; pdf-ready is the same page without it, for printing; md is plain text.",
)  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file.")
@click.option("--db", help="The store: a SQLite file or a postgresql:// URL (default: LISTENING_DB).")
@hearing_options
def command(call: str, form: str, output: Path | None, db: str | None, **hearing: Any) -> None:
    """One call as a page to send or print.

    CALL is the name or number of a call in the store, or else a recording or transcript.
    """
    heard = _stored(call, db)
    if heard is None:
        from listening.listen import listen

        with progress_bar(Path(call).name) as report:
            heard = listen(Path(call), options_from(hearing), report)
    text = _text(heard, form)
    if output is None:
        click.echo(text, nl=False)
        return
    output.write_text(text, encoding="utf-8")
    click.echo(str(output))


def _text(heard: Heard, form: str) -> str:
    if form == "md":
        from listening.reports.markdown import page as plain

        return plain(heard)
    from listening.reports.html import page

    return page([heard], audio=form == "html")


def _stored(call: str, db: str | None) -> Heard | None:
    """The call of that name or number in the store; None when there is none and a file of that name exists."""
    if Path(call).exists():
        return None
    from listening.store import open_store

    with open_store(db, create=False) as store:
        found = store.find(call)
        if len(found) > 1:
            raise UsageError(f"{len(found)} calls are named {call}; give a number: {', '.join(map(str, found))}.")
        if not found:
            raise UsageError(f"There is no call or file {call}.")
        return store.call(found[0]).heard
