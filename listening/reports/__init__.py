"""Scorecards for reading and for other programs: terminal, HTML, JSON, CSV."""

from __future__ import annotations

from collections.abc import Sequence

from listening.scorecard import Heard

#: Format -> ending of the files written in it.
EXTENSIONS = {"terminal": ".txt", "json": ".json", "html": ".html", "csv": ".csv"}


def render(calls: Sequence[Heard], form: str, *, colour: bool | None = None) -> str:
    """The calls' scorecards as one text in a format of `EXTENSIONS`."""
    if form == "terminal":
        from listening.reports.terminal import scorecard

        return "\n".join(scorecard(call.scorecard, call.transcript, colour=colour) for call in calls)
    if form == "html":
        from listening.reports.html import page

        return page(calls)
    from listening.reports import export

    return export.to_json(calls) if form == "json" else export.to_csv(calls)
