"""Templates, and the .json and .csv twins of pages."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from listening.reports import html, numbers
from listening.reports.export import safe_cell
from listening.web.guard import COOKIE, csrf
from listening.web.viewers import Viewer

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent
#: Cookie that hides the machine's score until the rep has scored herself.
SELF_COOKIE = "listening_self"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import ChoiceLoader, FileSystemLoader
    from jinja2 import Environment as Made

    loader = ChoiceLoader([FileSystemLoader(HERE / "templates"), FileSystemLoader(html.TEMPLATES)])
    made = Made(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.globals.update(html.globals_for_calls())
    made.filters["clock"] = numbers.clock
    made.filters["amount"] = numbers.amount
    made.filters["day"] = lambda text: (text or "–")[:10]
    made.filters["moment"] = lambda text: (text or "")[:16].replace("T", " ")
    made.filters["ending"] = ending
    return made


def ending(text: str, limit: int = 90) -> str:
    """The last words of a text.

    >>> ending("we copy it by hand every month", 16)
    'hand every month'
    """
    line = " ".join(text.split())
    return line if len(line) <= limit else line[-limit:].partition(" ")[2] if line[-limit - 1] != " " else line[-limit:]


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page, with what every page needs: who is looking, the form token, and the other forms of this address."""
    viewer: Viewer | None = getattr(request.state, "viewer", None)
    text = (
        _environment()
        .get_template(template)
        .render(
            viewer=viewer,
            csrf=csrf(request) if request.cookies.get(COOKIE) else "",
            here=request.url.path,
            query=request.url.query,
            self_first=request.cookies.get(SELF_COOKIE) == "1",
            **values,
        )
    )
    return HTMLResponse(text, status)


def as_json(data: Any) -> Response:
    return Response(json.dumps(data, ensure_ascii=False, default=str), media_type="application/json")


def as_csv(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A table as CSV; no cell of it is taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
    return Response(
        out.getvalue(), media_type="text/csv", headers={"content-disposition": f'attachment; filename="{name}.csv"'}
    )


def link(path: str, query: Mapping[str, Any]) -> str:
    """An address with a query, empty values left out.

    >>> link("/calls", {"rep": "Ann Lee", "text": ""})
    '/calls?rep=Ann+Lee'
    """
    given = {k: v for k, v in query.items() if v not in (None, "", ())}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path


def number(text: str | None) -> float | None:
    """A number from a form or query, None when it is none."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if abs(value) < 1e9 else None
