"""The pages without a browser: lists, one call, corrections, doors, and what must stay closed."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import web_calls
from web_room import BASE, PASSWORD, Client, room

from listening.store.store import Store
from listening.web.guard import Gate, hosts_for

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Room = tuple[Client, Store, list[int]]
PACKAGE = Path(__file__).parent.parent / "listening"


@pytest.fixture
def open_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setenv("LISTENING_HOME", str(tmp_path / "home"))
    with room(tmp_path, recording=web_calls.write_tone(tmp_path / "tone.wav", seconds=6.0)) as made:
        yield made


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


def finding(client: Client, call: int, label: str) -> tuple[int, dict[str, Any]]:
    found = client.get(f"/calls/{call}.json").json()["findings"]
    return next((i, f) for i, f in enumerate(found) if f["label"] == label)


def test_a_persons_say_changes_the_measures_and_undo_brings_them_back(open_room: Room) -> None:
    client, store, keys = open_room
    call, where = keys[0], f"/calls/{keys[0]}"
    before = client.get(f"{where}.json").json()
    index, _ = finding(client, call, "question.closed")
    client.form(f"{where}/corrections", kind="relabel", finding=index, was="question.closed", label="question.open")
    after = client.get(f"{where}.json").json()
    assert after["measures"]["open_question_share"]["value"] > before["measures"]["open_question_share"]["value"]
    assert after["findings"][index]["origin"] == "person"
    assert after["corrections"][0]["machine_label"] == "question.closed"
    assert after["corrections"][0]["who"] == "you"
    assert store.call(call).row.measures["open_question_share"] == after["measures"]["open_question_share"]["value"]
    (row,) = [r for line in client.get("/corrections.jsonl").text.splitlines() if "labels" in (r := json.loads(line))]
    assert "question.open" in {label["label"] for label in row["labels"]} - set(row["machine_labels"])
    client.form(f"{where}/undo")
    undone = client.get(f"{where}.json").json()
    assert undone["measures"] == before["measures"]
    assert undone["corrections"][0]["undone_by"] == "you"
    text = client.get(where).text
    assert "machine said Closed question" in text


def test_labels_are_added_and_deleted(open_room: Room) -> None:
    client, _, keys = open_room
    where = f"/calls/{keys[0]}"
    client.form(f"{where}/corrections", kind="add", utterance=10, start=0, end=5, label="restatement")
    assert len(client.get(f"{where}.json").json()["findings"]) == len(web_calls.heard().scorecard.findings) + 1
    index, _ = finding(client, keys[0], "next_step.push")
    client.form(f"{where}/corrections", kind="delete", finding=index, was="next_step.push")
    assert client.get(f"{where}.json").json()["measures"]["pushes_per_hour"]["value"] == 0


def test_people_and_machine_are_compared_where_somebody_went_through_the_call(open_room: Room) -> None:
    client, _, keys = open_room
    assert "Nobody has judged a label yet" in client.get("/agreement").text
    where = f"/calls/{keys[0]}"
    index, _ = finding(client, keys[0], "question.closed")
    client.form(f"{where}/corrections", kind="confirm", finding=index, was="question.closed")
    assert "confirmed</small>" in client.get(where).text
    text = client.get("/agreement").text
    assert "0 calls gone through, 1 corrected in passing" in text
    assert "In calls gone through" not in text
    index, _ = finding(client, keys[0], "next_step.push")
    client.form(f"{where}/corrections", kind="delete", finding=index, was="next_step.push")
    client.form(f"{where}/corrections", kind="review")
    assert "Gone through</b> by <bdi>you" in client.get(where).text
    rows = {r["label"]: r for r in client.get("/agreement.json").json()["rows"]}
    assert rows["next_step.push"]["right"] < 1 == rows["restatement"]["right"]
    assert "people say it is nothing" in client.get("/agreement").text
    assert client.get("/agreement.csv").text.startswith("label,right,low,high,confirmed")


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "relabel", "finding": 9999, "was": "x", "label": "restatement"},
        {"kind": "relabel", "finding": 0, "was": "something else", "label": "restatement"},
        {"kind": "add", "utterance": 0, "start": 3, "end": 99999, "label": "restatement"},
        {"kind": "add", "utterance": 0, "start": 0, "end": 3, "label": "made.up"},
        {"kind": "nonsense"},
        {"kind": "set_rep", "speaker": "nobody"},
    ],
)
def test_a_correction_that_does_not_fit_is_refused_with_a_sentence(open_room: Room, fields: dict[str, Any]) -> None:
    client, store, keys = open_room
    answer: Any = client.form(f"/calls/{keys[0]}/corrections", **fields)
    assert answer.status_code == 400
    assert 'class="problem"' in answer.text
    assert not store.corrections(keys[0])


def test_comments_and_own_scores(open_room: Room) -> None:
    client, _, keys = open_room
    where = f"/calls/{keys[0]}"
    client.form(f"{where}/comments", text="<b>well</b> done", at_s="12.5")
    assert "&lt;b&gt;well&lt;/b&gt; done" in client.get(where).text


def test_the_machines_score_is_hidden_until_one_has_scored_oneself(open_room: Room) -> None:
    client, _, keys = open_room
    client.cookies.set("listening_self", "1")
    where = f"/calls/{keys[1]}"
    text = client.get(where).text
    assert "Listening index</p>" not in text
    assert not re.search(r"<mark|chip k-|Open question", text)
    assert "score it yourself first" in client.get("/calls").text
    client.form(f"{where}/self", on=where, listening_index=60, curious=70, note="hard call")
    text = client.get(where).text
    assert "By hand and by machine" in text
    assert "hard call" in text
    answer: Any = client.form(f"{where}/self", on=where, listening_index=101)
    assert answer.status_code == 400


def test_headers_are_strict(open_room: Room) -> None:
    client, _, keys = open_room
    for path in ("/calls", f"/calls/{keys[0]}", "/jobs", "/team", "/static/room.js"):
        answer = client.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not re.search(
            r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=",
            answer.text if "text/html" in answer.headers["content-type"] else "",
        )


def test_other_hosts_other_origins_and_forms_without_token_are_refused(open_room: Room) -> None:
    client, store, keys = open_room
    assert client.get("/calls", headers={"host": "evil.example"}).status_code == 421
    path, data = f"/calls/{keys[0]}/comments", {"text": "x"}
    assert client.post(path, data=data).status_code == 403
    assert client.post(path, data=data, headers={"origin": "http://evil.example"}).status_code == 403
    assert client.post(path, data=data, headers={"origin": BASE}).status_code == 403
    assert client.post(path, data={**data, "csrf": "0" * 64}, headers={"origin": BASE}).status_code == 403
    assert not store.call(keys[0]).comments


def test_the_address_opens_once_and_nothing_is_open_without_it(open_room: Room) -> None:
    client, _, keys = open_room
    gate: Gate = client.app.state.gate  # type: ignore[attr-defined]
    assert gate.token is None
    client.cookies.clear()
    assert client.get("/open?token=").status_code == 403
    for path in ("/calls", f"/calls/{keys[0]}", f"/calls/{keys[0]}/audio", "/calls.json", "/jobs", "/team"):
        answer = client.get(path, follow_redirects=False, headers={"accept": "application/json"})
        assert answer.status_code == 401
        assert "Customer" not in answer.text


def test_a_host_bound_to_loopback_answers_to_loopback_names_only() -> None:
    assert hosts_for("127.0.0.1", 80) >= {"127.0.0.1", "localhost:80"}
    assert "evil.example:8123" not in hosts_for("127.0.0.1", 8123)


def test_locking_ends_the_session(open_room: Room) -> None:
    client, _, _ = open_room
    client.form("/logout")
    assert client.get("/calls.json").status_code != 200 or "Open the address" in client.get("/calls").text


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


def test_an_uploaded_transcript_is_heard(open_room: Room) -> None:
    import time

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
    import time

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


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Room]:
    from listening.web import doors

    doors._wrong.clear()
    with room(tmp_path, team=True) as made:
        store = made[1]
        for name, role, rep, group in (
            ("cora", "coach", None, None), ("cole", "coach", None, "north"), ("robin", "rep", "Robin Marsh", "south"), ("alex", "rep", "Alex Kim", "north"),
        ):  # fmt: skip
            store.add_user(name, role, doors.hash_password(PASSWORD), rep=rep, team=group)
        yield made


def log_in(client: Client, name: str, password: str = PASSWORD) -> Any:
    client.cookies.clear()
    return client.form("/login", on="/login", name=name, password=password)


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


def test_wrong_passwords_are_refused_and_then_made_to_wait(team: Room) -> None:
    client, _, _ = team
    for _ in range(5):
        assert log_in(client, "robin", "wrong password").status_code == 403
    assert log_in(client, "robin").status_code == 429
    assert log_in(client, "nobody at all", "x").status_code == 403


def test_somebody_shut_out_is_out_at_once(team: Room) -> None:
    client, store, _ = team
    log_in(client, "robin")
    user = store.user("robin")
    assert user is not None
    store.change_user(user.id, disabled=True)
    assert client.get("/calls.json", headers={"accept": "*/*"}).status_code == 401
    assert log_in(client, "robin").status_code == 403


def test_the_first_coach_lets_herself_in_with_the_printed_address_once(tmp_path: Path) -> None:
    with room(tmp_path, team=True) as (client, _, _):
        gate: Gate = client.app.state.gate  # type: ignore[attr-defined]
        address = f"/open?token={gate.token}"
        assert "first coach" in client.get(address).text
        answer: Any = client.form("/welcome", on=address, token=gate.token, name="cora", password=PASSWORD)
        assert "6 calls" in answer.text
        client.cookies.clear()
        assert "first coach" not in client.get(address).text
        log_in(client, "cora")
        added: Any = client.form("/people", on="/people", name="al", role="rep", rep="Alex Kim", password=PASSWORD)
        assert "Alex Kim" in added.text
        log_in(client, "al")
        assert client.get("/calls.json").json()["total"] == 2


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
