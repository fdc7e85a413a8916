"""How often people agree with the machine, label by label; and the calls they corrected, as training data."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from listening.reports.moments import TITLES
from listening.reviews import Told, gold, review
from listening.store import CallFilter, StoredCall
from listening.web import pages
from listening.web.calls import store_of, viewer_at

#: Calls that the page is made from, the latest first; `listening eval --corrections` reads them all.
LATEST = 200


def page(request: Request) -> Response:
    """GET /agreement, .json, .csv"""
    store, viewer, form = store_of(request), viewer_at(request), request.path_params.get("form")
    if not viewer.coach or form not in (None, "json", "csv"):
        raise HTTPException(404)
    rows = store.calls(viewer.scope(CallFilter(flags=("corrected",))), sort="added", limit=LATEST)
    found = review(store.call(row.id) for row in rows.rows)
    if form == "json":
        return pages.as_json(dataclasses.asdict(dataclasses.replace(found, confusions={}, disagreements=())))
    if form == "csv":
        told = [field.name for field in dataclasses.fields(Told)]
        columns = ("label", "right", "low", "high", *told, *(f"in_passing_{name}" for name in told))
        lines = [
            (
                r.label,
                r.right,
                *(r.right_interval or (None, None)),
                *dataclasses.astuple(r.gone_through),
                *dataclasses.astuple(r.in_passing),
            )
            for r in found.rows
        ]
        return pages.as_csv("agreement", columns, lines)
    return pages.page(
        request,
        "agreement.html",
        found=found,
        nothing=Told(),
        left_out=max(0, rows.total - LATEST),
        worst=found.disagreements[:20],
        confusions=sorted(found.confusions.items(), key=lambda item: -item[1]),
        title_of=lambda label: TITLES.get(label, label),
    )


def as_gold(request: Request) -> Response:
    """GET /corrections.jsonl: the corrected calls in sight, as `listening eval` and a training run read them."""
    store, scope = store_of(request), viewer_at(request).scope(CallFilter(flags=("corrected",)))

    def calls() -> Iterator[StoredCall]:
        return (store.call(row.id) for row in store.each(scope))

    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in gold(calls()))
    headers = {"content-disposition": 'attachment; filename="corrections.jsonl"'}
    return StreamingResponse(lines, media_type="application/jsonl", headers=headers)
