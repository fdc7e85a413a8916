"""A PostgreSQL server for the tests, from Debian's packages; it lives as long as the test run. `postgres_url` is the fixture."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest


@lru_cache(maxsize=1)
def programs() -> Path | None:
    """Folder of initdb and pg_ctl, the newest there is; None on a machine without."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    named = shutil.which("initdb")
    return Path(named).parent if named else None


def as_server(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root; then it runs as nobody."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]


class Server:
    """One server in a temporary folder, on a free port, without fsync."""

    def __init__(self, folder: Path, bin_folder: Path) -> None:
        self.folder, self.bin = folder, bin_folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody", "nogroup")
        self.run("initdb", "-D", str(folder / "data"), "-U", "listening", "--auth=trust", "--no-sync", "-E", "UTF8")
        self.start()

    def run(self, program: str, *arguments: str) -> None:
        command = as_server([str(self.bin / program), *arguments])
        subprocess.run(command, check=True, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=40"
        log = str(self.folder / "log")
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def url(self, database: str) -> str:
        return f"postgresql://listening@127.0.0.1:{self.port}/{database}"

    def fresh(self, database: str, template: str = "template1") -> str:
        """The URL of a new database of that name, empty or a copy of another one."""
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"drop database if exists {database} with (force)")
            connection.execute(f"create database {database} template {template}")
        return self.url(database)


@lru_cache(maxsize=1)
def server() -> Server:
    """The one server of this test run."""
    bin_folder = programs()
    if bin_folder is None:
        pytest.skip("PostgreSQL's initdb is not installed on this machine")
    pytest.importorskip("psycopg", reason="psycopg is not installed (the extra postgres)")
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("PostgreSQL does not run as root, and setpriv is not there to change user")
    folder = Path(tempfile.mkdtemp(prefix="listening-pg-", dir="/tmp"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = Server(folder, bin_folder)
    atexit.register(made.stop)
    return made


@pytest.fixture
def postgres() -> Iterator[Server]:
    return server()


@lru_cache(maxsize=1)
def _with_tables() -> str:
    """A database with our tables in it, to be copied: faster than migrating each time."""
    from listening.store import open_store

    open_store(server().fresh("with_tables")).close()
    return "with_tables"


def fresh_url(name: str = "test") -> str:
    """The URL of an empty store."""
    return server().fresh(name, _with_tables())
