"""Keeping calls: what was heard, and the numbers that follow from it and from what people say."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from listening.errors import StoreError
from listening.scorecard import Heard, Scorecard
from listening.scoring import Rubric, load_rubric, score
from listening.store import packing, tables
from listening.store._numbers import (
    Analyse,
    Numbers,
    analysis_row,
    call_row,
    card_row,
    count_rows,
    measure_rows,
)
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
        return self.save_all([(heard, content, source)], rubric=rubric, analyse=analyse)[0]

    def save_all(
        self,
        items: Sequence[tuple[Heard, str, Source | None]],
        *,
        rubric: Rubric | None = None,
        analyse: Analyse | None = None,
    ) -> list[int]:
        """Several calls in one transaction: all or none."""
        with self._writing() as connection:
            c = tables.calls
            asked = sa.select(c.c.content, c.c.id, c.c.ruler).where(c.c.content.in_([item[1] for item in items]))
            known = {row.content: (int(row.id), int(row.ruler)) for row in connection.execute(asked)}
            new: dict[str, Heard] = {}
            for heard, content, _ in items:
                if content not in known:
                    new.setdefault(content, heard)
            known |= self._add(connection, new, rubric)
            self._saw(connection, [(known[content][0], content, source) for _, content, source in items if source])
            for heard, content, _ in items:
                if new.get(content) is not heard:
                    self._save_again(connection, *known[content], heard, rubric, analyse)
            return [known[content][0] for _, content, _ in items]

    def _add(
        self, connection: Connection, new: Mapping[str, Heard], rubric: Rubric | None
    ) -> dict[str, tuple[int, int]]:
        """Keep calls that were not there; returns the id and ruler of each content."""
        if not new:
            return {}
        c, t, a = tables.calls, tables.transcripts, tables.analyses
        rulers: dict[Any, int] = {}
        rows: list[dict[str, Any]] = []
        for content, heard in new.items():
            card = heard.scorecard
            versions = (card.rubric, *sorted(card.versions.items()))
            if versions not in rulers:
                rulers[versions] = self._ruler(connection, card.versions, rubric or _rubric_of(card))
            made = {"ruler": rulers[versions], "transcript": 0, "analysis": 0, "added": packing.now()}
            rows.append({"content": content, **call_row(heard.transcript, card), **made})
        new_reps = self._new_reps(connection, {row["rep"] for row in rows})
        connection.execute(sa.insert(c), rows)
        # Ids are read back, which any SQLite can do for many rows at once.
        ids: dict[str, int] = dict(self._pairs(connection, c.c.content, c.c.id, c.c.content.in_(new)))
        calls = [(ids[row["content"]], row, new[row["content"]]) for row in rows]
        connection.execute(sa.insert(t), [transcript_row(call, heard.transcript) for call, _, heard in calls])
        texts = dict(self._pairs(connection, t.c.call, t.c.id, t.c.call.in_(ids.values())))
        connection.execute(sa.insert(a), [analysis_row(call, texts[call], heard.analysis) for call, _, heard in calls])
        found = dict(self._pairs(connection, a.c.call, a.c.id, a.c.call.in_(ids.values())))
        rests_on = [{"one": call, "transcript": texts[call], "analysis": found[call]} for call in ids.values()]
        connection.execute(sa.update(c).where(c.c.id == sa.bindparam("one")), rests_on)
        cards = [(call, row["ruler"], found[call], heard.scorecard) for call, row, heard in calls]
        numbers = self._insert_cards(connection, cards)
        if counts := [count for call, _, heard in calls for count in count_rows(call, heard.scorecard)]:
            connection.execute(sa.insert(tables.finding_counts), counts)
        self._add_to_sums(
            connection, [(row["rep"], row["call_type"], numbers[call]) for call, row, _ in calls], new_reps
        )
        return {row["content"]: (call, row["ruler"]) for call, row, _ in calls}

    def _pairs(self, connection: Connection, one: Any, other: Any, where: Any) -> list[tuple[Any, Any]]:
        return [(row[0], row[1]) for row in connection.execute(sa.select(one, other).where(where))]

    def _save_again(
        self,
        connection: Connection,
        call: int,
        old_ruler: int,
        heard: Heard,
        rubric: Rubric | None,
        analyse: Analyse | None,
    ) -> None:
        """Numbers of a call that is kept; nothing to do when they were made with the same versions."""
        rubric = rubric or _rubric_of(heard.scorecard)
        ruler = self._ruler(connection, heard.scorecard.versions, rubric)
        if ruler == old_ruler:
            return
        t, held = tables.transcripts, self._holding(connection, call)
        same = (t.c.call == call, t.c.made_by == packing.made_by(heard.transcript))
        kept = connection.execute(sa.select(t.c.id, t.c.body).where(*same)).first()
        said_otherwise = False
        if kept is None:
            transcript = self._insert(connection, t, transcript_row(call, heard.transcript))
        else:
            transcript, before = int(kept.id), packing.unpack_transcript(kept.body)
            if any(c.utterance is not None or c.finding is not None for c in held):
                heard = _with_words_of(before, heard, rubric, analyse)
            # Times and scores are kept rounded, so that only what was kept can be compared.
            now = packing.unpack_transcript(packing.pack_transcript(heard.transcript))
            said_otherwise = now.with_info(before.info) != before
            if now != before:
                connection.execute(sa.update(t).where(t.c.id == transcript).values(**transcript_row(call, now)))
        analysis = self._keep_analysis(connection, call, transcript, heard.analysis)
        current = {"ruler": ruler, "transcript": transcript, "analysis": analysis}
        self._settle(connection, call, heard, held, rubric, analyse, current, said_otherwise)

    def _saw(self, connection: Connection, sources: Iterable[tuple[int, str, Source]]) -> None:
        """Note where calls (id, content) were met last."""
        t = tables.recordings
        rows = {
            source.path: {
                "path": source.path,
                "call": call,
                "content": content,
                "kind": source.kind,
                "size": source.size,
                "tag": source.tag,
                "seen": packing.now(),
            }
            for call, content, source in sources
        }
        there = sa.select(t.c.path, t.c.content, t.c.tag).where(t.c.path.in_(list(rows)))
        for path, content, tag in connection.execute(there).all():
            row = rows.pop(path)
            if (row["content"], row["tag"]) != (content, tag):
                connection.execute(sa.update(t).where(t.c.path == path).values(**row))
        if rows:
            connection.execute(sa.insert(t), list(rows.values()))

    def saw(self, content: str, source: Source) -> None:
        """Note that a call that is kept was met at this path (too)."""
        with self._writing() as connection:
            t = tables.recordings
            before = connection.execute(sa.select(t.c.call, t.c.kind).where(t.c.content == content)).first()
            if before is not None:
                self._saw(connection, [(before.call, content, dataclasses.replace(source, kind=before.kind))])

    def rescore(self, calls: Sequence[int], rubric: Rubric, analyse: Analyse | None = None) -> None:
        """Score calls with another rubric from their stored findings, all in one transaction; the old numbers stay."""
        c, t, a = tables.calls, tables.transcripts, tables.analyses
        query = sa.select(c.c.id, c.c.ruler, c.c.analysis, c.c.corrections, t.c.header, a.c.body)
        query = query.join(t, t.c.id == c.c.transcript).join(a, a.c.id == c.c.analysis).where(c.c.id.in_(calls))
        with self._writing() as connection:
            rulers: dict[tuple[tuple[str, str], ...], int] = {}
            done: list[tuple[int, int, int, Scorecard]] = []
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
            self._write_cards(connection, done)

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
        ids = [call for call, *_ in done]
        before = set(self._pairs(connection, s.c.call, s.c.ruler, s.c.call.in_(ids)))
        again = {call for call, ruler, *_ in done if (call, ruler) in before}
        for call, ruler, *_ in done:
            if call in again:
                self._clear_numbers(connection, call, ruler)
        numbers = self._insert_cards(connection, done)
        whose = connection.execute(sa.select(c.c.id, c.c.rep, c.c.call_type).where(c.c.id.in_(ids))).all()
        self._forget_sums(connection, (row.rep for row in whose if row.id in again))
        self._add_to_sums(connection, [(row.rep, row.call_type, numbers[row.id]) for row in whose])
        stamp = packing.now()
        new = [{"one": call, "ruler": r, "score": x.index.value, "changed": stamp} for call, r, _, x in done]
        connection.execute(sa.update(c).where(c.c.id == sa.bindparam("one")), new)

    def _insert_cards(
        self, connection: Connection, cards: Sequence[tuple[int, int, int, Scorecard]]
    ) -> dict[int, list[dict[str, Any]]]:
        """Scorecards of uncorrected calls that have none by this ruler; returns the rows of `measures` by call."""
        rows = [card_row(call, ruler, analysis, card, card.index.value) for call, ruler, analysis, card in cards]
        connection.execute(sa.insert(tables.scorecards), rows)
        numbers = {call: measure_rows(call, ruler, card) for call, ruler, _, card in cards}
        # By key, so that neighbours in the table are written together.
        if flat := sorted((row for rows in numbers.values() for row in rows), key=lambda row: row["key"]):
            connection.execute(sa.insert(tables.measures), flat)
        return numbers

    def inform(self, call: int, info: CallInfo) -> bool:
        """Take over what metadata says of a kept call now; False when it says nothing new. Corrections stay above it."""
        given = info.said()
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

    def recast(self, call: int, transcript: Transcript, analyse: Analyse) -> int:
        """Take over who is who in a kept call: `transcript` is its own with other roles. Returns the ruler of its numbers.

        It is analysed again, and scored with the rubric it had.
        """
        t = tables.transcripts
        with self._writing() as connection:
            machine, current, rubric = self._machine(connection, call)
            values = {"header": packing.header(transcript), "body": packing.pack_transcript(transcript)}
            connection.execute(sa.update(t).where(t.c.id == current["transcript"]).values(**values))
            machine = dataclasses.replace(machine, transcript=transcript)
            machine, current = self._brought_up(connection, call, machine, current, rubric, analyse)
            self._settle(connection, call, machine, self._holding(connection, call), rubric, analyse, current, True)
        return current["ruler"]

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
            self._forget_sums(connection, (row.rep,))
        return True

    # Helpers

    def _must_exist(self, connection: Connection, call: int) -> None:
        if connection.execute(sa.select(tables.calls.c.id).where(tables.calls.c.id == call)).first() is None:
            raise StoreError(f"There is no call {call} in the store.")

    def _count(self, connection: Connection, call: int, table: sa.Table, column: str) -> None:
        n = sa.select(sa.func.count()).select_from(table).where(table.c.call == call).scalar_subquery()
        connection.execute(sa.update(tables.calls).where(tables.calls.c.id == call).values({column: n}))


def transcript_row(call: int, transcript: Transcript) -> dict[str, Any]:
    return {
        "call": call,
        "made_by": packing.made_by(transcript),
        "header": packing.header(transcript),
        "body": packing.pack_transcript(transcript),
        "created": packing.now(),
    }


def _with_words_of(before: Transcript, heard: Heard, rubric: Rubric, analyse: Analyse | None) -> Heard:
    """The call with the words it had, when it is heard with others now: people's corrections name words by their place."""
    if [u.text for u in before.utterances] == [u.text for u in heard.transcript.utterances]:
        return heard
    if analyse is None:
        raise StoreError("This call has corrected labels or words; it has to be analysed again to be scored.")
    transcript = before.with_info(heard.transcript.info)
    analysis = analyse(transcript)
    return Heard(transcript, analysis, score(analysis, transcript, rubric), heard.recording)


def _rubric_of(card: Scorecard) -> Rubric:
    rubric = load_rubric(card.rubric.rpartition(" ")[0])
    if rubric.label != card.rubric:
        raise StoreError("The rubric of this scorecard does not come with the package; it has to be given.")
    return rubric
