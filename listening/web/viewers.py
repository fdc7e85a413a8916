"""Who is looking, and whose calls they may see. Everything that reads calls goes through a Viewer's scope."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from listening.store import CallFilter, StoredCall, User

if TYPE_CHECKING:
    from starlette.requests import Request

    from listening.store.store import Store

#: Corrections that decide whose call it is; only a coach makes them.
COACH_ONLY = frozenset({"set_rep_name", "set_rep", "swap_speakers", "rename"})


@dataclass(frozen=True, slots=True)
class Viewer:
    """`reps`: the names of the reps whose calls are in sight; None means all. `head`: may see people and the audit."""

    name: str
    role: str = "coach"
    reps: tuple[str, ...] | None = None
    head: bool = True
    team_mode: bool = False

    @property
    def coach(self) -> bool:
        return self.role == "coach"

    def scope(self, where: CallFilter | None = None) -> CallFilter:
        """The filter, narrowed to what this viewer may see."""
        where = where or CallFilter()
        if self.reps is None:
            return where
        reps = self.reps if where.reps is None else tuple(r for r in where.reps if r in self.reps)
        return dataclasses.replace(where, reps=reps)

    def may_see(self, rep: str | None) -> bool:
        return self.reps is None or (rep is not None and rep in self.reps)


def viewer_of(user: User, store: Store) -> Viewer:
    """A coach without a team sees everybody, one with a team its reps, a rep her own calls."""
    if user.role == "rep":
        return Viewer(user.name, "rep", (user.rep,) if user.rep else (), head=False, team_mode=True)
    if user.team:
        return Viewer(user.name, "coach", store.reps_of_team(user.team), head=False, team_mode=True)
    return Viewer(user.name, "coach", None, team_mode=True)


def opened(store: Store, viewer: Viewer, request: Request, form: str | None = None) -> None:
    """Record that a call is read or heard, in `form` when that is not its page. Without a team nobody asks."""
    if viewer.team_mode and request.method == "GET":
        store.log(viewer.name, "open", request.path_params["id"], form)


def call_in_sight(store: Store, viewer: Viewer, call: int) -> StoredCall:
    """The call. One that is not in sight is answered exactly like one that does not exist."""
    if not store.calls(viewer.scope(CallFilter(ids=(call,))), limit=1).total:
        raise HTTPException(404)
    return store.call(call)
