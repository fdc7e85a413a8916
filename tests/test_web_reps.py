"""Reps side by side and the team, when some calls have been measured by other versions."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from store_calls import make_heard
from web_room import Client, Room

from listening.store.store import Store

REPS = ("Ann", "Ben", "Cleo", "Dan")


def fill(store: Store, many: int = 8, analyzers: str = "1", month: int = 3) -> None:
    """So many calls of each rep in one month; Ann asks more than the others."""
    for rep in REPS:
        for i in range(many):
            asked = 1 + i % 4 + (8 if rep == "Ann" else 0)
            day = f"2026-{month:02d}-{1 + i:02d}"
            heard = make_heard(f"{rep} {month} {i}", rep=rep, date=day, questions=asked, analyzers=analyzers)
            store.save(heard, hashlib.sha256(f"{rep} {month} {i}".encode()).hexdigest())


@pytest.fixture
def room(open_room: Room) -> tuple[Client, Store]:
    client, store, keys = open_room
    for key in keys:
        store.delete_call(key)
    fill(store)
    return client, store


def compared(client: Client, *reps: str) -> dict[str, Any]:
    rows = client.get("/compare.json", params={"rep": reps}).json()["measures"]
    return {row["key"]: row for row in rows}["talk_share"]


def test_one_newer_call_by_other_versions_does_not_end_comparing(room: tuple[Client, Store]) -> None:
    client, store = room
    before = compared(client, "Ann", "Ben", "Cleo")
    assert before["differences"]["Ben"]["sure"]
    team = client.get("/team.json").json()
    assert team["spread"]["talk_share"] is not None
    store.save(make_heard("newest", rep="Ben", date="2026-09-01", analyzers="2"), "f" * 64)
    assert compared(client, "Ann", "Ben", "Cleo") == before
    after = client.get("/team.json").json()
    assert after["spread"] == team["spread"]
    for rep in range(4):
        mean = ("value", "low", "high", "n")
        one, other = (t["reps"][rep]["measures"]["talk_share"] for t in (team, after))
        assert [one.get(k) for k in mean] == [other.get(k) for k in mean]
    page = client.get("/compare", params={"rep": ["Ann", "Ben"]}).text
    assert "lower than" in page or "higher than" in page
    assert client.get("/team").status_code == 200


def test_the_team_goes_over_to_newer_versions_once_all_have_enough_calls_by_them(room: tuple[Client, Store]) -> None:
    client, store = room
    fill(store, 4, analyzers="2", month=4)
    measures = client.get("/team.json").json()["reps"][0]["measures"]
    assert measures["talk_share"]["n"] == 4
