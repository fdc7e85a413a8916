"""`listening export`: the store as tidy tables for other programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from listening.cli._store import db_option, filter_from, filter_options, plain, to_csv, to_json
from listening.errors import ListeningError, UsageError

if TYPE_CHECKING:
    from listening.store import CallFilter
    from listening.store.store import Store

CALLS = "call name rep customer opportunity call_type date duration_s listening_index low high flags ruler".split()
MEASURES = "call name rep call_type date ruler measure value".split()
DEFINITIONS = "measure title definition source unit denominator".split()
CORRECTIONS = "call kind before label utterance start_char end_char speaker text who when undone_by undone_at".split()


@click.command("export")
@filter_options
@click.option("-f", "--format", "form", type=click.Choice(["csv", "json", "parquet"]), default="csv", show_default=True)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write."
)
@db_option
def command(form: str, output: Path, db: str | None, **values: Any) -> None:
    """Write the store as tidy tables: calls, measures, definitions, corrections.

    One row a call, and one row a call and measure: what a BI tool reads. No words of any call are written, except
    those that people put in place of a misheard one.
    """
    from listening.store import open_store

    where = filter_from(values)
    with open_store(db, create=False) as store:
        tables = {
            "calls": (CALLS, _calls(store, where)),
            "measures": (MEASURES, _measures(store, where)),
            "definitions": (DEFINITIONS, _definitions()),
            "corrections": (CORRECTIONS, _corrections(store, where)),
        }
        try:
            output.mkdir(parents=True, exist_ok=True)
            for name, (columns, rows) in tables.items():
                path = output / f"{name}.{form}"
                _write(path, form, columns, list(rows))
                click.echo(str(path))
        except OSError as error:
            raise ListeningError(f"The folder {output} cannot be written: {error.strerror}.") from None


def _write(path: Path, form: str, columns: Sequence[str], rows: list[dict[str, Any]]) -> None:
    if form == "csv":
        path.write_text(to_csv(rows, columns), encoding="utf-8")
    elif form == "json":
        path.write_text(to_json(rows), encoding="utf-8")
    else:
        try:
            import pyarrow  # type: ignore[import-untyped]
            import pyarrow.parquet  # type: ignore[import-untyped]
        except ImportError:
            raise UsageError("Parquet needs the extra: pip install 'listening[parquet]'.") from None
        made = pyarrow.table({c: [plain(row.get(c)) for row in rows] for c in columns})
        pyarrow.parquet.write_table(made, path)


def _calls(store: Store, where: CallFilter) -> Iterator[dict[str, Any]]:
    for row in store.each(where):
        yield {
            **{c: getattr(row, c) for c in CALLS if hasattr(row, c)},
            "call": row.id,
            "listening_index": row.score,
            "flags": " ".join(row.flags),
        }


def _measures(store: Store, where: CallFilter) -> Iterator[dict[str, Any]]:
    from listening.scoring import MEASURES as DEFINED
    from listening.scoring import load_rubric

    keys = ("listening_index", *(f"component.{key}" for key in load_rubric().components), *DEFINED)
    seen = store.measures(where, keys)
    names = {row.id: row.name for row in store.each(where)}
    for i, call in enumerate(seen.calls.tolist()):
        day = str(seen.days[i])
        about = {
            "call": call,
            "name": names.get(call),
            "rep": seen.reps[i] or None,
            "call_type": seen.call_types[i] or None,
            "date": None if day == "NaT" else day,
            "ruler": int(seen.rulers[i]),
        }
        for key in keys:
            value = float(seen.values[key][i])
            if value == value:
                yield {**about, "measure": key, "value": value}


def _definitions() -> Iterable[dict[str, Any]]:
    from listening.scoring import MEASURES as DEFINED

    for d in DEFINED.values():
        yield {
            "measure": d.key,
            "title": d.title,
            "definition": d.definition,
            "source": d.source,
            "unit": d.unit,
            "denominator": d.denominator,
        }


def _corrections(store: Store, where: CallFilter) -> Iterator[dict[str, Any]]:
    wanted = {row.id for row in store.each(where)}
    for kept in store.corrections():
        if kept.call not in wanted:
            continue
        c = kept.correction
        at = c.finding or c
        yield {
            "call": kept.call,
            "kind": c.kind,
            "before": kept.before,
            "label": c.label,
            "utterance": at.utterance,
            "start_char": at.start_char,
            "end_char": at.end_char,
            "speaker": c.speaker,
            "text": c.text,
            "who": kept.who,
            "when": kept.when,
            "undone_by": kept.undone_by,
            "undone_at": kept.undone_at,
        }
