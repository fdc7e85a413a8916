"""Words that tell which side of a call somebody is on.

`LABELS` are names a transcript gives its speakers. `CUES` are phrases people on one side say: a positive weight speaks
for the rep (the one who sells, serves or advises), a negative one for the customer. Weights are log odds, set by hand
and checked on labelled conversations, not fitted to them (see tests/test_roles.py); each phrase counts at most twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from listening.transcript import Role

#: Words a transcript labels a side with, when they are all of the label or stand in brackets behind a name.
LABELS: dict[str, Role] = {
    **dict.fromkeys(
        (
            "agent", "rep", "reps", "representative", "sales", "salesperson", "salesman", "saleswoman", "seller", "sdr", "bdr",
            "ae", "csr", "advisor", "adviser", "consultant", "operator", "support", "host", "doctor", "dr", "gp", "clinician",
            "nurse", "therapist", "counselor", "counsellor", "persuader", "coach", "teacher", "tutor", "interviewer",
        ),
        Role.REP,
    ),
    **dict.fromkeys(
        (
            "customer", "client", "caller", "prospect", "buyer", "lead", "guest", "consumer", "patient", "persuadee", "student",
            "pupil", "interviewee", "homeowner", "donor", "user",
        ),
        Role.CUSTOMER,
    ),
}  # fmt: skip


#: Words beside them that say nothing.
FILLERS = frozenset(
    ("the", "speaker", "spk", "participant", "channel", "person", "voice", "team", "care", "service", "center")
)


@dataclass(frozen=True, slots=True)
class Cue:
    """A phrase as a regular expression, its weight, and whether it only counts in the call's opening."""

    pattern: re.Pattern[str]
    weight: float
    opening: bool = False


def _cue(weight: float, *phrases: str, opening: bool = False) -> Cue:
    return Cue(re.compile(r"\b(?:" + "|".join(phrases) + r")", re.IGNORECASE), weight, opening)


CUES: tuple[Cue, ...] = (
    # greetings of somebody who answers for a company
    _cue(3.0, r"(?:thanks?|thank you)(?: so much| very much)? for (?:calling|contacting|holding|choosing)"),
    _cue(3.0, r"(?:how|what) (?:can|may|could) i (?:help|assist|do for) you", r"how (?:can|may) we help"),
    _cue(2.5, r"(?:this is|my name is|my name's|i'm|it's) \w+(?: \w+)?,? (?:calling |here )?(?:from|with|at|over at)\b", opening=True),
    _cue(1.5, r"(?:calls?|conversation) (?:is|are|may be|will be|might be)(?: being)? (?:recorded|monitored)"),
    _cue(1.5, r"(?:the reason (?:i'm|for my|i am) call|i'm (?:just )?calling (?:to|about|because you)|i'm reaching out|following up)", opening=True),
    _cue(1.5, r"(?:is (?:now|this) (?:still )?a good time|did i catch you|have you got a (?:minute|moment)|do you have a (?:minute|moment))", opening=True),
    _cue(1.5, r"(?:thanks|thank you)(?: so much| very much| again)? for (?:making|taking|giving me|joining|your time|the time|seeing)"),
    # service
    _cue(2.5, r"(?:is there )?(?:anything|something) else (?:i can|that i can|we can|you need|you'd like|i could)"),
    _cue(2.0, r"(?:may|can|could) i (?:please )?(?:have|get|take|grab) (?:your|the (?:account|order|last|name|date|zip|phone|e-?mail))"),
    _cue(1.5, r"what(?:'s| is) (?:your|the) (?:\w+ )?(?:account|order|policy|phone|zip|post ?code|e-?mail|name|address|date of birth|age)\b"),
    _cue(1.5, r"(?:let me|i'll|i will|i can|i'm going to) (?:just |go ahead and )?(?:check|pull (?:that|it|your|up)|look (?:that|it|into|up)|transfer|put you|get you|send you|walk you|show you|set you)"),
    _cue(1.5, r"(?:bear with me|one moment(?: please)?|please hold|hold on one (?:moment|second) while|sorry for the (?:wait|inconvenience|delay))"),
    _cue(1.0, r"(?:i (?:do )?apologi[sz]e|i'm (?:so |very |really )?sorry (?:to hear|about that)|i understand (?:your|that you|how))"),
    _cue(1.0, r"(?:no problem,? (?:sir|ma'?am)|yes,? (?:sir|ma'?am)|sir\b|ma'am\b)"),
    # offers and pitch
    _cue(1.5, r"(?:we|our (?:company|team|platform|product|service|software|tool|system|customers|clients|organi[sz]ation)) (?:offer|provide|can (?:offer|do|help|give|set)|work with|help|specialize|specialise|built|also have|have a)"),
    _cue(1.5, r"(?:what we (?:do|offer|see)|our (?:platform|product|software|customers|clients|team|price|pricing|plans?|package|promotion|service)\b)"),
    _cue(1.0, r"(?:would you (?:like|be (?:interested|willing|open))|are you interested|can i (?:interest|ask|offer)|may i ask|do you mind if i ask)"),
    _cue(1.0, r"(?:for (?:only|just) \$?\d|special (?:offer|price|deal)|free (?:trial|of charge|delivery|shipping)|discount)"),
    _cue(1.0, r"(?:i'd rather hear|tell me (?:a (?:little|bit)|more|about)|walk me through|what (?:made|brings|prompted) you|can you (?:tell|describe|explain|walk))"),
    _cue(1.0, r"(?:have you (?:ever )?(?:heard of|thought about|considered|tried|noticed|had)|are you (?:aware|familiar))"),
    _cue(1.0, r"(?:any (?:other )?(?:questions|concerns|symptoms|medical|allerg)|does that (?:make sense|sound|work for you))"),
    _cue(1.0, r"(?:shall we|should we (?:put|book|schedule|set)|i'll (?:send|e-?mail|put together|follow up)|i can (?:offer|do|send))"),
    _cue(1.0, r"(?:sounds like|so what i'm hearing|what i'm hearing|if i (?:understand|heard))"),
    _cue(1.5, r"(?:i (?:would|'d) (?:recommend|suggest|advise)|i'd like to (?:offer|ask you)|we (?:would|'d) (?:recommend|suggest))"),
    _cue(1.0, r"(?:donat\w+ (?:would|will|can|could)|(?:would|will|could) you (?:like to )?(?:donate|help|consider|like))"),
    # the other side
    _cue(-2.5, r"(?:i'm|i am|i was) (?:just )?(?:calling|ringing) (?:because (?:i|my)|about my|to (?:cancel|complain|ask|order|find out|see if|get|report|make))"),
    _cue(-1.5, r"(?:my (?:account|order|bill|card|subscription|policy|invoice|package|appointment|internet|phone) )"),
    _cue(-1.5, r"(?:i(?:'d| would) like to (?:order|buy|cancel|return|speak|talk|get|know|book|find)|i want(?:ed)? to (?:order|buy|cancel|return|speak|get)|i need (?:to|a|some) )"),
    _cue(-1.5, r"(?:do you (?:have|offer|sell|carry|take|guys|accept|ship|know if)|can you (?:send|give|help|do) me|how much (?:is|are|does|do|would|will))"),
    _cue(-1.0, r"(?:we're (?:using|currently)|we (?:currently|already) (?:use|have)|i (?:don't|do not) (?:have|need|want)|not interested|i'm good\b|i'll think|i have to think|send me)"),
    _cue(-1.0, r"(?:i(?:'ve| have) (?:been (?:having|feeling|trying|with|waiting)|had (?:this|a|some))|i can't (?:log|get|find|afford|sleep|eat)|it (?:hurts|doesn't work|won't))"),
    _cue(-1.0, r"(?:what (?:do|does|is) (?:they|you guys|your|it|this) (?:do|charge|cost|about|company|organi[sz]ation)|your (?:company|website|price|prices|pricing|product|store|organi[sz]ation))"),
    _cue(-1.0, r"(?:(?:thanks|thank you)(?: so much| very much)? for (?:your help|helping|calling me back|the information|explaining|letting me know))"),
)  # fmt: skip
