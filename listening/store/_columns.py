"""Columns for trends: one measure of many calls as an array."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from listening.scoring.trends_data import Observations, places
from listening.store import tables
from listening.store._base import Base
from listening.store._read import conditions_of
from listening.store._sums import in_columns
from listening.store.values import CallFilter

#: About so many numbers are fetched by one query, so that a big store does not fill the memory.
AT_ONCE = 200_000


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
            within = None if where == CallFilter() else conditions
            together = max(1, AT_ONCE // max(1, len(found)))
            values: dict[str, Any] = {}
            for i in range(0, len(wanted), together):
                values |= self._values(connection, wanted[i : i + together], ids, rulers, within)
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

    def _values(
        self, connection: Connection, keys: Sequence[str], ids: Any, rulers: Any, conditions: Any
    ) -> dict[str, Any]:
        """Measures as arrays aligned with `ids` (sorted); NaN where the call has none by its ruler."""
        c, m = tables.calls, tables.measures
        query = sa.select(m.c.key, m.c.call, m.c.ruler, m.c.value).where(m.c.key.in_(keys))
        if conditions is not None:
            query = query.where(m.c.call.in_(sa.select(c.c.id).where(*conditions)))
        named, *numbers = in_columns(connection.execute(query))
        table = np.full((len(keys), len(ids)), np.nan)
        if named and len(ids):
            key = places(named, keys)
            calls, by, values = (np.array(column) for column in numbers)
            place = np.minimum(np.searchsorted(ids, calls), len(ids) - 1)
            fits = (ids[place] == calls) & (rulers[place] == by)
            table[key[fits], place[fits]] = values[fits]
        return dict(zip(keys, table, strict=True))

    def counts(self, call: int) -> dict[tuple[str, str], int]:
        """(label, role) -> how often it was given in the call, after corrections."""
        t = tables.finding_counts
        with self._reading() as connection:
            rows = connection.execute(sa.select(t.c.label, t.c.role, t.c.n).where(t.c.call == call))
            return {(row.label, row.role): row.n for row in rows}
