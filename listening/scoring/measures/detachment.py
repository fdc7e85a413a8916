"""Next steps, barriers, and what the rep answers with."""

from __future__ import annotations

from listening.findings import BARRIER_LABELS, Analysis
from listening.scoring.measures.definition import measure
from listening.scoring.reading import Reading, count, missing, per_hour, share, sides, tagged

RESPONSES = ("restate", "ask", "silence", "acknowledge", "rejoinder", "push")
LISTENING_RESPONSES = ("restate", "ask", "silence")


def _pushes(a: Analysis) -> tuple[int, ...]:
    return a.labelled("next_step.push", role="rep")


@measure(
    "next_steps",
    "Pushes an hour",
    "Times in an hour of call the rep proposes, asks for or presses a next step that the customer did not start.",
    "the project's essays",
    "per hour",
    "call time, h",
)
def pushes_per_hour(a: Analysis) -> Reading:
    return missing(reason) if (reason := sides(a)) else per_hour(a, _pushes(a), ("next_step.push",))


@measure(
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


@measure(
    "next_steps",
    "Pushes after a barrier",
    "Pushes within the rep's next two turns after the customer raised a barrier, said no or hesitated.",
    "the project's essays",
    "count",
    "pushes in the call",
)
def pushes_after_barrier(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    return count(tagged(a, _pushes(a), "after_barrier"), len(_pushes(a)))


@measure(
    "next_steps",
    "Mutual planning",
    "Times the customer asks for or starts a next step, or the rep takes up one: not pushes, shown beside them.",
    "the project's essays",
    "count",
)
def mutual_planning(a: Analysis) -> Reading:
    return missing(reason) if (reason := sides(a)) else count(a.labelled("next_step.mutual"))


def _barriers(a: Analysis) -> tuple[int, ...]:
    return a.labelled(*BARRIER_LABELS, role="customer")


@measure(
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


@measure(
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
    raised = _barriers(a)
    answered = tagged(a, raised, "explored", "restated", "rebutted", "pivoted", "pushed", "passed_over")
    unanswered = "nothing of the rep's was found to follow the customer's barrier"
    reason = unanswered if raised else "the customer raises no barrier"
    return share(tagged(a, answered, "explored", "restated"), answered, reason)


@measure(
    "barriers",
    "Cues followed",
    "Of the problems, hopes and feelings the customer voiced, those the rep picked up within three turns.",
    "the project's essays",
    "share",
    "the customer's cues after which the rep spoke",
)
def cues_followed_share(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    voiced = a.labelled("cue.problem", "cue.hope", "cue.feeling", role="customer")
    cues = tagged(a, voiced, "followed", "missed")
    unanswered = "nothing of the rep's was found to follow the customer's problem, hope or feeling"
    reason = unanswered if voiced else "no problem, hope or feeling of the customer was found"
    return share(tagged(a, cues, "followed"), cues, reason)


@measure(
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
