"""`listening report`: calls as one page to send or print."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from listening.cli._shared import hearing_options, options_from, progress_bar, write_text
from listening.errors import StoreError, UsageError
from listening.reports import render
from listening.scorecard import Heard


@click.command("report")
@click.argument("calls", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every call in the store.")
@click.option(
    "--format", "form", type=click.Choice(["html", "pdf-ready", "md", "terminal"]), default="html", show_default=True,
    help="html holds the sound; pdf-ready is the same page without it, for printing; md is plain text.",
)  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file.")
@click.option("--db", help="The store: a SQLite file or a postgresql:// URL (default: LISTENING_DB).")
@hearing_options
def command(
    calls: tuple[str, ...], every: bool, form: str, output: Path | None, db: str | None, **hearing: Any
) -> None:
    """Calls as one page to send or print.

    Each of CALLS is the name or number of a call in the store, or else a recording or transcript.
    """
    if every == bool(calls):
        raise UsageError("Name the calls to report, or say --all.")
    heard = _every(db) if every else [_one(call, db, hearing) for call in calls]
    text = _text(heard, form)
    if output is None:
        click.echo(text, nl=False)
        return
    write_text(output, text)
    click.echo(str(output))


def _text(heard: list[Heard], form: str) -> str:
    if form == "md":
        from listening.reports.markdown import page as plain

        return "\n".join(plain(call) for call in heard)
    if form == "terminal":
        return render(heard, form)
    from listening.reports.html import page

    return page(heard, audio=form == "html")


def _every(db: str | None) -> list[Heard]:
    from listening.store import open_store

    with open_store(db, create=False) as store:
        return [store.call(row.id).heard for row in sorted(store.each(), key=lambda row: row.date or "")]


def _one(call: str, db: str | None, hearing: dict[str, Any]) -> Heard:
    """A call of the store by name or number, or a file to be heard now."""
    there = os.path.exists(call)  # noqa: PTH110 - `Path.exists` raises for a name that is too long
    try:
        if heard := _stored(call, db):
            return heard
    except StoreError:
        if db or not there:  # a file needs no store
            raise
    if not there:
        raise UsageError(f"There is no call or file {call}.")
    from listening.listen import listen

    with progress_bar(Path(call).name) as report:
        return listen(Path(call), options_from(hearing), report)


def _stored(call: str, db: str | None) -> Heard | None:
    from listening.store import open_store

    with open_store(db, create=False) as store:
        found = store.find(call)
        if len(found) > 1:
            raise UsageError(f"{len(found)} calls are named {call}; give a number: {', '.join(map(str, found))}.")
        return store.call(found[0]).heard if found else None
