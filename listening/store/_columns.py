"""Columns for trends: one measure of many calls as an array, and every rep's calls summed up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from listening.scoring.trends_data import Observations, Sums
from listening.store import tables
from listening.store._base import Base
from listening.store._read import conditions_of
from listening.store.values import CallFilter

#: Up to so many reps are summed up one by one; for more, going through all measures once is faster.
SOME_REPS = 40


class Columns(Base):
    def measures(
        self, where: CallFilter | None = None, keys: Iterable[str] = ("listening_index",), ruler: int | None = None
    ) -> Observations:
        """Columns of the calls that pass the filter, by day; numbers of each call's current ruler, or of `ruler`."""
        c, s = tables.calls, tables.scorecards
        where = where or CallFilter()
        conditions = conditions_of(where)
        wanted = list(dict.fromkeys(keys))
        of_ruler = c.c.ruler if ruler is None else s.c.ruler
        columns = (c.c.id, c.c.rep, c.c.call_type, c.c.opportunity, c.c.date, of_ruler, c.c.duration_ms)
        query = sa.select(*columns)
        if ruler is not None:
            query = query.join(s, sa.and_(s.c.call == c.c.id, s.c.ruler == ruler))
        with self._reading() as connection:
            found = connection.execute(query.where(*conditions).order_by(c.c.id)).all()
            ids = np.fromiter((row[0] for row in found), np.int64, len(found))
            rulers = np.fromiter((row[5] for row in found), np.int64, len(found))
            everything = where == CallFilter()
            values = {
                key: self._column(connection, key, ids, rulers, None if everything else conditions) for key in wanted
            }
        days = np.array([row[4] or "NaT" for row in found], dtype="datetime64[D]")
        order = np.lexsort((ids, days))
        return Observations(
            ids[order],
            np.array([row[1] or "" for row in found], dtype=object)[order],
            np.array([row[2] or "" for row in found], dtype=object)[order],
            np.array([row[3] or "" for row in found], dtype=object)[order],
            days[order],
            rulers[order],
            np.array([np.nan if row[6] is None else row[6] / 1000 for row in found], dtype=np.float64)[order],
            {key: column[order] for key, column in values.items()},
        )

    def _column(self, connection: Connection, key: str, ids: Any, rulers: Any, conditions: Any) -> Any:
        """One measure as an array aligned with `ids` (sorted); NaN where the call has none by its ruler."""
        c, m = tables.calls, tables.measures
        query = sa.select(m.c.call, m.c.ruler, m.c.value).where(m.c.key == key)
        if conditions is not None:
            query = query.where(m.c.call.in_(sa.select(c.c.id).where(*conditions)))
        rows = connection.execute(query).all()
        column = np.full(len(ids), np.nan)
        if not rows or not len(ids):
            return column
        calls = np.fromiter((row[0] for row in rows), np.int64, len(rows))
        by = np.fromiter((row[1] for row in rows), np.int64, len(rows))
        values = np.fromiter((row[2] for row in rows), np.float64, len(rows))
        place = np.minimum(np.searchsorted(ids, calls), len(ids) - 1)
        fits = (ids[place] == calls) & (rulers[place] == by)
        column[place[fits]] = values[fits]
        return column

    def sums(self, keys: Iterable[str] = ("listening_index",)) -> dict[str, tuple[Sums, ...]]:
        """For each measure, every rep's calls of each type and ruler summed up: what `scoring.trends.team` needs.

        Kept in `rep_sums`; reps whose calls have changed since are summed anew (and only read, where one may not write).
        """
        t, c = tables.rep_sums, tables.calls
        wanted = list(dict.fromkeys(keys))
        with self._reading() as connection:
            reps = set(connection.execute(sa.select(c.c.rep).where(c.c.rep.is_not(None)).distinct()).scalars())
            kept = set(connection.execute(sa.select(t.c.rep).distinct()).scalars())
        stale = sorted(reps - kept)
        if stale:
            with self._writing() as connection:
                self._sum_up(connection, stale)
        found: dict[str, list[Sums]] = {key: [] for key in wanted}
        columns = (t.c.key, t.c.rep, t.c.call_type, t.c.ruler, t.c.n, t.c.mean, t.c.squares)
        with self._reading() as connection:
            for row in connection.execute(sa.select(*columns).where(t.c.key.in_(wanted))):
                found[row[0]].append(Sums(*row[1:]))
        return {key: tuple(sums) for key, sums in found.items()}

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
            connection.execute(sa.delete(t).where(t.c.rep.in_(part)))
            rows = connection.execute(query).all()
            names = ("rep", "call_type", "ruler", "key", "n", "mean", "squares")
            values = [{**dict(zip(names, row, strict=True)), "squares": max(0.0, float(row[6]))} for row in rows]
            if values:
                connection.execute(sa.insert(t), values)

    def counts(self, call: int) -> dict[tuple[str, str], int]:
        """(label, role) -> how often it was given in the call, after corrections."""
        t = tables.finding_counts
        with self._reading() as connection:
            rows = connection.execute(sa.select(t.c.label, t.c.role, t.c.n).where(t.c.call == call))
            return {(row.label, row.role): row.n for row in rows}
