"""What the parts of the Store share: a connection to read, a connection to write, and rulers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from listening.scoring import Rubric, load_rubric
from listening.store import packing, tables
from listening.store.database import BUSY_S, describe, sentences


class Base:
    """An open database. Safe to use from several threads; each call takes a connection of its own."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.where = describe(engine.url)
        self._rubrics: dict[int, Rubric] = {}

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with sentences(self.where), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """One transaction; nothing of it is kept when an error leaves the block."""
        with (
            sentences(self.where),
            self.engine.connect().execution_options(writing=True) as connection,
            connection.begin(),
        ):
            if connection.dialect.name == "postgresql":
                # One writer at a time, as BEGIN IMMEDIATE has it on SQLite.
                connection.execute(sa.text(f"set local lock_timeout = '{BUSY_S:.0f}s'"))
                connection.execute(sa.text("select pg_advisory_xact_lock(7081953)"))
            yield connection

    def _insert(self, connection: Connection, table: sa.Table, values: Mapping[str, Any]) -> int:
        done = connection.execute(sa.insert(table), dict(values))
        key = done.inserted_primary_key
        return int(key[0]) if key else 0

    def _add_once(self, connection: Connection, table: sa.Table, values: Mapping[str, Any]) -> None:
        """Insert unless a row with such a unique key is there (also when another program is adding it just now)."""
        connection.execute(self._dialect_insert(connection)(table).values(**values).on_conflict_do_nothing())

    def _dialect_insert(self, connection: Connection) -> Any:
        """The `insert` that knows ON CONFLICT."""
        if connection.dialect.name == "postgresql":
            from sqlalchemy.dialects.postgresql import insert
        else:
            from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
        return insert

    def _ruler(self, connection: Connection, versions: Mapping[str, str], rubric: Rubric) -> int:
        """The id of a ruler, added when it is new."""
        rubric_digest = packing.rubric_digest(rubric)
        digest = packing.ruler_digest(versions, rubric_digest)
        t = tables.rulers
        known = sa.select(t.c.id).where(t.c.digest == digest)
        found = connection.execute(known).scalar()
        if found is None:
            values = {
                "digest": digest,
                "versions": dict(versions),
                "rubric_digest": rubric_digest,
                "rubric": packing.rubric_to_dict(rubric),
                "created": packing.now(),
            }
            self._add_once(connection, t, values)
            found = connection.execute(known).scalar_one()
        return int(found)

    def rulers(self) -> dict[int, Mapping[str, str]]:
        """Every ruler: id -> versions."""
        t = tables.rulers
        with self._reading() as connection:
            rows = connection.execute(sa.select(t.c.id, t.c.versions)).all()
        return {row.id: row.versions for row in rows}

    def rubric(self, ruler: int) -> Rubric:
        """The rubric of a ruler, as it was when the ruler was made."""
        if ruler not in self._rubrics:
            t = tables.rulers
            with self._reading() as connection:
                data = connection.execute(sa.select(t.c.rubric).where(t.c.id == ruler)).scalar()
            self._rubrics[ruler] = packing.rubric_from_dict(data) if data else load_rubric()
        return self._rubrics[ruler]

    def close(self) -> None:
        self.engine.dispose()

    def __enter__(self):  # type: ignore[no-untyped-def]
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
