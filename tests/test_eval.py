"""`listening eval`: figures a person can check by hand, and gold files as people write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from conftest import make_call

from listening.cli import main
from listening.errors import TranscriptError
from listening.evaluation import agreement, confusion, evaluate, intervals, spearman
from listening.findings import Analysis, Finding
from listening.gold import read_gold, stripped

OPEN, CLOSED, RESTATES = "question.open", "question.closed", "restatement"


def row(index: int, role: str, text: str, labels: Any = None, **more: Any) -> dict[str, Any]:
    given = {} if labels is None else {"labels": labels}
    return {"call": "c1", "index": index, "speaker": role.title(), "role": role, "text": text, **given, **more}


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("\n".join(json.dumps(r) for r in rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    return write(
        tmp_path / "gold.jsonl",
        row(0, "rep", "What got you looking at this?", [OPEN], start_s=0, end_s=2.5),
        row(1, "customer", "The old one leaks, and nobody comes.", [], start_s=3, end_s=5),
        row(2, "rep", "Okay.", start_s=5, end_s=5.5),
        row(3, "rep", "Is it under warranty?", [{"label": CLOSED, "start_char": 0}], start_s=6, end_s=7),
    )


def pairs(*given: tuple[str, str]) -> list[tuple[frozenset[str], frozenset[str]]]:
    return [(frozenset(a.split()), frozenset(b.split())) for a, b in given]


def test_agreement_counts_utterances() -> None:
    some = pairs(("a", "a"), ("a b", "b"), ("", "a"), ("b", ""))
    a = agreement(some, ["a"])
    assert (a.precision, a.recall, a.f1) == (0.5, 0.5, 0.5)
    either = agreement(some, ["a", "b"])
    assert (either.both, either.machine, either.people) == (2, 3, 3)
    nothing = agreement(pairs(("", "")), ["a"])
    assert (nothing.precision, nothing.recall, nothing.f1) == (None, None, None)


def test_confusion_says_what_was_taken_for_what() -> None:
    table = confusion(pairs(("a", "b"), ("a b", "a"), ("", "b"), ("", ""), ("c", "c")), ["a", "b"])
    assert table == {("a", "b"): 1, ("a+b", "a"): 1, ("none", "b"): 1}


def test_intervals_come_from_drawing_calls_and_hold_the_figure() -> None:
    calls = [agreement(pairs(("a", "a"), ("a", "a" if n % 3 else "")), ["a"]) for n in range(12)]
    low, high = intervals(calls)["recall"] or (0, 0)
    assert low < 20 / 24 < high
    assert intervals(calls[:1])["recall"] is None
    assert intervals(calls) == intervals(calls)


def test_spearman_is_a_rank_correlation() -> None:
    assert spearman([(1, 0.1), (2, 0.5), (3, 0.9)]) == pytest.approx(1)
    assert spearman([(1, 3), (2, 2), (3, 1)]) == pytest.approx(-1)
    assert spearman([(1, 1), (2, 1), (3, 1)]) is None
    assert spearman([(1, 1)]) is None


def test_evaluate_compares_only_what_people_labelled(gold: Path) -> None:
    def everything_is_open(transcript: Any) -> Analysis:
        n = len(transcript.utterances)
        return Analysis(tuple(Finding(OPEN, "x", utterance=i) for i in range(n)), {OPEN: (0.9,) * n})

    result = evaluate(read_gold(gold), everything_is_open)
    rows = {r.label: r.agreement for r in result.rows}
    assert (result.calls, result.utterances) == (1, 3)
    assert (rows[OPEN].machine, rows[OPEN].people, rows[OPEN].both) == (3, 1, 1)
    assert rows["asks"].both == 2
    assert rows[CLOSED].recall == 0
    assert {(d.index, d.label, d.kind) for d in result.disagreements} == {
        (1, OPEN, "not there"),
        (3, OPEN, "not there"),
        (3, CLOSED, "missed"),
    }
    assert result.confusions["open or closed"] == {(OPEN, OPEN): 1, (CLOSED, OPEN): 1, ("none", OPEN): 1}


def test_gold_files_keep_times_roles_and_context(gold: Path) -> None:
    (call,) = read_gold(gold)
    assert [u.start for u in call.transcript.utterances] == [0, 3000, 5000, 6000]
    assert call.labels == (frozenset({OPEN}), frozenset(), None, frozenset({CLOSED}))
    assert [s.role.value for s in call.transcript.speakers] == ["rep", "customer"]


def test_a_line_separator_within_a_text_ends_no_line(tmp_path: Path) -> None:
    path = tmp_path / "g.jsonl"
    path.write_text('{"text": "One\u2028two."}\n{"text": "Three."}\n', encoding="utf-8")
    assert len(read_gold(path)[0].transcript.utterances) == 2


def test_stripping_takes_case_and_punctuation_and_leaves_words(tmp_path: Path) -> None:
    path = write(tmp_path / "g.jsonl", row(0, "rep", "So… you're at 4.5%, Ms. O'Neil? (A follow-up!)", []))
    assert stripped(read_gold(path)[0]).transcript.utterances[0].text == "so you're at 4.5% ms o'neil a follow-up"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("not json", "line 1"),
        ('{"call": "c"}', "text"),
        ('{"text": "Secret words.", "role": "boss"}', "role"),
        ('{"text": "Secret words.", "labels": "question.open"}', "list"),
        ('{"text": "Secret words.", "labels": ["Secret"]}', "labels are"),
        ('{"text": "Secret words.", "start_s": "soon"}', "number"),
        ('{"text": "Secret words.", "labels": [], "scores": [0.5]}', "Scores"),
        ('{"text": "Secret words.", "index": null}', r"line 1 of gold\.jsonl"),
        ('{"text": "Secret words.", "index": NaN}', r"line 1 of gold\.jsonl"),
        ("", "no labelled utterance"),
    ],
)
def test_what_is_wrong_with_a_gold_file_is_one_sentence_without_its_words(
    tmp_path: Path, content: str, says: str
) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(TranscriptError, match=says) as error:
        read_gold(path)
    assert "Secret" not in str(error.value)
    assert CliRunner().invoke(main, ["eval", str(path)]).exit_code == 1


def test_a_missing_gold_file_and_wrong_usage_have_their_exit_codes(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["eval", str(tmp_path / "none.jsonl")]).exit_code == 1
    assert CliRunner().invoke(main, ["eval"]).exit_code == 2


def test_the_command_prints_figures_confusions_and_the_worst(gold: Path) -> None:
    done = CliRunner().invoke(main, ["eval", str(gold), "--strip", "--worst", "3"])
    assert done.exit_code == 0, done.output
    for expected in ("3 labelled utterances in 1 calls", "question.open", "asks", "F1 bare", "people -> machine"):
        assert expected in done.output


def test_json_holds_the_same_figures(gold: Path) -> None:
    done = CliRunner().invoke(main, ["eval", str(gold), "--strip", "--format", "json"])
    data = json.loads(done.output)
    assert data["labels"][OPEN]["people"] == 1
    assert set(data["labels"][OPEN]["f1"]) == {"value", "interval"}
    assert data["stripped"]["utterances"] == 3


def test_our_own_annotations_agree_with_themselves(tmp_path: Path) -> None:
    from listening.analyzers import analyse
    from listening.reports.annotations import annotated

    path = tmp_path / "ours.jsonl"
    rows: list[dict[str, Any]] = []
    for name in ("one", "two"):
        call = make_call(
            ("rep", "What got you looking at this? Was it the audit?", 0, 4),
            ("customer", "We lost two days a month to it, and there's no budget until April.", 4.5, 9),
            ("rep", "Mhm.", 7, 7.3),
            ("customer", "Really.", 9.5, 10),
            ("rep", "So you lose two days. Shall we book a demo?", 10.4, 14),
            ("customer", "Okay.", 14.2, 15),
            acoustic=True,
            call_id=name,
        )
        rows += annotated(call, analyse(call))
    write(path, *rows)
    result = evaluate(read_gold(path), analyse)
    assert result.rows
    assert all(r.agreement.f1 == 1 for r in result.rows)
    assert result.disagreements == ()
    assert result.uptake is None or result.uptake == pytest.approx(1)
