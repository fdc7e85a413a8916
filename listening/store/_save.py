"""Keeping calls: what was heard, and the numbers that follow from it and from what people say."""

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
from listening.errors import StoreError
from listening.findings import Analysis
from listening.scorecard import Heard, Scorecard
from listening.scoring import MEASURES, Rubric, load_rubric, score
from listening.store import packing, tables
from listening.store._base import Base
from listening.store.values import Source, StoredCorrection
from listening.transcript import CallInfo, Role, Transcript

Analyse = Callable[[Transcript], Analysis]


class Saving(Base):
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
        """Note that a call that is kept was met at this path (too)."""
        with self._writing() as connection:
            t = tables.recordings
            before = connection.execute(sa.select(t.c.call, t.c.kind).where(t.c.content == content)).first()
            if before is not None:
                self._saw(connection, before.call, content, dataclasses.replace(source, kind=before.kind))

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

    def rescore(self, calls: Sequence[int], rubric: Rubric, analyse: Analyse | None = None) -> None:
        """Score calls with another rubric from their stored findings, all in one transaction; the old numbers stay."""
        with self._writing() as connection:
            for call in calls:
                machine, current, _ = self._machine(connection, call, rubric, words=False)
                ruler = self._ruler(connection, machine.scorecard.versions, rubric)
                if ruler == current["ruler"]:
                    continue
                connection.execute(sa.update(tables.calls).where(tables.calls.c.id == call).values(ruler=ruler))
                held = self._holding(connection, call)
                if held:  # scoring reads no words, but corrections do
                    machine = self._machine(connection, call, rubric, words=True)[0]
                self._settle(connection, call, machine, held, rubric, analyse, {**current, "ruler": ruler})

    def inform(self, call: int, info: CallInfo) -> bool:
        """Take over what metadata says of a kept call now; False when it says nothing new. Corrections stay above it."""
        given = {name: value for name in CallInfo.__slots__ if (value := getattr(info, name)) is not None}
        t, c = tables.transcripts, tables.calls
        with self._reading() as connection:
            query = sa.select(t.c.header).join(c, c.c.transcript == t.c.id).where(c.c.id == call)
            header = connection.execute(query).scalar()
        if header is None or all(header["call"].get(name) == value for name, value in given.items()):
            return False
        with self._writing() as connection:
            machine, current, rubric = self._machine(connection, call)
            transcript = machine.transcript.with_info(dataclasses.replace(machine.transcript.info, **given))
            values = {"header": packing.header(transcript), "body": packing.pack_transcript(transcript)}
            connection.execute(sa.update(t).where(t.c.id == current["transcript"]).values(**values))
            machine = Heard(transcript, machine.analysis, score(machine.analysis, transcript, rubric))
            self._settle(connection, call, machine, self._holding(connection, call), rubric, None, current)
        return True

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

    def _machine(
        self, connection: Connection, call: int, rubric: Rubric | None = None, words: bool = True
    ) -> tuple[Heard, dict[str, int], Rubric]:
        """The call as the machine heard it (without its utterances, when `words` is false), what its current numbers
        rest on, and the rubric it is scored with (default: the one of those numbers)."""
        c, t, a, r = tables.calls, tables.transcripts, tables.analyses, tables.rulers
        text = t.c.body if words else t.c.header
        used = (
            a.alias()
        )  # of the corrected transcript, when there is one; `a` is the machine's own by the same analyzers
        own = sa.and_(a.c.transcript == t.c.id, a.c.digest == used.c.digest, a.c.corrected.is_(False))
        query = sa.select(c.c.ruler, t.c.id, text, a.c.id, a.c.body)
        kept = c.join(t, t.c.id == c.c.transcript).join(used, used.c.id == c.c.analysis).join(a, own)
        query = query.select_from(kept).where(c.c.id == call)
        row = connection.execute(query).first()
        if row is None:
            raise StoreError(f"There is no call {call} in the store.")
        ruler, transcript_id, said, analysis_id, found = row
        if rubric is None:
            data = connection.execute(sa.select(r.c.rubric).where(r.c.id == ruler)).scalar_one()
            rubric = packing.rubric_from_dict(data)
        transcript = packing.unpack_transcript(said) if words else Transcript.from_dict(said)
        analysis = packing.unpack_analysis(found)
        current = {"ruler": int(ruler), "transcript": int(transcript_id), "analysis": int(analysis_id)}
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
