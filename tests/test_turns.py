"""Talk, pauses, interruptions and backchannels: what a person listening to the call would say."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from marked import analysed

from listening.analyzers import analyse
from listening.findings import Analysis, Finding
from listening.transcript import Timing, Transcript

Make = Callable[..., Transcript]


def labelled(analysis: Analysis, label: str, role: str | None = None) -> list[Finding]:
    return [analysis.findings[i] for i in analysis.labelled(label, role=role)]


def test_talk_time_counts_overlap_for_both(call: Make) -> None:
    analysis = analyse(call(("rep", "Hello there.", 0, 10), ("customer", "I wanted to ask.", 8, 12), acoustic=True))
    assert analysis.totals["rep_speech_ms"] == 10_000
    assert analysis.totals["customer_speech_ms"] == 4_000


def test_a_monologue_bridges_short_pauses_and_survives_a_backchannel(call: Make) -> None:
    analysis = analyse(
        call(
            ("rep", "Let me tell you what we do.", 0, 20),
            ("customer", "Mm-hmm.", 15, 15.5),
            ("rep", "And then there is the rest.", 21, 60),
            ("rep", "After a long pause I go on.", 65, 70),
            ("customer", "I see what you mean but it costs a lot.", 71, 75),
            acoustic=True,
        )
    )
    assert [f.value for f in labelled(analysis, "talk", "rep")] == [60_000, 5_000]
    assert len(labelled(analysis, "backchannel", "customer")) == 1
    assert len(labelled(analysis, "floor_transfer")) == 1


def test_response_pause_runs_from_the_last_sound_to_the_first(call: Make) -> None:
    analysis = analyse(
        call(
            ("customer", "It broke twice last week.", 0, 4),
            ("rep", "Twice in a week.", 5.25, 7),
            ("customer", "Yes and nobody called back.", 7.1, 9),
            ("rep", "Nobody called.", 9.3, 10),
            acoustic=True,
        )
    )
    assert [f.value for f in labelled(analysis, "response_pause")] == [1250, 300]
    assert [(f.start, f.end) for f in labelled(analysis, "brief_silence")] == [(4000, 5250)]


def test_an_answer_without_a_gap_ends_the_wait_at_once() -> None:
    analysis = analysed(
        ("rep", "[open|How do you handle invoices right now?]", 0, 5),
        ("customer", "All in a spreadsheet.", 5, 14),
        ("rep", "Two days every month.", 24, 26),
        acoustic=True,
    )
    (wait,) = labelled(analysis, "wait_after_question")
    assert (wait.value, wait.tags) == (0, ("broken_by_customer",))


def test_a_rep_who_talks_on_after_the_question_does_not_wait() -> None:
    analysis = analysed(
        ("rep", "[open|How do you handle invoices right now?]", 0, 3),
        ("rep", "I am asking since our tool does the invoices of four thousand firms.", 3, 30),
        ("customer", "All in a spreadsheet.", 34, 40),
        acoustic=True,
    )
    assert labelled(analysis, "wait_after_question") == []


def test_only_a_real_question_is_waited_for() -> None:
    """Neither "really?" nor a question asked for effect."""
    analysis = analysed(
        ("rep", "[rhetorical|Who would not want that?]", 0, 2),
        ("customer", "It broke again.", 4, 6),
        acoustic=True,
    )
    assert labelled(analysis, "wait_after_question") == []


def test_a_third_speakers_talk_is_nobodys_silence(call: Make) -> None:
    analysis = analyse(
        call(
            ("customer", "It broke again last week.", 0, 5),
            ("Bo", "That was the pump, as I said, and it took a day.", 5.2, 35),
            ("rep", "I see what you mean there.", 35.2, 38),
            acoustic=True,
        )
    )
    assert labelled(analysis, "response_pause") == labelled(analysis, "brief_silence") == []


def test_utterances_without_times_keep_their_place(call: Make) -> None:
    analysis = analyse(
        call(
            ("customer", "It broke again last week.", 60, 65),
            ("rep", "What was it that broke then?", 66, 70),
            ("customer", "The pump."),
            ("rep", "What did you do about it?"),
        )
    )
    places = [f.utterance for f in analysis.findings]
    assert places == sorted(places)


def test_an_interruption_takes_the_floor(call: Make) -> None:
    analysis = analyse(
        call(
            ("customer", "The thing that worries me most is that", 0, 6),
            ("rep", "Don't worry about that, we have a team for it.", 5, 9),
            ("customer", "Okay.", 9.5, 10),
            acoustic=True,
        )
    )
    (interruption,) = labelled(analysis, "interruption")
    assert (interruption.role, interruption.value, interruption.start) == ("rep", 1000, 5000)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("Right.", 5, 5.4),  # a backchannel inside the other's talk
        ("Yeah, okay.", 5.7, 6.5),  # an acknowledgement over the last words
        ("So what happened then?", 5.9, 8),  # a tight transition, under 200 ms of overlap
    ],
)
def test_what_is_no_interruption(call: Make, text: str, start: float, end: float) -> None:
    analysis = analyse(
        call(
            ("customer", "The thing that worries me most is the price.", 0, 6),
            ("rep", text, start, end),
            ("customer", "And the time it takes.", 9, 11),
            acoustic=True,
        )
    )
    assert labelled(analysis, "interruption") == []


@pytest.mark.parametrize(
    ("text", "interrupted"),
    [("Oh, okay. Okay. That makes sense.", False), ("Oh, okay. But the price worries me.", True)],
)
def test_an_acknowledgement_cannot_be_interrupted(call: Make, text: str, interrupted: bool) -> None:
    analysis = analyse(
        call(
            ("rep", "It is a switch that was not set.", 0, 4),
            ("customer", text, 4.5, 7.5),
            ("rep", "So let's get that fixed for you.", 6.5, 9),
            acoustic=True,
        )
    )
    assert bool(labelled(analysis, "interruption")) is interrupted
    assert (0 in [f.value for f in labelled(analysis, "response_pause")]) is not interrupted


def test_an_answer_is_no_backchannel(call: Make) -> None:
    analysis = analyse(
        call(
            ("rep", "Is that the main problem?", 0, 2),
            ("customer", "Yeah.", 2.5, 3),
            ("rep", "And since when?", 3.5, 5),
        )
    )
    assert labelled(analysis, "backchannel") == []


def test_without_a_recording_pauses_are_not_measured_and_say_why(call: Make) -> None:
    analysis = analyse(call(("rep", "Hello.", 0, 1), ("customer", "Hello to you.", 3, 4)))
    assert analysis.timing is Timing.CUE
    assert "recording" in analysis.unmeasured["pauses"]
    assert labelled(analysis, "response_pause") == []
