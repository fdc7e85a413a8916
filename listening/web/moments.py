"""The clearest cases of one thing over many calls: the worst interruptions, the best restatements, to hear in a row."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from listening.reports.callview import names
from listening.reports.coaching import PRAISE, RULES, TRY, cases
from listening.reports.moments import Moment, moments
from listening.store import CallFilter, CallRow, StoredCall
from listening.web import pages
from listening.web.calls import store_of, viewer_at
from listening.web.recordings import recording_of

#: Calls looked through, the latest first, and moments shown.
LATEST, SHOWN = 100, 20
FIRST = "An interruption"


@dataclass(frozen=True, slots=True)
class Case:
    """A moment of a call; `said` is what the other side was saying when it was interrupted."""

    row: CallRow
    moment: Moment
    who: str
    said: str
    audible: bool


def page(request: Request) -> Response:
    """GET /moments?what=…&rep=…, .json, .csv"""
    store, viewer, query = store_of(request), viewer_at(request), request.query_params
    form = request.path_params.get("form")
    what = query.get("what", FIRST)
    if what not in RULES or form not in (None, "json", "csv"):
        raise HTTPException(404)
    rule = RULES[what]
    where = viewer.scope(CallFilter(reps=(query["rep"],) if query.get("rep") else None))
    hidden = request.cookies.get(pages.SELF_COOKIE) == "1"
    clear: list[tuple[float, int, int]] = []
    looked = 0
    for call, analysis, corrected in store.analyses_with(where, rule.labels, rule.role, LATEST):
        looked += 1
        findings = store.call(call).heard.scorecard.findings if corrected else analysis.findings
        clear += [(clearness, call, place) for clearness, place in cases(what, findings)]
    clear.sort(key=lambda case: -case[0])
    kept = {call: store.call(call) for call in dict.fromkeys(call for _, call, _ in clear[:SHOWN])}
    shown = [
        _case(kept[call], place) for _, call, place in clear[:SHOWN] if not (hidden and not kept[call].self_scores)
    ]
    if form is not None:
        columns = ("call", "name", "rep", "customer", "date", "at_s", "title", "text")
        rows = [
            (c.row.id, c.row.name, c.row.rep, c.row.customer, c.row.date, None if c.moment.at is None else c.moment.at / 1000, c.moment.title, c.moment.text)
            for c in shown
        ]  # fmt: skip
        if form == "csv":
            return pages.as_csv("moments", columns, rows)
        return pages.as_json([dict(zip(columns, row, strict=True)) for row in rows])
    return pages.page(
        request,
        "moments.html",
        what=what,
        cases=shown,
        looked=looked,
        latest=LATEST,
        groups=(("To try differently", [r.title for r in TRY]), ("To keep doing", [r.title for r in PRAISE])),
        ask=rule.ask,
        reps=store.values_of("rep", viewer.scope()),
        rep=query.get("rep", ""),
    )


def _case(call: StoredCall, place: int) -> Case:
    transcript, card = call.heard.transcript, call.heard.scorecard
    finding = card.findings[place]
    (moment,) = moments([finding], transcript, card.duration)
    here = finding.utterance if finding.utterance is not None else len(transcript.utterances)
    who = names(transcript)[transcript.utterances[here].speaker] if here < len(transcript.utterances) else ""
    said = ""
    if finding.label == "interruption" and finding.of and finding.of[0] < len(transcript.utterances):
        said = transcript.utterances[finding.of[0]].text
    return Case(call.row, moment, who, said, recording_of(call)[0] is not None)
