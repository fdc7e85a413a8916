"""Every request passes here first: host, origin, who is looking. What is not in `OPEN` needs a viewer.

Writes need three things: a session cookie, an Origin of our own, and the form's token, which is made from the session
(so another site can neither read nor guess it). Answers carry a content policy that allows our own files alone.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from listening.web.viewers import Viewer, viewer_of

if TYPE_CHECKING:
    from listening.store.store import Store

#: Paths that need no viewer.
OPEN = ("/static/", "/open", "/login", "/welcome")
COOKIE = "listening_session"
#: A session ends after this long (s), used or not.
SESSION_S = 12 * 3600
SAFE = frozenset({"GET", "HEAD"})
#: Addresses kept for documentation (RFC 5737, RFC 3849), which are nobody's: the way to them is the way out.
_ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(slots=True)
class Gate:
    """The secrets of one run of the server: the one-time token, form tokens, and (without a team) the sessions."""

    hosts: frozenset[str]
    team: bool = False
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    token: str | None = field(default_factory=lambda: secrets.token_urlsafe(24))
    sessions: dict[str, float] = field(default_factory=dict)

    def use_token(self, given: str) -> bool:
        """Is this the one-time token? It is spent by the first right answer."""
        if self.token is None or not hmac.compare_digest(given.encode(), self.token.encode()):
            return False
        self.token = None
        return True

    def form_token(self, cookie: str) -> str:
        return hmac.new(self.secret, cookie.encode(), "sha256").hexdigest()

    def open_session(self) -> str:
        """A new session without a team; returns its cookie."""
        cookie = secrets.token_urlsafe(32)
        now = time.time()
        self.sessions = {k: end for k, end in self.sessions.items() if end > now}
        self.sessions[digest(cookie)] = now + SESSION_S
        return cookie

    def viewer(self, cookie: str | None, store: Store) -> Viewer | None:
        if not cookie:
            return None
        if self.team:
            user = store.session(digest(cookie))
            return viewer_of(user, store) if user else None
        return Viewer("you") if self.sessions.get(digest(cookie), 0.0) > time.time() else None


def hosts_for(host: str, port: int) -> frozenset[str]:
    """The Host headers that a server bound to this address answers to."""
    names = {"127.0.0.1", "localhost", "::1"}
    if host not in ("127.0.0.1", "localhost", "::1"):
        names |= {host, socket.gethostname(), socket.getfqdn()}
        if host in ("0.0.0.0", "::"):
            names |= _addresses()
    written = {_as_header(name) for name in names}
    return frozenset({f"{name}:{port}" for name in written} | (written if port == 80 else set()))


def _as_header(name: str) -> str:
    """A host as browsers write it in the Host header: an IPv6 address in its short form, in brackets."""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name.lower()
    return f"[{address}]" if address.version == 6 else str(address)


def _addresses() -> set[str]:
    """This machine's addresses: those its name stands for (127.0.1.1 on Debian), and those it goes out with."""
    found: set[str] = set()
    with suppress(OSError):
        found |= {str(address[4][0]) for address in socket.getaddrinfo(socket.gethostname(), None)}
    for family, elsewhere in _ELSEWHERE:
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as out:
            out.connect((elsewhere, 9))  # picks the interface; a datagram socket sends nothing for it
            found.add(str(out.getsockname()[0]))
    return found


def csrf(request: Request) -> str:
    """The token that forms of this page carry."""
    gate: Gate = request.app.state.gate
    return gate.form_token(request.cookies.get(COOKIE, ""))


def csrf_ok(request: Request, given: object) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), csrf(request).encode())


class Guard:
    """ASGI middleware, see the module."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        gate: Gate = scope["app"].state.gate

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                static = scope["path"].startswith("/static/")
                headers.setdefault("cache-control", "private, max-age=600" if static else "private, no-store")
            await send(message)

        refused = self._refusal(request, gate)
        if refused is None and not self._open(scope["path"]):
            from starlette.concurrency import run_in_threadpool

            viewer = await run_in_threadpool(gate.viewer, request.cookies.get(COOKIE), scope["app"].state.store)
            if viewer is None:
                refused = self._ask_in(request)
            else:
                scope.setdefault("state", {})["viewer"] = viewer
        await (refused or self.app)(scope, receive, with_headers)

    @staticmethod
    def _open(path: str) -> bool:
        return any(path.startswith(o) if o.endswith("/") else path == o for o in OPEN)

    @staticmethod
    def _ask_in(request: Request) -> Response:
        page = request.method in SAFE and "text/html" in request.headers.get("accept", "")
        return RedirectResponse("/login", 303) if page else PlainTextResponse("Log in first.", 401)

    @staticmethod
    def _refusal(request: Request, gate: Gate) -> Response | None:
        headers: Headers = request.headers
        host = headers.get("host", "").lower()
        if host not in gate.hosts:
            return PlainTextResponse("This server does not answer to that host.", 421)
        if request.method in SAFE:
            return None
        if headers.get("origin") != f"{request.url.scheme}://{host}":
            return PlainTextResponse("Forms are taken from our own pages only.", 403)
        return None
