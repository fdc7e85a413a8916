"""A page in Debian's Chromium, for the browser tests; the fixtures that start it and a server are in conftest."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import web_calls

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
FLAGS = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --mute-audio".split()
#: Generous, because analysing a call again loads the language model once, and machines are busy.
TIMEOUT_MS = 90_000


@contextmanager
def chromium() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("the browser tests need Debian's chromium (apt-get install chromium)")
    api = pytest.importorskip("playwright.sync_api", reason="the browser tests need the package playwright")
    with api.sync_playwright() as engine:
        made = engine.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, "--autoplay-policy=no-user-gesture-required"]
        )
        yield made
        made.close()


@contextmanager
def serving(folder: Path, *, team: bool = False) -> Iterator[str]:
    """A running server over a filled store; the address that opens it (with a team: the address to log in)."""
    import uvicorn
    from web_room import add_people, fill

    from listening.store import open_store
    from listening.web.app import create_app
    from listening.web.guard import Gate, hosts_for

    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    port = bound.getsockname()[1]
    with open_store(str(folder / "calls.db")) as store:
        fill(store, web_calls.write_tone(folder / "tone.wav"))
        if team:
            add_people(store)
        gate = Gate(hosts_for("127.0.0.1", port), team=team)
        server = uvicorn.Server(uvicorn.Config(create_app(store, gate, folder / "uploads"), log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{port}/" + ("login" if team else f"open?token={gate.token}")
        server.should_exit = True
        thread.join(10)


class Visit:
    """A page that fails the test on a script error, a refused resource or a request to another host."""

    def __init__(self, browser: Any, address: str, **context: Any) -> None:
        self.root = address.rpartition("/")[0]
        # A page still scrolling smoothly moves under the mouse, and a click now and then goes amiss.
        calm = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}
        self.context = browser.new_context(**{**calm, **context})
        self.page = self.context.new_page()
        self.page.set_default_timeout(TIMEOUT_MS)
        self.problems: list[str] = []
        self.page.on("console", lambda m: self.problems.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.problems.append(str(e)))
        self.page.on("request", self._asked)
        self.page.goto(address)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.root, "blob:", "data:")):
            self.problems.append(f"asked {request.url}")

    def go(self, path: str) -> Any:
        self.page.goto(self.root + path)
        return self.page

    def data(self, path: str) -> Any:
        return self.context.request.get(self.root + path).json()

    def close(self) -> None:
        self.context.close()
        assert self.problems == []


def playing_at(page: Any) -> float:
    return float(page.evaluate("document.querySelector('audio').currentTime"))


def wait_until_playing(page: Any, seconds: float) -> None:
    """Until the sound plays between a second or so before and a few after the given time."""
    page.wait_for_function(
        "t => { const a = document.querySelector('audio'); return !a.paused && a.currentTime >= t - 0.3 && a.currentTime < t + 6; }",
        arg=seconds,
    )
