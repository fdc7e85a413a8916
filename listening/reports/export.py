"""Scorecards for other programs: JSON (with a published schema) and CSV (one row a measure)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from listening.scorecard import Heard

COLUMNS = (
    "call",
    "rep",
    "customer",
    "date",
    "call_type",
    "measure",
    "value",
    "reason",
    "unit",
    "numerator",
    "denominator",
    "denominator_unit",
    "interval_low",
    "interval_high",
    "timing",
    "rubric",
)


def to_json(calls: Sequence[Heard]) -> str:
    """One object for one call, a list for several. See `schemas/scorecard.schema.json`."""
    data = [call.scorecard.to_dict() for call in calls]
    return json.dumps(data[0] if len(data) == 1 else data, ensure_ascii=False, indent=2) + "\n"


def to_csv(calls: Sequence[Heard]) -> str:
    """One row a call and measure, the listening index among them; empty where there is no value."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for call in calls:
        card = call.scorecard
        about = [card.call.id, card.call.rep, card.call.customer, card.call.date, card.call.call_type]
        i = card.index.interval or (None, None)
        index = [card.index.value, card.index.reason, "0–100", None, None, None, *i]
        rows = [["listening_index", *index, card.timing.value]]
        for m in card.measures.values():
            interval = m.interval or (None, None)
            value = [m.value, m.reason, m.unit, m.numerator, m.denominator, m.denominator_unit, *interval]
            rows.append([m.key, *value, m.timing.value])
        for row in rows:
            writer.writerow([safe_cell(cell) for cell in (*about, *row, card.rubric)])
    return out.getvalue()


def safe_cell(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula: text that begins like one gets an apostrophe in front."""
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + cell
    return cell
