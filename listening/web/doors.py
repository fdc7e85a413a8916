"""Coming in and going out: the one-time address, passwords, people, the audit log."""

from __future__ import annotations

import secrets
import time
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from listening.web import pages
from listening.web.calls import store_of, viewer_at
from listening.web.edits import text_of, whole, write
from listening.web.guard import COOKIE, SESSION_S, Gate, digest

if TYPE_CHECKING:
    from argon2 import PasswordHasher

    from listening.store import User

#: Wrong passwords after which a name has to wait, and how long (s).
TRIES, WAIT_S = 5, 60
#: Shortest password (characters); NIST SP 800-63B asks for 8 at least, and for no rules beside it.
PASSWORD = 10
#: Login and welcome have no session to make a form token from; a cookie made for the visit stands in.
VISIT_S = 3600
WAIT = "Too many wrong passwords: wait a minute."


def _gate(request: Request) -> Gate:
    gate: Gate = request.app.state.gate
    return gate


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@lru_cache(maxsize=1)
def _nobody() -> str:
    """A hash to check when there is no such user, so that both take as long."""
    return _hasher().hash(secrets.token_hex(16))


def hash_password(password: str) -> str:
    """Raises ValueError for one that is too short."""
    if len(password) < PASSWORD:
        raise HTTPException(400, f"A password has {PASSWORD} characters or more.")
    return _hasher().hash(password)


def _with_cookie(answer: Response, cookie: str, seconds: int = SESSION_S) -> Response:
    answer.set_cookie(COOKIE, cookie, max_age=seconds, httponly=True, samesite="lax", path="/")
    return answer


def enter(request: Request) -> Response:
    """GET /open?token=…: the address `listening serve` prints; it opens once."""
    gate = _gate(request)
    if gate.team:
        return RedirectResponse("/welcome?" + request.url.query, 303)
    if not gate.use_token(request.query_params.get("token", "")):
        return pages.page(request, "closed.html", 403)
    return _with_cookie(RedirectResponse("/calls", 303), gate.open_session())


def login_page(request: Request) -> Response:
    """GET /login"""
    if not _gate(request).team:
        return pages.page(request, "closed.html", 401)
    return _visit(request, "login.html")


def _visit(request: Request, template: str, status: int = 200, **values: object) -> Response:
    """A page with a form for somebody who has no session yet."""
    cookie = request.cookies.get(COOKIE) or secrets.token_urlsafe(32)
    request.cookies[COOKIE] = cookie
    return _with_cookie(pages.page(request, template, status, **values), cookie, VISIT_S)


_wrong: dict[str, list[float]] = defaultdict(list)


@write
def login(request: Request, form: FormData) -> Response:
    """POST /login"""
    if not _gate(request).team:
        raise HTTPException(404)
    name = text_of(form, "name")
    store = store_of(request)
    if _must_wait(name):
        return _visit(request, "login.html", 429, problem=WAIT)
    user = store.user(name) if name else None
    if not _fits(name, user, form.get("password")) or user is None:
        store.log(name[:80] or "?", "login refused")
        return _visit(request, "login.html", 403, problem="Name and password do not fit.")
    return _admit(request, user.id, user.name)


def _must_wait(name: str) -> bool:
    """Have there been too many wrong passwords for this name lately?"""
    now = time.monotonic()
    _wrong[name] = [at for at in _wrong[name] if now - at < WAIT_S]
    return len(_wrong[name]) >= TRIES


def _fits(name: str, user: User | None, password: object) -> bool:
    """Is this the user's password? A wrong one is remembered under the name; both answers take as long."""
    from argon2.exceptions import Argon2Error, InvalidHashError

    good = False
    try:
        _hasher().verify(user.password_hash if user else _nobody(), password if isinstance(password, str) else "")
        good = user is not None and not user.disabled
    except (Argon2Error, InvalidHashError):
        pass
    if good:
        _wrong.pop(name, None)
    else:
        if len(_wrong) > 10_000:
            _wrong.clear()
        _wrong[name].append(time.monotonic())
    return good


def _admit(request: Request, user: int, name: str, to: str = "/calls", action: str = "login") -> Response:
    """A new session; the audit log says why."""
    cookie = secrets.token_urlsafe(32)
    store = store_of(request)
    expires = (datetime.now(timezone.utc) + timedelta(seconds=SESSION_S)).strftime("%Y-%m-%dT%H:%M:%SZ")
    store.add_session(digest(cookie), user, expires)
    store.log(name, action)
    return _with_cookie(RedirectResponse(to, 303), cookie)


def account_page(request: Request) -> Response:
    """GET /account: one's own password."""
    if not viewer_at(request).team_mode:
        raise HTTPException(404)
    return pages.page(request, "account.html", shortest=PASSWORD, changed=bool(request.query_params.get("changed")))


@write
def account(request: Request, form: FormData) -> Response:
    """POST /account: a new password for oneself; sessions elsewhere end, this one goes on."""
    viewer, store = viewer_at(request), store_of(request)
    user = store.user(viewer.name) if viewer.team_mode else None
    if user is None:
        raise HTTPException(404)

    def refused(status: int, problem: str) -> Response:
        return pages.page(request, "account.html", status, shortest=PASSWORD, problem=problem)

    if _must_wait(user.name):
        return refused(429, WAIT)
    if not _fits(user.name, user, form.get("old")):
        store.log(user.name, "password change refused")
        return refused(403, "That is not your password.")
    new = form.get("password")
    if not isinstance(new, str) or new != form.get("again"):
        return refused(400, "The new password was not typed the same twice.")
    if len(new) < PASSWORD:
        return refused(400, f"A password has {PASSWORD} characters or more.")
    store.change_user(user.id, password_hash=hash_password(new))
    return _admit(request, user.id, user.name, "/account?changed=1", "change own password")


@write
def logout(request: Request, form: FormData) -> Response:
    """POST /logout"""
    cookie = request.cookies.get(COOKIE, "")
    gate = _gate(request)
    gate.sessions.pop(digest(cookie), None)
    if gate.team:
        store_of(request).end_session(digest(cookie))
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer


def welcome_page(request: Request) -> Response:
    """GET /welcome?token=…: the first coach makes herself known, with the address the server printed."""
    if not _may_welcome(request, request.query_params.get("token", "")):
        return RedirectResponse("/login", 303)
    return _visit(request, "welcome.html", token=request.query_params.get("token", ""), shortest=PASSWORD)


def _may_welcome(request: Request, token: str) -> bool:
    gate = _gate(request)
    right = gate.token is not None and secrets.compare_digest(token.encode(), gate.token.encode())
    return gate.team and right and not any(u.role == "coach" and not u.disabled for u in store_of(request).users())


@write
def welcome(request: Request, form: FormData) -> Response:
    """POST /welcome"""
    if not _may_welcome(request, text_of(form, "token")):
        raise HTTPException(403, "This address has been used.")
    name = text_of(form, "name")
    if not name:
        raise HTTPException(400, "A name is needed.")
    user = store_of(request).add_user(name, "coach", hash_password(str(form.get("password") or "")))
    _gate(request).token = None
    return _admit(request, user.id, user.name)


def _head_only(request: Request) -> None:
    viewer = viewer_at(request)
    if not (viewer.team_mode and viewer.coach and viewer.head):
        raise HTTPException(404)


def people(request: Request) -> Response:
    """GET /people: who may come in; for coaches without a team of their own."""
    _head_only(request)
    store = store_of(request)
    return pages.page(request, "people.html", users=store.users(), reps=store.values_of("rep"), shortest=PASSWORD)


@write
def add_person(request: Request, form: FormData) -> Response:
    """POST /people"""
    _head_only(request)
    name, role = text_of(form, "name"), text_of(form, "role")
    if not name:
        raise HTTPException(400, "A name is needed.")
    hashed = hash_password(str(form.get("password") or ""))
    rep, team = text_of(form, "rep") or None, text_of(form, "team") or None
    store_of(request).add_user(name, role, hashed, rep=rep, team=team)
    store_of(request).log(viewer_at(request).name, "add person", detail=name)
    return RedirectResponse("/people", 303)


@write
def change_person(request: Request, form: FormData) -> Response:
    """POST /people/USER: switch on or off, or give a new password."""
    _head_only(request)
    store = store_of(request)
    user = store.user(int(request.path_params["user"]))
    if user is None:
        raise HTTPException(404)
    if text_of(form, "password"):
        store.change_user(user.id, password_hash=hash_password(str(form.get("password"))))
    if text_of(form, "disabled"):
        if user.name == viewer_at(request).name:
            raise HTTPException(400, "You cannot shut yourself out.")
        store.change_user(user.id, disabled=bool(whole(form, "disabled")))
    store.log(viewer_at(request).name, "change person", detail=user.name)
    return RedirectResponse("/people", 303)


def audit(request: Request) -> Response:
    """GET /audit, .json, .csv: who opened or changed which call."""
    _head_only(request)
    form = request.path_params.get("form")
    offset = max(0, int(pages.number(request.query_params.get("offset")) or 0))
    lines = store_of(request).audit(limit=200, offset=offset)
    if form == "json":
        return pages.as_json([dict(line) for line in lines])
    columns = ("at", "who", "action", "call", "detail")
    if form == "csv":
        return pages.as_csv("audit", columns, [[line[c] for c in columns] for line in lines])
    if form is not None:
        raise HTTPException(404)
    return pages.page(request, "audit.html", lines=lines, offset=offset)
