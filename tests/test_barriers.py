"""Barriers and cues: what they are, and what the rep did with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from marked import analysed, found, tags, trained

from listening.analyzers import analyse
from listening.findings import BARRIER_LABELS
from listening.transcript import Transcript

Make = Callable[..., Transcript]


@pytest.mark.parametrize(
    ("answer", "tag"),
    [
        ("[open|What would the owners want to see?]", "explored"),
        ("Okay. [closed|When do they meet?]", "explored"),
        ("[rs|So it's the owners who have to be won over.]", "restated"),
        ("But you're the one who knows what's needed.", "rebutted"),
        ("Don't worry, owners always come round.", "rebutted"),
        ("So our system has a report that owners love.", "pivoted"),
        ("[push|Let's just get the paperwork started.]", "pushed"),
        ("[closed|[push|Shall we get the owners to approve it on Thursday?]]", "pushed"),
        ("Right. Fair enough.", "passed_over"),
        ("[closed|Next question, how many rooms have you got?]", "passed_over"),
    ],
)
def test_what_the_rep_did_with_a_barrier(answer: str, tag: str) -> None:
    analysis = analysed(("customer", "[political|The owners have to approve anything like that.]"), ("rep", answer))
    assert tags(analysis, "barrier.political") == [(tag,)]


def test_a_pitch_before_the_question_is_what_the_rep_did_first() -> None:
    analysis = analysed(
        ("customer", "[budget|It's too expensive for us.]"),
        ("rep", "Well our customers usually earn it back within a year because of the hours saved. [open|Why is it?]"),
    )
    assert tags(analysis, "barrier.budget") == [("pivoted",)]


def test_a_barrier_nobody_responds_to_has_no_tag() -> None:
    assert tags(analysed(("rep", "So?"), ("customer", "[timing|Not before May.]")), "barrier.timing") == [()]


@pytest.mark.parametrize(
    "text",
    [
        "[budget|We have budget approved for this.]",
        "[budget|money isn't, well, the budget is signed off]",
        "[timing|There's no rush on our side.]",
        "[political|It's my call alone.]",
    ],
)
def test_what_is_out_of_the_way_is_no_barrier(text: str) -> None:
    assert found(analysed(("customer", text), ("rep", "Good to know.")), *BARRIER_LABELS) == []


@pytest.mark.parametrize(
    "text",
    [
        "[timing|We can't start until the budget is approved.]",
        "[political|Legal has to review it before I can sign anything.]",
        "[budget|We don't have the budget approved for this year.]",
        "[political|I don't think I can decide this without my boss.]",
        "[other|We're in no hurry to switch.]",
        "[timing|There's no rush until the budget is approved.]",
        "[timing|There's no hurry on our side until March.]",
    ],
)
def test_what_is_denied_or_waited_for_stands_in_the_way(text: str) -> None:
    assert len(found(analysed(("customer", text), ("rep", "I see.")), *BARRIER_LABELS)) == 1


def test_the_rep_raises_no_barrier() -> None:
    assert found(analysed(("customer", "So?"), ("rep", "[budget|It's expensive, I know.]")), *BARRIER_LABELS) == []


@pytest.mark.parametrize(
    ("lines", "tag"),
    [
        ([("rep", "[rs|Two of them quit over it.]")], "followed"),
        ([("rep", "[open|What did they say when they quit?]")], "followed"),
        (
            [
                ("rep", "Let me put the kettle on first."),
                ("customer", "Thanks."),
                ("rep", "[open|Tell me about those two cooks.]"),
            ],
            "followed",
        ),
        ([("rep", "We have a great product for kitchens.")], "missed"),
        ([("rep", "[closed|Moving on, how many ovens are there?]")], "missed"),
    ],
)
def test_a_cue_is_followed_or_missed(lines: list[tuple[str, str]], tag: str) -> None:
    analysis = analysed(("customer", "[problem|Two cooks quit because of the rota.]"), *lines)
    assert tags(analysis, "cue.problem") == [(tag,)]


def test_a_feeling_is_met_by_words_of_sympathy() -> None:
    met = analysed(("customer", "[feeling|I was terrified.]"), ("rep", "I'm so sorry, that sounds awful."))
    assert tags(met, "cue.feeling") == [("followed",)]


@trained
@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("We just don't have the budget for that this year.", "barrier.budget"),
        ("I'd have to run it past my director first, she decides.", "barrier.political"),
        ("call me again after the quarter ends, we're swamped until then", "barrier.timing"),
        ("We got burned by the last vendor and I don't trust these tools.", "barrier.other"),
    ],
)
def test_the_trained_labeller_hears_the_kind_of_barrier(call: Make, text: str, label: str) -> None:
    analysis = analyse(
        call(
            ("rep", "Shall we get you started with the pilot next week?"),
            ("customer", text),
            ("rep", "I see, all right."),
        )
    )
    assert label in [f.label for f in found(analysis, *BARRIER_LABELS)]


@trained
@pytest.mark.parametrize("text", ["We have budget approved for it.", "Sounds good, I can decide that myself."])
def test_the_trained_labeller_and_the_rules_hear_no_barrier(call: Make, text: str) -> None:
    analysis = analyse(call(("rep", "How does it look on your side?"), ("customer", text), ("rep", "I see.")))
    assert found(analysis, *BARRIER_LABELS) == []


def test_were_is_not_we_are() -> None:
    """An apostrophe that recognizers drop may not make another word of it ("were" is no pitch, "well" no "we'll")."""
    analysis = analysed(("customer", "[timing|Not before May.]"), ("rep", "Understood. Those were hard months."))
    assert tags(analysis, "barrier.timing") == [("passed_over",)]
    assert tags(
        analysed(("customer", "[timing|Not before May.]"), ("rep", "We're the fastest to set up.")), "barrier.timing"
    ) == [("pivoted",)]
