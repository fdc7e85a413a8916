"""Keeping calls: what was heard, what people say about it, and the numbers that follow."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from listening import corrections as by_people
from listening.corrections import Correction
from listening.errors import StoreError, UsageError
from listening.findings import Analysis
from listening.scorecard import Heard, Scorecard
from listening.scoring import MEASURES, Rubric, load_rubric, score
from listening.store import packing, tables
from listening.store._base import Base
from listening.store.values import Comment, SelfScore, Source, StoredCorrection
from listening.transcript import Role, Transcript

Analyse = Callable[[Transcript], Analysis]


class Writing(Base):
    def save(
        self,
        heard: Heard,
        content: str,
        source: Source | None = None,
        *,
        rubric: Rubric | None = None,
        analyse: Analyse | None = None,
    ) -> int:
        """Keep a call and make its numbers the current ones; returns its id. The same again changes nothing.

        content   SHA-256 of the recording or transcript: one call a content
        rubric    the one it was scored with (default: the one of that name which comes with the package)
        analyse   needed only when people have corrected who spoke or what was said in this call, see `correct`
        """
        with self._writing() as connection:
            return self._save(connection, heard, content, source, rubric, analyse)

    def save_all(
        self,
        items: Sequence[tuple[Heard, str, Source | None]],
        *,
        rubric: Rubric | None = None,
        analyse: Analyse | None = None,
    ) -> list[int]:
        """Several calls in one transaction: all or none."""
        with self._writing() as connection:
            return [self._save(connection, *item, rubric, analyse) for item in items]

    def _save(
        self,
        connection: Connection,
        heard: Heard,
        content: str,
        source: Source | None,
        rubric: Rubric | None,
        analyse: Analyse | None,
    ) -> int:
        rubric = rubric or _rubric_of(heard.scorecard)
        ruler = self._ruler(connection, heard.scorecard.versions, rubric)
        t = tables.calls
        known = connection.execute(sa.select(t.c.id, t.c.ruler).where(t.c.content == content)).first()
        stamp = packing.now()
        if known is None:
            values = {
                "content": content,
                "name": heard.transcript.info.id,
                "ruler": ruler,
                "transcript": 0,
                "analysis": 0,
                "added": stamp,
                "changed": stamp,
            }
            call = self._insert(connection, t, values)
        else:
            call = int(known.id)
        if source is not None:
            self._saw(connection, call, content, source)
        if known is not None and known.ruler == ruler:
            return call
        transcript = self._keep_transcript(connection, call, heard.transcript)
        analysis = self._keep_analysis(connection, call, transcript, heard.analysis)
        current = {"ruler": ruler, "transcript": transcript, "analysis": analysis}
        connection.execute(sa.update(t).where(t.c.id == call).values(**current))
        corrections = self._holding(connection, call) if known is not None else []
        self._settle(connection, call, heard, corrections, rubric, analyse, current)
        return call

    def _saw(self, connection: Connection, call: int, content: str, source: Source) -> None:
        t = tables.recordings
        values = {
            "call": call,
            "content": content,
            "kind": source.kind,
            "size": source.size,
            "tag": source.tag,
            "seen": packing.now(),
        }
        same = connection.execute(sa.select(t.c.content, t.c.tag).where(t.c.path == source.path)).first()
        if same is None:
            self._insert(connection, t, {"path": source.path, **values})
        elif (same.content, same.tag) != (content, source.tag):
            connection.execute(sa.update(t).where(t.c.path == source.path).values(**values))

    def saw(self, content: str, source: Source) -> None:
        """Note that a call that is kept was met at this path."""
        with self._writing() as connection:
            call = connection.execute(sa.select(tables.calls.c.id).where(tables.calls.c.content == content)).scalar()
            if call is not None:
                self._saw(connection, call, content, source)

    def _keep_transcript(self, connection: Connection, call: int, transcript: Transcript) -> int:
        t = tables.transcripts
        made_by = packing.made_by(transcript)
        found = connection.execute(sa.select(t.c.id).where(t.c.call == call, t.c.made_by == made_by)).scalar()
        if found is not None:
            return int(found)
        values = {
            "call": call,
            "made_by": made_by,
            "header": packing.header(transcript),
            "body": packing.pack_transcript(transcript),
            "created": packing.now(),
        }
        return self._insert(connection, t, values)

    def _keep_analysis(
        self, connection: Connection, call: int, transcript: int, analysis: Analysis, corrected: bool = False
    ) -> int:
        t = tables.analyses
        digest = packing.digest(dict(analysis.versions))
        same = (t.c.transcript == transcript, t.c.digest == digest, t.c.corrected.is_(corrected))
        found = connection.execute(sa.select(t.c.id).where(*same)).scalar()
        if found is not None:
            if corrected:
                body = packing.pack_analysis(analysis)
                connection.execute(sa.update(t).where(t.c.id == found).values(body=body, created=packing.now()))
            return int(found)
        values = {
            "call": call,
            "transcript": transcript,
            "digest": digest,
            "corrected": corrected,
            "body": packing.pack_analysis(analysis),
            "created": packing.now(),
        }
        return self._insert(connection, t, values)

    def _settle(
        self,
        connection: Connection,
        call: int,
        machine: Heard,
        corrections: Sequence[Correction],
        rubric: Rubric,
        analyse: Analyse | None,
        current: Mapping[str, int],
        changed: bool = False,
    ) -> Scorecard:
        """Write the numbers of a call as they are after the corrections; returns its scorecard.

        `changed`: who spoke or what was said has just been corrected, so that an analysis kept before does not hold.
        """
        analysis, transcript, card = machine.analysis, machine.transcript, machine.scorecard
        rests_on = current["analysis"]
        if corrections:
            transcript = by_people.apply_to_transcript(transcript, corrections)
            if by_people.must_hear_again(corrections):
                analysis, rests_on = self._heard_again(connection, call, transcript, machine, current, analyse, changed)
            analysis = by_people.apply_to_analysis(analysis, transcript, corrections)
            card = score(analysis, transcript, rubric)
        self._write_numbers(connection, call, current["ruler"], rests_on, card, machine.scorecard.index.value)
        info = card.call
        old_rep = connection.execute(sa.select(tables.calls.c.rep).where(tables.calls.c.id == call)).scalar()
        rep = info.rep or _rep_name(transcript)
        values = {
            "name": info.id,
            "rep": rep,
            "customer": info.customer,
            "opportunity": info.opportunity,
            "call_type": info.call_type,
            "date": _day(info.date),
            "moment": info.date,
            "duration_ms": card.duration,
            "analysis": rests_on,
            "score": card.index.value,
            "role_guessed": any(s.role is Role.REP and s.source == "guess" for s in card.speakers),
            "corrections": len(corrections),
            "changed": packing.now(),
        }
        connection.execute(sa.update(tables.calls).where(tables.calls.c.id == call).values(**values))
        stale = [name for name in {old_rep, rep} if name is not None]
        connection.execute(sa.delete(tables.rep_sums).where(tables.rep_sums.c.rep.in_(stale)))
        return card

    def _heard_again(
        self,
        connection: Connection,
        call: int,
        transcript: Transcript,
        machine: Heard,
        current: Mapping[str, int],
        analyse: Analyse | None,
        changed: bool,
    ) -> tuple[Analysis, int]:
        """The analysis of the corrected transcript and its id: the one that is kept, unless that is out of date."""
        t = tables.analyses
        if not changed:
            digest = packing.digest(dict(machine.analysis.versions))
            same = (t.c.transcript == current["transcript"], t.c.digest == digest, t.c.corrected)
            row = connection.execute(sa.select(t.c.id, t.c.body).where(*same)).first()
            if row is not None:
                return packing.unpack_analysis(row.body), int(row.id)
        if analyse is None:
            raise StoreError("This call has corrected speakers or words; it has to be analysed again to be scored.")
        analysis = analyse(transcript)
        return analysis, self._keep_analysis(connection, call, current["transcript"], analysis, corrected=True)

    def _write_numbers(
        self, connection: Connection, call: int, ruler: int, analysis: int, card: Scorecard, machine: float | None
    ) -> None:
        s, m, f = tables.scorecards, tables.measures, tables.finding_counts
        old = connection.execute(sa.select(s.c.components).where(s.c.call == call, s.c.ruler == ruler)).first()
        if old is not None:
            keys = {*MEASURES, "listening_index", *(f"component.{key}" for key in old.components)}
            connection.execute(sa.delete(s).where(s.c.call == call, s.c.ruler == ruler))
            connection.execute(sa.delete(m).where(m.c.key.in_(sorted(keys)), m.c.call == call, m.c.ruler == ruler))
        low, high = card.index.interval or (None, None)
        values = {
            "call": call,
            "ruler": ruler,
            "analysis": analysis,
            "score": card.index.value,
            "low": low,
            "high": high,
            "components": {key: c.value for key, c in card.components.items()},
            "machine_score": machine,
            "created": packing.now(),
        }
        connection.execute(sa.insert(s), values)
        numbers = [
            {"key": key, "value": x.value, "numerator": x.numerator, "denominator": x.denominator}
            for key, x in card.measures.items()
            if x.value is not None
        ]
        parts = {"listening_index": card.index, **{f"component.{k}": c for k, c in card.components.items()}}
        numbers += [
            {"key": key, "value": c.value, "numerator": None, "denominator": None}
            for key, c in parts.items()
            if c.value is not None
        ]
        if numbers:
            connection.execute(sa.insert(m), [{"call": call, "ruler": ruler, **number} for number in numbers])
        connection.execute(sa.delete(f).where(f.c.call == call))
        counts = Counter((finding.label, finding.role) for finding in card.findings)
        if counts:
            rows = [{"call": call, "label": label, "role": role, "n": n} for (label, role), n in sorted(counts.items())]
            connection.execute(sa.insert(f), rows)

    # What people say

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
        return dataclasses.replace(_correction(row), undone_by=who, undone_at=stamp)

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

    def delete_call(self, call: int) -> bool:
        """Delete a call with all that hangs on it (not the recording); False when there is none."""
        c, m = tables.calls, tables.measures
        with self._writing() as connection:
            row = connection.execute(sa.select(c.c.rep).where(c.c.id == call)).first()
            if row is None:
                return False
            connection.execute(sa.delete(m).where(m.c.call == call))
            for table in (
                tables.finding_counts,
                tables.scorecards,
                tables.analyses,
                tables.transcripts,
                tables.recordings,
            ):
                connection.execute(sa.delete(table).where(table.c.call == call))
            connection.execute(sa.delete(c).where(c.c.id == call))
            connection.execute(sa.delete(tables.rep_sums).where(tables.rep_sums.c.rep == row.rep))
        return True

    # Helpers

    def _must_exist(self, connection: Connection, call: int) -> None:
        if connection.execute(sa.select(tables.calls.c.id).where(tables.calls.c.id == call)).first() is None:
            raise StoreError(f"There is no call {call} in the store.")

    def _count(self, connection: Connection, call: int, table: sa.Table, column: str) -> None:
        n = sa.select(sa.func.count()).select_from(table).where(table.c.call == call).scalar_subquery()
        connection.execute(sa.update(tables.calls).where(tables.calls.c.id == call).values({column: n}))

    def _holding(self, connection: Connection, call: int) -> list[Correction]:
        """The corrections of a call that hold, in the order they were made."""
        t = tables.corrections
        rows = connection.execute(sa.select(t).where(t.c.call == call, t.c.undone_at.is_(None)).order_by(t.c.id))
        return [_correction(row).correction for row in rows]

    def _machine(self, connection: Connection, call: int) -> tuple[Heard, dict[str, int], Rubric]:
        """The call as the machine heard it, what its current numbers rest on, and its rubric."""
        c, t, a, r = tables.calls, tables.transcripts, tables.analyses, tables.rulers
        row = connection.execute(sa.select(c.c.ruler, c.c.transcript, c.c.analysis).where(c.c.id == call)).first()
        if row is None:
            raise StoreError(f"There is no call {call} in the store.")
        digest = sa.select(a.c.digest).where(a.c.id == row.analysis).scalar_subquery()
        own = sa.select(a.c.id, a.c.body).where(
            a.c.transcript == row.transcript, a.c.digest == digest, a.c.corrected.is_(False)
        )
        found = connection.execute(own).one()
        body = connection.execute(sa.select(t.c.body).where(t.c.id == row.transcript)).scalar_one()
        rubric = packing.rubric_from_dict(
            connection.execute(sa.select(r.c.rubric).where(r.c.id == row.ruler)).scalar_one()
        )
        transcript, analysis = packing.unpack_transcript(body), packing.unpack_analysis(found.body)
        current = {"ruler": int(row.ruler), "transcript": int(row.transcript), "analysis": int(found.id)}
        return Heard(transcript, analysis, score(analysis, transcript, rubric)), current, rubric


def _correction(row: Any) -> StoredCorrection:
    correction = Correction.from_dict(row.data, row.who, row.at)
    return StoredCorrection(row.id, row.call, correction, row.who, row.at, row.before, row.undone_by, row.undone_at)


def _rubric_of(card: Scorecard) -> Rubric:
    rubric = load_rubric(card.rubric.rpartition(" ")[0])
    if rubric.label != card.rubric:
        raise StoreError("The rubric of this scorecard does not come with the package; it has to be given.")
    return rubric


def _rep_name(transcript: Transcript) -> str | None:
    """The name of the speaker who is the rep, when there is one such and it was not guessed."""
    reps = [s for s in transcript.speakers if s.role is Role.REP]
    return reps[0].name if len(reps) == 1 and reps[0].source != "guess" else None


def _day(date: str | None) -> str | None:
    """The day of an ISO 8601 day or moment, as it was where the call took place."""
    try:
        return datetime.fromisoformat((date or "").replace("Z", "+00:00")).date().isoformat()
    except ValueError:
        return None
