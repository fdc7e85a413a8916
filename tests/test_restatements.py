"""Restatements: what is given back, whose words, and what the customer made of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from marked import analysed, found, tags, trained

from listening.analyzers import analyse
from listening.transcript import Transcript

Make = Callable[..., Transcript]


def test_a_restatement_links_to_what_was_said_last() -> None:
    analysis = analysed(
        ("customer", "The lorries come late on Mondays."),
        ("customer", "And then the whole dock is jammed."),
        ("rep", "[rs|So everything backs up behind them.]"),
    )
    assert found(analysis, "restatement")[0].of == (1,)


def test_a_restatement_links_to_words_several_turns_back() -> None:
    analysis = analysed(
        ("customer", "The warehouse in Corby floods every winter."),
        ("rep", "[closed|And the office?]"),
        ("customer", "The office is dry, more or less."),
        ("rep", "[closed|How many of you are there?]"),
        ("customer", "About forty."),
        ("rep", "[rs|Every winter the Corby warehouse is under water.]"),
    )
    assert found(analysis, "restatement")[0].of == (0,)


def test_a_summary_links_to_several_utterances() -> None:
    analysis = analysed(
        ("customer", "Invoices go missing between the branches."),
        ("rep", "Mm."),
        ("customer", "And the auditors fined us eleven thousand."),
        ("rep", "[rs|Invoices vanish between branches, and the auditors fined you for it.]"),
    )
    assert found(analysis, "restatement")[0].of == (0, 2)


@pytest.mark.parametrize(
    ("reply", "tag"),
    [
        ("Exactly.", "confirmed"),
        ("yeah pretty much", "confirmed"),
        ("That's it in a nutshell.", "confirmed"),
        ("No, it's more that nobody asked us.", "corrected"),
        ("Not really, the cost is fine.", "corrected"),
        ("well actually it's the timing that worries me", "corrected"),
        ("It's not the price, we can afford it.", "corrected"),
        ("It is not the price, honestly.", "corrected"),
        ("It is more about how slow they are.", "corrected"),
        ("I would not say it hurts.", "corrected"),
        ("We do not see it that way.", "corrected"),
        ("It is, more or less.", "confirmed"),
        ("We did, and then it went up again.", "confirmed"),
        ("We have never asked for a refund.", "elaborated"),
        ("My predecessor signed it in a hurry.", "elaborated"),
    ],
)
def test_what_the_customer_makes_of_it(reply: str, tag: str) -> None:
    analysis = analysed(
        ("customer", "It costs us a fortune."), ("rep", "[rs|So the price hurts.]"), ("customer", reply)
    )
    assert tags(analysis, "restatement") == [(tag,)]


@pytest.mark.parametrize("reply", ["No.", "We did not.", "We didn't."])
def test_no_after_a_negative_agrees_with_it(reply: str) -> None:
    analysis = analysed(("customer", "Nobody called."), ("rep", "[rs|You never heard back.]"), ("customer", reply))
    assert tags(analysis, "restatement") == [("confirmed",)]


def test_another_view_corrects_a_negative_too() -> None:
    reply = ("customer", "We do not see it that way.")
    analysis = analysed(("customer", "Nobody called."), ("rep", "[rs|You never heard back.]"), reply)
    assert tags(analysis, "restatement") == [("corrected",)]


def test_an_acknowledgement_confirms_and_a_rep_who_talks_on_gets_no_answer() -> None:
    confirmed = analysed(
        ("customer", "The bins overflow."),
        ("rep", "[rs|They overflow.]"),
        ("customer", "Mm-hm."),
        ("rep", "Tell me more."),
    )
    assert tags(confirmed, "restatement") == [("confirmed",)]
    ignored = analysed(("customer", "The bins overflow."), ("rep", "[rs|They overflow.] Now, about our contract."))
    assert tags(ignored, "restatement") == [("unanswered",)]


def test_no_to_the_question_after_it_does_not_correct_the_restatement() -> None:
    analysis = analysed(
        ("customer", "My back hurts at night."),
        ("rep", "[rs|So it's worst at night.] [closed|Any numbness?]"),
        ("customer", "No."),
    )
    assert tags(analysis, "restatement") != [("corrected",)]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([("rep", "[rs|So you're drowning in paper.]")], id="nobody has said anything"),
        pytest.param(
            [("customer", "Hello."), ("rep", "[rs|So you're drowning in paper.]")], id="nothing but a greeting"
        ),
        pytest.param(
            [("customer", "It's four four seven one nine two."), ("rep", "[rs|Four four seven one nine two.]")],
            id="a number read back",
        ),
        pytest.param(
            [("customer", "B for Bravo, X, seven."), ("rep", "[rs|B X 7, double 4.]")], id="a code spelled back"
        ),
        pytest.param(
            [
                ("rep", "Our depots in Hull and Goole are open on Sundays."),
                ("customer", "I see, right, and parking?"),
                ("rep", "[rs|The depots in Hull and Goole are open Sundays.]"),
            ],
            id="one's own words",
        ),
        pytest.param(
            [("customer", "[closed|How long does the install take?]"), ("rep", "[rs:0.6|The install takes two days.]")],
            id="an answer",
        ),
        pytest.param(
            [("customer", "Reporting is a pain."), ("rep", "[rs:0.6|Our reporting module fixes reporting.]")],
            id="a pitch with a borrowed word",
        ),
    ],
)
def test_what_only_looks_like_a_restatement(lines: list[tuple[str, str]]) -> None:
    assert found(analysed(*lines), "restatement") == []


def test_an_amount_given_back_is_no_number_read_back() -> None:
    analysis = analysed(
        ("customer", "They charged us two hundred and sixty pounds."), ("rep", "[rs|Two hundred and sixty pounds.]")
    )
    assert len(found(analysis, "restatement")) == 1


def test_well_is_not_we_will() -> None:
    said = ("customer", "Month end is going badly, the export breaks.")
    assert found(analysed(said, ("rep", "[rs|Month end not going well at all.]")), "restatement")


def test_uptake_is_given_for_rep_turns_after_a_customer_turn_only() -> None:
    uptake = analysed(
        ("rep", "Hello, this is Kim."),
        ("customer", "Our ovens keep tripping the fuse."),
        ("rep", "The ovens trip the fuse."),
        ("customer", "Every day."),
        ("rep", "Let me tell you about our awards."),
    ).scores["uptake"]
    assert uptake[0] is None
    assert uptake[1] is None
    assert uptake[3] is None
    assert 0 <= uptake[4] < uptake[2] <= 1


def test_a_turn_is_worth_its_utterance_that_builds_most() -> None:
    analysis = analysed(
        ("customer", "Our ovens keep tripping the fuse."),
        ("rep", "The ovens trip the fuse."),
        ("rep", "Let me tell you about our awards."),
        ("customer", "Every day."),
        ("rep", "Awards for service."),
    )
    uptake = analysis.scores["uptake"]
    assert analysis.totals["uptake_turns"] == 2
    assert analysis.totals["uptake_sum"] == uptake[1] + uptake[4]


def test_the_reason_holds_no_words_of_the_call() -> None:
    analysis = analysed(("customer", "Zanzibar is far."), ("rep", "[rs|So Zanzibar is far.]"))
    assert "zanzibar" not in found(analysis, "restatement")[0].why.lower()


@trained
@pytest.mark.parametrize(
    "text",
    [
        "So you're losing two days a month before anybody sees a number.",
        "It sounds like the reports are always late by the time finance gets them.",
        "Two days a month, gone.",
        "you put in the hours and they still don't trust the figures",
    ],
)
def test_the_trained_labeller_hears_restatements_with_and_without_cue_phrases(call: Make, text: str) -> None:
    analysis = analyse(
        call(
            ("rep", "How does month end work for you?"),
            (
                "customer",
                "We lose two days a month to manual reports and finance gets them late and never trusts them.",
            ),
            ("rep", text),
            ("customer", "Yeah, exactly."),
        )
    )
    (restatement,) = found(analysis, "restatement")
    assert (restatement.utterance, restatement.of) == (2, (1,))


@trained
@pytest.mark.parametrize(
    "text",
    [
        "Great, thanks for sharing that with me.",
        "Our platform closes the books in an hour.",
        "I totally understand.",
        "Let me share my screen and show you the dashboard.",
    ],
)
def test_the_trained_labeller_hears_no_restatement_in_other_replies(call: Make, text: str) -> None:
    analysis = analyse(
        call(
            ("rep", "How does month end work for you?"),
            ("customer", "We lose two days a month to manual reports and finance gets them late."),
            ("rep", text),
            ("customer", "Okay."),
        )
    )
    assert found(analysis, "restatement") == []
