"""`listening bench store`: fills once, then asks; shows the plans; leaves other people's stores alone."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner
from store_calls import make_heard

from listening.cli import main
from listening.store import open_store


def test_a_store_is_filled_once_and_asked(tmp_path: Path) -> None:
    database = str(tmp_path / "many.db")
    arguments = ["bench", "store", "--db", database, "--reps", "3"]
    first = CliRunner().invoke(main, [*arguments, "--calls", "12", "--format", "json"])
    assert first.exit_code == 0, first.output
    figures = json.loads(first.output)
    assert (figures["calls"], figures["reps"]) == (12, 3)
    assert figures["filled_per_s"] > 0
    assert figures["full_megabytes"] > figures["megabytes"]
    assert all(answer["plans"] for answer in figures["answers"])
    assert all(step for answer in figures["answers"] for plan in answer["plans"] for step in plan["steps"])
    with open_store(database) as store:
        rows = {row.content for row in store.each()}
    more = CliRunner().invoke(main, [*arguments, "--calls", "15"])
    assert more.exit_code == 0, more.output
    assert "15 calls by 3 reps" in more.output
    assert "SEARCH" in more.output
    with open_store(database) as store:
        assert rows < {row.content for row in store.each()}
        assert store.calls().total == 15


def test_a_store_with_real_calls_is_left_alone(tmp_path: Path) -> None:
    database = str(tmp_path / "real.db")
    with open_store(database) as store:
        store.save(make_heard("2026-09-08_dana"), "a" * 64)
    done = CliRunner().invoke(main, ["bench", "store", "--db", database, "--calls", "2"])
    assert done.exit_code == 2
    with open_store(database) as store:
        assert store.calls().total == 1


def test_a_real_call_is_told_from_a_made_up_one_whatever_it_is_named(tmp_path: Path) -> None:
    database = str(tmp_path / "real.db")
    arguments = ["bench", "store", "--db", database, "--calls", "2", "--reps", "1"]
    with open_store(database) as store:
        store.save(make_heard("call-0000001"), "a" * 64)
    assert CliRunner().invoke(main, arguments).exit_code == 2
    with open_store(database) as store:
        assert store.calls().total == 1
        store.delete_call(1)
    assert CliRunner().invoke(main, arguments).exit_code == 0
    with open_store(database) as store:
        store.save(make_heard("call-17"), "b" * 64)  # a real one after them
    assert CliRunner().invoke(main, arguments).exit_code == 2
