"""The measures: key, title, definition, source, unit, and how each is read from an Analysis.

Definitions are sentences a coach can read aloud. Targets are not here: they live in a rubric, with their source.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from listening.findings import BARRIER_LABELS, Analysis
from listening.scoring.reading import (
    Reading,
    count,
    longest,
    median,
    missing,
    per_hour,
    share,
    sides,
    tagged,
    why_not,
)
from listening.transcript import Timing

ASKED = ("question.open", "question.closed")
RESPONSES = ("restate", "ask", "silence", "acknowledge", "rejoinder", "push")
LISTENING_RESPONSES = ("restate", "ask", "silence")


@dataclass(frozen=True, slots=True)
class Definition:
    """A measure that can be read. `family` groups measures on a scorecard; `denominator` names what it is divided by."""

    key: str
    family: str
    title: str
    definition: str
    source: str
    unit: str
    read: Callable[[Analysis], Reading]
    denominator: str | None = None


MEASURES: dict[str, Definition] = {}


def _measure(
    family: str, title: str, definition: str, source: str, unit: str, denominator: str | None = None
) -> Callable[[Callable[[Analysis], Reading]], Callable[[Analysis], Reading]]:
    def add(read: Callable[[Analysis], Reading]) -> Callable[[Analysis], Reading]:
        key = read.__name__
        MEASURES[key] = Definition(key, family, title, definition, source, unit, read, denominator)
        return read

    return add


# Talk


@_measure(
    "talk",
    "Talk share",
    "How much of all the talking the rep does; overlapping talk counts for both.",
    "Gong Labs, 25,537 calls",
    "share",
    "speech time of rep and customer, s",
)
def talk_share(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    evidence = a.labelled("talk", role="rep")
    if "rep_speech_ms" in a.totals:
        rep, customer = a.totals["rep_speech_ms"], a.totals["customer_speech_ms"]
        if rep + customer > 0:
            return Reading(rep / (rep + customer), None, rep / 1000, (rep + customer) / 1000, evidence)
    rep, customer = a.totals["rep_words"], a.totals["customer_words"]
    if rep + customer == 0:
        return missing("nobody says a word")
    return Reading(rep / (rep + customer), None, rep, rep + customer, evidence, {"by_words": 1.0}, timing=Timing.NONE)


@_measure(
    "talk",
    "Longest monologue",
    "The longest stretch the rep holds the floor; pauses up to 1.5 s are bridged, the customer's “mhm” does not end it.",
    "Gong Labs",
    "s",
)
def longest_monologue_s(a: Analysis) -> Reading:
    return _longest(a, "rep")


@_measure(
    "talk",
    "Longest customer turn",
    "The longest stretch the customer holds the floor; pauses up to 1.5 s are bridged, the rep's “mhm” does not end it.",
    "Gong Labs",
    "s",
)
def longest_customer_turn_s(a: Analysis) -> Reading:
    return _longest(a, "customer")


def _longest(a: Analysis, role: str) -> Reading:
    if reason := sides(a):
        return missing(reason)
    if a.timing is Timing.NONE:
        return missing("needs times, which this transcript does not have")
    return longest(a, a.labelled("talk", role=role), f"the {role} never holds the floor")


@_measure(
    "talk",
    "Switches a minute",
    "How often the floor passes between the two sides in a minute of call; backchannels do not count.",
    "Gong Labs",
    "per minute",
    "call time, min",
)
def switches_per_minute(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    evidence = a.labelled("floor_transfer")
    reading = per_hour(a, evidence)
    if reading.value is None or reading.denominator is None:
        return reading
    return Reading(reading.value / 60, None, len(evidence), reading.denominator * 60, evidence)


# Questions


def _questions(a: Analysis, role: str = "rep") -> tuple[int, ...]:
    return a.labelled(*ASKED, role=role)


@_measure(
    "questions",
    "Questions an hour",
    "Real questions the rep asks in an hour of call; “right?”, “really?” and rhetorical ones are not counted.",
    "Gong Labs: 11–14 a call",
    "per hour",
    "call time, h",
)
def questions_per_hour(a: Analysis) -> Reading:
    return missing(reason) if (reason := sides(a)) else per_hour(a, _questions(a), ASKED)


@_measure(
    "questions",
    "Customer questions an hour",
    "Real questions the customer asks in an hour of call.",
    "Gong Labs",
    "per hour",
    "call time, h",
)
def customer_questions_per_hour(a: Analysis) -> Reading:
    return missing(reason) if (reason := sides(a)) else per_hour(a, _questions(a, "customer"), ASKED)


NO_QUESTION = "the rep asks no question"


@_measure(
    "questions",
    "Open questions",
    "Of the rep's questions, those that cannot be answered by yes, no or a single fact.",
    "MITI 4.2: fair 0.5, good 0.7",
    "share",
    "the rep's open and closed questions",
)
def open_question_share(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    return share(a.labelled("question.open", role="rep"), _questions(a), NO_QUESTION, ("question.open",), ASKED)


@_measure(
    "questions",
    "Follow-up questions",
    "Of the rep's questions, those that build on what the customer has just said, against jumps to the next item.",
    "Huang et al. 2017",
    "share",
    "the rep's open and closed questions",
)
def follow_up_share(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    asked = _questions(a)
    return share(tagged(a, asked, "follow_up"), asked, NO_QUESTION)


@_measure(
    "questions",
    "Need-directed questions",
    "Of the rep's questions, those about the customer's situation, problems and hopes, not steering to our close.",
    "the project's essays",
    "share",
    "the rep's open and closed questions",
)
def need_directed_share(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    asked = _questions(a)
    steering = set(tagged(a, asked, "close_directed"))
    return share([i for i in asked if i not in steering], asked, NO_QUESTION)


@_measure(
    "questions",
    "Stacked questions",
    "Times the rep asks several questions in a row without leaving room for an answer.",
    "Rowe 1974 on wait time",
    "count",
    "the rep's open and closed questions",
)
def stacked_questions(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    asked = _questions(a)
    return count(tagged(a, asked, "stacked"), len(asked))


@_measure(
    "questions",
    "Self-answered questions",
    "Times the rep answers the rep's own question.",
    "Rowe 1974 on wait time",
    "count",
    "the rep's open and closed questions",
)
def self_answered_questions(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    asked = _questions(a)
    return count(tagged(a, asked, "self_answered"), len(asked))


# Restatements


def _restatements(a: Analysis) -> tuple[int, ...]:
    return a.labelled("restatement", role="rep")


@_measure(
    "restatements",
    "Restatements an hour",
    "Times in an hour of call the rep gives back what the customer said: an echo, a paraphrase, a reading of its meaning.",
    "MITI 4.2 reflections; Demszky et al. 2021",
    "per hour",
    "call time, h",
)
def restatements_per_hour(a: Analysis) -> Reading:
    return missing(reason) if (reason := sides(a)) else per_hour(a, _restatements(a), ("restatement",))


@_measure(
    "restatements",
    "Restatements per question",
    "The rep's restatements divided by the rep's questions.",
    "MITI 4.2: fair 1:1, good 2:1 for counsellors",
    "ratio",
    "the rep's open and closed questions",
)
def restatement_question_ratio(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    given, asked = _restatements(a), _questions(a)
    if not asked:
        return missing(NO_QUESTION)
    ratio = len(given) / len(asked)
    return Reading(ratio, None, len(given), len(asked), (*given, *asked), counted=("restatement",), against=ASKED)


@_measure(
    "restatements",
    "Restatements confirmed",
    "Of the restatements the customer answered, those confirmed rather than corrected.",
    "the project's own",
    "share",
    "restatements the customer confirmed or corrected",
)
def restatement_confirmed_share(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    answered = tagged(a, _restatements(a), "confirmed", "corrected")
    return share(tagged(a, answered, "confirmed"), answered, "the customer neither confirms nor corrects a restatement")


@_measure(
    "restatements",
    "Uptake",
    "How much the rep's turns build on what the customer said just before, from 0 to 1; the mean over the rep's turns.",
    "Demszky et al. 2021",
    "0–1",
    "rep turns after a customer turn",
)
def uptake(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    judged = [s for s in a.scores.get("uptake", ()) if s is not None]
    if not judged:
        return missing("no rep turn follows a customer turn")
    return Reading(sum(judged) / len(judged), None, sum(judged), len(judged), _restatements(a))


# Pauses and turn-taking


@_measure(
    "pauses",
    "Response pause",
    "From the customer's last sound to the rep's first: the median silence.",
    "Stivers et al. 2009; Levinson & Torreira 2015",
    "ms",
    "times the rep took the floor from the customer",
)
def response_pause_ms(a: Analysis) -> Reading:
    if reason := sides(a) or why_not(a, "pauses"):
        return missing(reason)
    return median(a, a.labelled("response_pause", role="rep"), "the rep never takes the floor from the customer")


@_measure(
    "pauses",
    "Wait after a question",
    "From the end of the rep's question until anybody speaks: the median silence.",
    "Rowe 1974: 3 s helps, under 1.5 s is typical",
    "ms",
    "rep questions that ended the rep's talk",
)
def wait_after_question_ms(a: Analysis) -> Reading:
    if reason := sides(a) or why_not(a, "pauses"):
        return missing(reason)
    waits = a.labelled("wait_after_question", role="rep")
    reading = median(a, waits, "no silence after a question of the rep could be timed")
    if reading.value is None:
        return reading
    broke = len(tagged(a, waits, "broken_by_rep"))
    details = {**reading.details, "broken_by_rep": float(broke)}
    return Reading(reading.value, None, None, reading.denominator, waits, details)


@_measure(
    "pauses",
    "Brief silences",
    "Times the rep left a second or more after the customer before speaking.",
    "the project's essays",
    "count",
    "times the rep took the floor from the customer",
)
def brief_silences(a: Analysis) -> Reading:
    if reason := sides(a) or why_not(a, "pauses"):
        return missing(reason)
    return count(a.labelled("brief_silence", role="rep"), len(a.labelled("response_pause", role="rep")))


@_measure(
    "pauses",
    "Interruptions an hour",
    "Times in an hour of call the rep starts 200 ms or more before the customer ends, takes the floor, and it is no “mhm”.",
    "conversation analysis",
    "per hour",
    "call time, h",
)
def interruptions_per_hour(a: Analysis) -> Reading:
    if reason := sides(a) or why_not(a, "pauses"):
        return missing(reason)
    return per_hour(a, a.labelled("interruption", role="rep"))


@_measure(
    "pauses",
    "Customer interruptions an hour",
    "The same for the customer: who must break in to be heard?",
    "conversation analysis",
    "per hour",
    "call time, h",
)
def customer_interruptions_per_hour(a: Analysis) -> Reading:
    if reason := sides(a) or why_not(a, "pauses"):
        return missing(reason)
    return per_hour(a, a.labelled("interruption", role="customer"))


@_measure(
    "pauses",
    "Backchannels an hour",
    "“Mhm”, “right”, “I see” from the rep while the customer holds the floor, in an hour of call.",
    "Yngve 1970",
    "per hour",
    "call time, h",
)
def backchannels_per_hour(a: Analysis) -> Reading:
    return missing(reason) if (reason := sides(a)) else per_hour(a, a.labelled("backchannel", role="rep"))


@_measure(
    "pauses",
    "Silence",
    "The share of the call in which nobody speaks.",
    "the field's usual definition",
    "share",
    "call time, s",
)
def silence_share(a: Analysis) -> Reading:
    if reason := why_not(a, "pauses"):
        return missing(reason)
    if "silence_ms" not in a.totals or not a.totals.get("call_ms"):
        return missing("needs the length of the call")
    silence, call = a.totals["silence_ms"], a.totals["call_ms"]
    return Reading(silence / call, None, silence / 1000, call / 1000)


# Next steps and barriers


def _pushes(a: Analysis) -> tuple[int, ...]:
    return a.labelled("next_step.push", role="rep")


@_measure(
    "next_steps",
    "Pushes an hour",
    "Times in an hour of call the rep proposes, asks for or presses a next step that the customer did not start.",
    "the project's essays",
    "per hour",
    "call time, h",
)
def pushes_per_hour(a: Analysis) -> Reading:
    return missing(reason) if (reason := sides(a)) else per_hour(a, _pushes(a), ("next_step.push",))


@_measure(
    "next_steps",
    "First push",
    "Minutes into the call when the rep first pushes a next step.",
    "the project's essays",
    "min",
)
def first_push_at(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    pushes = _pushes(a)
    if not pushes:
        return missing("the rep pushes no next step")
    start = a.findings[pushes[0]].start
    if start is None:
        return missing("needs times, which this transcript does not have")
    call = a.totals.get("call_ms")
    return Reading(start / 60_000, evidence=pushes[:1], details={"share_of_call": start / call if call else None})


@_measure(
    "next_steps",
    "Pushes after a barrier",
    "Pushes within the rep's next two turns after the customer raised a barrier or hesitated.",
    "the project's essays",
    "count",
    "pushes in the call",
)
def pushes_after_barrier(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    return count(tagged(a, _pushes(a), "after_barrier"), len(_pushes(a)))


@_measure(
    "next_steps",
    "Mutual planning",
    "Next steps the customer asked for or started: not pushes, shown beside them.",
    "the project's essays",
    "count",
)
def mutual_planning(a: Analysis) -> Reading:
    return missing(reason) if (reason := sides(a)) else count(a.labelled("next_step.mutual"))


def _barriers(a: Analysis) -> tuple[int, ...]:
    return a.labelled(*BARRIER_LABELS, role="customer")


@_measure(
    "barriers",
    "Barriers raised",
    "Reasons the customer gives that stand in the way: budget, political, timing, other.",
    "the project's essays",
    "count",
)
def barriers_raised(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    kinds = {label.removeprefix("barrier."): float(len(a.labelled(label, role="customer"))) for label in BARRIER_LABELS}
    found = _barriers(a)
    return Reading(float(len(found)), None, len(found), None, found, kinds, counted=BARRIER_LABELS)


@_measure(
    "barriers",
    "Barriers explored",
    "Of the customer's barriers, those the rep next asked about or restated, instead of rebutting or pushing past.",
    "the project's essays",
    "share",
    "barriers the rep responded to",
)
def barriers_explored_share(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    answered = tagged(a, _barriers(a), "explored", "restated", "rebutted", "pivoted", "pushed", "passed_over")
    return share(tagged(a, answered, "explored", "restated"), answered, "the customer raises no barrier")


@_measure(
    "barriers",
    "Cues followed",
    "Of the problems, hopes and feelings the customer voiced, those the rep picked up within three turns.",
    "the project's essays",
    "share",
    "the customer's cues",
)
def cues_followed_share(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    cues = a.labelled("cue.problem", "cue.hope", "cue.feeling", role="customer")
    return share(tagged(a, cues, "followed"), cues, "no problem, hope or feeling of the customer was found")


@_measure(
    "responses",
    "Listening responses",
    "Of the customer's statements, those the rep met with a restatement, a question or a brief silence.",
    "the project's essays",
    "share",
    "customer statements the rep responded to",
)
def listening_response_share(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    moves = a.labelled("response", role="rep")
    reading = share(tagged(a, moves, *LISTENING_RESPONSES), moves, "no customer statement is followed by the rep")
    if reading.value is None:
        return reading
    mix = {move: float(len(tagged(a, moves, move))) for move in RESPONSES}
    return Reading(reading.value, None, reading.numerator, reading.denominator, moves, mix)
