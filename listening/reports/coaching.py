"""Three moments worth talking about, chosen by rule: one to praise first, then two to try differently.

Each rule looks at the findings alone, takes its clearest case, and says in a sentence why it was chosen. Rules are
tried in the order below; no rule is used twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from listening.findings import BARRIER_LABELS, Finding
from listening.reports import numbers
from listening.scorecard import Scorecard

Key = Callable[[Finding], float]
Why = Callable[[Finding], str]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A finding to talk about. `praise`: done well; else something to try differently. Sentences for the coach."""

    finding: int
    praise: bool
    title: str
    chosen: str
    ask: str


@dataclass(frozen=True, slots=True)
class _Rule:
    title: str
    chosen: Why
    ask: str
    labels: tuple[str, ...]
    tags: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    role: str = "rep"
    best: Key = lambda f: f.score


#: Questions that are nothing to praise: they steer to the rep's close, or were never left to be answered.
NO_EXAMPLE = ("close_directed", "stacked", "self_answered")
#: Characters below which words said back are no example to show ("And move").
A_FEW_WORDS = 15


def _surest_example(f: Finding) -> float:
    """The marker's score; what is too short to be an example stands behind the rest."""
    return f.score - (f.end_char - f.start_char < A_FEW_WORDS)


PRAISE = (
    _Rule(
        "A restatement the customer confirmed",
        lambda f: "Of the restatements the customer confirmed, the one the marker is surest of.",
        "What did you listen for that let you say it back so well?",
        ("restatement",),
        ("confirmed",),
        best=_surest_example,
    ),
    _Rule(
        "A barrier explored",
        lambda f: "The customer raised a barrier and the rep's next move was to ask about it or say it back.",
        "What made you stay with it instead of answering it?",
        BARRIER_LABELS,
        ("explored", "restated"),
        role="customer",
    ),
    _Rule(
        "An open follow-up question",
        lambda f: (
            "Of the open questions that build on what the customer had just said, the one the marker is surest of."
        ),
        "What did you hear that led you to ask this?",
        ("question.open",),
        ("follow_up",),
        never=NO_EXAMPLE,
    ),
    _Rule(
        "Room left for the customer",
        lambda f: f"The longest silence the rep left: {numbers.amount(f.value, 'ms')}.",
        "What was it like to wait? What came after it?",
        ("brief_silence",),
        best=lambda f: f.value or 0.0,
    ),
    _Rule(
        "Saying it back",
        lambda f: "The restatement the marker is surest of.",
        "What did you listen for that let you say it back?",
        ("restatement",),
        best=_surest_example,
    ),
    _Rule(
        "An open question",
        lambda f: "The open question the marker is surest of.",
        "What did this question get you that a yes-or-no question would not have?",
        ("question.open",),
        never=NO_EXAMPLE,
    ),
)
TRY = (
    _Rule(
        "A push past a barrier",
        lambda f: "The rep pressed for a next step within two turns of a barrier, a no or a hesitation.",
        "What was the customer asking for just before? What could you have asked instead?",
        ("next_step.push",),
        ("after_barrier",),
    ),
    _Rule(
        "An interruption",
        lambda f: f"The longest overlap in which the rep took the floor: {numbers.amount(f.value, 'ms')}.",
        "What was the customer about to say? How would you find out now?",
        ("interruption",),
        best=lambda f: f.value or 0.0,
    ),
    _Rule(
        "A barrier not explored",
        lambda f: (
            "The customer raised a barrier and the rep answered, pitched or moved on rather than asking about it."
        ),
        "What is behind this barrier? Which question would have told you?",
        BARRIER_LABELS,
        ("rebutted", "pivoted", "pushed", "passed_over"),
        role="customer",
    ),
    _Rule(
        "A cue that went by",
        lambda f: "The customer voiced a problem, a hope or a feeling that was not picked up within three turns.",
        "Hear it again: what would you say back now?",
        ("cue.feeling", "cue.problem", "cue.hope"),
        ("missed",),
        role="customer",
    ),
    _Rule(
        "Several questions at once",
        lambda f: "The rep asked again before the customer could answer.",
        "Which one of these did you most want answered?",
        ("question.open", "question.closed"),
        ("stacked",),
    ),
    _Rule(
        "A question the rep answered",
        lambda f: "The rep answered the rep's own question.",
        "What might the customer have said if you had waited?",
        ("question.open", "question.closed"),
        ("self_answered",),
    ),
    _Rule(
        "A push",
        lambda f: "The push for a next step the marker is surest of; the customer had not asked for it.",
        "What did you know of the customer's own next step at this point?",
        ("next_step.push",),
    ),
    _Rule(
        "The longest stretch of talk",
        lambda f: (
            f"The rep held the floor for {numbers.amount((f.value or 0) / 1000, 's')}, longer than at any other time."
        ),
        "Where in this could you have checked what the customer made of it?",
        ("talk",),
        best=lambda f: f.value or 0.0,
    ),
    _Rule(
        "A closed question",
        lambda f: "The closed question the marker is surest of.",
        "How could this be asked so that it cannot be answered by yes or no?",
        ("question.closed",),
    ),
)
#: Title -> what done well or differently looks like, for lists of moments over many calls.
RULES: Mapping[str, _Rule] = {rule.title: rule for rule in (*TRY, *PRAISE)}
#: The rule, for the reader.
RULE = (
    "Chosen by rule, not by judgement: first something done well, then two to try differently, from the clearest "
    "case of the first rules that apply: pushes past barriers, interruptions, barriers not explored, cues that went "
    "by, stacked and self-answered questions, other pushes, the longest talk, closed questions."
)


def suggestions(card: Scorecard, praise: int = 1, differently: int = 2) -> tuple[Suggestion, ...]:
    """The moments to talk about, praise first; fewer when the call does not have them."""
    used: set[int] = set()
    return (*_take(card, PRAISE, praise, True, used), *_take(card, TRY, differently, False, used))


def cases(title: str, findings: Sequence[Finding]) -> list[tuple[float, int]]:
    """How clear a case of the rule each fitting finding is, and its place; the clearest first."""
    rule = RULES[title]
    found = [(float(rule.best(f)), i) for i, f in enumerate(findings) if _fits(rule, f)]
    return sorted(found, key=lambda case: (-case[0], case[1]))


def _take(card: Scorecard, rules: Iterable[_Rule], limit: int, praise: bool, used: set[int]) -> Iterator[Suggestion]:
    taken = 0
    for rule in rules:
        if taken == limit:
            return
        cases = [i for i, f in enumerate(card.findings) if i not in used and _fits(rule, f)]
        if not cases:
            continue
        best = max(cases, key=lambda i: (rule.best(card.findings[i]), -i))
        used.add(best)
        taken += 1
        yield Suggestion(best, praise, rule.title, rule.chosen(card.findings[best]), rule.ask)


def _fits(rule: _Rule, f: Finding) -> bool:
    if f.label not in rule.labels or f.role != rule.role or set(rule.never).intersection(f.tags):
        return False
    return not rule.tags or bool(set(rule.tags).intersection(f.tags))
