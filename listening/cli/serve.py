"""`listening serve`: the coach's room in a browser."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
import webbrowser

import click

from listening.errors import UsageError

#: The language models are loaded this long after the start (s).
WARM_AFTER_S = 15.0


@click.command("serve")
@click.option("--db", help="The store: a SQLite file or a postgresql:// URL (default: LISTENING_DB).")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8123, show_default=True, type=click.IntRange(0, 65535), help="0 takes any that is free."
)
@click.option("--team", is_flag=True, help="Named users with passwords: coaches see their team, reps their own calls.")
@click.option("--open", "show", is_flag=True, help="Show the page in a browser.")
def command(db: str | None, host: str, port: int, team: bool, show: bool) -> None:
    """Open the coach's room in a browser: listen to calls, see what the numbers come from, say where they are wrong.

    Prints an address that opens once. Everything stays on this machine.
    """
    import uvicorn

    from listening.store import open_store
    from listening.web.app import create_app
    from listening.web.guard import Gate, hosts_for

    if host not in ("127.0.0.1", "localhost", "::1") and not team:
        raise UsageError("Other machines may only come in with passwords: add --team.")
    bound = _bind(host, port)
    port = bound.getsockname()[1]
    gate = Gate(hosts_for(host, port), team=team)
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    with open_store(db) as store:
        first = not team or not any(user.role == "coach" and not user.disabled for user in store.users())
        address = f"http://{shown}:{port}/" + (f"open?token={gate.token}" if first else "login")
        click.echo(address)
        click.echo("Ctrl+C ends it." + (" The address opens once." if first else ""), err=True)
        if show:
            threading.Timer(1.0, webbrowser.open, [address]).start()
        threading.Thread(target=_warm, daemon=True).start()
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
        config = uvicorn.Config(create_app(store, gate), log_level="warning", access_log=False, server_header=False)
        uvicorn.Server(config).run(sockets=[bound])


def _warm() -> None:
    """Load the language models, so that the first correction that needs them does not wait; the first pages do not
    wait for that either."""
    time.sleep(WARM_AFTER_S)
    from listening.analyzers import analyse
    from listening.transcript import CallInfo, Provenance, Role, Speaker, Transcript, Utterance

    said = (Utterance("What brings you here?", "a"), Utterance("We lose two days a month.", "b"))
    speakers = (Speaker("a", role=Role.REP), Speaker("b", role=Role.CUSTOMER))
    with contextlib.suppress(Exception):  # the first correction will say what is wrong
        analyse(Transcript(said, speakers, CallInfo("warm"), Provenance("none", "transcript")))


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise UsageError(f"Port {port} of {host} cannot be used: {error.strerror}; --port names another.") from error
    return bound
