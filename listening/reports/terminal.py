"""A scorecard for the terminal: reads well at 80 columns and without colour."""

from __future__ import annotations

import io

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from listening.reports import numbers
from listening.scorecard import Component, Measure, Scorecard
from listening.scoring import MEASURES
from listening.transcript import Role, Timing, Transcript

FAMILIES = {
    "talk": "Talk",
    "questions": "Questions",
    "restatements": "Restatements",
    "pauses": "Pauses and turns",
    "next_steps": "Next steps",
    "barriers": "Barriers and cues",
    "responses": "Response mix",
}
TIMINGS = {
    Timing.ACOUSTIC: "times from the sound",
    Timing.RECOGNIZER: "times from the recognizer's words",
    Timing.CUE: "times from the transcript's cues",
    Timing.NONE: "no times",
}
WIDTH = 80


def scorecard(card: Scorecard, transcript: Transcript, colour: bool | None = None, width: int | None = None) -> str:
    """The scorecard as text. `colour` None: only when stdout is a terminal that shows it."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=width or (min(100, Console().width) if colour is None and Console().is_terminal else WIDTH),
        force_terminal=Console().is_terminal if colour is None else colour,
        no_color=None if colour is None else not colour,
        highlight=False,
    )
    console.print(Panel(_head(card), title=Text(card.call.id, style="bold"), title_align="left"))
    for family, title in FAMILIES.items():
        keys = [key for key in card.measures if MEASURES[key].family == family]
        console.print(_family(title, [card.measures[key] for key in keys]))
    console.print(_moments(card, transcript))
    unmeasured = [m for m in card.measures.values() if m.value is None]
    if unmeasured:
        console.print(_unmeasured(unmeasured))
    return out.getvalue()


def _head(card: Scorecard) -> RenderableType:
    lines: list[RenderableType] = []
    about = [card.call.date, card.call.customer, card.call.call_type]
    about += [f"{numbers.clock(card.duration)} long" if card.duration else None, TIMINGS[card.timing]]
    lines.append(Text(" · ".join(part for part in about if part)))
    lines.append(Text(_who(card)))
    lines.append(_bar(card.index, style="bold"))
    lines += [_bar(component) for component in card.components.values()]
    lines += [Text(f"Note: {note}") for note in card.notes]
    return Group(*lines)


def _who(card: Scorecard) -> str:
    rep = next((s for s in card.speakers if s.role is Role.REP), None)
    if rep is None:
        return "Nobody in this call is known to be the rep: say who with --rep."
    name = f"{card.call.rep} ({rep.label})" if card.call.rep and card.call.rep != rep.label else rep.label
    if rep.source == "guess":
        return f"Rep: {name}, a guess ({rep.confidence:.0%} sure); --rep says who it is."
    return f"Rep: {name}"


def _bar(c: Component, style: str = "") -> Text:
    if c.value is None:
        return Text(f"{c.title:<16} not measurable: {c.reason}", style=style)
    filled = round(c.value / 5)
    text = f"{c.title:<16} {c.value:3.0f}  {'█' * filled}{'░' * (20 - filled)}"
    if c.interval:
        text += f"  {numbers.interval(c.interval, '0–100')}"
    if c.left_out:
        text += f"  ({len(c.left_out)} left out)"
    return Text(text, style=style)


def _family(title: str, measures: list[Measure]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), expand=True, title_justify="left", title_style="bold")
    table.add_column(title, ratio=5, header_style="bold")
    table.add_column("", justify="right", ratio=3)
    table.add_column("95 %", justify="right", ratio=2, header_style="dim")
    table.add_column("target", justify="right", ratio=3, header_style="dim")
    table.add_column("", width=2)
    for m in measures:
        met = numbers.met(m)
        mark = Text("") if met is None else Text("✓", style="green") if met else Text("✗", style="red")
        table.add_row(
            m.title,
            numbers.measured(m),
            numbers.interval(m.interval, m.unit),
            numbers.aimed(m.target, m.unit),
            mark,
        )
    return table


def _moments(card: Scorecard, transcript: Transcript) -> RenderableType:
    """A few moments to hear first: what the rep gave back, and where the rep pushed or broke in."""
    table = Table(box=None, padding=(0, 1, 0, 0), expand=True)
    table.add_column("Moments", header_style="bold", ratio=2)
    table.add_column("at", justify="right", ratio=1)
    table.add_column("words", ratio=6, no_wrap=True, overflow="ellipsis")
    kinds = {
        "restatement": "restatement",
        "question.open": "open question",
        "next_step.push": "push",
        "interruption": "interruption",
    }
    for label, title in kinds.items():
        found = [f for f in card.findings if f.label == label and f.role == "rep" and f.utterance is not None]
        for f in sorted(found, key=lambda f: -f.score)[:2]:
            assert f.utterance is not None
            words = transcript.utterances[f.utterance].text[f.start_char : f.end_char]
            table.add_row(title, numbers.clock(f.start), Text(words))
    return table if table.row_count else Text("")


def _unmeasured(measures: list[Measure]) -> RenderableType:
    by_reason: dict[str, list[str]] = {}
    for m in measures:
        by_reason.setdefault(m.reason or "", []).append(m.title.lower())
    lines = [Text("Not measurable in this call", style="bold")]
    lines += [Text(f"  {', '.join(titles)}: {reason}.") for reason, titles in by_reason.items()]
    return Group(*lines)
