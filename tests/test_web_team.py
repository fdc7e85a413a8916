"""Named users: whose calls they see, and whose they can by no route."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
import web_calls
from web_room import BASE, PASSWORD, Room, add_people, log_in, room


def test_coaches_see_their_team_and_reps_their_own(team: Room) -> None:
    client, store, keys = team
    for name, seen in (("cora", 6), ("cole", 2), ("robin", 4), ("alex", 2)):
        assert log_in(client, name).status_code == 200
        assert client.get("/calls.json").json()["total"] == seen
    log_in(client, "cole")
    assert client.get(f"/calls/{keys[0]}").status_code == 404
    assert client.get(f"/calls/{keys[5]}").status_code == 200
    assert store.audit(limit=1)[0]["action"] == "open"
    assert client.get("/people").status_code == 404
    log_in(client, "cora")
    assert "cole" in client.get("/audit").text


def test_who_read_or_heard_which_call_is_recorded_in_every_form(tmp_path: Path) -> None:
    recording = web_calls.write_tone(tmp_path / "call.wav", 2)
    with room(tmp_path, team=True, recording=recording) as (client, store, keys):
        add_people(store)
        log_in(client, "robin")
        call = f"/calls/{keys[0]}"
        forms = {"": None, ".json": "JSON", ".csv": "CSV", "/report.html": "report", "/annotations.jsonl": "labels", "/audio": "sound"}  # fmt: skip
        for path, detail in forms.items():
            before = len(store.audit())
            assert client.get(call + path).status_code == 200
            lines = store.audit()
            assert len(lines) == before + 1, path
            told = {"who": "robin", "action": "open", "call": keys[0], "detail": detail}
            assert told.items() <= lines[0].items()
        for given, more in (("bytes=0-", 1), ("bytes=1000-", 0), ("bytes=1000-1999", 0), ("bytes=-1000", 1), ("bytes=1-2,0-9", 1)):  # fmt: skip
            before = len(store.audit())
            assert client.get(f"{call}/audio", headers={"range": given}).status_code == 206
            assert len(store.audit()) == before + more, given
        before = len(store.audit())
        for path in (f"{call}.xml", f"/calls/{keys[5]}.json", f"/calls/{keys[1]}/audio"):
            assert client.get(path).status_code == 404
        client.head(call)
        assert len(store.audit()) == before  # nothing was shown


SECRET = "Zanzibar"


def test_a_rep_gets_nothing_of_anothers_call_by_any_route(team: Room) -> None:
    """Walks every route as Alex, with the ids, names and words of a call that is Robin's."""
    from starlette.routing import Route

    from listening.web.app import ROUTES

    client, store, _ = team
    theirs = web_calls.heard(f"{SECRET}-call", rep=f"Robin Marsh {SECRET}", customer=f"{SECRET} Ltd", opportunity=SECRET, call_type=SECRET, date="2026-11-11")  # fmt: skip
    key = store.save(theirs, "d" * 64)
    remark = store.comment(key, "robin", f"about {SECRET}", at_ms=1000)
    job = store.add_job("/nowhere.wav", "robin", {"name": f"{SECRET}.wav", "content": "d" * 64})
    store.change_job(job.id, "failed", message="It could not be heard.")
    kept = store.call(key)
    values = {"id": key, "comment": remark.id, "user": 1, "name": f"Robin Marsh {SECRET}"}
    log_in(client, "alex")
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', client.get("/calls").text)
    assert token is not None
    walked = 0
    for route in ROUTES:
        if not isinstance(route, Route) or route.path == "/logout":
            continue
        for form in ("json", "csv", "html") if "{form}" in route.path else ("",):
            path = re.sub(r":\w+", "", route.path).format(**values, form=form)
            if route.path.startswith("/jobs/{id"):
                path = f"/jobs/{job.id}/retry"
            walked += 1
            if "POST" in (route.methods or ()):
                fields = {
                    "csrf": token[1], "kind": "set_call_type", "text": "mine", "listening_index": "99", "correction": "",
                    "rep": "Robin Marsh", "name": "x", "role": "coach", "password": PASSWORD, "disabled": "1",
                }  # fmt: skip
                answer = client.post(path, data=fields, headers={"origin": BASE})
            else:
                query = {"rep": f"Robin Marsh {SECRET}", "type": SECRET, "sort": "score", "call": str(key)}
                answer = client.get(path, params=query, headers={"accept": "text/html"})
                plain = client.get(path)
                # Words the client sent may come back in its own form fields; what the server knows may not.
                assert SECRET not in plain.text or f"Robin Marsh {SECRET}" in path, path
                assert f"{SECRET} Ltd" not in plain.text + answer.text, path
            assert f"{SECRET} Ltd" not in answer.text, path
            assert str(theirs.transcript.utterances[3].text) not in answer.text or str(key) not in path, path
            if "{id" in route.path or "{user" in route.path or route.path in ("/people", "/audit"):
                assert answer.status_code == 404, (path, answer.status_code)
            log_in(client, "alex") if client.get("/calls.json").status_code != 200 else None
            token = re.search(r'name="csrf" value="([0-9a-f]+)"', client.get("/calls").text)
            assert token is not None
    assert walked > 40
    now = store.call(key)
    assert (now.corrections, now.comments, now.self_scores, now.row) == (
        kept.corrections,
        kept.comments,
        kept.self_scores,
        kept.row,
    )
    assert client.get("/calls.json", params={"text": SECRET}).json()["total"] == 0
    assert [user.name for user in store.users()] == ["alex", "cole", "cora", "robin"]


def test_a_rep_cannot_give_calls_away_or_take_them(team: Room) -> None:
    client, store, keys = team
    log_in(client, "alex")
    own = f"/calls/{keys[5]}"
    for fields in ({"kind": "set_rep_name", "text": "Robin Marsh"}, {"kind": "rename", "speaker": "A", "text": "Robin Marsh"}, {"kind": "swap_speakers", "speaker": "A", "other": "B"}, {"kind": "set_rep", "speaker": "B"}):  # fmt: skip
        answer: Any = client.form(f"{own}/corrections", **fields)
        assert answer.status_code == 403
    assert store.call(keys[5]).row.rep == "Alex Kim"
    answer = client.form(f"{own}/corrections", kind="set_call_type", text="demo")
    assert answer.status_code == 200


@pytest.mark.parametrize("rep", ["", "Robin Marsh"])
def test_a_coach_of_a_team_uploads_calls_of_her_own_reps_only(team: Room, rep: str) -> None:
    client, store, _ = team
    log_in(client, "cole")
    words = b"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<v Robin Marsh>What brings you here?\n"
    answer = client.form("/jobs", on="/jobs", rep=rep, files={"files": ("call.vtt", words)})
    assert answer.status_code == 403  # type: ignore[attr-defined]
    assert store.jobs("cole") == ()


def test_a_coach_cannot_take_a_call_out_of_her_own_teams_sight(team: Room) -> None:
    """By naming nobody, by naming a speaker or choosing another as the rep, or by undoing what brought it in."""
    client, store, keys = team
    unnamed = web_calls.heard("unnamed", date="2026-12-01")
    info = dataclasses.replace(unnamed.transcript.info, rep=None)
    speakers = tuple(
        dataclasses.replace(s, name="Alex Kim" if s.id == "A" else "Dana") for s in unnamed.transcript.speakers
    )
    transcript = dataclasses.replace(unnamed.transcript, info=info, speakers=speakers)
    card = dataclasses.replace(unnamed.scorecard, call=info, speakers=speakers)
    call = store.save(dataclasses.replace(unnamed, transcript=transcript, scorecard=card), "e" * 64)
    log_in(client, "cora")
    client.form(f"/calls/{keys[0]}/corrections", kind="set_rep_name", text="Alex Kim")
    log_in(client, "cole")
    assert client.get(f"/calls/{call}").status_code == client.get(f"/calls/{keys[0]}").status_code == 200
    for key, path, fields in (
        (keys[5], "corrections", {"kind": "set_rep_name", "text": ""}),
        (call, "corrections", {"kind": "rename", "speaker": "A", "text": "Somebody"}),
        (call, "corrections", {"kind": "set_rep", "speaker": "B"}),
        (keys[0], "undo", {}),
    ):
        answer: Any = client.form(f"/calls/{key}/{path}", **fields)
        assert answer.status_code == 403, fields
        assert "out of your team" in answer.text
        assert client.get(f"/calls/{key}").status_code == 200
    answer = client.form(f"/calls/{call}/corrections", kind="set_rep_name", text="Alex Kim")
    assert answer.status_code == 200
    answer = client.form(f"/calls/{call}/corrections", kind="rename", speaker="A", text="Somebody")
    assert answer.status_code == 200
    assert client.get(f"/calls/{call}").status_code == 200
    log_in(client, "cora")
    answer = client.form(f"/calls/{keys[0]}/undo")
    assert answer.status_code == 200
    assert store.call(keys[0]).row.rep == "Robin Marsh"
