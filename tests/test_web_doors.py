"""Who may come in and what must stay closed: headers, hosts, forms, sessions, passwords."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any

import pytest
from web_room import BASE, PASSWORD, Room, log_in, room

from listening.web.guard import Gate, hosts_for


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


def test_a_host_with_colons_is_answered_to_in_brackets() -> None:
    assert "[fd00::5]:8123" in hosts_for("FD00:0::5", 8123)
    assert {"[::1]:80", "[::1]"} <= hosts_for("::1", 80)
    assert "192.168.7.5:8123" in hosts_for("192.168.7.5", 8123)


def test_a_host_bound_to_everything_answers_to_its_own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian's name for the machine itself is 127.0.1.1, which nobody else can ask for."""
    debian = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.1.1", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: debian)

    class Routed(socket.socket):
        def connect(self, _: Any) -> None:
            if self.family != socket.AF_INET:
                raise OSError(101, "Network is unreachable")

        def getsockname(self) -> Any:
            return ("192.168.7.5", 40_000)

    monkeypatch.setattr(socket, "socket", Routed)
    assert {"192.168.7.5:8123", "127.0.1.1:8123"} <= hosts_for("0.0.0.0", 8123)
    assert "192.168.7.5:8123" not in hosts_for("127.0.0.1", 8123)


def test_locking_ends_the_session(open_room: Room) -> None:
    client, _, _ = open_room
    client.form("/logout")
    assert client.get("/calls.json").status_code != 200 or "Open the address" in client.get("/calls").text


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


def test_one_changes_ones_own_password_and_sessions_elsewhere_end(team: Room) -> None:
    client, store, _ = team
    new = "a longer horse"
    log_in(client, "robin")
    elsewhere = client.cookies["listening_session"]
    log_in(client, "robin")
    assert "Your password" in client.get("/account").text

    def change(old: str, password: str, again: str | None = None) -> int:
        fields = {"old": old, "password": password, "again": again or password}
        return int(client.form("/account", on="/account", **fields).status_code)  # type: ignore[attr-defined]

    assert client.post("/account", data={"old": PASSWORD, "password": new}, headers={"origin": BASE}).status_code == 403
    assert change("not the right one", new) == 403
    assert change(PASSWORD, "short") == 400
    assert change(PASSWORD, new, "another one altogether") == 400
    assert store.audit(limit=1)[0]["action"] == "password change refused"
    here = client.cookies["listening_session"]
    assert change(PASSWORD, new) == 200
    assert store.audit(limit=1)[0] == {**store.audit(limit=1)[0], "who": "robin", "action": "change own password"}
    assert client.cookies["listening_session"] not in (here, elsewhere)
    assert client.get("/calls.json").json()["total"] == 4
    for old in (here, elsewhere):
        client.cookies.clear()
        client.cookies.set("listening_session", old)
        assert client.get("/calls.json", headers={"accept": "*/*"}).status_code == 401
    assert log_in(client, "robin").status_code == 403
    assert log_in(client, "robin", new).status_code == 200


def test_the_old_password_cannot_be_guessed_on_the_page_that_changes_it(team: Room) -> None:
    client, _, _ = team
    log_in(client, "robin")
    for _ in range(5):
        client.form("/account", on="/account", old="wrong password", password="a longer horse", again="a longer horse")
    answer: Any = client.form(
        "/account", on="/account", old=PASSWORD, password="a longer horse", again="a longer horse"
    )
    assert answer.status_code == 429


def test_without_a_team_there_is_no_account(open_room: Room) -> None:
    client, _, _ = open_room
    assert client.get("/account").status_code == 404


def test_a_coach_gives_somebody_a_new_password_and_cannot_shut_herself_out(team: Room) -> None:
    client, store, _ = team
    users = {user.name: user.id for user in store.users()}
    log_in(client, "cora")
    assert f'action="/people/{users["cora"]}"' not in client.get("/people").text
    answer: Any = client.form(f"/people/{users['cora']}", on="/people", disabled=1)
    assert answer.status_code == 400
    client.form(f"/people/{users['alex']}", on="/people", password="a third horse")
    assert log_in(client, "alex").status_code == 403
    assert log_in(client, "alex", "a third horse").status_code == 200
