"""The commands that read the store: calls, trends, compare, export."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from store_calls import make_heard

from listening.cli import main
from listening.store import open_store


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """60 calls of five reps over five months, one of them with a name that a spreadsheet would run."""
    path = str(tmp_path_factory.mktemp("store") / "calls.db")
    with open_store(path) as store:
        items = []
        for i in range(60):
            rep = ("Ann", "Ben", "Cleo", "Dan", "=cmd()")[i % 5]
            asked = 1 + (i // 5 * 3) % 5 + (6 if rep == "Ann" else 0)
            day = f"2026-{1 + i // 12:02d}-{1 + i % 12 * 2:02d}"
            kind = ("discovery", "demo")[i // 5 % 2]
            heard = make_heard(
                f"call {i:02d}", rep=rep, date=day, call_type=kind, opportunity=f"Deal {i % 7}", questions=asked
            )
            items.append((heard, hashlib.sha256(str(i).encode()).hexdigest(), None))
        store.save_all(items)
    return path


def run(database: str, *arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, [*arguments, "--db", database])
    assert result.exit_code == code, result.output
    return result


def test_calls_are_listed_and_filtered(database: str) -> None:
    page = json.loads(run(database, "calls", "--rep", "Ann", "--call-type", "demo", "--format", "json").output)
    assert page["total"] == 6
    assert {row["rep"] for row in page["rows"]} == {"Ann"}
    text = run(database, "calls", "--search", "deal 3", "-n", "2").output
    assert "of 9 calls" in text
    rows = list(csv.DictReader(io.StringIO(run(database, "calls", "--rep", "=cmd()", "--format", "csv").output)))
    assert {row["rep"] for row in rows} == {"'=cmd()"}
    assert "No calls" in run(database, "calls", "--since", "2027-01-01").output
    assert "cannot be sorted" in run(database, "calls", "--sort", "nonsense", code=2).output


@pytest.mark.parametrize("by", ["week", "month", "quarter", "call-type", "opportunity"])
def test_trends_of_the_team_by_anything(database: str, by: str) -> None:
    data = json.loads(run(database, "trends", "--by", by, "--measure", "questions_per_hour", "--format", "json").output)
    assert [t["rep"] for t in data["trends"]] == ["=cmd()", "Ann", "Ben", "Cleo", "Dan"]
    assert all(sum(p["n"] for p in t["points"]) == 12 for t in data["trends"])


def test_trends_of_one_rep_in_every_format(database: str, tmp_path: Path) -> None:
    outcomes = tmp_path / "outcomes.csv"
    outcomes.write_text("opportunity,result,amount\nDeal 0,won,700\nDeal 1,no,\nElsewhere,won,1\n")
    text = run(database, "trends", "--rep", "Ann", "--outcomes", str(outcomes)).output
    assert "Listening index" in text
    assert "not about listening" in text
    assert "not among these calls: 1." in text
    page = run(database, "trends", "--rep", "=cmd()", "--measure", "curious", "--format", "html").output
    assert page.startswith("<!doctype html>")
    assert "http" not in page
    rows = list(csv.DictReader(io.StringIO(run(database, "trends", "--rep", "Ann", "--format", "csv").output)))
    assert {row["measure"] for row in rows} >= {"listening_index", "component.curious", "questions_per_hour"}
    assert all(float(row["low"]) <= float(row["mean"]) <= float(row["high"]) for row in rows if row["mean"])
    assert "no such calls" in run(database, "trends", "--rep", "Nobody", code=2).output
    assert "no measure" in run(database, "trends", "--measure", "nonsense", code=2).output


def test_two_reps_side_by_side(database: str) -> None:
    data = json.loads(run(database, "compare", "Ann", "Ben", "--format", "json").output)
    said = {row["measure"]: row["says"] for row in data["measures"]}
    assert said["questions_per_hour"] == "differ"
    same = json.loads(run(database, "compare", "Cleo", "Dan", "--format", "json").output)
    assert {row["says"] for row in same["measures"]} == {"no difference shown"}
    assert "Ann" in run(database, "compare", "Ann", "Ben", "--call-type", "demo").output
    assert "no rep" in run(database, "compare", "Ann", "Nobody", code=2).output


def test_two_reps_with_two_calls_each_are_not_compared(tmp_path: Path) -> None:
    path = str(tmp_path / "few.db")
    with open_store(path) as store:
        for i in range(4):
            heard = make_heard(f"call {i}", rep=("Ann", "Ben")[i % 2], questions=1 + i)
            store.save_all([(heard, hashlib.sha256(str(i).encode()).hexdigest(), None)])
    data = json.loads(run(path, "compare", "Ann", "Ben", "--format", "json").output)
    assert {row["says"] for row in data["measures"]} == {"not enough calls to say"}


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_the_store_is_written_for_other_programs(database: str, tmp_path: Path, form: str) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed (the extra parquet)")
    run(database, "export", "-f", form, "-o", str(tmp_path))
    assert sorted(p.stem for p in tmp_path.iterdir()) == ["calls", "corrections", "definitions", "measures"]
    if form == "csv":
        text = (tmp_path / "calls.csv").read_text()
        assert "'=cmd()" in text
        assert "What do you need" not in text
        rows: object = list(csv.DictReader(io.StringIO((tmp_path / "measures.csv").read_text())))
    elif form == "json":
        rows = json.loads((tmp_path / "measures.json").read_text())
    else:
        import pyarrow.parquet

        rows = pyarrow.parquet.read_table(tmp_path / "measures.parquet").to_pylist()
    assert isinstance(rows, list)
    talk = [float(row["value"]) for row in rows if row["measure"] == "talk_share"]
    assert len(talk) == 60
    assert all(0 < value < 1 for value in talk)


def test_a_store_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    result = run(str(tmp_path / "none.db"), "calls", code=1)
    assert "There is no database" in result.output
    assert not (tmp_path / "none.db").exists()


def test_a_number_that_no_call_can_have_is_no_call(database: str) -> None:
    for number in (9, 10, 20, 200):
        assert "There is no call or file" in run(database, "report", "9" * number, code=2).output
    assert "There is no call or file" in run(database, "report", "²", code=2).output


def test_a_report_of_a_stored_call_is_of_no_folder_or_file_of_that_name(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "call 03").mkdir()
    (tmp_path / "call 04").write_text("Dana: What got you looking at this?\nLee: Our spreadsheets fall apart.\n")
    for name in ("call 03", "call 04"):
        assert "What do you need" in run(database, "report", name, "--format", "md").output
    (tmp_path / "call 99.txt").write_text((tmp_path / "call 04").read_text())
    assert "spreadsheets" in run(database, "report", "call 99.txt", "--format", "md").output
    assert "There is no call or file" in run(database, "report", "9" * 5000, code=2).output
    missing = str(tmp_path / "none.db")
    assert "There is no database" in run(missing, "report", "call 99.txt", code=1).output
    monkeypatch.setenv("LISTENING_DB", missing)
    assert CliRunner().invoke(main, ["report", "call 99.txt", "--format", "md"]).exit_code == 0
    assert not Path(missing).exists()
