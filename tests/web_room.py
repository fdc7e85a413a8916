"""A store with calls and a browser-like client for the web tests."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import web_calls
from starlette.testclient import TestClient

from listening.store import Source, open_store
from listening.store.store import Store
from listening.web.app import create_app
from listening.web.guard import Gate, hosts_for

BASE = "http://127.0.0.1:8123"
PASSWORD = "correct horse"


def fill(store: Store, recording: Path | None = None) -> list[int]:
    """Six calls: four of Robin's, two of Alex's; the first has the recording."""
    keys = []
    for n in range(6):
        rep = "Alex Kim" if n >= 4 else "Robin Marsh"
        call = web_calls.heard(f"call-{n}", rep=rep, customer=f"Customer {n}", date=f"2026-0{n + 3}-10")
        source = Source(str(recording), "recording") if recording and n == 0 else None
        keys.append(store.save(call, hashlib.sha256(str(n).encode()).hexdigest(), source))
    return keys


def add_people(store: Store) -> None:
    """cora, coach of all; cole, coach of north; robin of south and alex of north, reps."""
    from listening.web import doors

    doors._wrong.clear()
    for name, role, rep, group in (
        ("cora", "coach", None, None),
        ("cole", "coach", None, "north"),
        ("robin", "rep", "Robin Marsh", "south"),
        ("alex", "rep", "Alex Kim", "north"),
    ):
        store.add_user(name, role, doors.hash_password(PASSWORD), rep=rep, team=group)


class Client(TestClient):
    """Follows redirects, sends our Origin with forms, and finds the form token by itself."""

    def form(self, path: str, on: str = "/calls", files: object = None, **fields: object) -> object:
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', self.get(on).text)
        data = {"csrf": token[1] if token else "", **{k: str(v) for k, v in fields.items()}}
        return self.post(path, data=data, files=files, headers={"origin": BASE})  # type: ignore[arg-type]


@contextmanager
def room(
    folder: Path, *, team: bool = False, recording: Path | None = None
) -> Iterator[tuple[Client, Store, list[int]]]:
    """An application over a filled store; without a team the client is already in."""
    with open_store(str(folder / "calls.db")) as store:
        keys = fill(store, recording)
        gate = Gate(hosts_for("127.0.0.1", 8123), team=team)
        with Client(
            create_app(store, gate, folder / "uploads"), base_url=BASE, headers={"accept": "text/html"}
        ) as client:
            if not team:
                assert client.get(f"/open?token={gate.token}").status_code == 200
            yield client, store, keys


Room = tuple[Client, Store, list[int]]


def log_in(client: Client, name: str, password: str = PASSWORD) -> Any:
    client.cookies.clear()
    return client.form("/login", on="/login", name=name, password=password)
