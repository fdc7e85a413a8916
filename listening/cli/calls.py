"""`listening calls`: list and filter the calls in the store."""

from __future__ import annotations

from typing import Any

import click

from listening.cli._store import db_option, filter_from, filter_options, number, table, to_csv, to_json
from listening.reports.numbers import clock

COLUMNS = "id name rep customer opportunity call_type date duration_s score low high flags ruler content added".split()


@click.command("calls")
@filter_options
@click.option("--search", metavar="TEXT", help="In name, rep, customer, opportunity or call type.")
@click.option("--min-score", type=float, help="Listening index at least this.")
@click.option("--max-score", type=float, help="Listening index at most this.")
@click.option("--flag", "flags", multiple=True, help="role_guessed, no_index, corrected, commented or self_scored.")
@click.option("--sort", default="date", show_default=True, help="date, score, rep, customer, duration, … or a measure.")
@click.option("--ascending", is_flag=True, help="Smallest first.")
@click.option("-n", "--limit", default=50, show_default=True, type=click.IntRange(1))
@click.option("--offset", default=0, type=click.IntRange(0))
@click.option("--format", "form", type=click.Choice(["terminal", "csv", "json"]), default="terminal")
@db_option
def command(
    search: str | None,
    min_score: float | None,
    max_score: float | None,
    flags: tuple[str, ...],
    sort: str,
    ascending: bool,
    limit: int,
    offset: int,
    form: str,
    db: str | None,
    **values: Any,
) -> None:
    """List and filter the calls in the store."""
    from listening.store import open_store

    where = filter_from(values, text=search, score_min=min_score, score_max=max_score, flags=flags)
    with open_store(db, create=False) as store:
        page = store.calls(where, sort=sort, descending=not ascending, limit=limit, offset=offset)
    if form == "json":
        click.echo(to_json(page), nl=False)
        return
    if form == "csv":
        rows = [{**{c: getattr(row, c) for c in COLUMNS}, "flags": " ".join(row.flags)} for row in page.rows]
        click.echo(to_csv(rows, COLUMNS), nl=False)
        return
    if not page.rows:
        click.echo("No calls." if page.total == 0 else "No more calls.")
        return
    table(
        ("id", "date", "rep", "customer", "type", "length", "index", "call", "flags"),
        (
            (
                str(row.id),
                row.date or "–",
                row.rep or "–",
                row.customer or "–",
                row.call_type or "–",
                clock(None if row.duration_s is None else row.duration_s * 1000),
                number(row.score),
                row.name,
                ", ".join(flag.replace("_", " ") for flag in row.flags),
            )
            for row in page.rows
        ),
        numbers=(0, 5, 6),
    )
    shown = f"{offset + 1}–{offset + len(page.rows)} of {page.total:,}"
    click.echo(f"{shown} calls" if page.total > len(page.rows) else f"{page.total:,} calls")
