"""Files dropped on the page: heard, or refused with a sentence."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from web_room import Client, Room

from listening.corrections import Correction
from listening.store.store import Store


def upload(client: Client, name: str, text: str, **said: str) -> dict[str, Any]:
    """The job of a file dropped on the page, once it has ended."""
    client.form("/jobs", on="/jobs", files={"files": (name, text)}, **said)
    deadline = time.monotonic() + 120
    while (job := client.get("/jobs.json").json()[0])["state"] in ("waiting", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return dict(job)


def vtt(*lines: tuple[str, str]) -> str:
    """What each said, for two seconds each."""
    return "WEBVTT\n\n" + "\n\n".join(
        f"00:00:{2 * n:02}.000 --> 00:00:{2 * n + 2:02}.000\n<v {who}>{text}" for n, (who, text) in enumerate(lines)
    )


def roles(store: Store, call: int) -> dict[str, tuple[str, str]]:
    return {s.name or s.id: (s.role.value, s.source) for s in store.call(call).heard.scorecard.speakers}


def test_the_rep_named_in_the_form_is_the_voice_of_that_name(open_room: Room) -> None:
    client, store, _ = open_room
    asked = ["What brings you to us?", "We lose two days a month.", "So two days are gone. What did you try?", "Excel."]
    talk = vtt(*(("Lee Park" if n % 2 == 0 else "Dana Reyes", text) for n, text in enumerate(asked * 3)))
    job = upload(client, "guessed.vtt", talk)
    assert roles(store, job["call"]) == {"Lee Park": ("rep", "guess"), "Dana Reyes": ("customer", "guess")}
    job = upload(client, "named.vtt", talk + "\n", rep="dana reyes", customer="Lee Park", date="2026-05-04")
    assert job["state"] == "done", job
    assert roles(store, job["call"]) == {"Lee Park": ("customer", "metadata"), "Dana Reyes": ("rep", "metadata")}
    row = store.call(job["call"]).row
    assert (row.name, row.rep, row.customer, row.date) == ("named", "dana reyes", "Lee Park", "2026-05-04")
    job = upload(client, "side.vtt", talk + "\n\n", rep="Somebody Else")
    assert roles(store, job["call"])["Lee Park"] == ("rep", "guess")


def test_an_uploaded_transcript_is_heard(open_room: Room) -> None:
    client, _, _ = open_room
    words = "\n\n".join(
        f"00:00:{2 * n:02}.000 --> 00:00:{2 * n + 2:02}.000\n<v {'Ann' if n % 2 == 0 else 'Bob'}>{text}"
        for n, text in enumerate(["What brings you here?", "We lose two days a month.", "So two days are gone."] * 4)
    )
    answer: Any = client.form(
        "/jobs", on="/jobs", rep="Ann Lee", call_type="demo", files={"files": ("new call.vtt", "WEBVTT\n\n" + words)}
    )
    assert answer.status_code == 200
    deadline = time.monotonic() + 120
    while (job := client.get("/jobs.json").json()[0])["state"] in ("waiting", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert job["state"] == "done", job
    data = client.get(f"/calls/{job['call']}.json").json()
    assert (data["call"]["rep"], data["call"]["id"], data["call"]["call_type"]) == ("Ann Lee", "new call", "demo")


def test_a_file_that_is_no_call_fails_with_a_sentence_and_can_be_tried_again(open_room: Room) -> None:
    client, _, _ = open_room
    client.form("/jobs", on="/jobs", files={"files": ("../../etc/passwd.wav", b"not a sound")})
    for again in (False, True):
        deadline = time.monotonic() + 120
        while (job := client.get("/jobs.json").json()[0])["state"] != "failed":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert job["message"].endswith(".")
        if not again:
            client.form(f"/jobs/{job['id']}/retry", on="/jobs")
            time.sleep(0.2)
    kept = list(client.app.state.line.folder.iterdir())  # type: ignore[attr-defined]
    assert [re.fullmatch(r"[0-9a-f]{64}\.wav", p.name) is not None for p in kept] == [True]


def test_a_known_file_added_again_after_an_upgrade_is_brought_up_to_date(
    open_room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    from listening.analyzers import analyse

    client, store, _ = open_room
    asked = ["What brings you to us?", "We lose two days a month.", "So two days are gone. What did you try?", "Excel."]
    talk = vtt(*(("Lee Park" if n % 2 == 0 else "Dana Reyes", text) for n, text in enumerate(asked * 3)))
    call = upload(client, "call.vtt", talk, rep="Lee Park", customer="Acme")["call"]
    dana = next(s.id for s in store.call(call).heard.transcript.speakers if s.name == "Dana Reyes")
    store.correct(call, Correction("set_rep", speaker=dana), "coach", analyse)
    monkeypatch.setattr("listening.analyzers.LABELLER_VERSION", "another")
    job = upload(client, "call.vtt", talk, rep="Dana Reyes", date="2026-05-04")
    assert (job["state"], job["call"]) == ("done", call), job
    kept = store.call(call)
    assert kept.versions["labeller"] == "another"
    assert (kept.row.rep, kept.row.date, kept.row.customer) == ("Dana Reyes", "2026-05-04", "Acme")
    for transcript in (kept.machine.transcript, kept.heard.transcript):
        assert (transcript.info.rep, transcript.info.date) == ("Dana Reyes", "2026-05-04")
    assert {s.name: s.role.value for s in kept.machine.transcript.speakers}["Dana Reyes"] == "rep"
    assert kept.row.measures["talk_share"] == kept.heard.scorecard.measures["talk_share"].value
