"""What people say about a call: corrections, comments, their own scores. The numbers follow at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import sqlalchemy as sa

from listening import corrections as by_people
from listening.corrections import Correction
from listening.errors import UsageError
from listening.store import packing, tables
from listening.store._numbers import Analyse, stored_correction
from listening.store._save import Saving
from listening.store.values import LARGEST_KEY, Comment, SelfScore, StoredCorrection


class Correcting(Saving):
    def correct(self, call: int, correction: Correction, who: str, analyse: Analyse | None = None) -> StoredCorrection:
        """Keep a correction; the call's numbers follow at once.

        `analyse` (`listening.analyzers.analyse`) is needed for the kinds in `corrections.HEAR_AGAIN`. Raises UsageError
        when the correction does not fit the call, StoreError when the call is not kept or `analyse` is missing.
        """
        with self._writing() as connection:
            machine, current, rubric = self._machine(connection, call)
            before = self._holding(connection, call)
            transcript = by_people.apply_to_transcript(machine.transcript, before)
            try:
                by_people.check(transcript, correction)
            except ValueError as error:
                raise UsageError(f"The correction cannot be made: {error}.") from None
            stamp = packing.now()
            values = {
                "call": call,
                "kind": correction.kind,
                "data": correction.to_dict(),
                "before": correction.finding.label if correction.finding else None,
                "who": who,
                "at": stamp,
            }
            key = self._insert(connection, tables.corrections, values)
            changed = correction.kind in by_people.HEAR_AGAIN
            self._settle(connection, call, machine, [*before, correction], rubric, analyse, current, changed)
        kept = dataclasses.replace(correction, who=who, when=stamp)
        return StoredCorrection(key, call, kept, who, stamp, before=values["before"])  # type: ignore[arg-type]

    def undo(
        self, call: int, who: str, correction: int | None = None, analyse: Analyse | None = None
    ) -> StoredCorrection | None:
        """Take back a correction of the call (default: the latest that holds); None when there is none."""
        t = tables.corrections
        with self._writing() as connection:
            machine, current, rubric = self._machine(connection, call)
            wanted = sa.select(t).where(t.c.call == call, t.c.undone_at.is_(None)).order_by(t.c.id.desc()).limit(1)
            if correction is not None:
                wanted = wanted.where(t.c.id == correction)
            row = connection.execute(wanted).first()
            if row is None:
                return None
            stamp = packing.now()
            connection.execute(sa.update(t).where(t.c.id == row.id).values(undone_by=who, undone_at=stamp))
            changed = row.kind in by_people.HEAR_AGAIN
            self._settle(connection, call, machine, self._holding(connection, call), rubric, analyse, current, changed)
        return dataclasses.replace(stored_correction(row), undone_by=who, undone_at=stamp)

    def _set(self, kind: str, call: int, value: str | None, who: str) -> StoredCorrection:
        return self.correct(call, Correction(kind, text=value), who)

    def set_call_type(self, call: int, call_type: str | None, who: str) -> StoredCorrection:
        return self._set("set_call_type", call, call_type, who)

    def set_rep_name(self, call: int, rep: str | None, who: str) -> StoredCorrection:
        """Say whose call it is (the name); which voice is hers is the correction `set_rep`."""
        return self._set("set_rep_name", call, rep, who)

    def comment(
        self, call: int, who: str, text: str, *, at_ms: int | None = None, utterance: int | None = None
    ) -> Comment:
        """Keep a remark on the call or a moment of it."""
        stamp = packing.now()
        values = {"call": call, "who": who, "at": stamp, "text": text, "at_ms": at_ms, "utterance": utterance}
        with self._writing() as connection:
            self._must_exist(connection, call)
            key = self._insert(connection, tables.comments, values)
            self._count(connection, call, tables.comments, "comments")
        return Comment(key, call, who, stamp, text, at_ms, utterance)

    def delete_comment(self, comment: int, who: str | None = None) -> bool:
        """Delete a comment (only one of `who`, when given); False when there is none."""
        t = tables.comments
        if comment > LARGEST_KEY:
            return False
        with self._writing() as connection:
            row = connection.execute(sa.select(t).where(t.c.id == comment)).first()
            if row is None or (who is not None and row.who != who):
                return False
            connection.execute(sa.delete(t).where(t.c.id == comment))
            self._count(connection, row.call, t, "comments")
        return True

    def score_self(self, call: int, who: str, scores: Mapping[str, float], note: str = "") -> SelfScore:
        """Keep how a rep scored her own call; once: a second time is refused with UsageError."""
        t = tables.self_scores
        stamp = packing.now()
        with self._writing() as connection:
            self._must_exist(connection, call)
            if connection.execute(sa.select(t.c.call).where(t.c.call == call, t.c.who == who)).first():
                raise UsageError("This call has been scored by the same person before.")
            values = {"call": call, "who": who, "at": stamp, "scores": dict(scores), "note": note}
            connection.execute(sa.insert(t), values)
            self._count(connection, call, t, "self_scores")
        return SelfScore(call, who, stamp, dict(scores), note)
