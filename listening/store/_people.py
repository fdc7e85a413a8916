"""Users, sessions, the audit log and jobs: what `listening serve` keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from listening.errors import StoreError, UsageError
from listening.store import packing, tables
from listening.store._base import Base
from listening.store.values import LARGEST_KEY, Job, SessionRow, User

JOB_STATES = ("waiting", "running", "done", "failed")


class People(Base):
    def add_user(
        self, name: str, role: str, password_hash: str, *, rep: str | None = None, team: str | None = None
    ) -> User:
        """Keep a user. Raises UsageError for a name that is taken or a role that is neither coach nor rep."""
        if role not in ("coach", "rep"):
            raise UsageError("A user is a coach or a rep.")
        t = tables.users
        values = {"name": name, "role": role, "password_hash": password_hash, "rep": rep, "team": team}
        with self._writing() as connection:
            if connection.execute(sa.select(t.c.id).where(t.c.name == name)).first():
                raise UsageError("There is a user of that name already.")
            key = self._insert(connection, t, {**values, "created": packing.now()})
        found = self.user(key)
        assert found is not None
        return found

    def change_user(self, user: int, **values: Any) -> None:
        """Change role, password_hash, rep, team or disabled. A disabled user's sessions end."""
        unknown = set(values) - {"role", "password_hash", "rep", "team", "disabled"}
        if unknown:
            raise UsageError("That cannot be changed of a user.")
        with self._writing() as connection:
            connection.execute(sa.update(tables.users).where(tables.users.c.id == user).values(**values))
            if values.get("disabled") or "password_hash" in values:
                connection.execute(sa.delete(tables.sessions).where(tables.sessions.c.user == user))

    def user(self, user: int | str) -> User | None:
        """A user by id or name."""
        t = tables.users
        if isinstance(user, int) and user > LARGEST_KEY:
            return None
        column = t.c.id if isinstance(user, int) else t.c.name
        with self._reading() as connection:
            row = connection.execute(sa.select(t).where(column == user)).first()
        return _user(row) if row else None

    def users(self) -> tuple[User, ...]:
        with self._reading() as connection:
            rows = connection.execute(sa.select(tables.users).order_by(tables.users.c.name)).all()
        return tuple(_user(row) for row in rows)

    def reps_of_team(self, team: str) -> tuple[str, ...]:
        """The names that calls of a team's reps bear."""
        t = tables.users
        query = sa.select(t.c.rep).where(t.c.team == team, t.c.rep.is_not(None)).distinct()
        with self._reading() as connection:
            return tuple(sorted(connection.execute(query).scalars()))

    def add_session(self, token_hash: str, user: int, expires: str) -> SessionRow:
        """Keep a login until `expires` (ISO 8601, UTC, as `packing.now` writes it)."""
        created = packing.now()
        values = {"token_hash": token_hash, "user": user, "created": created, "expires": expires}
        with self._writing() as connection:
            connection.execute(sa.delete(tables.sessions).where(tables.sessions.c.expires < created))
            connection.execute(sa.insert(tables.sessions), values)
        return SessionRow(token_hash, user, created, expires)

    def session(self, token_hash: str) -> User | None:
        """Whose login it is, when it has not expired and the user is not disabled."""
        s, u = tables.sessions, tables.users
        query = sa.select(u).join(s, s.c.user == u.c.id)
        query = query.where(s.c.token_hash == token_hash, s.c.expires >= packing.now(), u.c.disabled.is_(False))
        with self._reading() as connection:
            row = connection.execute(query).first()
        return _user(row) if row else None

    def end_session(self, token_hash: str) -> None:
        with self._writing() as connection:
            connection.execute(sa.delete(tables.sessions).where(tables.sessions.c.token_hash == token_hash))

    def log(self, who: str, action: str, call: int | None = None, detail: str | None = None) -> None:
        """One line of the audit log. `detail` holds no words of a call."""
        values = {"at": packing.now(), "who": who, "action": action, "call": call, "detail": detail}
        with self._writing() as connection:
            connection.execute(sa.insert(tables.audit), values)

    def audit(self, limit: int = 100, offset: int = 0, call: int | None = None) -> tuple[Mapping[str, Any], ...]:
        """The latest lines of the audit log, newest first: at, who, action, call, detail."""
        t = tables.audit
        query = sa.select(t).order_by(t.c.id.desc()).limit(limit).offset(offset)
        if call is not None:
            query = query.where(t.c.call == call)
        with self._reading() as connection:
            return tuple(dict(row._mapping) for row in connection.execute(query))

    def add_job(self, source: str, who: str | None = None, options: Mapping[str, Any] | None = None) -> Job:
        stamp = packing.now()
        values = {"source": source, "state": "waiting", "who": who, "options": dict(options or {})}
        with self._writing() as connection:
            key = self._insert(connection, tables.jobs, {**values, "created": stamp, "updated": stamp})
        return Job(key, source, "waiting", None, None, who, stamp, stamp, dict(options or {}))

    def change_job(self, job: int, state: str, *, message: str | None = None, call: int | None = None) -> Job:
        """Move a job on; `message` is one sentence when it failed."""
        if state not in JOB_STATES:
            raise UsageError(f"A job is {', '.join(JOB_STATES)}.")
        t = tables.jobs
        values = {"state": state, "message": message, "call": call, "updated": packing.now()}
        with self._writing() as connection:
            connection.execute(sa.update(t).where(t.c.id == job).values(**values))
        return self.job(job)

    def job(self, job: int) -> Job:
        with self._reading() as connection:
            row = connection.execute(sa.select(tables.jobs).where(tables.jobs.c.id == job)).first()
        if row is None:
            raise StoreError(f"There is no job {job} in the store.")
        return _job(row)

    def jobs(self, who: str | None = None, limit: int = 100) -> tuple[Job, ...]:
        """The latest jobs, newest first; of one person, when given."""
        t = tables.jobs
        query = sa.select(t).order_by(t.c.id.desc()).limit(limit)
        if who is not None:
            query = query.where(t.c.who == who)
        with self._reading() as connection:
            return tuple(_job(row) for row in connection.execute(query))


def _user(row: Any) -> User:
    return User(row.id, row.name, row.role, row.password_hash, row.rep, row.team, row.created, bool(row.disabled))


def _job(row: Any) -> Job:
    return Job(row.id, row.source, row.state, row.message, row.call, row.who, row.created, row.updated, row.options)
