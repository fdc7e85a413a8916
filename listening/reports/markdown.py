"""A call's scorecard as Markdown: for a wiki, a mail, or a terminal."""

from __future__ import annotations

import re

from listening.reports.callview import call_view
from listening.scorecard import Heard

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def safe(text: object) -> str:
    """Words that Markdown takes for words.

    >>> safe("a*b <i>")
    'a\\\\*b \\\\<i\\\\>'
    """
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def page(call: Heard) -> str:
    """The scorecard, the moments to talk about, the barriers and the transcript."""
    c = call_view(call)
    lines = [
        f"# {safe(c.title)}",
        "",
        " · ".join(safe(part) for part in (*c.about, c.clock)),
        "",
        f"{safe(c.who)}.",
        "",
    ]
    index = c.card.index
    lines += [
        f"**Listening index: {index.value:.0f} of 100**"
        if index.value is not None
        else f"No listening index: {index.reason}.",
        "",
    ]
    lines += [f"- {p.title}: {'not measurable' if p.value is None else f'{p.value:.0f}'}" for p in c.components]
    lines += ["", "## To talk about", ""]
    for t in c.talks:
        lines += [f"- **{t.suggestion.title}** ({t.moment.clock}): “{safe(t.moment.text)}” {t.suggestion.ask}"]
    for title, rows in c.families:
        lines += ["", f"## {title}", "", "| measure | value | 95 % | aim | |", "|---|---:|---:|---|---|"]
        lines += [f"| {v.measure.title} | {v.value} | {v.interval} | {v.aim} | {v.status} |" for v in rows]
    if c.barriers:
        lines += ["", "## Barriers, and what came after", ""]
        lines += [
            f"- {b.moment.clock} {b.moment.title}: “{safe(b.moment.text)}” The rep {b.after}." for b in c.barriers
        ]
    if c.unmeasured:
        lines += ["", "## Not measurable in this call", ""]
        lines += [f"- {', '.join(titles)}: {reason}." for reason, titles in c.unmeasured]
    lines += ["", "## Transcript", ""]
    for line, u in zip(c.lines, call.transcript.utterances, strict=True):
        labels = f" _({', '.join(m.title for m in line.moments)})_" if line.moments else ""
        lines.append(f"- {line.clock} **{safe(line.speaker)}**: {safe(u.text)}{labels}")
    return "\n".join(lines) + "\n"
