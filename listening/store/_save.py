"""Keeping calls: what was heard, and the numbers that follow from it and from what people say."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from listening.errors import StoreError
from listening.scorecard import Heard, Scorecard
from listening.scoring import Rubric, load_rubric, score
from listening.store import packing, tables
from listening.store._numbers import Analyse, Numbers, card_row, measure_rows
from listening.store.values import Source
from listening.transcript import CallInfo, Transcript


class Saving(Numbers):
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
        new = known is None
        transcript = self._keep_transcript(connection, call, heard.transcript, new)
        analysis = self._keep_analysis(connection, call, transcript, heard.analysis, new=new)
        current = {"ruler": ruler, "transcript": transcript, "analysis": analysis}
        corrections = [] if new else self._holding(connection, call)
        self._settle(connection, call, heard, corrections, rubric, analyse, current, new=new)
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

    def _keep_transcript(self, connection: Connection, call: int, transcript: Transcript, new: bool) -> int:
        t = tables.transcripts
        made_by = packing.made_by(transcript)
        if not new:
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

    def rescore(self, calls: Sequence[int], rubric: Rubric, analyse: Analyse | None = None) -> None:
        """Score calls with another rubric from their stored findings, all in one transaction; the old numbers stay."""
        c, t, a = tables.calls, tables.transcripts, tables.analyses
        query = sa.select(c.c.id, c.c.rep, c.c.ruler, c.c.analysis, c.c.corrections, t.c.header, a.c.body)
        query = query.join(t, t.c.id == c.c.transcript).join(a, a.c.id == c.c.analysis).where(c.c.id.in_(calls))
        with self._writing() as connection:
            rulers: dict[tuple[tuple[str, str], ...], int] = {}
            done: list[tuple[int, int, int, Scorecard]] = []
            reps = set()
            for row in connection.execute(query).all():
                if row.corrections:
                    self._rescore_corrected(connection, row.id, rubric, analyse)
                    continue
                # Scoring reads no words, so the transcript's header is enough.
                card = score(packing.unpack_analysis(row.body), Transcript.from_dict(row.header), rubric)
                versions = tuple(sorted(card.versions.items()))
                if versions not in rulers:
                    rulers[versions] = self._ruler(connection, card.versions, rubric)
                if rulers[versions] != row.ruler:
                    done.append((row.id, rulers[versions], row.analysis, card))
                    reps.add(row.rep)
            self._write_cards(connection, done)
            for rep in reps - {None}:
                connection.execute(sa.delete(tables.rep_sums).where(tables.rep_sums.c.rep == rep))

    def _rescore_corrected(self, connection: Connection, call: int, rubric: Rubric, analyse: Analyse | None) -> None:
        machine, current, _ = self._machine(connection, call, rubric)
        ruler = self._ruler(connection, machine.scorecard.versions, rubric)
        if ruler != current["ruler"]:
            held = self._holding(connection, call)
            self._settle(connection, call, machine, held, rubric, analyse, {**current, "ruler": ruler})

    def _write_cards(self, connection: Connection, done: Sequence[tuple[int, int, int, Scorecard]]) -> None:
        """Make these scorecards (call, ruler, analysis, card) of uncorrected calls the current ones."""
        c, s = tables.calls, tables.scorecards
        if not done:
            return
        had = sa.select(s.c.call, s.c.ruler).where(s.c.call.in_([call for call, *_ in done]))
        before = {(row.call, row.ruler) for row in connection.execute(had)}
        for call, ruler, *_ in done:
            if (call, ruler) in before:
                self._clear_numbers(connection, call, ruler)
        cards = [card_row(call, ruler, analysis, card, card.index.value) for call, ruler, analysis, card in done]
        connection.execute(sa.insert(s), cards)
        connection.execute(
            sa.insert(tables.measures), [m for call, ruler, _, x in done for m in measure_rows(call, ruler, x)]
        )
        stamp = packing.now()
        new = [{"one": call, "ruler": r, "score": x.index.value, "changed": stamp} for call, r, _, x in done]
        connection.execute(sa.update(c).where(c.c.id == sa.bindparam("one")), new)

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


def _rubric_of(card: Scorecard) -> Rubric:
    rubric = load_rubric(card.rubric.rpartition(" ")[0])
    if rubric.label != card.rubric:
        raise StoreError("The rubric of this scorecard does not come with the package; it has to be given.")
    return rubric
