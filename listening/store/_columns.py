"""Columns for trends: one measure of many calls as an array."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from listening.scoring.trends_data import Observations
from listening.store import tables
from listening.store._base import Base
from listening.store._read import conditions_of
from listening.store.values import CallFilter


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

    def counts(self, call: int) -> dict[tuple[str, str], int]:
        """(label, role) -> how often it was given in the call, after corrections."""
        t = tables.finding_counts
        with self._reading() as connection:
            rows = connection.execute(sa.select(t.c.label, t.c.role, t.c.n).where(t.c.call == call))
            return {(row.label, row.role): row.n for row in rows}
