"""Trends as one self-contained HTML page: a line with its intervals for each rep and measure, and the figures beside."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from listening.cli._store import number, title_of

if TYPE_CHECKING:
    from listening.scoring.trends import Point, RepTrend

WIDTH, HEIGHT, PAD = 560, 150, 26

STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --line: #1f5f8b; --soft: #6b7685; --paper: #fff; --band: #cfe0ec }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --line: #7db8e0; --soft: #9aa5b1; --paper: #14181d; --band: #24425a } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
section { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 1.5rem; align-items: start; border-top: 1px solid var(--band); padding: 1rem 0; break-inside: avoid }
section h2, section p { grid-column: 1 / -1; margin: 0 } h2 { font-size: 1.05rem } p { color: var(--soft) }
svg { width: 100%; height: auto } text { font: 10px system-ui, sans-serif; fill: var(--soft) }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .85rem } td, th { padding: .1rem .6rem; text-align: right } th:first-child, td:first-child { text-align: left }
@media (max-width: 40rem) { section { grid-template-columns: 1fr } }
"""


def page(trends: Sequence[RepTrend], by: str) -> str:
    """The page. Every name is escaped; nothing is fetched from anywhere."""
    body = "".join(_section(trend) for trend in trends if trend.points)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Trends</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><h1>Trends by {escape(by)}</h1>"
        "<p>Dots are means, shrunk toward the team where calls are few; bars their 95 % intervals. "
        "A gap in the line is a change of versions: numbers before and after are not compared.</p>"
        f"{body}</body></html>\n"
    )


def _section(trend: RepTrend) -> str:
    rows = "".join(
        f"<tr><td>{escape(p.period)}</td><td>{p.n}</td><td>{number(p.mean.value if p.mean else p.raw)}</td>"
        f"<td>{_range(p)}</td></tr>"
        for p in trend.points
    )
    head = "<tr><th>period</th><th>calls</th><th>mean</th><th>95 %</th></tr>"
    return (
        f"<section><h2>{escape(trend.rep)} · {escape(title_of(trend.key))}</h2><p>{escape(trend.says)}</p>"
        f"{_chart(trend)}<table>{head}{rows}</table></section>"
    )


def _range(p: Point) -> str:
    return f"{number(p.mean.low)} – {number(p.mean.high)}" if p.mean else "few calls"


def _chart(trend: RepTrend) -> str:
    points = trend.points
    values = [v for p in points for v in ((p.mean.low, p.mean.high) if p.mean else (p.raw,))]
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = (WIDTH - 2 * PAD) / max(1, len(points) - 1)

    def y(value: float) -> float:
        return PAD + (HEIGHT - 2 * PAD) * (1 - (value - low) / span)

    marks, line = [], ""
    for i, p in enumerate(points):
        x = PAD + i * step
        middle = p.mean.value if p.mean else p.raw
        line += f"{'M' if i == 0 or p.after_break else 'L'}{x:.1f} {y(middle):.1f}"
        if p.mean:
            marks.append(
                f'<path d="M{x:.1f} {y(p.mean.low):.1f}V{y(p.mean.high):.1f}" stroke="var(--band)" stroke-width="5"/>'
            )
        fill = "var(--line)" if p.enough else "var(--paper)"
        marks.append(f'<circle cx="{x:.1f}" cy="{y(middle):.1f}" r="3.5" fill="{fill}" stroke="var(--line)"/>')
    ends = "".join(
        f'<text x="{PAD + i * step:.1f}" y="{HEIGHT - 6}" text-anchor="{anchor}">{escape(points[i].period)}</text>'
        for i, anchor in ({0: "start", len(points) - 1: "end"}).items()
    )
    scale = f'<text x="0" y="{y(high):.1f}">{number(high)}</text><text x="0" y="{y(low):.1f}">{number(low)}</text>'
    title = f"{escape(trend.rep)}, {escape(title_of(trend.key))}: {escape(trend.says)}"
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">{"".join(marks)}'
        f'<path d="{line}" fill="none" stroke="var(--line)" stroke-width="1.5"/>{scale}{ends}</svg>'
    )
