"""The numbers of a call: what follows from its stored findings, its rubric and what people say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from listening import corrections as by_people
from listening.analyzers._corrected import corrected as corrected_analysis
from listening.corrections import Correction
from listening.errors import StoreError
from listening.findings import Analysis
from listening.scorecard import Heard, Scorecard
from listening.scoring import MEASURES, Rubric, score
from listening.store import packing, tables
from listening.store._sums import SummingUp
from listening.store.values import StoredCorrection, rep_of
from listening.transcript import Role, Transcript

Analyse = Callable[[Transcript], Analysis]


class Numbers(SummingUp):
    def _keep_analysis(
        self,
        connection: Connection,
        call: int,
        transcript: int,
        analysis: Analysis,
        corrected: bool = False,
    ) -> int:
        t = tables.analyses
        values = analysis_row(call, transcript, analysis, corrected)
        same = (t.c.transcript == transcript, t.c.digest == values["digest"], t.c.corrected.is_(corrected))
        found = connection.execute(sa.select(t.c.id).where(*same)).scalar()
        if found is None:
            return self._insert(connection, t, values)
        connection.execute(sa.update(t).where(t.c.id == found).values(**values))
        return int(found)

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
                if analysis.versions != machine.analysis.versions and analyse is not None:
                    # Analyzers newer than the machine's own numbers: both go under the newer ruler.
                    machine, current = self._brought_up(connection, call, machine, current, rubric, analyse)
            analysis = corrected_analysis(analysis, transcript, corrections)
            card = score(analysis, transcript, rubric)
        self._clear_numbers(connection, call, current["ruler"])
        connection.execute(sa.delete(tables.finding_counts).where(tables.finding_counts.c.call == call))
        self._write_numbers(connection, call, current["ruler"], rests_on, card, machine.scorecard.index.value)
        c = tables.calls
        old_rep = connection.execute(sa.select(c.c.rep).where(c.c.id == call)).scalar()
        values = {**call_row(transcript, card), **current, "analysis": rests_on, "corrections": len(corrections)}
        connection.execute(sa.update(c).where(c.c.id == call).values(**values))
        self._forget_sums(connection, (old_rep, values["rep"]))
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

    def _brought_up(
        self,
        connection: Connection,
        call: int,
        machine: Heard,
        current: Mapping[str, int],
        rubric: Rubric,
        analyse: Analyse,
    ) -> tuple[Heard, dict[str, int]]:
        """The call as the machine hears it with these analyzers, and what its numbers rest on."""
        analysis = analyse(machine.transcript)
        card = score(analysis, machine.transcript, rubric)
        kept = self._keep_analysis(connection, call, current["transcript"], analysis)
        ruler = self._ruler(connection, card.versions, rubric)
        heard = Heard(machine.transcript, analysis, card, machine.recording)
        return heard, {**current, "ruler": ruler, "analysis": kept}

    def _clear_numbers(self, connection: Connection, call: int, ruler: int) -> None:
        """Take away what was computed for a call by this ruler."""
        s, m = tables.scorecards, tables.measures
        old = connection.execute(sa.select(s.c.components).where(s.c.call == call, s.c.ruler == ruler)).first()
        if old is not None:
            keys = {*MEASURES, "listening_index", *(f"component.{key}" for key in old.components)}
            connection.execute(sa.delete(s).where(s.c.call == call, s.c.ruler == ruler))
            connection.execute(sa.delete(m).where(m.c.key.in_(sorted(keys)), m.c.call == call, m.c.ruler == ruler))

    def _write_numbers(
        self, connection: Connection, call: int, ruler: int, analysis: int, card: Scorecard, machine: float | None
    ) -> None:
        connection.execute(sa.insert(tables.scorecards), card_row(call, ruler, analysis, card, machine))
        if numbers := measure_rows(call, ruler, card):
            connection.execute(sa.insert(tables.measures), numbers)
        if counts := count_rows(call, card):
            connection.execute(sa.insert(tables.finding_counts), counts)

    def _holding(self, connection: Connection, call: int) -> list[Correction]:
        """The corrections of a call that hold, in the order they were made."""
        t = tables.corrections
        rows = connection.execute(sa.select(t).where(t.c.call == call, t.c.undone_at.is_(None)).order_by(t.c.id))
        return [stored_correction(row).correction for row in rows]

    def _machine(
        self, connection: Connection, call: int, rubric: Rubric | None = None, words: bool = True
    ) -> tuple[Heard, dict[str, int], Rubric]:
        """The call as the machine heard it (without its utterances, when `words` is false), what its current numbers
        rest on, and the rubric it is scored with (default: the one of those numbers)."""
        c, t, a, r = tables.calls, tables.transcripts, tables.analyses, tables.rulers
        text = t.c.body if words else t.c.header
        # Of the corrected transcript, when there is one; `a` is the machine's own, by the same analyzers if kept.
        used = a.alias()
        own = sa.and_(a.c.transcript == t.c.id, a.c.corrected.is_(False))
        query = sa.select(c.c.ruler, t.c.id, text, a.c.id, a.c.body)
        kept = c.join(t, t.c.id == c.c.transcript).join(used, used.c.id == c.c.analysis).join(a, own)
        query = query.select_from(kept).where(c.c.id == call)
        query = query.order_by((a.c.digest == used.c.digest).desc(), a.c.id.desc())
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


def call_row(transcript: Transcript, card: Scorecard) -> dict[str, Any]:
    """What a row of `calls` says of an (uncorrected or corrected) call, but for what it rests on."""
    info = card.call
    named = {
        "name": info.id,
        "rep": rep_of(transcript),
        "customer": info.customer,
        "opportunity": info.opportunity,
        "call_type": info.call_type,
    }
    return {
        **named,
        "searched": "\n".join(text or "" for text in named.values()).casefold(),
        "date": _day(info.date),
        "moment": info.date,
        "duration_ms": card.duration,
        "score": card.index.value,
        "role_guessed": any(s.role is Role.REP and s.source == "guess" for s in card.speakers),
        "changed": packing.now(),
    }


def analysis_row(call: int, transcript: int, analysis: Analysis, corrected: bool = False) -> dict[str, Any]:
    return {
        "call": call,
        "transcript": transcript,
        "digest": packing.digest(dict(analysis.versions)),
        "corrected": corrected,
        "body": packing.pack_analysis(analysis),
        "created": packing.now(),
    }


def count_rows(call: int, card: Scorecard) -> list[dict[str, Any]]:
    counts = Counter((finding.label, finding.role) for finding in card.findings)
    return [{"call": call, "label": label, "role": role, "n": n} for (label, role), n in sorted(counts.items())]


def card_row(call: int, ruler: int, analysis: int, card: Scorecard, machine: float | None) -> dict[str, Any]:
    """A scorecard as a row of `scorecards`; `machine` is the index before corrections."""
    low, high = card.index.interval or (None, None)
    return {
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


def measure_rows(call: int, ruler: int, card: Scorecard) -> list[dict[str, Any]]:
    """Everything on a scorecard that has a value, as rows of `measures`."""
    about = {"call": call, "ruler": ruler}
    found = [
        {**about, "key": key, "value": x.value, "numerator": x.numerator, "denominator": x.denominator}
        for key, x in card.measures.items()
        if x.value is not None
    ]
    parts = {"listening_index": card.index, **{f"component.{k}": c for k, c in card.components.items()}}
    return found + [
        {**about, "key": key, "value": c.value, "numerator": None, "denominator": None}
        for key, c in parts.items()
        if c.value is not None
    ]


def stored_correction(row: Any) -> StoredCorrection:
    correction = Correction.from_dict(row.data, row.who, row.at)
    return StoredCorrection(row.id, row.call, correction, row.who, row.at, row.before, row.undone_by, row.undone_at)


def _day(date: str | None) -> str | None:
    """The day of an ISO 8601 day or moment, as it was where the call took place."""
    try:
        return datetime.fromisoformat((date or "").replace("Z", "+00:00")).date().isoformat()
    except ValueError:
        return None
