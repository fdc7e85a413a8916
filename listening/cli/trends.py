"""`listening trends`: how each rep's listening moves over time, and how sure we are."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from listening.cli import _store
from listening.cli._store import check_keys, db_option, filter_from, filter_options, number, table, title_of
from listening.errors import UsageError

if TYPE_CHECKING:
    from listening.scoring.trends import RepTrend
    from listening.scoring.trends_stats import Interval

POINT_COLUMNS = (
    "rep measure period ruler calls raw mean low high enough after_break".split()
    + "overall overall_low overall_high slope_per_month slope_low slope_high consistency says".split()
)


@click.command("trends")
@filter_options
@click.option(
    "--by",
    type=click.Choice(["week", "month", "quarter", "call-type", "opportunity"]),
    default="month",
    show_default=True,
)
@click.option("--measure", "measures", multiple=True, metavar="KEY", help="A measure or component. May be repeated.")
@click.option("--period-end", type=click.Choice(["month", "quarter"]), default="quarter", show_default=True)
@click.option("--outcomes", type=click.Path(path_type=Path), help="A CSV of call or opportunity, result, amount.")
@click.option("--format", "form", type=click.Choice(["terminal", "csv", "json", "html"]), default="terminal")
@db_option
def command(
    by: str,
    measures: tuple[str, ...],
    period_end: str,
    outcomes: Path | None,
    form: str,
    db: str | None,
    **values: Any,
) -> None:
    """How each rep's listening moves over time, and how sure we are.

    Means come with 95 % intervals and shrink toward the team where calls are few; call types are allowed for; numbers
    of different versions are kept apart. With one --rep: all measures, what moved most, and the calls worth hearing.
    """
    from listening.scoring import MEASURES, load_rubric, trends, trends_process, trends_views
    from listening.store import open_store

    where = filter_from(values)
    one = where.reps[0] if where.reps and len(where.reps) == 1 else None
    rubric = load_rubric()
    everything = ("listening_index", *(f"component.{key}" for key in rubric.components), *MEASURES)
    keys = check_keys(measures) or (everything if one else ("listening_index",))
    with open_store(db, create=False) as store:
        sums = store.sums(keys)
        seen = store.measures(where, dict.fromkeys([*keys, "pushes_per_hour"]))
        made = []
        if outcomes is not None:
            rows = store.each(where)
            made = [trends_process.Made(r.name, r.rep, r.opportunity, r.duration_s) for r in rows]
    if not len(seen):
        raise UsageError("There are no such calls in the store.")
    found = trends.of_team(seen, sums, keys, by, trends.directions(rubric))
    everyone = [trend for some in found.values() for trend in some]
    pressure = trends_views.pressure(seen, period_end)
    attached = trends_views.attachment(seen)
    results = trends_process.read_outcomes(outcomes) if outcomes else ()
    came_of_it = trends_process.process(made, results) if outcomes else ()
    if form == "csv":
        click.echo(_store.to_csv(_tidy(everyone), POINT_COLUMNS), nl=False)
    elif form == "json":
        data: dict[str, Any] = {"by": by, "trends": [{**_store.plain(t), "says": t.says} for t in everyone]}
        data |= {"pressure": {**_store.plain(pressure), "says": pressure.says}, "attachment": attached}
        click.echo(_store.to_json(data | ({"process": came_of_it} if outcomes else {})), nl=False)
    elif form == "html":
        from listening.cli._trends_html import page

        click.echo(page(everyone, by), nl=False)
    else:
        if one:
            _print_rep(found.get(one, ()))
        else:
            _print_team(everyone)
        click.echo(f"Pushing toward the end of the {period_end}: {pressure.says}.")
        if attached is not None:
            top, share, _ = attached.top[0]
            click.echo(
                f"Call time: as if spread over {attached.effective:.1f} opportunities; {share:.0%} went to {top}."
            )
        if came_of_it:
            _print_process(came_of_it)
            whole = came_of_it[0]
            if strange := len(results) - whole.won - whole.no - whole.open:
                click.echo(f"Outcomes of calls and opportunities that are not among these calls: {strange}.")


def interval(i: Interval | None, signed: bool = False) -> str:
    """ "52 [47, 57]", or that there are not enough calls."""
    if i is None:
        return "not enough calls"
    return f"{number(i.value, signed)} [{number(i.low, signed)}, {number(i.high, signed)}]"


def _print_team(found: list[RepTrend], one: bool = False) -> None:
    table(
        (
            *(() if one else ("rep",)),
            "measure",
            "calls",
            "mean [95 %]",
            "a month [95 %]",
            "varies by",
            "last change",
            "",
        ),
        (
            (
                *(() if one else (t.rep,)),
                title_of(t.key),
                str(t.n),
                interval(t.mean),
                interval(t.slope, signed=True),
                number(t.consistency.value if t.consistency else None),
                interval(t.change, signed=True),
                t.says,
            )
            for t in found
        ),
        numbers=(1, 4) if one else (2, 5),
    )


def _print_rep(found: tuple[RepTrend, ...]) -> None:
    if not found:
        click.echo("This rep has no calls here.")
        return
    first = found[0]
    click.echo(f"{first.rep}: {title_of(first.key)}")
    table(
        ("period", "calls", "mean [95 %]", ""),
        ((p.period, str(p.n), interval(p.mean), _remark(p.after_break, p.enough)) for p in first.points),
        numbers=(1,),
    )
    _print_team([t for t in found if t.n], one=True)
    moved = sorted((t for t in found if t.moved), key=lambda t: -abs(t.movement))[:5]
    if moved:
        click.echo("Moved most: " + "; ".join(f"{title_of(t.key)} {t.says}" for t in moved) + ".")
    else:
        click.echo("Nothing moved more than chance would have it.")
    heard = [t for t in found if t.best][:6]
    if heard:
        click.echo("Calls worth hearing:")
        table(
            ("measure", "best", "worst"),
            ((title_of(t.key), _ids(t.best), _ids(t.worst)) for t in heard),
        )


def _remark(after_break: bool, enough: bool) -> str:
    said = ["measured with other versions from here"] if after_break else []
    return "; ".join(said + ([] if enough else ["few calls"]))


def _ids(calls: tuple[int, ...]) -> str:
    return ", ".join(map(str, calls))


def _print_process(rows: Any) -> None:
    click.echo("What came of the calls (this is not about listening):")
    table(
        ("rep", "calls", "conversations", "won", "no", "open", "amount", "a call", "a conversation", 'a "no"'),
        (
            (
                row.rep or "all",
                str(row.calls),
                str(row.conversations),
                str(row.won),
                str(row.no),
                str(row.open),
                f"{row.amount:,.0f}",
                *(
                    "–" if worth is None else f"{worth:,.0f}"
                    for worth in (row.worth_of_call, row.worth_of_conversation, row.worth_of_no)
                ),
            )
            for row in rows
        ),
        numbers=range(1, 10),
    )


def _tidy(found: list[RepTrend]) -> list[dict[str, Any]]:
    rows = []
    for t in found:
        mean = dataclasses.astuple(t.mean) if t.mean else (None, None, None, None)
        slope = dataclasses.astuple(t.slope) if t.slope else (None, None, None, None)
        whole = {"rep": t.rep, "measure": t.key, "overall": mean[0], "overall_low": mean[1], "overall_high": mean[2]}
        whole |= {"slope_per_month": slope[0], "slope_low": slope[1], "slope_high": slope[2], "says": t.says}
        whole["consistency"] = t.consistency.value if t.consistency else None
        for p in t.points:
            inside = {"low": p.mean.low, "mean": p.mean.value, "high": p.mean.high} if p.mean else {}
            point = {"period": p.period, "ruler": p.ruler, "calls": p.n, "raw": p.raw, "enough": p.enough}
            rows.append({**whole, **point, **inside, "after_break": p.after_break})
    return rows
