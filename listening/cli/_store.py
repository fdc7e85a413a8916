"""What the commands that read the store share: its option, filters, measures by name, and tables."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from listening.errors import UsageError
from listening.reports.export import safe_cell

if TYPE_CHECKING:
    from listening.store import CallFilter

Function = TypeVar("Function", bound=Callable[..., Any])

db_option = click.option("--db", metavar="PATH|URL", help="The store: a SQLite file or a postgresql:// URL.")
_DAY = click.DateTime(["%Y-%m-%d"])


def filter_options(function: Function) -> Function:
    """`--rep --customer --opportunity --call-type --since --until`, collected by `filter_from`."""
    for option in reversed(
        [
            click.option("--rep", "reps", multiple=True, metavar="NAME", help="Calls of this rep. May be repeated."),
            click.option("--customer", "customers", multiple=True, metavar="NAME"),
            click.option("--opportunity", "opportunities", multiple=True, metavar="NAME"),
            click.option("--call-type", "call_types", multiple=True, metavar="TYPE"),
            click.option("--since", type=_DAY, metavar="YYYY-MM-DD", help="This day and after."),
            click.option("--until", type=_DAY, metavar="YYYY-MM-DD", help="This day and before."),
        ]
    ):
        function = option(function)
    return function


def filter_from(values: dict[str, Any], **more: Any) -> CallFilter:
    """Takes the filter's values out of a command's and returns the filter."""
    from listening.store import CallFilter

    named: dict[str, Any] = {
        name: values.pop(name) or None for name in ("reps", "customers", "opportunities", "call_types")
    }
    for name in ("since", "until"):
        day = values.pop(name)
        named[name] = day.date().isoformat() if day else None
    return CallFilter(**named, **more)


def check_keys(keys: Iterable[str]) -> tuple[str, ...]:
    """Measure keys as the store has them; a component may be given by its own name. UsageError for an unknown one."""
    from listening.scoring import MEASURES, load_rubric

    components = load_rubric().components
    found = []
    for key in keys:
        if key in components:
            key = f"component.{key}"
        elif key != "listening_index" and key not in MEASURES and not key.startswith("component."):
            raise UsageError(f"There is no measure {key!r}; `listening export` lists them all.")
        found.append(key)
    return tuple(dict.fromkeys(found))


def title_of(key: str) -> str:
    """How a measure is called in a table."""
    from listening.scoring import MEASURES, load_rubric

    if key in MEASURES:
        return MEASURES[key].title
    component = load_rubric().components.get(key.removeprefix("component."))
    return component.title if component else "Listening index" if key == "listening_index" else key


def to_csv(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> str:
    """Rows as CSV, no cell of which a spreadsheet takes for a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([safe_cell(plain(row.get(column))) for column in columns])
    return out.getvalue()


def to_json(value: Any) -> str:
    return json.dumps(plain(value), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def plain(value: Any) -> Any:
    """Dataclasses as objects, numbers that are none as null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value) if not f.name.startswith("_")}
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: Collection[int] = ()) -> None:
    """Print a table; `numbers` are the columns that are set flush right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for i, name in enumerate(columns):
        made.add_column(name, justify="right" if i in numbers else "left", no_wrap=True)
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
    console = Console()
    # In a file or pipe nothing is cut off; on a terminal a table that is too wide loses the ends of its cells.
    wide = Console(width=1000) if not console.is_terminal else console
    wide.print(made)


def number(value: float | None, signed: bool = False) -> str:
    """A number as short as it can be read: 43, 5.2, 0.43; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    digits = 0 if abs(value) >= 20 else 1 if abs(value) >= 2 else 2
    value = round(value, digits) + 0.0  # no -0.00
    return f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"
