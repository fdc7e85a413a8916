"""Next steps: a push, a plan the customer started, or talk that only sounds like either."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from marked import analysed, found, tags, trained

from listening.analyzers import analyse
from listening.transcript import Transcript

Make = Callable[..., Transcript]
PUSH, MUTUAL = "next_step.push", "next_step.mutual"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("[push|Let's get you a demo on Tuesday]", "kind:demo"),
        ("[push|can I send the contract over]", "kind:contract"),
        ("[push|I'd need a decision by Friday]", "kind:decision"),
        ("[push|Could you introduce me to your CFO?]", "kind:introduction"),
        ("[push|Why don't we start with a free trial?]", "kind:trial"),
        ("[push|would you put down a deposit today]", "kind:payment"),
        ("[push|Shall we book half an hour?]", "kind:meeting"),
    ],
)
def test_a_push_knows_its_kind(text: str, kind: str) -> None:
    (given,) = tags(analysed(("customer", "It is what it is."), ("rep", text)), PUSH)
    assert kind in given


def test_a_step_the_customer_asked_for_is_no_push() -> None:
    analysis = analysed(
        ("customer", "Could you send me a quote for both sites?"),
        ("rep", "Gladly."),
        ("rep", "[push|I'll get the quote over to you tonight.]"),
    )
    assert found(analysis, PUSH) == []
    (step,) = found(analysis, MUTUAL)
    assert step.of == (0,)


def test_the_customers_own_steps_are_mutual() -> None:
    analysis = analysed(("rep", "Any thoughts?"), ("customer", "[push|Let's meet on Monday and sign it.]"))
    assert [f.role for f in found(analysis, MUTUAL)] == ["customer"]


def test_another_kind_of_step_than_the_customer_asked_for_is_a_push() -> None:
    analysis = analysed(
        ("customer", "[mutual|Could you email me the brochure?]"),
        ("rep", "[push|Let's get the contract signed today while we're at it.]"),
    )
    assert len(found(analysis, PUSH)) == 1


def test_a_yes_to_the_reps_own_push_does_not_make_it_the_customers() -> None:
    analysis = analysed(
        ("rep", "[push|Shall we do a demo on Thursday?]"),
        ("customer", "Thursday works I suppose."),
        ("rep", "[push|Then I'll book the demo for Thursday.]"),
    )
    assert len(found(analysis, PUSH)) == 2


@pytest.mark.parametrize(
    "answer",
    [
        "[political|I'd have to ask my partner.]",
        "No, not right now.",
        "I'm not sure about that.",
        "let me think about it",
        "maybe later",
    ],
)
def test_a_push_after_a_barrier_a_no_or_a_hesitation_is_marked_and_repeated(answer: str) -> None:
    analysis = analysed(
        ("rep", "[push|Shall we set up a trial?]"),
        ("customer", answer),
        ("rep", "[push|Let's start the trial Monday.]"),
    )
    first, second = tags(analysis, PUSH)
    assert "after_barrier" not in first
    assert {"after_barrier", "repeated"} <= set(second)


@pytest.mark.parametrize(
    ("answer", "marked"),
    [
        ("No, that was really clear.", False),
        ("Nope, not yet.", False),
        ("No thanks.", True),
        ("No, I'm not interested.", True),
        ("Not now.", True),
    ],
)
def test_a_no_that_answers_a_question_refuses_nothing(answer: str, marked: bool) -> None:
    analysis = analysed(
        ("rep", "[closed|Is there anything you wanted to ask?]"),
        ("customer", answer),
        ("rep", "[push|Shall we set up a trial?]"),
    )
    assert ("after_barrier" in tags(analysis, PUSH)[0]) is marked


@pytest.mark.parametrize(
    "text",
    [
        "I really do not want you to send me any more files.",
        "[mutual|Please don't send me any more files.]",
    ],
)
def test_a_step_that_is_not_wanted_is_not_the_customers(text: str) -> None:
    analysis = analysed(("customer", text), ("rep", "[push|I'll send you the brochure tonight.]"))
    assert found(analysis, MUTUAL) == []
    assert "after_barrier" in tags(analysis, PUSH)[0]


def test_a_push_three_rep_turns_after_a_barrier_is_not_marked() -> None:
    analysis = analysed(
        ("customer", "[budget|There's no money this year.]"),
        ("rep", "[open|What happened?]"),
        ("customer", "We lost a big account in spring."),
        ("rep", "[rs|You lost a big one.]"),
        ("customer", "Our biggest, and the bank got nervous."),
        ("rep", "[push|Shall we look at a pilot together?]"),
    )
    assert "after_barrier" not in tags(analysis, PUSH)[0]


@pytest.mark.parametrize(
    "text",
    [
        "[push|What is the next step in your approval process?]",
        "[push|our scheduler books meetings on its own]",
        "[push|We signed with them in March.]",
        "[push|Let me share my screen.]",
        "[push:0.95|Let me just rummage in the drawer for it.]",
        "[push:0.95|Let me get you settled first.]",
        "[push|Most of our customers start with a trial.]",
    ],
)
def test_what_only_sounds_like_a_push(text: str) -> None:
    assert found(analysed(("customer", "Go on."), ("rep", text)), PUSH, MUTUAL) == []


@trained
@pytest.mark.parametrize(
    "text",
    [
        "Why don't we set up a demo with your team on Thursday?",
        "Can I send the contract over this afternoon so we can get you started?",
        "shall we get you booked in for a site survey next week",
    ],
)
def test_the_trained_labeller_hears_a_push(call: Make, text: str) -> None:
    analysis = analyse(call(("customer", "We count everything by hand, it takes ages."), ("rep", text)))
    assert [f.utterance for f in found(analysis, PUSH)] == [1]


@trained
@pytest.mark.parametrize(
    "text",
    [
        "What is the next step in your approval process?",
        "Our scheduler books meetings straight into the calendar.",
        "We signed with them in March.",
        "Let me share my screen for a second.",
    ],
)
def test_the_trained_labeller_and_the_rules_hear_no_push(call: Make, text: str) -> None:
    analysis = analyse(call(("customer", "We count everything by hand, it takes ages."), ("rep", text)))
    assert found(analysis, PUSH) == []


@pytest.mark.parametrize(
    "said", ["We're happy to do a pilot.", "We're good to go.", "So much better now.", "No problem, sounds great."]
)
def test_agreement_is_no_refusal(said: str) -> None:
    analysis = analysed(("rep", "It is live now."), ("customer", said), ("rep", "[push|Shall we book the demo?]"))
    assert "after_barrier" not in tags(analysis, PUSH)[0]


def test_small_talk_is_no_refusal_and_being_fine_as_one_is_is_one() -> None:
    asked, pushed = ("rep", "[open|How are you doing?]"), ("rep", "[push|Could I get your signature?]")
    assert "after_barrier" not in tags(analysed(asked, ("customer", "I'm good, thanks."), pushed), PUSH)[0]
    for said in ("We're happy with what we've got.", "I'm fine as I am."):
        assert "after_barrier" in tags(analysed(("rep", "It saves hours."), ("customer", said), pushed), PUSH)[0]
