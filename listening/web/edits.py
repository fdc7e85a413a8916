"""What a person says against the machine: corrections, undo, comments, a rep's own score. All are forms sent by POST."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from listening.analyzers import analyse
from listening.corrections import KINDS, Correction, Target, apply_to_transcript, is_built_on
from listening.errors import ListeningError
from listening.findings import PUBLIC_LABELS
from listening.reviews import fingerprint
from listening.store import StoredCall
from listening.store.values import rep_of
from listening.web import pages
from listening.web.calls import store_of, viewer_at, which
from listening.web.guard import csrf_ok
from listening.web.viewers import COACH_ONLY, Viewer, call_in_sight

Handler = Callable[[Request, FormData], Response]
#: Labels a person may give.
LABELS = frozenset({*PUBLIC_LABELS, "interruption", "brief_silence"})
#: Longest text taken from a form (characters).
TEXT_LIMIT = 4000


def write(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """A handler of a form: the token is checked, the work is done off the event loop, errors become a sentence."""

    async def endpoint(request: Request) -> Response:
        async with request.form(max_files=50, max_fields=200) as form:
            if not csrf_ok(request, form.get("csrf") or request.headers.get("x-csrf")):
                raise HTTPException(403, "The page is too old: load it again.")
            try:
                return await run_in_threadpool(handler, request, form)
            except (ListeningError, ValueError, KeyError) as error:
                sentence = str(error) if isinstance(error, ListeningError) else "The form was not complete."
                raise HTTPException(400, sentence) from None

    endpoint.__name__ = handler.__name__
    endpoint.__doc__ = handler.__doc__
    return endpoint


def text_of(form: FormData, name: str, default: str = "") -> str:
    value = form.get(name)
    return value.strip()[:TEXT_LIMIT] if isinstance(value, str) else default


def whole(form: FormData, name: str) -> int:
    """A whole number from a form. Raises ValueError."""
    return int(text_of(form, name))


def back(call: int, place: str = "") -> Response:
    return RedirectResponse(f"/calls/{call}{place}", 303)


def _call(request: Request) -> tuple[Viewer, StoredCall]:
    viewer = viewer_at(request)
    return viewer, call_in_sight(store_of(request), viewer, request.path_params["id"])


@write
def correct(request: Request, form: FormData) -> Response:
    """POST /calls/ID/corrections"""
    viewer, call = _call(request)
    correction = correction_from(form, call)
    if correction.kind in COACH_ONLY and not viewer.coach:
        raise HTTPException(403, "Only a coach says whose call it is.")
    _stays_in_sight(viewer, call, [*call.holding, correction])
    store = store_of(request)
    store.correct(call.row.id, correction, viewer.name, analyse)
    if viewer.team_mode:
        store.log(viewer.name, correction.kind, call.row.id)
    place = f"#c1-u{correction.utterance}" if correction.utterance is not None else ""
    return back(call.row.id, place)


def _stays_in_sight(viewer: Viewer, call: StoredCall, corrections: list[Correction]) -> None:
    """A coach with a team of her own does not lose a call by what she says about it. Raises HTTPException 403.

    She would not see what became of it, nor could she take it back. A coach who sees all calls can do either.
    """
    if viewer.reps is not None and not viewer.may_see(
        rep_of(apply_to_transcript(call.machine.transcript, corrections))
    ):
        raise HTTPException(
            403,
            "That would take the call out of your team. Say under “Whose call it is” which of your reps it belongs to, "
            "or ask a coach who sees all calls.",
        )


def correction_from(form: FormData, call: StoredCall) -> Correction:
    """The correction a form asks for. Raises ValueError when it does not fit, HTTPException 400 when it comes from a
    page on which another finding had that place."""
    kind = text_of(form, "kind")
    if kind not in KINDS:
        raise ValueError(kind)
    label = text_of(form, "label") or None
    if label is not None and label not in LABELS:
        raise ValueError("label")
    findings = call.heard.scorecard.findings
    values: dict[str, Any] = {"kind": kind}
    if kind in ("relabel", "delete", "confirm"):
        index = whole(form, "finding")
        meant = (text_of(form, "was"), text_of(form, "which"))
        if not 0 <= index < len(findings) or (findings[index].label, which(findings[index])) != meant:
            raise HTTPException(400, "The page is older than the call: load it again.")
        values["finding"] = Target.of(findings[index])
        if kind == "relabel":
            values["label"] = label
    elif kind in ("add", "fix_word"):
        values |= {"utterance": whole(form, "utterance"), "start_char": whole(form, "start")}
        values["end_char"] = whole(form, "end")
        if kind == "add":
            values["label"] = label
        else:
            values["text"] = text_of(form, "text")
    elif kind == "review":
        values["text"] = fingerprint(call.found)
    elif kind in ("rename", "set_rep"):
        values["speaker"] = text_of(form, "speaker")
        if kind == "rename":
            values["text"] = text_of(form, "text")
    elif kind == "swap_speakers":
        values |= {"speaker": text_of(form, "speaker"), "other": text_of(form, "other")}
    else:
        values["text"] = text_of(form, "text")
    return Correction(**values)


@write
def undo(request: Request, form: FormData) -> Response:
    """POST /calls/ID/undo: the correction named in the form, else the latest."""
    viewer, call = _call(request)
    named = text_of(form, "correction")
    holding = [k for k in call.corrections if k.undone_at is None]
    wanted = next((k for k in reversed(holding) if not named or k.id == int(named)), None)
    if wanted is None:
        raise HTTPException(400, "There is nothing to undo.")
    if not viewer.coach and (wanted.who != viewer.name or wanted.correction.kind in COACH_ONLY):
        raise HTTPException(403, "Only a coach undoes what somebody else said.")
    if is_built_on(wanted.correction, [k.correction for k in holding if k.id > wanted.id]):
        raise HTTPException(400, "Undo first what was said about it later.")
    _stays_in_sight(viewer, call, [k.correction for k in holding if k is not wanted])
    store = store_of(request)
    store.undo(call.row.id, viewer.name, wanted.id, analyse)
    if viewer.team_mode:
        store.log(viewer.name, "undo", call.row.id, wanted.correction.kind)
    return back(call.row.id)


@write
def comment(request: Request, form: FormData) -> Response:
    """POST /calls/ID/comments"""
    viewer, call = _call(request)
    words = text_of(form, "text")
    if not words:
        raise HTTPException(400, "The comment is empty.")
    at = pages.number(text_of(form, "at_s"))
    utterance = pages.number(text_of(form, "utterance"))
    store_of(request).comment(
        call.row.id,
        viewer.name,
        words,
        at_ms=None if at is None else max(0, round(at * 1000)),
        utterance=None if utterance is None else int(utterance),
    )
    return back(call.row.id, "#comments")


@write
def uncomment(request: Request, form: FormData) -> Response:
    """POST /calls/ID/comments/COMMENT/delete: one's own only."""
    viewer, call = _call(request)
    wanted = request.path_params["comment"]
    if wanted not in {c.id for c in call.comments} or not store_of(request).delete_comment(wanted, viewer.name):
        raise HTTPException(404)
    return back(call.row.id, "#comments")


@write
def score_self(request: Request, form: FormData) -> Response:
    """POST /calls/ID/self: the rep's own scores, 0..100 a component, before or after seeing the machine's."""
    viewer, call = _call(request)
    scores = {}
    for key in ("listening_index", *call.heard.scorecard.components):
        value = pages.number(text_of(form, key))
        if value is not None:
            if not 0 <= value <= 100:
                raise HTTPException(400, "A score lies between 0 and 100.")
            scores[key] = value
    if not scores:
        raise HTTPException(400, "Give at least one score.")
    store_of(request).score_self(call.row.id, viewer.name, scores, text_of(form, "note"))
    return back(call.row.id)


@write
def self_first(request: Request, form: FormData) -> Response:
    """POST /self-first: hide the machine's score of a call until somebody has scored it herself, or show it again."""
    answer = RedirectResponse("/calls", 303)
    on = text_of(form, "on") == "1"
    answer.set_cookie(pages.SELF_COOKIE, "1" if on else "", max_age=365 * 86400, httponly=True, samesite="lax")
    return answer
