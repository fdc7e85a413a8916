"""How often people agree with the machine: counted from their corrections, with nothing made of silence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from store_calls import make_heard

from listening.cli import main
from listening.corrections import Correction, Target
from listening.gold import read_gold
from listening.reviews import Told, fingerprint, gold, review
from listening.store import CallFilter, open_store
from listening.store.store import Store

OPEN, CLOSED = "question.open", "question.closed"


@pytest.fixture
def database(tmp_path: Path) -> str:
    return str(tmp_path / "calls.db")


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """Three calls with three open questions each."""
    with open_store(database) as made:
        for n in range(3):
            made.save(make_heard(f"call-{n}"), f"{n}" * 64)
        yield made


def at(utterance: int) -> Target:
    return Target(OPEN, utterance, 0, 27)


def go_through(store: Store, call: int) -> None:
    store.correct(call, Correction("review", text=fingerprint(store.call(call).found)), "cora")


def corrected(store: Store) -> list[Any]:
    return [store.call(row.id) for row in store.each(CallFilter(flags=("corrected",)))]


def test_what_is_left_alone_counts_only_in_calls_that_were_gone_through(store: Store) -> None:
    for call in (1, 2):
        store.correct(call, Correction("relabel", finding=at(0), label=CLOSED), "cora")
        store.correct(call, Correction("delete", finding=at(1)), "cora")
        store.correct(call, Correction("add", utterance=3, start_char=0, end_char=7, label="restatement"), "cora")
    go_through(store, 1)
    found = review(corrected(store))
    rows = {row.label: row for row in found.rows}
    assert (found.gone_through, found.in_passing, found.outdated) == (1, 1, 0)
    assert rows[OPEN].gone_through == Told(confirmed=1, relabelled=1, deleted=1)
    assert rows[OPEN].in_passing == Told(confirmed=0, relabelled=1, deleted=1)
    assert rows[CLOSED].gone_through == Told(added=1)
    assert rows[OPEN].right == pytest.approx(1 / 3)
    low, high = rows[OPEN].right_interval or (0, 0)
    assert low < 0.1 < 0.7 < high
    assert (rows["restatement"].right, rows["restatement"].found) == (None, 0)
    assert found.confusions == {(CLOSED, OPEN): 2}
    assert {(d.key, d.call, d.index, d.label, d.kind) for d in found.disagreements} >= {
        (1, "call-0", 0, OPEN, f"is {CLOSED}"),
        (1, "call-0", 1, OPEN, "not there"),
        (1, "call-0", 3, "restatement", "missed"),
    }


def test_a_finding_that_somebody_said_is_right_is_confirmed_and_undo_takes_it_back(store: Store) -> None:
    before = store.call(1)
    store.correct(1, Correction("confirm", finding=at(2)), "cora")
    after = store.call(1)
    assert after.row.measures == before.row.measures
    assert after.heard.analysis == before.heard.analysis
    (row,) = review([after]).rows
    assert (row.in_passing, row.right) == (Told(confirmed=1), None)
    store.undo(1, "cora")
    assert review([store.call(1)]).rows == ()


def test_all_right_everywhere_is_still_not_certain(store: Store) -> None:
    for call in (1, 2, 3):
        go_through(store, call)
    (row,) = review(corrected(store)).rows
    assert row.right == 1
    assert row.right_interval is not None
    assert row.right_interval[0] < 0.9


def test_a_call_gone_through_before_the_analyzers_changed_counts_as_corrected_in_passing(store: Store) -> None:
    store.correct(1, Correction("delete", finding=at(0)), "cora")
    go_through(store, 1)
    store.save(make_heard("call-0", analyzers="2"), "0" * 64)
    found = review(corrected(store))
    assert (found.gone_through, found.in_passing, found.outdated) == (0, 1, 1)
    assert found.rows[0].in_passing == Told(deleted=1)


def test_corrected_calls_are_gold_that_eval_reads(store: Store, tmp_path: Path) -> None:
    store.correct(1, Correction("relabel", finding=at(0), label=CLOSED), "cora")
    go_through(store, 1)
    store.correct(2, Correction("delete", finding=at(1)), "cora")
    store.correct(3, Correction("set_call_type", text="demo"), "cora")
    path = tmp_path / "gold.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in gold(corrected(store))))
    one, two = read_gold(path)
    assert [label and set(label) for label in one.labels] == [{CLOSED}, {OPEN}, {OPEN}, set(), set(), set()]
    assert [label is None for label in two.labels] == [True, False, True, True, True, True]
    assert all(value is None for value in one.uptake)
    assert CliRunner().invoke(main, ["eval", str(path)]).exit_code == 0


def test_the_command_prints_agreement_by_label_and_what_it_cannot_tell(store: Store, database: str) -> None:
    run = CliRunner().invoke
    nothing = run(main, ["eval", "--corrections", "--db", database])
    assert nothing.exit_code == 0
    assert "Nobody" in nothing.output
    store.correct(1, Correction("relabel", finding=at(0), label=CLOSED), "cora")
    passing = run(main, ["eval", "--corrections", "--db", database]).output
    assert "cannot be told" in passing
    go_through(store, 1)
    text = run(main, ["eval", "--corrections", "--db", database]).output
    assert "1 call gone through" in text
    assert "Worst disagreements" in text
    assert f"{OPEN}, is {CLOSED}" in text
    data = json.loads(run(main, ["eval", "--corrections", "--format", "json", "--db", database]).output)
    assert data["labels"][OPEN]["right"]["value"] == pytest.approx(2 / 3)
    assert data["labels"][OPEN]["gone_through"] == {"confirmed": 2, "relabelled": 1, "deleted": 0, "added": 0}


def test_corrections_and_gold_files_are_two_questions(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["eval", "--corrections", str(tmp_path / "gold.jsonl")])
    assert done.exit_code == 2
