"""Questions and restatements: what the rep does to understand."""

from __future__ import annotations

from listening.findings import ASKED, Analysis
from listening.scoring.measures.definition import measure
from listening.scoring.reading import Reading, count, missing, per_hour, share, sides, tagged


def _questions(a: Analysis, role: str = "rep") -> tuple[int, ...]:
    return a.labelled(*ASKED, role=role)


@measure(
    "questions",
    "Questions an hour",
    "Real questions the rep asks in an hour of call; “right?”, “really?” and rhetorical ones are not counted.",
    "Gong Labs: 11–14 a call",
    "per hour",
    "call time, h",
)
def questions_per_hour(a: Analysis) -> Reading:
    return missing(reason) if (reason := sides(a)) else per_hour(a, _questions(a), ASKED)


@measure(
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


@measure(
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


@measure(
    "questions",
    "Follow-up questions",
    "Of the rep's questions, those that build on what the customer has just said, against jumps to the next item.",
    "Huang et al. 2017",
    "share",
    "the rep's open and closed questions, save those that only a person marked",
)
def follow_up_share(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    told = tagged(a, _questions(a), "follow_up", "script_jump")
    return share(tagged(a, told, "follow_up"), told, NO_QUESTION)


@measure(
    "questions",
    "Need-directed questions",
    "Of the rep's questions, those about the customer's situation, problems and hopes, not steering to our close.",
    "the project's essays",
    "share",
    "the rep's open and closed questions, save those that only a person marked",
)
def need_directed_share(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    told = tagged(a, _questions(a), "need_directed", "close_directed")
    steering = set(tagged(a, told, "close_directed"))
    return share([i for i in told if i not in steering], told, NO_QUESTION)


@measure(
    "questions",
    "Stacked questions",
    "Questions the rep puts right after another one, without leaving room for an answer.",
    "Rowe 1974 on wait time",
    "count",
    "the rep's open and closed questions",
)
def stacked_questions(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    asked = _questions(a)
    return count(tagged(a, asked, "stacked"), len(asked))


@measure(
    "questions",
    "Self-answered questions",
    "Times the rep answers the rep's own question.",
    "Rowe 1974 on wait time",
    "count",
    "the rep's open, closed and rhetorical questions",
)
def self_answered_questions(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    asked = a.labelled(*ASKED, "question.rhetorical", role="rep")
    return count(tagged(a, asked, "self_answered"), len(asked))


def _restatements(a: Analysis) -> tuple[int, ...]:
    return a.labelled("restatement", role="rep")


@measure(
    "restatements",
    "Restatements an hour",
    "Times in an hour of call the rep gives back what the customer said: an echo, a paraphrase, a reading of its meaning.",
    "MITI 4.2 reflections; Demszky et al. 2021",
    "per hour",
    "call time, h",
)
def restatements_per_hour(a: Analysis) -> Reading:
    return missing(reason) if (reason := sides(a)) else per_hour(a, _restatements(a), ("restatement",))


@measure(
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


@measure(
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


@measure(
    "restatements",
    "Uptake",
    "How much the rep's turns build on what the customer said just before, from 0 to 1; the mean over turns, "
    "each taken at its utterance that builds on it most.",
    "Demszky et al. 2021",
    "0–1",
    "rep turns after a customer turn",
)
def uptake(a: Analysis) -> Reading:
    if reason := sides(a):
        return missing(reason)
    turns = a.totals.get("uptake_turns")
    if not turns:
        return missing("no rep turn follows a customer turn")
    total = a.totals["uptake_sum"]
    return Reading(total / turns, None, total, turns, _restatements(a))
