"""`listening annotate`: one object an utterance, every label with its words, every score for every utterance."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import make_call

from listening.analyzers import analyse
from listening.cli import main
from listening.findings import PUBLIC_LABELS
from listening.reports.annotations import annotated

LINES = (
    ("rep", "What happened with the roof?", 0.0, 2.0),
    ("customer", "It started leaking in March and it got worse.", 2.5, 9.0),
    ("rep", "Mhm.", 5.0, 5.4),
    ("customer", "And then the ceiling came down.", 9.5, 12.0),
    ("rep", "Okay.", 12.5, 13.0),
    ("rep", "So first the leak, then the whole ceiling.", 13.2, 16.0),
)


def test_one_row_an_utterance_in_the_order_of_the_input() -> None:
    call = make_call(*LINES, acoustic=True)
    rows = list(annotated(call, analyse(call)))
    assert [r["index"] for r in rows] == list(range(len(LINES)))
    assert [r["text"] for r in rows] == [line[1] for line in LINES]
    assert rows[0] | {"labels": [], "scores": {}} == {
        "call": "call",
        "index": 0,
        "speaker": "rep",
        "role": "rep",
        "start_s": 0.0,
        "end_s": 2.0,
        "text": "What happened with the roof?",
        "labels": [],
        "scores": {},
    }


def test_every_label_is_scored_for_every_utterance_and_lies_inside_its_text() -> None:
    call = make_call(*LINES, acoustic=True)
    for row in annotated(call, analyse(call)):
        assert set(row["scores"]) == {*PUBLIC_LABELS, "uptake"}
        assert all(v is None or 0 <= v <= 1 for v in row["scores"].values())
        for label in row["labels"]:
            assert label["label"] in PUBLIC_LABELS
            assert 0 <= label["start_char"] < label["end_char"] <= len(row["text"])
            assert all(0 <= i < row["index"] for i in label["of"])


def test_a_backchannel_is_one_only_while_the_other_goes_on() -> None:
    call = make_call(*LINES, acoustic=True)
    assert labelled(call, "backchannel") == [2]


@pytest.mark.parametrize("text", ["Mhm.", "okay", "Right, right.", "I see.", "yeah", "Uh-huh."])
def test_a_bare_acknowledgement_between_two_turns_of_the_other_is_a_backchannel(text: str) -> None:
    call = make_call(("customer", "It leaks."), ("rep", text), ("customer", "And it smells."))
    assert labelled(call, "backchannel") == [1]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param((("rep", "Is it wet?"), ("customer", "Yeah."), ("rep", "How wet?")), id="an answer"),
        pytest.param(
            (("customer", "It leaks."), ("rep", "Okay."), ("rep", "So it leaks.")), id="begins one's own turn"
        ),
        pytest.param((("customer", "It leaks."), ("rep", "Okay.")), id="nobody goes on"),
        pytest.param((("rep", "Okay."), ("customer", "It leaks.")), id="opens the call"),
        pytest.param((("customer", "It leaks."), ("rep", "Okay, got a bucket?"), ("customer", "No.")), id="says more"),
        pytest.param((("customer", "It leaks."), ("rep", "Um."), ("customer", "And it smells.")), id="only a filler"),
        pytest.param((("rep", "So it leaks."), ("customer", "Exactly."), ("rep", "Since?")), id="a confirmation"),
    ],
)
def test_what_is_no_backchannel(lines: tuple[tuple[str, str], ...]) -> None:
    assert labelled(make_call(*lines), "backchannel") == []


def test_a_nod_inside_a_long_cue_is_a_backchannel_even_when_its_speaker_goes_on_next() -> None:
    call = make_call(
        ("customer", "It began with the leak and then it went on and on until the ceiling fell.", 0, 20),
        ("rep", "Yes.", 8, 8.4),
        ("rep", "So first the leak.", 21, 23),
    )
    assert labelled(call, "backchannel") == [1]


def test_two_nods_in_a_row_are_two_backchannels() -> None:
    call = make_call(("customer", "It leaks."), ("rep", "Mm."), ("rep", "Okay."), ("customer", "And it smells."))
    assert labelled(call, "backchannel") == [1, 2]


def test_the_command_prints_json_lines_with_the_files_stem(tmp_path: Path) -> None:
    path = tmp_path / "roof-call.txt"
    path.write_text("Ann: What happened?\nBob: It leaks.\nAnn: So it leaks.\n", encoding="utf-8")
    done = CliRunner().invoke(main, ["annotate", str(path), "--rep", "Ann", "-f", "jsonl"])
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in done.output.splitlines()]
    assert [(r["call"], r["speaker"], r["role"]) for r in rows] == [
        ("roof-call", "Ann", "rep"),
        ("roof-call", "Bob", "customer"),
        ("roof-call", "Ann", "rep"),
    ]
    assert all(r["start_s"] is None for r in rows)


def labelled(call: object, label: str) -> list[int]:
    analysis = analyse(call)  # type: ignore[arg-type]
    return [analysis.findings[i].utterance or 0 for i in analysis.labelled(label)]
