"""Questions: what kind, and what each one is after."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from marked import analysed, found, tags, trained

from listening.analyzers import analyse
from listening.transcript import Transcript

Make = Callable[..., Transcript]
ASKED = ("question.open", "question.closed")


def test_every_label_has_a_definition_and_every_utterance_a_score() -> None:
    analysis = analysed(("rep", "[open|What brings you here?]"), ("customer", "The roof leaks."))
    for label in ("open", "closed", "tag", "rhetorical"):
        assert len(analysis.scores[f"question.{label}"]) == 2
    assert analysis.scores["question.open"][0] == 0.8


def test_several_questions_of_one_utterance_are_several_findings_and_the_later_are_stacked() -> None:
    analysis = analysed(("rep", "[open|How do you plan shifts?] [closed|On paper?] [closed|Since when?]"))
    assert [("stacked" in t) for t in tags(analysis, *ASKED)] == [False, True, True]


def test_a_question_after_the_answer_is_not_stacked_and_an_acknowledgement_is_no_answer() -> None:
    answered = analysed(
        ("rep", "[open|How do you plan shifts?]"), ("customer", "On the wall."), ("rep", "[closed|Since when?]")
    )
    assert not any("stacked" in t for t in tags(answered, *ASKED))
    pressed = analysed(
        ("rep", "[open|How do you plan shifts?] I ask everybody that."),
        ("customer", "Mm."),
        ("rep", "[closed|On the wall?]"),
    )
    assert ["stacked" in t for t in tags(pressed, *ASKED)] == [False, True]


@pytest.mark.parametrize(("start", "stacked"), [(2.4, True), (4.5, False)])
def test_a_silence_leaves_room(start: float, stacked: bool) -> None:
    analysis = analysed(
        ("rep", "[open|What happened then?]", 0, 2), ("rep", "[closed|Did it stop?]", start, start + 1), acoustic=True
    )
    assert ("stacked" in tags(analysis, *ASKED)[1]) is stacked


@pytest.mark.parametrize(
    ("question", "tag"),
    [
        ("[open|What happened when the boiler went?]", "follow_up"),
        ("[open|How did they take that?]", "follow_up"),
        ("[rs|Twice in a month.] [open|What do you do in the meantime?]", "follow_up"),
        ("[closed|Next question, how many people work here?]", "script_jump"),
        ("[closed|How many sites do you run?]", "script_jump"),
    ],
)
def test_follow_ups_build_on_what_was_said(question: str, tag: str) -> None:
    analysis = analysed(
        ("customer", "Our boiler failed twice last month and the tenants were furious."), ("rep", question)
    )
    assert tag in tags(analysis, *ASKED)[0]


@pytest.mark.parametrize(
    ("question", "tag"),
    [
        ("[closed|Who signs off on this at your end?]", "close_directed"),
        ("[open|What would it take to get this moving?]", "close_directed"),
        ("[closed|Do you have a budget for this?]", "close_directed"),
        ("[push|[closed|Shall we say Tuesday at two?]]", "close_directed"),
        ("[open|What is a bad week like for your drivers?]", "need_directed"),
        ("[closed|How long has the belt been slipping?]", "need_directed"),
    ],
)
def test_what_a_question_of_the_rep_steers_to(question: str, tag: str) -> None:
    assert tag in tags(analysed(("rep", question)), *ASKED)[0]


def test_a_customers_question_is_neither_need_nor_close_directed() -> None:
    (given,) = tags(
        analysed(("rep", "We ship from Leeds."), ("customer", "[closed|What does the trial cost?]")), *ASKED
    )
    assert not {"need_directed", "close_directed"} & set(given)


def test_a_question_answered_by_the_asker() -> None:
    analysis = analysed(
        ("rep", "[open|Why do they churn?] Because nobody ever calls them back."),
        ("customer", "Maybe."),
        ("rep", "[open|Why do they leave you?] No rush, I'm just curious."),
    )
    assert ["self_answered" in t for t in tags(analysis, *ASKED)] == [True, False]


def test_going_on_after_a_rhetorical_question_is_no_answer_to_it() -> None:
    def answers(*lines: str) -> list[bool]:
        return ["self_answered" in tags(analysed(("rep", line)), "question.rhetorical")[0] for line in lines]

    on, answered = "Let me share my screen with you.", "Mondays are loved by nobody."
    assert answers(f"[rhetorical|Who loves Mondays?] {on}") == [False]
    assert (
        answers(f"[rhetorical|Who loves Mondays?] {answered}", "[rhetorical|And why?] Because it pays.") == [True] * 2
    )


def test_really_is_a_listeners_word_and_not_a_question_an_hour() -> None:
    analysis = analysed(
        ("customer", "It leaked through three floors."), ("rep", "[closed|Oh, really?]"), ("customer", "Three floors.")
    )
    assert found(analysis, *ASKED) == []
    assert len(found(analysis, "question.backchannel")) == 1


def test_an_echo_surer_to_be_a_restatement_is_no_question() -> None:
    analysis = analysed(("customer", "We are stuck."), ("rep", "[rs:0.9|[closed:0.6|You're stuck?]]"))
    assert found(analysis, *ASKED) == []
    assert len(found(analysis, "restatement")) == 1


@trained
@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Could you walk me through how a claim gets paid today?", "question.open"),
        ("I'd love to understand what your mornings look like.", "question.open"),
        ("help me see where the orders get stuck", "question.open"),
        ("what made you start looking around", "question.open"),
        ("How many drivers do you have?", "question.closed"),
        ("do you use a scheduling tool at the moment", "question.closed"),
    ],
)
def test_the_trained_labeller_hears_open_and_closed(call: Make, text: str, label: str) -> None:
    analysis = analyse(
        call(
            ("rep", "Hi Joan, thanks for taking the time today."),
            ("customer", "Sure, happy to."),
            ("rep", text),
            ("customer", "Well, it varies a lot."),
        )
    )
    assert [f.label for f in found(analysis, *ASKED, role="rep") if f.utterance == 2] == [label]


@trained
@pytest.mark.parametrize(
    "text",
    [
        "I know what you mean, that is how it goes.",
        "What we do is look after the whole fleet.",
        "Tell you what, I'm impressed.",
    ],
)
def test_the_trained_labeller_hears_no_question_in_a_statement(call: Make, text: str) -> None:
    analysis = analyse(call(("customer", "The vans are always in the garage."), ("rep", text)))
    assert found(analysis, *ASKED) == []
