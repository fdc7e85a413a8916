"""One call as a page shows it: everything a template needs, already worded. Shared by the report and the web pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from listening.reports import coaching, numbers, timeline
from listening.reports.moments import KIND_OF, KINDS, Kind, Moment, excerpt, moments
from listening.reports.sound import Outline
from listening.reports.terminal import FAMILIES, TIMINGS
from listening.scorecard import Component, Heard, Measure, Scorecard, Target
from listening.scoring import MEASURES
from listening.transcript import Role, Transcript

#: A measure with more moments than this lists their times only.
LISTED = 30
#: What the rep did after a barrier: tag -> words.
AFTER = {
    "explored": "asked about it",
    "restated": "said it back",
    "rebutted": "argued against it",
    "pivoted": "turned to the pitch",
    "pushed": "pushed for a next step",
    "passed_over": "passed over it",
}
RESPONSES = {
    "restate": "Said it back",
    "ask": "Asked",
    "silence": "Left silence",
    "acknowledge": "Acknowledged",
    "rejoinder": "Pitched, fixed or told",
    "push": "Pushed",
}
#: Labels about when something was said, which mark no words.
WHOLE = frozenset({"interruption", "brief_silence", "backchannel"})
LISTENING = ("restate", "ask", "silence")


@dataclass(frozen=True, slots=True)
class Track:
    """A measure on a line, in % of its width: the value, the range aimed at, the interval."""

    value: float
    aim: tuple[float, float] | None
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class MeasureView:
    measure: Measure
    value: str
    interval: str
    aim: str
    status: str  # "in", "below", "above" the aimed range, or ""
    basis: str
    track: Track | None
    moments: tuple[Moment, ...]

    @property
    def listed(self) -> bool:
        """Are its moments listed with their words, or by their times only?"""
        return len(self.moments) <= LISTED


@dataclass(frozen=True, slots=True)
class Segment:
    """Some characters of an utterance and the findings on them."""

    text: str
    moments: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance of the transcript."""

    index: int
    speaker: str
    role: str
    start: int | None
    end: int | None
    clock: str
    segments: tuple[Segment, ...]
    moments: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class Barrier:
    moment: Moment
    after: str
    well: bool | None
    answer: str


@dataclass(frozen=True, slots=True)
class Response:
    key: str
    title: str
    count: int
    share: float
    start: float  # %, where its part of the bar begins
    listening: bool


@dataclass(frozen=True, slots=True)
class Talk:
    moment: Moment
    suggestion: coaching.Suggestion


@dataclass(frozen=True, slots=True)
class CallView:
    """A call for a page. `id` is a prefix that makes element ids unique where several calls share a page."""

    id: str
    card: Scorecard
    title: str
    about: tuple[str, ...]
    who: str
    guess: bool
    duration: int | None
    clock: str
    timing: str
    lanes: tuple[timeline.Lane, ...]
    ticks: tuple[tuple[float, str], ...]
    kinds: tuple[tuple[Kind, tuple[Moment, ...]], ...]
    moments: tuple[Moment, ...]
    families: tuple[tuple[str, tuple[MeasureView, ...]], ...]
    unmeasured: tuple[tuple[str, tuple[str, ...]], ...]
    components: tuple[Component, ...]
    talks: tuple[Talk, ...]
    responses: tuple[Response, ...]
    barriers: tuple[Barrier, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    names: Mapping[str, str]


def call_view(heard: Heard, prefix: str = "c1", outline: Outline | None = None) -> CallView:
    """Everything there is to show of one call."""
    card, transcript = heard.scorecard, heard.transcript
    shown = moments(card.findings, transcript, card.duration)
    who, guess = _who(card)
    about = (card.call.rep, card.call.customer, card.call.date, card.call.call_type, card.call.opportunity)
    return CallView(
        id=prefix,
        card=card,
        title=card.call.id,
        about=tuple(part for part in about if part),
        who=who,
        guess=guess,
        duration=card.duration,
        clock=numbers.clock(card.duration),
        timing=TIMINGS[card.timing],
        lanes=timeline.lanes(transcript, card.duration, outline),
        ticks=timeline.ticks(card.duration),
        kinds=tuple((kind, tuple(m for m in shown if m.kind == kind.key and _marked(m))) for kind in KINDS),
        moments=shown,
        families=_families(card, shown),
        unmeasured=_unmeasured(card),
        components=tuple(card.components.values()),
        talks=tuple(Talk(shown[s.finding], s) for s in coaching.suggestions(card)),
        responses=_responses(card),
        barriers=tuple(_barriers(card, transcript, shown)),
        lines=tuple(_lines(card, transcript, shown)),
        notes=card.notes,
        names=names(transcript),
    )


def names(transcript: Transcript) -> dict[str, str]:
    """Speaker id -> what to call them: their own name, else the rep's or customer's when only one has that role."""
    given = {Role.REP: transcript.info.rep, Role.CUSTOMER: transcript.info.customer}
    several = Counter(s.role for s in transcript.speakers)
    return {
        s.id: s.name or (given.get(s.role) if several[s.role] == 1 else None) or s.label for s in transcript.speakers
    }


def _marked(m: Moment) -> bool:
    """Questions are the rep's, barriers and cues the customer's; other marks are shown whoever made them."""
    return m.role == "rep" if m.kind == "asking" else True


def _who(card: Scorecard) -> tuple[str, bool]:
    rep = next((s for s in card.speakers if s.role is Role.REP), None)
    if rep is None:
        return "Nobody in this call is known to be the rep", True
    label = f"{card.call.rep} ({rep.label})" if card.call.rep and card.call.rep != rep.label else rep.label
    if rep.source == "guess":
        return f"{label} is taken to be the rep: a guess, {rep.confidence:.0%} sure", True
    return f"{label} is the rep", False


def _families(card: Scorecard, shown: Sequence[Moment]) -> tuple[tuple[str, tuple[MeasureView, ...]], ...]:
    made = []
    for family, title in FAMILIES.items():
        measures = [m for m in card.measures.values() if MEASURES[m.key].family == family and m.value is not None]
        if measures:
            made.append((title, tuple(_measure(m, shown) for m in measures)))
    return tuple(made)


def _measure(m: Measure, shown: Sequence[Moment]) -> MeasureView:
    return MeasureView(
        measure=m,
        value=numbers.measured(m),
        interval=numbers.interval(m.interval, m.unit),
        aim=numbers.aimed(m.target, m.unit),
        status=status(m),
        basis=_basis(m),
        track=_track(m),
        moments=tuple(shown[i] for i in m.evidence if i < len(shown)),
    )


def status(m: Measure) -> str:
    """ "in", "below" or "above" the range aimed at; "" without a value or a range."""
    if m.value is None or m.target is None:
        return ""
    if m.target.low is not None and m.value < m.target.low:
        return "below"
    if m.target.high is not None and m.value > m.target.high:
        return "above"
    return "in"


def _basis(m: Measure) -> str:
    """What was divided by what, in words."""
    if m.denominator is None:
        return ""
    if m.unit == "per hour":
        return f"{m.numerator:g} in {numbers.clock(m.denominator * 3_600_000)} of call"
    if m.unit == "per minute":
        return f"{m.numerator:g} in {numbers.clock(m.denominator * 60_000)} of call"
    if m.numerator is None:
        return f"median of {m.denominator:g} {m.denominator_unit or ''}".strip()
    return f"{_plain(m.numerator)} of {_plain(m.denominator)} ({m.denominator_unit})"


def _plain(number: float) -> str:
    return f"{number:.0f}" if number == int(number) or number >= 100 else f"{number:.1f}"


def _track(m: Measure) -> Track | None:
    return None if m.value is None else track(m.value, m.target, m.unit, m.interval)


def track(value: float, target: Target | None, unit: str, interval: tuple[float, float] | None = None) -> Track | None:
    """Where a value lies on a line from 0 (or below, for what can be) to a little beyond everything on it."""
    if target is None:
        return None
    known = [e for e in (value, target.low, target.high, *(interval or ())) if e is not None]
    low = min(0.0, *known)
    high = 1.0 if unit in ("share", "0–1") else max(known) * 1.25 or 1.0

    def at(point: float) -> float:
        return float(round(100 * min(1.0, max(0.0, (point - low) / (high - low))), 2))

    aim = (at(target.low) if target.low is not None else 0.0, at(target.high) if target.high is not None else 100.0)
    return Track(at(value), aim, (at(interval[0]), at(interval[1])) if interval else None)


def _unmeasured(card: Scorecard) -> tuple[tuple[str, tuple[str, ...]], ...]:
    reasons: dict[str, list[str]] = {}
    for m in card.measures.values():
        if m.reason is not None:
            reasons.setdefault(m.reason, []).append(m.title)
    return tuple((reason, tuple(titles)) for reason, titles in reasons.items())


def _responses(card: Scorecard) -> tuple[Response, ...]:
    m = card.measures.get("listening_response_share")
    if m is None or not m.denominator:
        return ()
    made, start = [], 0.0
    for key, title in RESPONSES.items():
        count = int(m.details.get(key) or 0)
        share = 100 * count / m.denominator
        made.append(Response(key, title, count, round(share, 2), round(start, 2), key in LISTENING))
        start += share
    return tuple(made)


def _barriers(card: Scorecard, transcript: Transcript, shown: Sequence[Moment]) -> Iterable[Barrier]:
    order = sorted(range(len(transcript.utterances)), key=lambda i: (transcript.utterances[i].start or 0, i))
    place = {index: at for at, index in enumerate(order)}
    reps = transcript.rep_ids
    for f, m in zip(card.findings, shown, strict=True):
        if not f.label.startswith("barrier.") or f.role != "customer" or f.utterance is None:
            continue
        tag = next((tag for tag in AFTER if tag in f.tags), None)
        following = (transcript.utterances[i] for i in order[place[f.utterance] + 1 :])
        answer = next((u for u in following if u.speaker in reps and len(u.text.split()) > 1), None)
        well = None if tag is None else tag in ("explored", "restated")
        after = AFTER[tag] if tag else "answered" if answer else "did not speak again"
        yield Barrier(m, after, well, excerpt(answer.text) if answer else "")


def _lines(card: Scorecard, transcript: Transcript, shown: Sequence[Moment]) -> Iterable[Line]:
    by_utterance: dict[int, list[Moment]] = {}
    for m in shown:
        if m.utterance is not None and m.label in KIND_OF:
            by_utterance.setdefault(m.utterance, []).append(m)
    called = names(transcript)
    roles = {s.id: (called[s.id], s.role.value) for s in transcript.speakers}
    for index, u in enumerate(transcript.utterances):
        here = by_utterance.get(index, [])
        spans = [(card.findings[m.index].start_char, card.findings[m.index].end_char, m) for m in here]
        segments = mark(u.text, [span for span in spans if span[2].label not in WHOLE])
        yield Line(index, *roles[u.speaker], u.start, u.end, numbers.clock(u.start), segments, tuple(here))


def mark(text: str, spans: Sequence[tuple[int, int, Moment]]) -> tuple[Segment, ...]:
    """The text in pieces, each with the moments that cover it; together they are the text."""
    edges = sorted({0, len(text), *(e for a, b, _ in spans for e in (a, b) if 0 <= e <= len(text))})
    pieces = []
    for a, b in pairwise(edges):
        pieces.append(Segment(text[a:b], tuple(m for start, end, m in spans if start <= a and b <= end)))
    return tuple(pieces)
