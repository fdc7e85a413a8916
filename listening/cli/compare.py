"""`listening compare`: two reps side by side."""

from __future__ import annotations

import click

from listening.cli._store import check_keys, db_option, number, table, title_of, to_csv, to_json
from listening.cli.trends import interval
from listening.errors import UsageError

COLUMNS = "measure calls_a mean_a calls_b mean_b difference low high says".split()


@click.command("compare")
@click.argument("rep")
@click.argument("other")
@click.option("--measure", "measures", multiple=True, metavar="KEY", help="A measure or component. May be repeated.")
@click.option("--call-type", "call_type", metavar="TYPE", help="Only calls of this type.")
@click.option("--format", "form", type=click.Choice(["terminal", "csv", "json"]), default="terminal")
@db_option
def command(rep: str, other: str, measures: tuple[str, ...], call_type: str | None, form: str, db: str | None) -> None:
    """Two reps side by side.

    A difference is called one only when its 95 % interval says so, call types allowed for, within the versions that
    most of the two reps' calls were measured with.
    """
    from listening.scoring import MEASURES, load_rubric, trends, trends_team
    from listening.store import open_store

    components = (f"component.{key}" for key in load_rubric().components)
    keys = check_keys(measures) or ("listening_index", *components, *MEASURES)
    with open_store(db, create=False) as store:
        everybody = store.values_of("rep")
        for name in (rep, other):
            if name not in everybody:
                raise UsageError(f"There is no rep {name!r} in the store.")
        sums = store.sums(keys)
    rows = []
    for key in keys:
        cells = sums[key].only(call_type=call_type)
        ruler = trends_team.common_ruler(cells, rep, other)
        team = trends_team.team(key, cells, ruler)
        a, b, gap = team.standings.get(rep), team.standings.get(other), team.difference(rep, other)
        if a is None and b is None:
            continue
        says = trends.NOT_ENOUGH if gap is None else "differ" if gap.excludes_zero else "no difference shown"
        rows.append((key, a, b, gap, says))
    if form == "terminal":
        table(
            ("measure", f"{rep} [95 %]", "calls", f"{other} [95 %]", "calls", "difference [95 %]", ""),
            (
                (
                    title_of(key),
                    interval(a.mean if a else None),
                    number(a.n if a else 0).split(".")[0],
                    interval(b.mean if b else None),
                    number(b.n if b else 0).split(".")[0],
                    interval(gap, signed=True),
                    says,
                )
                for key, a, b, gap, says in rows
            ),
            numbers=(2, 4),
        )
        return
    tidy = [
        {
            "measure": key,
            "calls_a": a.n if a else 0,
            "mean_a": a.mean.value if a and a.mean else None,
            "calls_b": b.n if b else 0,
            "mean_b": b.mean.value if b and b.mean else None,
            "difference": gap.value if gap else None,
            "low": gap.low if gap else None,
            "high": gap.high if gap else None,
            "says": says,
        }
        for key, a, b, gap, says in rows
    ]
    if form == "csv":
        click.echo(to_csv(tidy, COLUMNS), nl=False)
    else:
        click.echo(to_json({"a": rep, "b": other, "measures": tidy}), nl=False)
