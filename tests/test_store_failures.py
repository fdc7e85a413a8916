"""What can go wrong with a store, each one sentence; nothing is lost."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from postgres_server import Server
from store_calls import make_heard
from stores import content

from listening.errors import StoreError
from listening.store import open_store
from listening.store.store import Store


def one_sentence(error: pytest.ExceptionInfo[StoreError]) -> str:
    text = str(error.value)
    assert text.endswith(".")
    assert "\n" not in text
    assert "insert" not in text.lower()
    return text


def test_a_database_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is no database, although it is called one" * 50)
    cases = {
        str(tmp_path): "is a folder",
        str(tmp_path / "text.db"): "no SQLite database",
        "~nobody-of-that-name/calls.db": "names the home folder of a user",
        "mysql://a/b": "has to be SQLite or PostgreSQL",
        "postgresql://u:secret@127.0.0.1:1/calls": "does not answer",
    }
    for url, said in cases.items():
        with pytest.raises(StoreError, match=said) as error:
            open_store(url)
        assert "secret" not in one_sentence(error)
    with pytest.raises(StoreError, match="There is no database"):
        open_store(str(tmp_path / "not there.db"), create=False)
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("create table calls (a)")
    other.close()
    with pytest.raises(StoreError, match="holds other tables"):
        open_store(str(tmp_path / "other.db"))


def test_a_newer_database_is_left_alone(sqlite: Store) -> None:
    with sqlite.engine.begin() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999'")
    with pytest.raises(StoreError, match="newer version"):
        open_store(sqlite.engine.url.database)


def test_a_full_disk_and_a_locked_or_read_only_database_lose_nothing(
    sqlite: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = sqlite.save(make_heard(), content("a"))
    with sqlite.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    many = [(make_heard(f"call {i}", questions=25), content(str(i)), None) for i in range(100)]
    with pytest.raises(StoreError, match="disk is full") as error:
        sqlite.save_all(many)
    one_sentence(error)
    whole = sqlite.calls().total
    sqlite.close()

    monkeypatch.setattr("listening.store.database.BUSY_S", 0.1)
    with open_store(sqlite.engine.url.database) as again:
        assert again.call(call).row.name == "call"
        assert again.calls().total == whole
        other = sqlite3.connect(str(sqlite.engine.url.database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"):
            again.comment(call, "coach", "now?")
        assert again.call(call).comments == ()  # reading goes on while another writes
        other.execute("ROLLBACK")
        other.close()
        again.comment(call, "coach", "now.")
        with again.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA query_only = ON")
        with pytest.raises(StoreError, match="read-only"):
            again.comment(call, "coach", "and now?")
        with again.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_a_folder_that_may_not_be_written_is_called_read_only(
    sqlite: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("unable to open database file")

    monkeypatch.setattr("listening.store.database._prepare_sqlite", fail)
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(StoreError, match="is read-only: nothing may be written to its folder") as error:
        open_store(sqlite.engine.url.database)
    one_sentence(error)


def test_a_postgresql_server_that_stops_is_one_sentence(postgres: Server) -> None:
    with open_store(postgres.fresh("stopped")) as store:
        call = store.save(make_heard(), content("a"))
        postgres.stop()
        try:
            with pytest.raises(StoreError, match="does not answer") as error:
                store.save(make_heard("b"), content("b"))
            one_sentence(error)
        finally:
            postgres.start()
        assert store.save(make_heard("b"), content("b")) != call
        assert store.calls().total == 2


def test_many_may_open_a_new_database_at_the_same_moment(tmp_path: Path) -> None:
    code = f"from listening.store import open_store; open_store({str(tmp_path / 'new.db')!r}).calls()"
    processes = [subprocess.Popen([sys.executable, "-c", code], env=os.environ) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
