"""Reading calls: what is kept already, lists, one call with everything, and columns for trends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from listening import corrections as by_people
from listening.analyzers._corrected import corrected as corrected_analysis
from listening.errors import StoreError, UsageError
from listening.findings import Analysis
from listening.scorecard import Heard
from listening.scoring import MEASURES, score
from listening.store import packing, tables
from listening.store._numbers import stored_correction
from listening.store._save import Saving
from listening.store.values import (
    FLAGS,
    KEY_MEASURES,
    LARGEST_KEY,
    SORTS,
    CallFilter,
    CallRow,
    Comment,
    Known,
    Page,
    SelfScore,
    Source,
    StoredCall,
    StoredCorrection,
    Wanted,
)
from listening.transcript import CallInfo, Transcript

#: Calls asked about in one statement: below SQLite's limit on parameters and PostgreSQL's.
CHUNK = 5000


class Reading(Saving):
    def has(self, content: str, wanted: Wanted | None = None) -> bool:
        """Is a call of this content kept, scored with these versions?"""
        c = tables.calls
        with self._reading() as connection:
            ruler = connection.execute(sa.select(c.c.ruler).where(c.c.content == content)).scalar()
        return ruler is not None and (wanted is None or ruler in self.fitting(wanted))

    def known(self) -> dict[str, Known]:
        """Every call that is kept, by content hash."""
        c = tables.calls
        info = (c.c.name, c.c.rep, c.c.customer, c.c.opportunity, c.c.moment, c.c.call_type)
        query = sa.select(c.c.id, c.c.content, c.c.ruler, *info, c.c.role_guessed)
        with self._reading() as connection:
            rows = connection.execute(query).all()
        return {row[1]: Known(row[0], row[1], row[2], CallInfo(*row[3:9]), row[9]) for row in rows}

    def read_ready(self) -> frozenset[str]:
        """Content hashes of the calls that came as transcripts, so that no engine of ours heard them."""
        t = tables.recordings
        with self._reading() as connection:
            return frozenset(connection.execute(sa.select(t.c.content).where(t.c.kind == "transcript")).scalars())

    def seen(self) -> dict[str, tuple[str, str | None]]:
        """Path or URL -> content hash and tag of every file a call was heard from."""
        t = tables.recordings
        with self._reading() as connection:
            rows = connection.execute(sa.select(t.c.path, t.c.content, t.c.tag))
            return {row.path: (row.content, row.tag) for row in rows}

    def fitting(self, wanted: Wanted) -> frozenset[int]:
        """Rulers that have the wanted versions and rubric."""
        t = tables.rulers
        with self._reading() as connection:
            rows = connection.execute(sa.select(t.c.id, t.c.versions, t.c.rubric_digest)).all()
        return frozenset(
            row.id
            for row in rows
            if (wanted.rubric is None or row.rubric_digest == wanted.rubric)
            and all(row.versions.get(name) == version for name, version in wanted.versions.items())
        )

    def transcript(self, call: int) -> Transcript:
        """What was said, as the machine heard it."""
        with self._reading() as connection:
            return self._machine(connection, call)[0].transcript

    def find(self, name: str) -> tuple[int, ...]:
        """Ids of the calls of that name (or, for digits, with that id)."""
        c = tables.calls
        with self._reading() as connection:
            ids = connection.execute(sa.select(c.c.id).where(c.c.name == name).order_by(c.c.id)).scalars().all()
            # Digits of any length: Python reads no more than some thousands, and no key has more than ten.
            if not ids and name.isdecimal() and len(name) <= 20 and int(name) <= LARGEST_KEY:
                ids = connection.execute(sa.select(c.c.id).where(c.c.id == int(name))).scalars().all()
        return tuple(ids)

    # Lists

    def calls(
        self,
        where: CallFilter | None = None,
        *,
        sort: str = "date",
        descending: bool = True,
        limit: int = 50,
        offset: int = 0,
    ) -> Page:
        """One page of the calls that pass the filter. `sort` is one of `values.SORTS` or a measure's key.

        Calls that lack what is sorted by come last. Raises UsageError for an unknown sort or flag.
        """
        c = tables.calls
        conditions = conditions_of(where or CallFilter())
        query = sa.select(c)
        with self._reading() as connection:
            total = connection.execute(sa.select(sa.func.count()).select_from(c).where(*conditions)).scalar_one()
            columns = {
                "date": c.c.date,
                "score": c.c.score,
                "rep": c.c.rep,
                "customer": c.c.customer,
                "call_type": c.c.call_type,
                "duration": c.c.duration_ms,
                "added": c.c.id,
                "name": c.c.name,
            }
            if sort in SORTS:
                by: Any = columns[sort]
            elif sort in MEASURES or sort.startswith("component."):
                m = tables.measures
                query = query.outerjoin(m, sa.and_(m.c.key == sort, m.c.call == c.c.id, m.c.ruler == c.c.ruler))
                # Through the table from one end: SQLite would else take an index and fetch each row from anywhere.
                query = query.where(c.c.id > 0)
                by = m.c.value
            else:
                raise UsageError(f"Calls cannot be sorted by {sort!r}; there are {', '.join(SORTS)} and the measures.")
            # SQLite sorts null first upwards and last downwards; one `is null` before it would keep the index unused.
            order = [by.desc().nulls_last() if descending else by.asc().nulls_last()]
            order.append(c.c.id.desc() if descending else c.c.id)
            rows = connection.execute(query.where(*conditions).order_by(*order).limit(limit).offset(offset)).all()
            return Page(self._rows(connection, rows), total, offset, limit)

    def each(self, where: CallFilter | None = None) -> Iterator[CallRow]:
        """Every call that passes the filter, by id, read in portions."""
        c = tables.calls
        conditions = conditions_of(where or CallFilter())
        last = 0
        while True:
            query = sa.select(c).where(*conditions, c.c.id > last).order_by(c.c.id).limit(1000)
            with self._reading() as connection:
                rows = connection.execute(query).all()
                yield_rows = self._rows(connection, rows)
            if not rows:
                return
            yield from yield_rows
            last = rows[-1].id

    def values_of(self, column: str, where: CallFilter | None = None) -> tuple[str, ...]:
        """The different values of rep, customer, opportunity or call_type, sorted: for filters on a page."""
        if column not in ("rep", "customer", "opportunity", "call_type"):
            raise UsageError(f"Calls have no list of {column!r}.")
        c = tables.calls
        query = sa.select(c.c[column]).where(c.c[column].is_not(None), *conditions_of(where or CallFilter())).distinct()
        with self._reading() as connection:
            return tuple(sorted(connection.execute(query).scalars()))

    def _rows(self, connection: Connection, rows: Sequence[Any]) -> tuple[CallRow, ...]:
        ids = [row.id for row in rows]
        c, s, m = tables.calls, tables.scorecards, tables.measures
        cards: dict[int, Any] = {}
        measures: dict[int, dict[str, float]] = {call: {} for call in ids}
        for part in _chunks(ids):
            current = sa.and_(s.c.call == c.c.id, s.c.ruler == c.c.ruler)
            query = sa.select(s.c.call, s.c.low, s.c.high, s.c.components).select_from(c.join(s, current))
            cards |= {row.call: row for row in connection.execute(query.where(c.c.id.in_(part)))}
            numbers = sa.select(m.c.call, m.c.ruler, m.c.key, m.c.value)
            rulers = {row.id: row.ruler for row in rows}
            for row in connection.execute(numbers.where(m.c.key.in_(KEY_MEASURES), m.c.call.in_(part))):
                if rulers[row.call] == row.ruler:
                    measures[row.call][row.key] = row.value
        return tuple(_row(row, cards.get(row.id), measures[row.id]) for row in rows)

    def analyses_with(
        self, where: CallFilter, labels: Sequence[str], role: str, limit: int = 100
    ) -> Iterator[tuple[int, Analysis, bool]]:
        """Id, analysis and "did people say something else?" of the latest calls in which somebody of that role has one
        of the labels; the analysis is the one before people's labels."""
        c, a, n = tables.calls, tables.analyses, tables.finding_counts
        has = sa.select(n.c.call).where(n.c.call == c.c.id, n.c.label.in_(labels), n.c.role == role).exists()
        query = sa.select(c.c.id, a.c.body, c.c.corrections).join(a, a.c.id == c.c.analysis)
        query = query.where(*conditions_of(where), has).order_by(c.c.date.desc().nulls_last(), c.c.id.desc())
        with self._reading() as connection:
            rows = connection.execute(query.limit(limit)).all()
        for row in rows:
            yield row.id, packing.unpack_analysis(row.body), row.corrections > 0

    # One call

    def call(self, call: int) -> StoredCall:
        """One call with all that is kept about it. Raises StoreError when there is none of that id."""
        c, a, t, s = tables.calls, tables.analyses, tables.recordings, tables.scorecards
        with self._reading() as connection:
            row = connection.execute(sa.select(c).where(c.c.id == call)).first() if call <= LARGEST_KEY else None
            if row is None:
                raise StoreError(f"There is no call {call} in the store.")
            machine, current, rubric = self._machine(connection, call)
            body = None
            if row.analysis != current["analysis"]:
                body = connection.execute(sa.select(a.c.body).where(a.c.id == row.analysis)).scalar_one()
            corrections = self._corrections(connection, call)
            listed = self._rows(connection, [row])[0]
            comments = self._comments(connection, call)
            own = self._self_scores(connection, call)
            file = connection.execute(sa.select(t).where(t.c.call == call).order_by(t.c.seen.desc(), t.c.id)).first()
            versions = connection.execute(
                sa.select(tables.rulers.c.versions).where(tables.rulers.c.id == row.ruler)
            ).scalar_one()
            rulers = (
                connection.execute(sa.select(s.c.ruler).where(s.c.call == call).order_by(s.c.ruler)).scalars().all()
            )
        source = Source(file.path, file.kind, file.size, file.tag) if file else None
        recording = _local(source)
        machine = Heard(machine.transcript, machine.analysis, machine.scorecard, recording)
        holding = [kept.correction for kept in corrections if kept.undone_at is None]
        heard, base = machine, machine.analysis
        if holding:
            transcript = by_people.apply_to_transcript(machine.transcript, holding)
            base = packing.unpack_analysis(body) if body is not None else base
            analysis = corrected_analysis(base, transcript, holding)
            heard = Heard(transcript, analysis, score(analysis, transcript, rubric), recording)
        return StoredCall(listed, machine, heard, source, corrections, comments, own, versions, tuple(rulers), base)

    def corrections(self, call: int | None = None) -> tuple[StoredCorrection, ...]:
        """Corrections of a call or of all, undone ones among them, in the order they were made."""
        with self._reading() as connection:
            return self._corrections(connection, call)

    def _corrections(self, connection: Connection, call: int | None) -> tuple[StoredCorrection, ...]:
        t = tables.corrections
        query = sa.select(t).order_by(t.c.id)
        if call is not None:
            query = query.where(t.c.call == call)
        return tuple(stored_correction(row) for row in connection.execute(query))

    def _comments(self, connection: Connection, call: int) -> tuple[Comment, ...]:
        t = tables.comments
        rows = connection.execute(sa.select(t).where(t.c.call == call).order_by(t.c.id))
        return tuple(Comment(r.id, r.call, r.who, r.at, r.text, r.at_ms, r.utterance) for r in rows)

    def _self_scores(self, connection: Connection, call: int) -> tuple[SelfScore, ...]:
        t = tables.self_scores
        rows = connection.execute(sa.select(t).where(t.c.call == call).order_by(t.c.at))
        return tuple(SelfScore(r.call, r.who, r.at, r.scores, r.note) for r in rows)


def conditions_of(where: CallFilter) -> list[Any]:
    c = tables.calls
    found: list[Any] = []
    lists: Mapping[Any, tuple[Any, ...] | None] = {
        c.c.rep: where.reps,
        c.c.customer: where.customers,
        c.c.opportunity: where.opportunities,
        c.c.call_type: where.call_types,
        c.c.id: None if where.ids is None else tuple(key for key in where.ids if key <= LARGEST_KEY),
    }
    found += [column.in_(values) for column, values in lists.items() if values is not None]
    if where.since is not None:
        found.append(c.c.date >= where.since)
    if where.until is not None:
        found.append(c.c.date <= where.until)
    if where.score_min is not None:
        found.append(c.c.score >= where.score_min)
    if where.score_max is not None:
        found.append(c.c.score <= where.score_max)
    if where.text:
        found.append(c.c.searched.contains(where.text.casefold(), autoescape=True))
    flags = {
        "role_guessed": c.c.role_guessed,
        "no_index": c.c.score.is_(None),
        "corrected": c.c.corrections > 0,
        "commented": c.c.comments > 0,
        "self_scored": c.c.self_scores > 0,
    }
    for flag in where.flags:
        if flag not in FLAGS:
            raise UsageError(f"There is no flag {flag!r}; there are {', '.join(FLAGS)}.")
        found.append(flags[flag])
    return found


def _row(row: Any, card: Any, measures: Mapping[str, float]) -> CallRow:
    held = {
        "role_guessed": row.role_guessed,
        "no_index": row.score is None,
        "corrected": row.corrections,
        "commented": row.comments,
        "self_scored": row.self_scores,
    }
    return CallRow(
        id=row.id,
        name=row.name,
        rep=row.rep,
        customer=row.customer,
        opportunity=row.opportunity,
        call_type=row.call_type,
        date=row.date,
        duration_s=None if row.duration_ms is None else row.duration_ms / 1000,
        score=row.score,
        low=card.low if card else None,
        high=card.high if card else None,
        components=card.components if card else {},
        measures=measures,
        flags=tuple(flag for flag in FLAGS if held[flag]),
        ruler=row.ruler,
        content=row.content,
        added=row.added,
    )


def _local(source: Source | None) -> Any:
    from pathlib import Path

    return Path(source.path) if source and source.kind == "recording" and "://" not in source.path else None


def _chunks(items: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
