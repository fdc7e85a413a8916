"""The pages without a browser: the list of calls, one call, moments, hostile words."""

from __future__ import annotations

import csv
import io
import os
import re
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import web_calls
from web_room import Room, room

from listening.batch.sources import Item, content, tag
from listening.store import Source
from listening.web.calls import which

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PACKAGE = Path(__file__).parent.parent / "listening"


def test_the_list_filters_sorts_and_has_twins(open_room: Room) -> None:
    client, _, _ = open_room
    assert "6 calls" in client.get("/calls").text
    found = client.get("/calls.json?rep=Alex Kim&sort=date&order=asc").json()
    assert [c["name"] for c in found["calls"]] == ["call-4", "call-5"]
    assert client.get("/calls.json?text=customer 2").json()["total"] == 1
    assert client.get("/calls.json?since=2026-05-01&until=2026-06-30").json()["total"] == 2
    assert client.get("/calls.json?min=99").json()["total"] == 0
    rows = list(csv.DictReader(io.StringIO(client.get("/calls.csv?sort=name").text)))
    assert [row["name"] for row in rows] == [f"call-{n}" for n in range(6)]
    assert client.get("/calls.xml").status_code == 404
    assert client.get("/calls?sort=nonsense&offset=-4&min=x&flag=zzz").status_code == 200


def test_one_call_as_page_and_data(open_room: Room) -> None:
    client, _, keys = open_room
    text = client.get(f"/calls/{keys[0]}").text
    assert f'src="/calls/{keys[0]}/audio"' in text
    assert "To talk about" in text
    data = client.get(f"/calls/{keys[0]}.json").json()
    assert data["measures"]["talk_share"]["value"] == pytest.approx(0.43, abs=0.02)
    assert len(data["transcript"]["utterances"]) == len(web_calls.LINES)
    assert "talk_share" in client.get(f"/calls/{keys[0]}.csv").text
    assert len(client.get(f"/calls/{keys[0]}/annotations.jsonl").text.splitlines()) == len(web_calls.LINES)
    assert "<audio" in client.get(f"/calls/{keys[0]}/report.html").text
    assert client.get("/calls/999").status_code == 404


def test_sound_is_sent_in_ranges(open_room: Room) -> None:
    client, _, keys = open_room
    whole = client.get(f"/calls/{keys[0]}/audio")
    assert whole.headers["accept-ranges"] == "bytes"
    part = client.get(f"/calls/{keys[0]}/audio", headers={"range": "bytes=1000-1999"})
    assert part.status_code == 206
    assert part.content == whole.content[1000:2000]
    assert client.get(f"/calls/{keys[1]}/audio").status_code == 404


@pytest.mark.parametrize("how", ["size", "sound", "gone"])
def test_a_recording_that_is_no_longer_the_one_that_was_heard_is_not_played(tmp_path: Path, how: str) -> None:
    recording = web_calls.write_tone(tmp_path / "call.wav", 2)
    with room(tmp_path) as (client, store, _):
        mark, size = tag(Item(str(recording)))
        key = store.save(web_calls.heard("kept"), content(recording), Source(str(recording), "recording", size, mark))
        page, sound = f"/calls/{key}", f"/calls/{key}/audio"
        os.utime(recording, ns=(1, 1))  # the same sound at another time is the same recording
        assert client.get(sound).status_code == 200
        if how == "size":
            web_calls.write_tone(recording, 3)
        elif how == "sound":
            recording.write_bytes(recording.read_bytes()[:-1] + b"x")
        else:
            recording.unlink()
        assert client.get(sound).status_code == 404
        said = "has gone" if how == "gone" else "has changed since it was heard"
        client.cookies.set("listening_self", "1")
        assert said in client.get(page).text
        client.cookies.delete("listening_self")
        assert said in client.get(page).text
        for path in (page, f"{page}/report.html"):
            assert "<audio" not in client.get(path).text
        assert sound not in client.get("/moments").text


@pytest.mark.parametrize("size", [None, "right", "wrong"])
def test_a_recording_of_which_little_is_kept_is_played_while_that_fits(tmp_path: Path, size: str | None) -> None:
    """An upload keeps its size only, an old row nothing."""
    recording = web_calls.write_tone(tmp_path / "call.wav", 2)
    kept = {None: None, "right": recording.stat().st_size, "wrong": 17}[size]
    with room(tmp_path) as (client, store, _):
        key = store.save(web_calls.heard("kept"), "f" * 64, Source(str(recording), "recording", kept))
        assert client.get(f"/calls/{key}/audio").status_code == (404 if size == "wrong" else 200)


def test_hostile_words_are_harmless_on_every_page(tmp_path: Path) -> None:
    from test_html import HOSTILE, hostile

    with room(tmp_path) as (client, store, _):
        key = store.save(hostile(), "e" * 64)
        for path in ("/calls", f"/calls/{key}", "/team", "/compare", "/jobs"):
            text = client.get(path).text
            assert "<script>alert" not in text
            assert "<img" not in text
        assert HOSTILE[3] in re.sub(r"<[^>]+>", "", client.get(f"/calls/{key}").text)
        for path in ("/calls.csv", f"/calls/{key}.csv"):
            for row in csv.reader(io.StringIO(client.get(path).text)):
                assert not any(cell[:1] in "=+@" and cell for cell in row)
        assert client.get(f"/calls/{key}.json").json()["call"]["id"] == HOSTILE[0]


def test_what_is_vendored_is_what_it_says() -> None:
    import hashlib

    listed = tomllib.loads((PACKAGE / "web/static/vendor/VENDOR.toml").read_text())["file"]
    for entry in listed:
        data = (PACKAGE / entry["path"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == entry["sha256"], entry["path"]
    found = {
        p.relative_to(PACKAGE).as_posix() for p in PACKAGE.rglob("*") if p.suffix in (".woff2",) or ".min." in p.name
    }
    assert found == {entry["path"] for entry in listed}


def test_moments_of_all_calls_the_clearest_first(open_room: Room) -> None:
    client, store, keys = open_room
    text = client.get("/moments").text
    assert "from 6 calls" in text
    assert text.count('class="button" href="/calls/') == 6
    assert f'data-src="/calls/{keys[0]}/audio"' in text
    assert "She thinks we should be able to press a button" in text  # what the customer was saying
    assert len(client.get("/moments.json?rep=Alex Kim").json()) == 2
    findings = store.call(keys[5]).heard.scorecard.findings
    index = next(i for i, f in enumerate(findings) if f.label == "interruption")
    fields = {"finding": index, "which": which(findings[index]), "was": "interruption"}
    client.form(f"/calls/{keys[5]}/corrections", kind="delete", **fields)
    assert len(client.get("/moments.json?rep=Alex Kim").json()) == 1
    assert client.get("/moments.csv?what=A push past a barrier").text.startswith("call,name,rep")
    assert client.get("/moments?what=nonsense").status_code == 404


def test_a_page_does_not_wait_for_the_outline_of_a_long_recording(
    open_room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    from listening.reports import sound

    client, _, keys = open_room
    go_on = threading.Event()
    real = sound.outline

    def slow(path: Path) -> sound.Outline:
        assert go_on.wait(60)
        return real(path)

    monkeypatch.setattr(sound, "outline", slow)
    first = client.get(f"/calls/{keys[0]}").text
    assert first.count('class="voice"') == 2
    go_on.set()
    deadline = time.monotonic() + 60
    while client.get(f"/calls/{keys[0]}").text == first:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_large_team_is_shown_in_pages_by_name(open_room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    from listening.web import reps

    client, _, _ = open_room
    monkeypatch.setattr(reps, "TEAM", 1)
    one, two = client.get("/team").text, client.get("/team?offset=1").text
    assert "1 reps of 2, by name" in one
    assert ("Alex%20Kim" in one, "Robin%20Marsh" in one) == (True, False)
    assert ("Alex%20Kim" in two, "Robin%20Marsh" in two) == (False, True)
    assert [r["rep"] for r in client.get("/team.json").json()["reps"]] == ["Alex Kim", "Robin Marsh"]


def test_a_number_that_no_call_can_have_is_not_found(open_room: Room) -> None:
    client, _, keys = open_room
    for path in (f"/calls/{10**20}", f"/calls/{10**20}.json", f"/calls/{10**20}/audio"):
        assert client.get(path).status_code == 404
    for path in (f"/calls/{keys[0]}/comments/{10**20}/delete", f"/calls/{10**20}/comments"):
        answer: Any = client.form(path, text="x")
        assert answer.status_code < 500, path
