"""Pauses and turn-taking, from acoustic times only."""

from __future__ import annotations

from listening.findings import Analysis
from listening.scoring.measures.definition import measure
from listening.scoring.reading import Reading, count, median, missing, per_hour, sides, tagged, why_not


@measure(
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


@measure(
    "pauses",
    "Wait after a question",
    "From the end of the rep's question until anybody speaks: the median silence.",
    "Rowe 1974: 3 s helps, under 1.5 s is typical",
    "ms",
    "rep utterances that ended with a question",
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


@measure(
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


@measure(
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


@measure(
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


@measure(
    "pauses",
    "Backchannels an hour",
    "“Mhm”, “right”, “I see” from the rep while the customer holds the floor, in an hour of call.",
    "Yngve 1970",
    "per hour",
    "call time, h",
)
def backchannels_per_hour(a: Analysis) -> Reading:
    return missing(reason) if (reason := sides(a)) else per_hour(a, a.labelled("backchannel", role="rep"))


@measure(
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
