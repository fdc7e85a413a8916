"""From findings to measures, components and the index."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from listening.errors import MetadataError
from listening.findings import Analysis, Finding
from listening.scoring import MEASURES, load_rubric, score
from listening.scoring.rubric import FOLDER
from listening.scoring.uncertainty import count_interval
from listening.transcript import Timing, Transcript

Make = Callable[..., Transcript]

TOTALS = {
    "rep_utterances": 10,
    "customer_utterances": 10,
    "rep_words": 100,
    "customer_words": 300,
    "rep_speech_ms": 600_000,
    "customer_speech_ms": 1_200_000,
    "call_ms": 1_800_000,
    "silence_ms": 90_000,
}


def found(label: str, role: str = "rep", n: int = 1, **fields: object) -> list[Finding]:
    return [Finding(label, "made", utterance=0, role=role, start=1000, **fields)] * n  # type: ignore[arg-type]


def analysis(*groups: list[Finding], timing: Timing = Timing.ACOUSTIC, **totals: float) -> Analysis:
    return Analysis(tuple(f for group in groups for f in group), totals={**TOTALS, **totals}, timing=timing)


@pytest.fixture
def empty_call(call: Make) -> Transcript:
    return call(("rep", "Hello."), ("customer", "Hello."))


def test_talk_share_divides_by_speech_time_and_prints_it(empty_call: Transcript) -> None:
    share = score(analysis(), empty_call).measures["talk_share"]
    assert share.value == pytest.approx(1 / 3)
    assert (share.numerator, share.denominator) == (600, 1800)


def test_talk_share_falls_back_to_words_and_says_so(empty_call: Transcript) -> None:
    a = analysis(timing=Timing.NONE)
    a = dataclasses.replace(a, totals={k: v for k, v in TOTALS.items() if not k.endswith("_ms")})
    share = score(a, empty_call).measures["talk_share"]
    assert share.value == 0.25
    assert share.denominator_unit == "words of rep and customer"
    assert share.timing is Timing.NONE


def test_rates_are_per_hour_of_call(empty_call: Transcript) -> None:
    card = score(
        analysis(found("question.open", n=6), found("question.closed", n=3), found("restatement", n=3)), empty_call
    )
    assert card.measures["questions_per_hour"].value == 18
    assert card.measures["open_question_share"].value == pytest.approx(2 / 3)
    assert card.measures["restatement_question_ratio"].value == pytest.approx(1 / 3)


def test_the_interval_of_a_rate_is_per_hour_even_for_none(empty_call: Transcript) -> None:
    m = score(analysis(), empty_call).measures["restatements_per_hour"]
    of_count = count_interval(0, ("restatement",))
    assert of_count is not None
    assert m.interval == pytest.approx([2 * end for end in of_count])  # in half an hour of call


def test_the_interval_of_a_ratio_of_none_begins_at_zero(empty_call: Transcript) -> None:
    m = score(analysis(found("question.open", n=40)), empty_call).measures["restatement_question_ratio"]
    assert m.value == 0
    assert m.interval is not None
    assert m.interval[0] == 0


def test_uptake_is_the_mean_over_turns(empty_call: Transcript) -> None:
    m = score(analysis(uptake_sum=1.5, uptake_turns=3), empty_call).measures["uptake"]
    assert (m.value, m.denominator) == (0.5, 3)


@pytest.mark.parametrize(
    ("label", "key"), [("barrier.budget", "barriers_explored_share"), ("cue.hope", "cues_followed_share")]
)
def test_last_words_that_nothing_follows_are_not_said_to_be_missing(
    empty_call: Transcript, label: str, key: str
) -> None:
    m = score(analysis(found(label, "customer")), empty_call).measures[key]
    assert m.value is None
    assert "to follow" in (m.reason or "")


def test_every_measure_is_none_with_a_reason_when_nobody_is_the_rep(empty_call: Transcript) -> None:
    card = score(analysis(rep_utterances=0), empty_call)
    for key, m in card.measures.items():
        if key != "silence_share":
            assert m.value is None, key
            assert m.reason, key
    assert card.index.value is None
    assert card.index.reason


@pytest.mark.parametrize("key", ["open_question_share", "barriers_explored_share", "restatement_question_ratio"])
def test_a_zero_denominator_gives_no_value(empty_call: Transcript, key: str) -> None:
    m = score(analysis(), empty_call).measures[key]
    assert m.value is None
    assert m.reason


def test_a_call_of_seconds_has_no_rates(empty_call: Transcript) -> None:
    m = score(analysis(found("restatement"), call_ms=5000), empty_call).measures["restatements_per_hour"]
    assert m.value is None
    assert "too short" in (m.reason or "")


def test_evidence_points_at_the_findings_counted(empty_call: Transcript) -> None:
    a = analysis(found("next_step.push", "customer"), found("next_step.push"), found("restatement"))
    card = score(a, empty_call)
    assert [card.findings[i].label for i in card.measures["pushes_per_hour"].evidence] == ["next_step.push"]
    assert card.measures["pushes_per_hour"].numerator == 1


def test_more_restatements_raise_the_index_and_more_pushes_lower_it(empty_call: Transcript) -> None:
    asked = found("question.open", n=5)
    plain = score(analysis(asked), empty_call).index.value
    understood = score(analysis(asked, found("restatement", n=8)), empty_call).index.value
    pushed = score(analysis(asked, found("next_step.push", n=8)), empty_call).index.value
    assert plain is not None
    assert understood is not None
    assert pushed is not None
    assert pushed < plain < understood


def test_what_could_not_be_measured_is_named_beside_the_index(empty_call: Transcript) -> None:
    card = score(analysis(found("question.open")), empty_call)
    assert "barriers_explored_share" in card.components["detached"].left_out


def test_the_scorecard_is_plain_json(empty_call: Transcript) -> None:
    card = score(analysis(found("question.open", n=2), found("response_pause", value=300.0)), empty_call)
    data = json.loads(json.dumps(card.to_dict()))
    assert set(data["measures"]) == set(MEASURES)
    assert data["measures"]["talk_share"]["target"]["source"]


def test_stored_findings_score_the_same(empty_call: Transcript) -> None:
    a = analysis(found("question.open", n=2), found("barrier.budget", "customer", tags=("explored",)))
    again = Analysis.from_dict(json.loads(json.dumps(a.to_dict())))
    assert score(again, empty_call) == score(a, empty_call)


def test_points_fall_from_the_target_to_zero() -> None:
    aim = load_rubric().aims["talk_share"]
    assert aim.points(0.4) == 100
    assert 0 < aim.points(0.65) < 100
    assert aim.points(0.9) == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name = 'x'", "not of the form"),
        ("this is no toml", "not valid TOML"),
        ("name='x'\nversion='1'\n[targets.no_such]\nsource='s'\ngrade='C'\n[components]", "unknown measure no_such"),
    ],
)
def test_a_broken_rubric_is_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(MetadataError, match=says):
        load_rubric(path)


def test_a_copied_rubric_loads(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text((FOLDER / "discovery.toml").read_text().replace("high = 0.50", "high = 0.60"))
    assert load_rubric(path).aims["talk_share"].target.high == 0.60
