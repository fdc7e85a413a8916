"""The list of calls; one call; its one-file report; its labels."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from listening.corrections import confirmed
from listening.findings import PUBLIC_LABELS, Finding
from listening.reports import export, html
from listening.reports.annotations import annotated
from listening.reports.callview import Track, call_view, track
from listening.reports.moments import TITLES
from listening.reviews import gone_through
from listening.scorecard import Scorecard
from listening.scoring import MEASURES, load_rubric
from listening.store import CallFilter, CallRow, SelfScore, StoredCall
from listening.store.values import FLAGS, KEY_MEASURES, SORTS
from listening.transcript import Role
from listening.web import pages, recordings
from listening.web.viewers import Viewer, call_in_sight, opened

if TYPE_CHECKING:
    from listening.store.store import Store

PAGE_SIZE = 50
#: Rows of a list as .json or .csv.
EXPORT_SIZE = 10_000
#: What a person did, by kind of correction, for the history of a call.
SAYS = {
    "relabel": "gave another label",
    "add": "added a label",
    "delete": "deleted a label",
    "confirm": "confirmed a label",
    "review": "went through all labels",
    "rename": "named a speaker",
    "swap_speakers": "swapped the speakers",
    "set_rep": "said who the rep is",
    "fix_word": "mended words",
    "set_call_type": "set the call type",
    "set_rep_name": "said whose call it is",
    "set_customer": "set the customer",
    "set_opportunity": "set the opportunity",
    "set_date": "set the date",
}


def store_of(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


def viewer_at(request: Request) -> Viewer:
    viewer: Viewer = request.state.viewer
    return viewer


def which(finding: Finding) -> str:
    """What tells a finding from the call's others of the same label, for forms: utterance, characters, start (ms)."""
    return f"{finding.utterance}:{finding.start_char}-{finding.end_char}@{finding.start}"


@dataclass(frozen=True, slots=True)
class Cell:
    """A key measure of a call in a list."""

    key: str
    value: float | None
    track: Track | None


def filter_from(query: Mapping[str, str]) -> CallFilter:
    """The filter that a list's address asks for."""

    def several(name: str) -> tuple[str, ...] | None:
        return (query[name],) if query.get(name) else None

    return CallFilter(
        reps=several("rep"),
        customers=several("customer"),
        opportunities=several("opportunity"),
        call_types=several("type"),
        since=query.get("since") or None,
        until=query.get("until") or None,
        text=query.get("text") or None,
        score_min=pages.number(query.get("min")),
        score_max=pages.number(query.get("max")),
        flags=(query["flag"],) if query.get("flag") in FLAGS else (),
    )


def listing(request: Request) -> Response:
    """GET /calls, .json, .csv"""
    store, viewer, query = store_of(request), viewer_at(request), request.query_params
    form = request.path_params.get("form")
    sort = query.get("sort", "date")
    if sort not in SORTS and sort not in MEASURES:
        sort = "date"
    descending = query.get("order", "asc" if sort in ("rep", "customer", "name", "call_type") else "desc") != "asc"
    offset = max(0, int(pages.number(query.get("offset")) or 0))
    where = viewer.scope(filter_from(query))
    limit = EXPORT_SIZE if form else PAGE_SIZE
    found = store.calls(where, sort=sort, descending=descending, limit=limit, offset=offset)
    if form == "json":
        return pages.as_json({"total": found.total, "offset": offset, "calls": [row_data(row) for row in found.rows]})
    if form == "csv":
        columns = ("id", "name", "rep", "customer", "opportunity", "call_type", "date", "duration_s", "listening_index")
        rows = [
            (*(getattr(row, name) for name in columns[:-1]), row.score, *(row.measures.get(k) for k in KEY_MEASURES))
            for row in found.rows
        ]
        return pages.as_csv("calls", (*columns, *KEY_MEASURES), rows)
    if form is not None:
        raise HTTPException(404)
    return pages.page(
        request,
        "calls.html",
        found=found,
        rows=[(row, cells(row)) for row in found.rows],
        measures=[MEASURES[key] for key in KEY_MEASURES],
        given=query,
        sort=sort,
        descending=descending,
        reps=store.values_of("rep", viewer.scope()),
        types=store.values_of("call_type", viewer.scope()),
        flags=FLAGS,
        filtered=any(query.get(k) for k in ("rep", "type", "since", "until", "text", "min", "max", "flag", "customer")),
        link=lambda **changed: pages.link("/calls", {**query, **changed}),
        scored=_scored_by(store, viewer, found.rows) if request.cookies.get(pages.SELF_COOKIE) == "1" else None,
    )


def _scored_by(store: Store, viewer: Viewer, rows: tuple[CallRow, ...]) -> frozenset[int]:
    """Calls of a list that somebody scored herself; the others hide the machine's score while that is asked for."""
    return frozenset(row.id for row in rows if "self_scored" in row.flags)


def cells(row: CallRow) -> list[Cell]:
    aims = load_rubric().aims
    made = []
    for key in KEY_MEASURES:
        value = row.measures.get(key)
        target = aims[key].target if key in aims else None
        made.append(Cell(key, value, None if value is None else track(value, target, MEASURES[key].unit)))
    return made


def row_data(row: CallRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "rep": row.rep,
        "customer": row.customer,
        "opportunity": row.opportunity,
        "call_type": row.call_type,
        "date": row.date,
        "duration_s": row.duration_s,
        "listening_index": row.score,
        "interval": None if row.low is None else [row.low, row.high],
        "components": dict(row.components),
        "measures": dict(row.measures),
        "flags": list(row.flags),
        "url": f"/calls/{row.id}",
    }


def one(request: Request) -> Response:
    """GET /calls/ID, .json, .csv"""
    store, viewer = store_of(request), viewer_at(request)
    key, form = request.path_params["id"], request.path_params.get("form")
    call = call_in_sight(store, viewer, key)
    if form not in (None, "json", "csv"):
        raise HTTPException(404)
    opened(store, viewer, request, form and form.upper())
    if form == "json":
        card, transcript = call.heard.scorecard.to_dict(), call.heard.transcript.to_dict()
        return pages.as_json({**card, "transcript": transcript, "corrections": _history(call)})
    if form == "csv":
        text = export.to_csv([call.heard])
        return Response(text, media_type="text/csv", headers=_attached(f"call-{key}.csv"))
    own = next((s for s in call.self_scores if s.who == viewer.name), None)
    hidden = request.cookies.get(pages.SELF_COOKIE) == "1" and not call.self_scores
    recording, no_sound = recordings.recording_of(call)
    outline = recordings.outline_of(str(recording), call.row.content) if recording else None
    return pages.page(
        request,
        "call.html",
        c=call_view(call.heard, "c1", outline),
        call=call,
        hidden=hidden,
        own=own,
        which=[which(finding) for finding in call.heard.scorecard.findings],
        confirmed=confirmed(call.heard.analysis.findings, call.holding),
        through=next(
            (k for k in reversed(call.corrections) if k.undone_at is None and k.correction.kind == "review"), None
        )
        if gone_through(call)
        else None,
        says=SAYS,
        beside=_beside(call.heard.scorecard, call.self_scores),
        machine_index=call.machine.scorecard.index.value,
        audio=f"/calls/{key}/audio" if recording else None,
        no_sound=no_sound,
        labels=[(label, TITLES.get(label, label)) for label in (*PUBLIC_LABELS, "interruption", "brief_silence")],
        title_of=lambda label: TITLES.get(label, label),
        speakers=call.heard.transcript.speakers,
        rep_id=next((s.id for s in call.heard.transcript.speakers if s.role is Role.REP), None),
        types=store.values_of("call_type", viewer.scope()),
    )


def _beside(card: Scorecard, own: tuple[SelfScore, ...]) -> list[dict[str, Any]]:
    """The rep's own scores beside the machine's, one row a component."""
    if not own:
        return []
    parts = [("listening_index", card.index), *card.components.items()]
    return [
        {"title": part.title, "machine": part.value, "own": [score.scores.get(key) for score in own]}
        for key, part in parts
    ]


def _history(call: StoredCall) -> list[dict[str, Any]]:
    return [
        {**k.correction.to_dict(), "id": k.id, "who": k.who, "when": k.when, "machine_label": k.before,
         "undone_by": k.undone_by, "undone_at": k.undone_at}
        for k in call.corrections
    ]  # fmt: skip


def _attached(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"'}


def report(request: Request) -> Response:
    """GET /calls/ID/report.html: the page frozen into one file."""
    store, viewer = store_of(request), viewer_at(request)
    call = call_in_sight(store, viewer, request.path_params["id"])
    opened(store, viewer, request, "report")
    heard = dataclasses.replace(call.heard, recording=recordings.recording_of(call)[0])
    return Response(html.page([heard]), media_type="text/html", headers=_attached(f"call-{call.row.id}.html"))


def labels(request: Request) -> Response:
    """GET /calls/ID/annotations.jsonl: every utterance with its labels, people's in place of the machine's."""
    store, viewer = store_of(request), viewer_at(request)
    call = call_in_sight(store, viewer, request.path_params["id"])
    opened(store, viewer, request, "labels")
    rows = annotated(call.heard.transcript, call.heard.analysis)  # type: ignore[operator]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return Response(text, media_type="application/jsonl", headers=_attached(f"call-{call.row.id}.jsonl"))


def home(request: Request) -> Response:
    return RedirectResponse("/calls", 303)
