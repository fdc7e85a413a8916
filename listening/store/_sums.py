"""Every rep's calls summed up, a row a call type, ruler and measure: what a team is compared by, kept as calls come.

A new call is added to its rep's sums. When one changes or goes, its rep's sums are forgotten, and made anew from all of
her calls when somebody asks; so a rep with calls has either all her sums or none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from listening.scoring.trends_data import Sums, places
from listening.store import tables
from listening.store._base import Base

#: Up to so many reps are summed up one by one; for more, going through all measures once is faster.
SOME_REPS = 40


def in_columns(found: sa.CursorResult[Any]) -> list[list[Any]]:
    """The columns of what a query found. Rows are taken some at a time: many kept at once are dear to collect."""
    width = len(found.keys())
    flat = list(chain.from_iterable(chain.from_iterable(found.partitions(1000))))
    return [flat[i::width] for i in range(width)]


class SummingUp(Base):
    def sums(self, keys: Iterable[str] = ("listening_index",)) -> dict[str, Sums]:
        """For each measure, every rep's calls of each type and ruler summed up: what `scoring.trends_team.team` needs."""
        t, c = tables.rep_sums, tables.calls
        wanted = list(dict.fromkeys(keys))
        with self._reading() as connection:
            reps = set(connection.execute(sa.select(c.c.rep).where(c.c.rep.is_not(None)).distinct()).scalars())
            kept = set(connection.execute(sa.select(t.c.rep).distinct()).scalars())
        if missing := sorted(reps - kept):
            with self._writing() as connection:
                self._sum_up(connection, missing)
        columns = (t.c.key, t.c.rep, t.c.call_type, t.c.ruler, t.c.n, t.c.mean, t.c.squares)
        with self._reading() as connection:
            keys, *sums = in_columns(connection.execute(sa.select(*columns).where(t.c.key.in_(wanted))))
        key, every = places(keys, wanted), Sums.of(*sums)
        return {name: every.where(np.flatnonzero(key == i)) for i, name in enumerate(wanted)}

    def _sum_up(self, connection: Connection, reps: Sequence[str]) -> None:
        t, c, m = tables.rep_sums, tables.calls, tables.measures
        n, mean = sa.func.count(), sa.func.avg(m.c.value)
        kind = sa.func.coalesce(c.c.call_type, sa.literal_column("''"))
        squares = sa.func.sum(m.c.value * m.c.value) - n * mean * mean
        sums = sa.select(c.c.rep, kind, m.c.ruler, m.c.key, n, mean, squares).join(m, m.c.call == c.c.id)
        every = sorted(connection.execute(sa.select(m.c.key).distinct()).scalars()) if len(reps) < SOME_REPS else None
        for part in [reps] if every is None else ([rep] for rep in reps):
            query = sums.where(c.c.rep.in_(part)).group_by(c.c.rep, kind, m.c.ruler, m.c.key)
            if every is not None:
                query = query.where(m.c.key.in_(every))  # so that the measures are looked up call by call
            self._forget_sums(connection, part)
            rows = connection.execute(query).all()
            names = ("rep", "call_type", "ruler", "key", "n", "mean", "squares")
            values = [{**dict(zip(names, row, strict=True)), "squares": max(0.0, float(row[6]))} for row in rows]
            if values:
                connection.execute(sa.insert(t), values)

    def _forget_sums(self, connection: Connection, reps: Iterable[str | None]) -> None:
        if named := sorted({rep for rep in reps if rep is not None}):
            connection.execute(sa.delete(tables.rep_sums).where(tables.rep_sums.c.rep.in_(named)))

    def _new_reps(self, connection: Connection, reps: Collection[str | None]) -> set[str]:
        """Those who have no calls yet."""
        named = {rep for rep in reps if rep is not None}
        c = tables.calls
        there = sa.select(c.c.rep).where(c.c.rep == sa.bindparam("one")).limit(1)
        have = self._summed(connection, named)
        return {rep for rep in named - have if connection.execute(there, {"one": rep}).first() is None}

    def _summed(self, connection: Connection, reps: Collection[str]) -> set[str]:
        t = tables.rep_sums
        return set(connection.execute(sa.select(t.c.rep).where(t.c.rep.in_(sorted(reps))).distinct()).scalars())

    def _add_to_sums(
        self,
        connection: Connection,
        calls: Iterable[tuple[str | None, str | None, Sequence[Mapping[str, Any]]]],
        new_reps: Collection[str] = (),
    ) -> None:
        """Count calls in: rep, call type and rows of `measures`. Reps whose sums were forgotten are left to `sums`."""
        cells: dict[tuple[str, str, int, str], list[float]] = {}
        whose = [(rep, kind or "", rows) for rep, kind, rows in calls if rep is not None]
        may = self._summed(connection, {rep for rep, *_ in whose}) | set(new_reps)
        for rep, kind, rows in whose:
            if rep in may:
                for row in rows:
                    cells.setdefault((rep, kind, row["ruler"], row["key"]), []).append(row["value"])
        if not cells:
            return
        t = tables.rep_sums
        insert = self._dialect_insert(connection)(t)
        more, n = insert.excluded, t.c.n + insert.excluded.n
        gap = more.mean - t.c.mean
        added = {
            "n": n,
            "mean": t.c.mean + gap * more.n / n,
            "squares": t.c.squares + more.squares + gap * gap * t.c.n * more.n / n,
        }
        upsert = insert.on_conflict_do_update(index_elements=["rep", "call_type", "ruler", "key"], set_=added)
        connection.execute(upsert, [_cell(place, values) for place, values in sorted(cells.items())])


def _cell(place: tuple[str, str, int, str], values: Sequence[float]) -> dict[str, Any]:
    rep, kind, ruler, key = place
    mean = sum(values) / len(values)
    squares = sum((value - mean) ** 2 for value in values)
    about = {"rep": rep, "call_type": kind, "ruler": ruler, "key": key}
    return {**about, "n": len(values), "mean": mean, "squares": squares}
