"""How large a database is, and how it goes about a piece of work: its statements and the query plan of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from listening.store._base import Base


@dataclass(frozen=True, slots=True)
class Plan:
    """One statement (values as placeholders) and the steps by which the database answers it."""

    statement: str
    steps: tuple[str, ...]


def size(store: Base) -> int:
    """Bytes on disk."""
    with store._reading() as connection:
        if connection.dialect.name == "postgresql":
            return int(connection.execute(sa.text("select pg_database_size(current_database())")).scalar_one())
        pages = "select page_count * page_size from pragma_page_count, pragma_page_size"
        return int(connection.execute(sa.text(pages)).scalar_one())


def plans(store: Base, work: Callable[[], object]) -> tuple[Plan, ...]:
    """Do the work and return the plan of every different query it made, in order."""
    seen: dict[str, Any] = {}

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.lstrip().upper().startswith("SELECT") and not many:
            seen.setdefault(statement, parameters)

    sa.event.listen(store.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        sa.event.remove(store.engine, "before_cursor_execute", note)
    found = []
    with store._reading() as connection:
        lite = connection.dialect.name == "sqlite"
        for statement, parameters in seen.items():
            asked = f"EXPLAIN {'QUERY PLAN ' if lite else ''}{statement}"
            rows = connection.exec_driver_sql(asked, parameters).all()
            short = re.sub(r"\((?:\?|%\(\w+\)s(?:::\w+)?)(?:, (?:\?|%\(\w+\)s(?:::\w+)?))+\)", "(?, …)", statement)
            found.append(Plan(" ".join(short.split()), tuple(str(row[3] if lite else row[0]) for row in rows)))
    return tuple(found)
