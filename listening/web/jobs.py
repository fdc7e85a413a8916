"""Recordings and transcripts dropped on the page: kept in a folder, heard one after another, stored.

A job is a row of the store, so it survives a restart; how far the running one is lives in memory alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import queue
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from listening.errors import ListeningError
from listening.listen import Options, listen
from listening.sidecars import CallSetup
from listening.store import CallFilter, Job, Source
from listening.transcript import CallInfo
from listening.web import pages
from listening.web.calls import store_of, viewer_at
from listening.web.edits import text_of
from listening.web.guard import csrf_ok
from listening.web.viewers import Viewer

if TYPE_CHECKING:
    from starlette.datastructures import FormData

    from listening.store.store import Store

#: Largest file taken (bytes): four hours of CD-quality stereo.
LARGEST = 3_000_000_000
BLOCK = 1 << 20
_log = logging.getLogger("listening.web")


@dataclass(slots=True)
class Line:
    """The line of jobs: one thread hears them in the order they came."""

    store: Store
    folder: Path
    progress: dict[int, tuple[str, float]] = field(default_factory=dict)
    _queue: queue.Queue[int | None] = field(default_factory=queue.Queue)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, with the jobs that an earlier run left."""
        for job in reversed(self.store.jobs(limit=1000)):
            if job.state in ("waiting", "running"):
                self.put(job.id)
        self._thread = threading.Thread(target=self._run, name="listening-jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._queue.put(None)

    def put(self, job: int) -> None:
        self._queue.put(job)

    def _run(self) -> None:
        while (key := self._queue.get()) is not None:
            try:
                self._do(self.store.job(key))
            except ListeningError:
                _log.warning("job %d is lost: the store does not answer", key)
            finally:
                self.progress.pop(key, None)

    def _do(self, job: Job) -> None:
        self.store.change_job(job.id, "running")

        def report(stage: str, done: float, total: float) -> None:
            self.progress[job.id] = (stage, min(1.0, done / total) if total else 0.0)

        try:
            call = self._hear(job, report)
        except ListeningError as error:
            self.store.change_job(job.id, "failed", message=str(error))
        except Exception as error:  # whatever a damaged file does to a library, the next job is still done
            _log.warning("job %d failed with %s", job.id, type(error).__name__)
            self.store.change_job(job.id, "failed", message="It could not be heard; the file may be damaged.")
        else:
            self.store.change_job(job.id, "done", call=call)

    def _hear(self, job: Job, report: Any) -> int:
        from listening.analyzers import analyse

        path, options = Path(job.source), job.options
        chosen = Options(rep=options.get("speaker") or None, language=options.get("language") or None)
        heard = listen(path, chosen, report, self._told(options, path))
        kind = "recording" if heard.recording else "transcript"
        source = Source(str(path), kind, path.stat().st_size)
        return self.store.save(heard, options["content"], source, analyse=analyse)

    def _told(self, options: Mapping[str, Any], path: Path) -> CallSetup:
        """What the form says about a call and, where it is silent, what was known when the call was heard before."""
        given = {name: options.get(name) or None for name in ("rep", "customer", "call_type", "date")}
        info = CallInfo(options.get("name") or path.stem, **given)
        if self.store.has(options["content"]):
            before = self.store.transcript(self.store.known()[options["content"]].id).info
            info = CallInfo(*(getattr(info, name) or getattr(before, name) for name in CallInfo.__slots__))
        return CallSetup(info)


def line_of(request: Request) -> Line:
    line: Line = request.app.state.line
    return line


def _mine(store: Store, viewer: Viewer) -> tuple[Job, ...]:
    return store.jobs(who=viewer.name if viewer.team_mode else None)


def listing(request: Request) -> Response:
    """GET /jobs, .json"""
    store, viewer, form = store_of(request), viewer_at(request), request.path_params.get("form")
    progress = line_of(request).progress
    rows = [
        {
            "id": job.id,
            "name": job.options.get("name") or f"job {job.id}",
            "state": job.state,
            "message": job.message,
            "call": job.call,
            "created": job.created,
            "stage": progress.get(job.id, ("", 0.0))[0],
            "done": progress.get(job.id, ("", 0.0))[1],
        }
        for job in _mine(store, viewer)
    ]
    if form == "json":
        return pages.as_json(rows)
    if form is not None:
        raise HTTPException(404)
    reps = store.values_of("rep", viewer.scope()) if viewer.coach else (viewer.reps or ())
    return pages.page(request, "jobs.html", jobs=rows, reps=reps, types=store.values_of("call_type", viewer.scope()))


async def upload(request: Request) -> Response:
    """POST /jobs: files, and what is known about them."""
    async with request.form(max_files=100, max_fields=50) as form:
        if not csrf_ok(request, form.get("csrf") or request.headers.get("x-csrf")):
            raise HTTPException(403, "The page is too old: load it again.")
        viewer, rep = viewer_at(request), text_of(form, "rep")
        if not viewer.coach:
            rep = (viewer.reps or ("",))[0]
        if viewer.reps is not None and not viewer.may_see(rep):
            raise HTTPException(403, "Say which of your reps these calls are of.")
        files = [f for f in form.getlist("files") if isinstance(f, UploadFile) and f.filename]
        if not files:
            raise HTTPException(400, "Choose at least one file.")
        for file in files:
            await run_in_threadpool(_take, request, form, file, rep)
    return RedirectResponse("/jobs", 303)


def _take(request: Request, form: FormData, file: UploadFile, rep: str) -> None:
    """Keep one file under its content's hash, and put its job into the line; `rep`: whose call it is."""
    store, viewer, line = store_of(request), viewer_at(request), line_of(request)
    name = re.sub(r"[^\w. ()+-]", "_", Path(file.filename or "call").name)[:120]
    line.folder.mkdir(parents=True, exist_ok=True)
    suffix = Path(name).suffix.lower()[:10]
    hashed, size = hashlib.sha256(), 0
    part = line.folder / f".{threading.get_ident()}-{id(file)}.part"
    try:
        with part.open("wb") as out:
            while block := file.file.read(BLOCK):
                size += len(block)
                if size > LARGEST:
                    raise HTTPException(413, "The file is larger than 3 GB.")
                hashed.update(block)
                out.write(block)
        kept = line.folder / f"{hashed.hexdigest()}{suffix}"
        part.replace(kept)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    content = hashed.hexdigest()
    options = {name: text_of(form, name) for name in ("customer", "call_type", "date", "speaker", "language")}
    options |= {"content": content, "name": Path(name).stem, "rep": rep}
    job = store.add_job(str(kept), viewer.name, options)
    if store.has(content) and not _owns(store, viewer, content):
        store.change_job(job.id, "failed", message="This call cannot be taken.")
        return
    line.put(job.id)


def _owns(store: Store, viewer: Viewer, content: str) -> bool:
    """Is the call of this content in the viewer's sight?"""
    if viewer.reps is None:
        return True
    known = store.known().get(content)
    return known is not None and bool(store.calls(viewer.scope(CallFilter(ids=(known.id,))), limit=1).total)


async def retry(request: Request) -> Response:
    """POST /jobs/ID/retry: hear a failed file again."""
    async with request.form() as form:
        if not csrf_ok(request, form.get("csrf") or request.headers.get("x-csrf")):
            raise HTTPException(403, "The page is too old: load it again.")
    return await run_in_threadpool(_retry, request)


def _retry(request: Request) -> Response:
    store, viewer = store_of(request), viewer_at(request)
    job = next((j for j in _mine(store, viewer) if j.id == request.path_params["id"]), None)
    if (
        job is None
        or job.state != "failed"
        or (store.has(job.options.get("content", "")) and not _owns(store, viewer, job.options["content"]))
    ):
        raise HTTPException(404)
    store.change_job(job.id, "waiting")
    line_of(request).put(job.id)
    return RedirectResponse("/jobs", 303)
