"""Opening a database, keeping its tables up to date, and saying in one sentence what went wrong.

SQLite runs in WAL, so that others can read while one writes. A write begins with BEGIN IMMEDIATE and waits its turn; a
commit is on the disk (synchronous = FULL), so that pulling the plug loses nothing that was reported as done.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError as BadUrl
from sqlalchemy.exc import DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from listening.errors import StoreError
from listening.settings import database as default_database

MIGRATIONS = Path(__file__).parent / "migrations"
#: The revision this program writes; the newest file of `migrations/versions`.
HEAD = "0003"
#: How long a writer waits for another one, s.
BUSY_S = 30.0


def url_of(named: str | None) -> URL:
    """A path or URL as SQLAlchemy wants it. PostgreSQL is spoken to with psycopg 3."""
    named = named or default_database()
    if "://" not in named:
        try:
            return URL.create("sqlite", database=str(Path(named).expanduser()))
        except RuntimeError:
            raise StoreError(f"The database {named} names the home folder of a user who is not known here.") from None
    try:
        url = make_url(named)
    except BadUrl:
        raise StoreError("The database has to be a path or a postgresql:// URL.") from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(f"The database has to be SQLite or PostgreSQL, not {url.get_backend_name()}.")
    return url


def connect(named: str | None, create: bool = True) -> Engine:
    """An engine on a database whose tables are there and up to date. Raises StoreError."""
    url = url_of(named)
    where = describe(url)
    path = Path(url.database or "")
    if url.get_backend_name() == "sqlite":
        if not path.exists() and not create:
            raise StoreError(f"There is no database at {path}; `listening batch` makes one.")
        if path.is_dir():
            raise StoreError(f"The database {path} is a folder.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"The folder of the database {path} cannot be made: {error.strerror}.") from error
        engine = sa.create_engine(url, connect_args={"timeout": BUSY_S, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        try:
            engine = sa.create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10})
        except (ModuleNotFoundError, NoSuchModuleError):
            raise StoreError("PostgreSQL needs the extra: pip install 'listening[postgres]'.") from None
    try:
        with sentences(where):
            _upgrade(engine, where)
    except StoreError:
        # SQLite calls it "unable to open", because it cannot write beside the file what even readers need.
        if url.get_backend_name() == "sqlite" and path.exists() and not os.access(path.parent, os.W_OK):
            raise StoreError(f"{where} is read-only: nothing may be written to its folder.") from None
        raise
    return engine


def describe(url: URL) -> str:
    """How a database is named in messages: never with its password."""
    if url.get_backend_name() == "sqlite":
        return f"The database {url.database}"
    return f"The PostgreSQL database {url.database or ''} at {url.host or 'localhost'}:{url.port or 5432}"


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # BEGIN is ours, see _begin_sqlite
    cursor = connection.cursor()
    # Waiting does not apply to this one: two programs that make a new file at the same time would collide.
    if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "readonly" not in str(error):
                raise
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA cache_size = -65536")
    cursor.execute("PRAGMA mmap_size = 1073741824")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _revision(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("select version_num from alembic_version")).scalar()


def _upgrade(engine: Engine, where: str) -> None:
    with engine.connect() as connection:
        if _revision(connection) == HEAD:
            return
        foreign = not sa.inspect(connection).has_table("alembic_version") and sa.inspect(connection).has_table("calls")
    if foreign:
        raise StoreError(f"{where} holds other tables; give listening one of its own.")
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.connect().execution_options(writing=True) as connection:
        # Whoever comes second waits here, and then finds the work done.
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("select pg_advisory_xact_lock(7081952)"))
        if _revision(connection) != HEAD:
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise StoreError(f"{where} was made by a newer version of listening.") from error
        connection.commit()


@contextmanager
def sentences(where: str) -> Iterator[None]:
    """Turn what the database says into one StoreError sentence; its statements, which hold data, are not repeated."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(_sentence(where, error)) from None
    except PoolTimeout:
        raise StoreError(f"{where} has no free connection.") from None


#: What SQLite says -> what we say. The first that is found in the message counts.
_SQLITE = {
    "database or disk is full": "cannot grow: the disk is full",
    "disk i/o error": "cannot be read or written: the disk reports an error",
    "readonly": "is read-only",
    "locked": "is locked by another program",
    "unable to open": "cannot be opened: it is no file, or its folder may not be used",
    "not a database": "is no SQLite database",
    "malformed": "is damaged",
}
#: The same for PostgreSQL, by SQLSTATE class or code.
_POSTGRES = {
    "53100": "cannot grow: the disk is full",
    "25006": "is read-only",
    "55P03": "is locked by another program",
    "42501": "may not be used by this user",
    "28": "does not let this user in",
    "3D": "does not exist",
    "57": "is shutting down or stopped the query",
    "08": "does not answer",
}


def _sentence(where: str, error: DBAPIError) -> str:
    original = error.orig
    if isinstance(original, sqlite3.Error):
        said = str(original).lower()
        return f"{where} {next((text for sign, text in _SQLITE.items() if sign in said), 'cannot be used: ' + said)}."
    state = getattr(original, "sqlstate", None) or ""
    if not state or error.connection_invalidated:
        return f"{where} does not answer{_unless_refused(str(original))}."
    text = next((text for code, text in _POSTGRES.items() if state.startswith(code)), None)
    return f"{where} {text}." if text else f"{where} refused a statement (SQLSTATE {state})."


def _unless_refused(said: str) -> str:
    """psycopg gives no SQLSTATE for a failed login; its message says which of the usual reasons it was."""
    if "password authentication failed" in said:
        return ": it does not let this user in"
    if "does not exist" in said:
        return ": there is no such database or user"
    return ""
