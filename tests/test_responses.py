"""The response mix: the rep's next move after each customer statement."""

from __future__ import annotations

import pytest
from conftest import make_call
from marked import analysed, found, tags, unmark

from listening.analyzers import analyse
from listening.analyzers._corrected import corrected
from listening.corrections import Correction, Target
from listening.findings import Analysis
from listening.transcript import CallInfo, Provenance, Speaker, Transcript, Utterance


@pytest.mark.parametrize(
    ("answer", "move"),
    [
        ("[rs|Three times in a week.]", "restate"),
        ("[open|What did the guests say?]", "ask"),
        ("Okay. [closed|The same lift?]", "ask"),
        ("[push|Let's get a technician booked.]", "push"),
        ("[closed|[push|Shall we get a technician booked?]]", "push"),
        ("Right, I see.", "acknowledge"),
        ("Go on.", "acknowledge"),
        ("Sure, go ahead.", "acknowledge"),
        ("That makes sense. Thanks for telling me.", "acknowledge"),
        ("We had a hotel in Bath with exactly that and they love our service plan.", "rejoinder"),
        (
            "Our service plan covers every lift in the house around the clock, weekends too. [closed|Is it the same one?]",
            "rejoinder",
        ),
    ],
)
def test_the_move(answer: str, move: str) -> None:
    analysis = analysed(("customer", "The lift got stuck three times this week."), ("rep", answer))
    (response,) = found(analysis, "response")
    assert (response.tags, response.of, response.utterance, response.role) == ((move,), (0,), 1, "rep")


@pytest.mark.parametrize("text", ["Hello.", "Mm-hm.", "Good morning!", "[closed|What does it cost?]", "", "..."])
def test_what_is_no_statement(text: str) -> None:
    analysis = analysed(("customer", text), ("rep", "Our plans start at ninety."))
    assert found(analysis, "response") == []


def test_a_statement_that_ends_in_a_question_is_owed_an_answer() -> None:
    analysis = analysed(
        ("customer", "We're in Leeds. [closed|Do you cover that?]"), ("rep", "We do, all of Yorkshire.")
    )
    assert found(analysis, "response") == []


def test_the_utterances_of_one_customer_turn_are_one_statement() -> None:
    analysis = analysed(("customer", "It broke."), ("customer", "Then it broke again."), ("rep", "[rs|Twice.]"))
    assert [f.of for f in found(analysis, "response")] == [(0, 1)]


def test_silence_is_a_move_when_it_was_heard() -> None:
    lines = (("customer", "I don't know what to do.", 0, 3), ("rep", "It's a known problem with these.", 4.4, 7))
    assert tags(analysed(*lines, acoustic=True), "response") == [("silence",)]
    assert tags(analysed(*lines), "response") == [("rejoinder",)]


def test_leaving_the_floor_with_a_nod_is_silence_too() -> None:
    analysis = analysed(
        ("customer", "My father built this place.", 0, 3),
        ("rep", "Mm.", 3.2, 3.5),
        ("customer", "And I'm closing it.", 4.5, 6),
        ("rep", "[rs|You're closing what he built.]", 6.3, 8),
        acoustic=True,
    )
    assert tags(analysis, "response") == [("silence",), ("restate",)]


@pytest.mark.parametrize(
    "transcript",
    [
        pytest.param(make_call(), id="empty"),
        pytest.param(make_call(("rep", "Hello? Anybody there?")), id="rep only"),
        pytest.param(make_call(("customer", "Hello? It leaks.")), id="customer only"),
        pytest.param(make_call(("rep", ""), ("customer", " "), ("rep", "...")), id="no words"),
        pytest.param(make_call(("Ann", "What is it?"), ("Bob", "It leaks."), ("Ann", "So it leaks.")), id="no roles"),
        pytest.param(
            Transcript(
                (
                    Utterance("What broke?", "r", 0, 900),
                    Utterance("The pump.", "c"),
                    Utterance("So the pump.", "r", 500, 400),
                ),
                (Speaker("r"), Speaker("c")),
                CallInfo("x"),
                Provenance("made.by.hand", "transcript"),
            ),
            id="some times missing",
        ),
    ],
)
def test_odd_calls_are_analysed(transcript: Transcript) -> None:
    analysis = analyse(transcript)
    assert all(len(values) == len(transcript.utterances) for values in analysis.scores.values())


@pytest.mark.parametrize(("nod", "second", "left"), [((2.0, 2.4), 5.01, False), ((5.4, 5.7), 6.2, True)])
def test_a_nod_leaves_room_only_in_a_silence(nod: tuple[float, float], second: float, left: bool) -> None:
    analysis = analysed(
        ("customer", "The lift got stuck three times this week", 0, 5),
        ("rep", "Mhm.", *nod),
        ("customer", "with guests inside every time.", second, 10),
        ("rep", "Our service plan covers every lift in the house around the clock.", 10.2, 14),
        acoustic=True,
    )
    assert (("silence",) in tags(analysis, "response")) is left


def test_the_mix_follows_what_people_say() -> None:
    """No restatement, no restating; and the rep's other turns stay as they were."""
    spoken = (
        ("customer", "The lift got stuck three times this week."),
        ("rep", "[rs|Three times in a week.]"),
        ("customer", "With guests inside."),
        ("rep", "[open|What did they say?]"),
    )
    analysis = analysed(*spoken)
    transcript = make_call(*((who, unmark(text)[0]) for who, text in spoken))
    (restated,) = found(analysis, "restatement")
    target = Target("restatement", restated.utterance, restated.start_char, restated.end_char)
    said = corrected(analysis, transcript, [Correction("delete", finding=target)])
    assert tags(said, "response") == [("rejoinder",), ("ask",)]
    added = Correction("add", utterance=3, start_char=0, end_char=18, label="next_step.push")
    assert tags(corrected(analysis, transcript, [added]), "response") == [("restate",), ("push",)]


BARRED = (
    ("customer", "[budget|We have no money for it this year.]"),
    ("rep", "[rs|No money this year.]"),
    ("customer", "None at all."),
    ("rep", "[push|Shall we meet on Thursday?]"),
)


def after(*corrections: Correction) -> Analysis:
    transcript = make_call(*((who, unmark(text)[0]) for who, text in BARRED))
    return corrected(analysed(*BARRED), transcript, corrections)


def remove(label: str, utterance: int) -> Correction:
    return Correction("delete", finding=Target(label, utterance, 0, len(unmark(BARRED[utterance][1])[0])))


def test_what_became_of_a_barrier_follows_what_people_say() -> None:
    assert tags(after(), "barrier.budget") == [("restated",)]
    assert tags(after(remove("restatement", 1)), "barrier.budget") == [("passed_over",)]
    asked = Correction("add", utterance=1, start_char=0, end_char=8, label="next_step.push")
    assert tags(after(remove("restatement", 1), asked), "barrier.budget") == [("pushed",)]
    barrier = Correction("add", utterance=2, start_char=0, end_char=4, label="barrier.other")
    assert tags(after(barrier), "barrier.other") == [("pushed",)]
    again = Correction("add", utterance=1, start_char=0, end_char=8, label="restatement")
    assert tags(after(remove("restatement", 1), again), "barrier.budget") == [("restated",)]


def test_a_cue_that_people_call_a_barrier_counts_as_one_and_the_other_way_round() -> None:
    lines = (("customer", "[problem|Finance has frozen the money until April.]"), ("rep", "[rs|Frozen until April.]"))
    transcript = make_call(*((who, unmark(text)[0]) for who, text in lines))

    def called(label: str, now: str) -> Analysis:
        marked = ((lines[0][0], lines[0][1].replace("problem", label)), lines[1])
        whole = {"problem": "cue.problem", "budget": "barrier.budget"}
        target = Target(whole[label], 0, 0, len(transcript.utterances[0].text))
        return corrected(analysed(*marked), transcript, [Correction("relabel", finding=target, label=whole[now])])

    assert tags(called("problem", "budget"), "barrier.budget") == [("restated",)]
    assert tags(called("budget", "problem"), "cue.problem") == [("followed",)]


def test_a_push_is_after_a_barrier_only_while_people_leave_the_barrier() -> None:
    (push,) = found(after(), "next_step.push")
    assert "after_barrier" in push.tags
    (push,) = found(after(remove("barrier.budget", 0)), "next_step.push")
    assert "after_barrier" not in push.tags
    assert "barrier" not in push.why
    moved = Correction("add", utterance=2, start_char=0, end_char=4, label="barrier.budget")
    (push,) = found(after(remove("barrier.budget", 0), moved), "next_step.push")
    assert "after_barrier" in push.tags
