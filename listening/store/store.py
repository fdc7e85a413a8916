"""The Store: everything that can be kept and asked. See `listening.store` for what is where."""

from __future__ import annotations

from listening.store._columns import Columns
from listening.store._correct import Correcting
from listening.store._people import People
from listening.store._read import Reading
from listening.store.database import connect


class Store(Reading, Columns, Correcting, People):
    """An open store. One program writes at a time; readers never wait. Close it, or use it in a `with` block."""

    @classmethod
    def open(cls, url: str | None = None, *, create: bool = True) -> Store:
        return cls(connect(url, create))

    def __enter__(self) -> Store:
        return self
