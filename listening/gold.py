"""Calls labelled by people: the JSONL that `listening annotate` prints and `listening eval` reads.

One object an utterance: `call, index, speaker, role` (rep, customer, other or unknown) and `text`; where known
`start_s, end_s`. `labels` is a list of names or of objects with a `label`; an utterance without the key is context and
is not counted. `scores` may hold people's `uptake` (any scale).
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from listening.errors import TranscriptError
from listening.findings import PUBLIC_LABELS
from listening.transcript import CallInfo, Provenance, Role, Speaker, Timing, Transcript, Utterance

#: Labels that may stand in a gold file.
KNOWN_LABELS = (*PUBLIC_LABELS, "cue.problem", "cue.hope", "cue.feeling")


@dataclass(frozen=True, slots=True)
class GoldCall:
    """A call labelled by people. `labels[i]` is None where utterance i is only context."""

    transcript: Transcript
    labels: tuple[frozenset[str] | None, ...]
    uptake: tuple[float | None, ...]


def stripped(call: GoldCall) -> GoldCall:
    """The same call as a recognizer without punctuation or case would print it."""
    t = call.transcript
    utterances = tuple(
        Utterance(_bare(u.text), u.speaker, u.start, u.end, channel=u.channel, timing=u.timing) for u in t.utterances
    )
    bare = Transcript(utterances, t.speakers, t.info, t.provenance, t.duration)
    return GoldCall(bare, call.labels, call.uptake)


def _bare(text: str) -> str:
    """Lower case; of punctuation only what belongs to a word or number ("don't", "follow-up", "4.5%")."""
    return " ".join(re.sub(r"(?<!\w)[^\w\s$£€]+|[^\w\s%]+(?!\w)", " ", text.lower()).split())


def read_gold(path: Path) -> list[GoldCall]:
    """The labelled calls of a gold file, in the order of their first lines. Raises TranscriptError."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")  # not splitlines: JSON may hold U+2028
    except FileNotFoundError:
        raise TranscriptError(f"There is no file {path}.") from None
    except (OSError, UnicodeDecodeError):
        raise TranscriptError(f"{path.name} cannot be read as UTF-8 text.") from None
    calls: dict[str, list[dict[str, Any]]] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            row = _gold_row(line, f"line {number} of {path.name}")
            calls.setdefault(str(row.get("call", path.stem)), []).append(row)
    if not calls:
        raise TranscriptError(f"{path.name} holds no labelled utterance.")
    return [_gold_call(call, rows, path) for call, rows in calls.items()]


def _gold_row(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        raise TranscriptError(f"A gold file has one JSON object a line; {where} is none.") from None
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise TranscriptError(f"A gold file needs a text for every utterance; {where} has none.")
    if str(row.get("role", "unknown")) not in {role.value for role in Role}:
        raise TranscriptError(f"A role is rep, customer, other or unknown; {where} has another.")
    numbers = (row.get("index", 0), *(row[key] for key in ("start_s", "end_s") if row.get(key) is not None))
    if any(_number(value) is None for value in numbers):
        raise TranscriptError(f"index, start_s and end_s are numbers; {where} has something else.")
    if not isinstance(row.get("scores") or {}, dict):
        raise TranscriptError(f"Scores are an object of numbers by name; {where} has something else.")
    if "labels" in row:
        row["labels"] = _label_names(row["labels"], where)
    return row


def _label_names(given: Any, where: str) -> frozenset[str]:
    if not isinstance(given, list):
        raise TranscriptError(f"Labels are a list; {where} has something else.")
    names = frozenset(str(item.get("label") if isinstance(item, dict) else item) for item in given)
    if not names.issubset(KNOWN_LABELS):
        raise TranscriptError(f"The labels are {', '.join(KNOWN_LABELS)}; {where} has another.")
    return names


def _gold_call(call: str, rows: list[dict[str, Any]], path: Path) -> GoldCall:
    rows = sorted(rows, key=lambda row: int(row.get("index", 0)))
    roles: dict[str, Role] = {}
    utterances = []
    for row in rows:
        role = Role(row.get("role", "unknown"))
        speaker = f"{role.value}: {row.get('speaker') or role.value}"
        roles[speaker] = role
        start, end = (None if row.get(k) is None else round(float(row[k]) * 1000) for k in ("start_s", "end_s"))
        timing = Timing.NONE if start is None else Timing.CUE
        utterances.append(Utterance(row["text"], speaker, start, end, timing=timing))
    speakers = tuple(Speaker(name, role=role, confidence=1.0, source="person") for name, role in roles.items())
    transcript = Transcript(tuple(utterances), speakers, CallInfo(call), Provenance(str(path), "transcript", "gold"))
    uptake = tuple(_number((row.get("scores") or {}).get("uptake")) for row in rows)
    return GoldCall(transcript, tuple(row.get("labels") for row in rows), uptake)


def _number(value: Any) -> float | None:
    """A finite number as float, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None
