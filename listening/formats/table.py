"""CSV, written only: a row an utterance. Cells that a spreadsheet would run as a formula are made text."""

from __future__ import annotations

import csv
import io

from listening.formats._format import Format
from listening.transcript import Transcript

COLUMNS = ("index", "speaker", "role", "start_s", "end_s", "text", "timing")


def safe(cell: str) -> str:
    """The cell with an apostrophe before it when it begins as a formula does (OWASP: CSV injection)."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _render(transcript: Transcript) -> str:
    speakers = {s.id: s for s in transcript.speakers}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for index, u in enumerate(transcript.utterances):
        speaker = speakers[u.speaker]
        start, end = ("" if time is None else f"{time / 1000:.3f}" for time in (u.start, u.end))
        text = safe(u.text)
        writer.writerow((index, safe(speaker.label), speaker.role.value, start, end, text, u.timing.value))
    return out.getvalue()


FORMAT = Format("csv", "CSV", (".csv",), render=_render)
