"""Who holds the floor."""

from __future__ import annotations

from listening.findings import Analysis
from listening.scoring.measures.definition import measure
from listening.scoring.reading import Reading, longest, missing, per_hour, sides
from listening.transcript import Timing


@measure(
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


@measure(
    "talk",
    "Longest monologue",
    "The longest stretch the rep holds the floor; pauses up to 1.5 s are bridged, the customer's “mhm” does not end it.",
    "Gong Labs",
    "s",
)
def longest_monologue_s(a: Analysis) -> Reading:
    return _longest(a, "rep")


@measure(
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
        return missing("needs to know when every utterance begins and ends, which this transcript does not say")
    return longest(a, a.labelled("talk", role=role), f"the {role} never holds the floor")


@measure(
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
