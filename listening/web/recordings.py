"""The sound of a call: sent in pieces as browsers ask for it, and its outline for the lanes."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from functools import lru_cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from listening import settings
from listening.batch.sources import Item, content, tag
from listening.errors import AudioError
from listening.reports import sound
from listening.store import StoredCall
from listening.web.viewers import call_in_sight, opened

#: Sound that browsers play as it is, by container and codec; the rest is made into Opus once and kept.
PLAYABLE = frozenset(
    {"pcm_s16le", "pcm_u8", "pcm_s24le", "pcm_f32le", "mp3", "mp3float", "aac", "opus", "vorbis", "flac"}
)
PLAYABLE_IN = frozenset("wav mp3 ogg flac matroska,webm mov,mp4,m4a,3gp,3g2,mj2".split())
TYPES = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "matroska,webm": "audio/webm",
}
#: A request for a piece that is not the beginning: somebody seeks in what is playing.
LATER = re.compile(r"bytes=0*[1-9]\d*-\d*")
#: How long a page waits for the outline of its recording (s).
OUTLINE_WAIT_S = 0.25

_drawing = ThreadPoolExecutor(1, "listening-outlines")
_drawn: dict[tuple[str, str], Future[sound.Outline | None]] = {}


def outline_of(path: str, content: str) -> sound.Outline | None:
    """The outline of a recording, kept beside the database's models under the content's hash.

    The first time it is made, which takes seconds for an hour of sound: a page waits a moment only and is shown with
    plain lanes; the next one has it.
    """
    kept = settings.home() / "outlines" / f"{content}.npy"
    key = (path, content)
    if key not in _drawn:
        if len(_drawn) > 500:
            _drawn.clear()
        _drawn[key] = _drawing.submit(_outline, Path(path), kept)
    try:
        return _drawn[key].result(OUTLINE_WAIT_S)
    except Late:
        return None


def _outline(path: Path, kept: Path) -> sound.Outline | None:
    import numpy as np

    try:
        if kept.exists():
            return sound.Outline(np.load(kept, allow_pickle=False))
        made = sound.outline(path)
    except (AudioError, OSError, ValueError):
        return None
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.save(kept, made.peaks, allow_pickle=False)
    except OSError:
        pass
    return made


def recording_of(call: StoredCall) -> tuple[Path | None, str]:
    """The recording that the call was heard from, else why it cannot be played ("" where there never was one).

    Another recording may lie at its path by now, of somebody else's call; size and content tell, as far as they are kept.
    """
    path, source = call.heard.recording, call.source
    if path is None or source is None:
        return None, ""
    try:
        mark, size = tag(Item(str(path)))
    except OSError:
        return None, "The recording has gone from where it was, so it cannot be played."
    if source.size not in (None, size) or (source.tag not in (None, mark) and _hash(path, mark) != call.row.content):
        return None, "The recording has changed since it was heard, so it is not played."
    return path, ""


@lru_cache(maxsize=256)
def _hash(path: Path, _mark: str | None) -> str | None:
    """The content hash of a file as it is now: one that was copied or touched is still the same recording."""
    try:
        return content(path)
    except OSError:
        return None


def audio(request: Request) -> Response:
    """GET /calls/ID/audio. Answers range requests; the file is sent in pieces and never read whole."""
    store, viewer = request.app.state.store, request.state.viewer
    call = call_in_sight(store, viewer, request.path_params["id"])
    path, _ = recording_of(call)
    if path is None or not path.is_file():
        raise HTTPException(404)
    playable, kind = _playable(str(path), call.row.content)
    if not LATER.fullmatch(request.headers.get("range", "")):
        opened(store, viewer, request, "sound")
    return FileResponse(playable, media_type=kind, headers={"cache-control": "private, max-age=3600"})


@lru_cache(maxsize=256)
def _playable(path: str, content: str) -> tuple[str, str]:
    """A file that browsers play, with its media type. Raises 404 when the recording cannot be heard."""
    from listening.audio import decode

    try:
        info = decode.probe(path)
        if info.codec in PLAYABLE and info.container in PLAYABLE_IN:
            return path, TYPES.get(info.container, "audio/mp4")
        kept = settings.home() / "sound" / f"{content}.webm"
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            part = kept.with_suffix(f".{hashlib.sha256(path.encode()).hexdigest()[:8]}.part")
            part.write_bytes(sound.compress(Path(path)))
            part.replace(kept)
    except (AudioError, OSError):
        raise HTTPException(404) from None
    return str(kept), sound.MIME
