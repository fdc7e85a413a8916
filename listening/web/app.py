"""The application: its routes, and what they share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from listening import settings
from listening.errors import ListeningError
from listening.reports import html
from listening.web import agreement, calls, doors, edits, jobs, moments, pages, recordings, reps
from listening.web.guard import Gate, Guard

if TYPE_CHECKING:
    from listening.store.store import Store

STATIC = Path(__file__).parent / "static"
POST = ["POST"]

ROUTES = [
    Route("/", calls.home),
    Route("/calls", calls.listing),
    Route("/calls.{form}", calls.listing),
    Route("/calls/{id:int}", calls.one),
    Route("/calls/{id:int}.{form}", calls.one),
    Route("/calls/{id:int}/audio", recordings.audio),
    Route("/calls/{id:int}/report.html", calls.report),
    Route("/calls/{id:int}/annotations.jsonl", calls.labels),
    Route("/calls/{id:int}/corrections", edits.correct, methods=POST),
    Route("/calls/{id:int}/undo", edits.undo, methods=POST),
    Route("/calls/{id:int}/comments", edits.comment, methods=POST),
    Route("/calls/{id:int}/comments/{comment:int}/delete", edits.uncomment, methods=POST),
    Route("/calls/{id:int}/self", edits.score_self, methods=POST),
    Route("/corrections.jsonl", agreement.as_gold),
    Route("/moments", moments.page),
    Route("/moments.{form}", moments.page),
    Route("/agreement", agreement.page),
    Route("/agreement.{form}", agreement.page),
    Route("/self-first", edits.self_first, methods=POST),
    Route("/team", reps.team),
    Route("/team.{form}", reps.team),
    Route("/rep", reps.one),
    Route("/rep.{form}", reps.one),
    Route("/compare", reps.compare),
    Route("/compare.{form}", reps.compare),
    Route("/jobs", jobs.listing),
    Route("/jobs", jobs.upload, methods=POST),
    Route("/jobs.{form}", jobs.listing),
    Route("/jobs/{id:int}/retry", jobs.retry, methods=POST),
    Route("/open", doors.enter),
    Route("/login", doors.login_page),
    Route("/login", doors.login, methods=POST),
    Route("/logout", doors.logout, methods=POST),
    Route("/welcome", doors.welcome_page),
    Route("/welcome", doors.welcome, methods=POST),
    Route("/account", doors.account_page),
    Route("/account", doors.account, methods=POST),
    Route("/people", doors.people),
    Route("/people", doors.add_person, methods=POST),
    Route("/people/{user:int}", doors.change_person, methods=POST),
    Route("/audit", doors.audit),
    Route("/audit.{form}", doors.audit),
    Mount("/static/call", StaticFiles(directory=html.STATIC)),
    Mount("/static", StaticFiles(directory=STATIC)),
]


def _wrong(request: Request, error: Exception) -> Response:
    """An error as a page, or as one line for a script."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    sentence = error.detail if isinstance(error, HTTPException) else str(error)
    if status == 404:
        sentence = "There is nothing here, or nothing that you may see."
    if "text/html" not in request.headers.get("accept", ""):
        return PlainTextResponse(sentence, status)
    return pages.page(request, "wrong.html", status, sentence=sentence)


def create_app(store: Store, gate: Gate, uploads: Path | None = None) -> Starlette:
    """The application over an open store. `uploads`: where dropped files are kept."""
    line = jobs.Line(store, uploads or settings.home() / "uploads")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        line.start()
        yield
        line.stop()

    app = Starlette(
        routes=ROUTES,
        middleware=[Middleware(Guard)],
        exception_handlers={HTTPException: _wrong, ListeningError: _wrong},
        lifespan=lifespan,
    )
    app.state.store, app.state.gate, app.state.line = store, gate, line
    return app
