"""What people know about a call and keep beside it: a JSON sidecar, or a row of a manifest for a whole folder.

    call_17.wav.meta.json, call_17.meta.json   beside anything
    call_17.json                               beside a recording; a transcript of that name is not taken for one
    calls.csv manifest.csv calls.json manifest.json   in the folder, a row a file

Keys, all optional: call_id (or id), rep (the rep's name), customer, opportunity, date (ISO 8601), call_type,
rep_speaker or rep_channel (which voice is the rep's), channels {"left": "rep", "right": "customer"} (in CSV
`left=rep; right=customer`). A manifest's rows name their file under file, path or recording, relative to the manifest.
Keys are read without regard to case; ones not listed here are ignored.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import Any

from listening.errors import MetadataError
from listening.transcript import CallInfo, Role, Transcript

MANIFESTS = ("calls.csv", "manifest.csv", "calls.json", "manifest.json")
_FILE_KEYS = ("file", "path", "recording")
_KNOWN_KEYS = frozenset("call_id id rep rep_speaker rep_channel customer opportunity date call_type channels".split())
#: A JSON object with one of these is a transcript or a scorecard, whatever else it says.
_NOT_METADATA = frozenset(
    "utterances segments results transcript transcripts calltranscripts transcription vcon words dialog measures".split()
)
#: What a spreadsheet may put above the header: empty rows, and the line by which Excel is told the separator.
_PREAMBLE = re.compile(r"(?:(?:sep=.|[\s,;]*)\r?\n)+", re.IGNORECASE)
_SIDES = {"left": "left", "l": "left", "0": "left", "ch_0": "left"}
_SIDES |= {"right": "right", "r": "right", "1": "right", "ch_1": "right"}
_ROLES = {role.value: role.value for role in Role} | {"agent": "rep", "seller": "rep", "client": "customer"}


@dataclass(frozen=True, slots=True)
class CallSetup:
    """What is known about a call before it is heard.

    info       where it says nothing, the call keeps what is known, its id too
    rep        the rep's voice: a speaker's id or name, or "left" / "right"; None when not said
    channels   "left" or "right" -> role value ("rep", "customer", …)
    """

    info: CallInfo
    rep: str | None = None
    channels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """A file named in a manifest; `number` is its line in CSV (the header is 1), its place from 1 in JSON."""

    path: Path
    setup: CallSetup
    number: int


def find(path: str | PathLike[str]) -> CallSetup | None:
    """What is kept beside the file, the sidecar before the manifest; None when there is nothing.

    Raises MetadataError when what is there cannot be used.
    """
    path = Path(path)
    for beside in (path.with_name(f"{path.name}.meta.json"), path.with_name(f"{path.stem}.meta.json")):
        if beside != path and beside.is_file():
            data = _json(beside)
            if not isinstance(data, dict):
                raise MetadataError(f"{beside.name} is not a JSON object.")
            return _setup(_lowered(data), beside.name)
    beside = path.with_suffix(".json")
    if beside != path and beside.name not in MANIFESTS and beside.is_file():
        data = _lowered(_json_or_none(beside))
        if _KNOWN_KEYS & data.keys() and not _NOT_METADATA & data.keys():
            return _setup(data, beside.name)
    for name in MANIFESTS:
        manifest = path.with_name(name)
        if manifest != path and manifest.is_file():
            stat = manifest.stat()
            index = _index(manifest, stat.st_mtime_ns, stat.st_size)
            if found := index.get(path.name) or index.get(path.stem):
                return _setup(found[1], f"{name} row {found[0]}")
    return None


def read_manifest(path: str | PathLike[str]) -> tuple[ManifestRow, ...]:
    """All rows of a CSV or JSON manifest, in its order. Raises MetadataError with the row that cannot be used."""
    path = Path(path)
    try:
        rows = _rows(path)
    except FileNotFoundError:
        raise MetadataError(f"{path.name} does not exist.") from None
    if rows and not any(key in row for _, row in rows for key in _FILE_KEYS):
        raise MetadataError(f"{path.name} has no column named file, path or recording.")
    found: dict[Path, ManifestRow] = {}
    for number, row in rows:
        where = f"{path.name} row {number}"
        file = _file(row)
        if not file:
            raise MetadataError(f"{where} names no file.")
        target = path.parent / os.path.expanduser(file)  # noqa: PTH111 - Path's own raises for "~$notes.docx"
        if target in found:
            raise MetadataError(f"{where} names the same file as row {found[target].number}.")
        found[target] = ManifestRow(target, _setup(row, where), number)
    return tuple(found.values())


def apply(transcript: Transcript, setup: CallSetup) -> Transcript:
    """The transcript with what the metadata says: its info, and roles with source "metadata".

    The rep is the named speaker or channel, else who has that role by channel, else the speaker who bears the rep's
    name. When a named speaker or channel is not in the call, a note says so.
    """
    transcript = transcript.with_info(replace(transcript.info, **setup.info.said()))
    if setup.rep:
        rep = _speaker(transcript, setup.rep)
        if rep is not None:
            return transcript.with_rep(rep, "metadata")
        note = "The metadata names a speaker or channel as the rep that this call does not have."
        provenance = replace(transcript.provenance, notes=(*transcript.provenance.notes, note))
        transcript = replace(transcript, provenance=provenance)
    sides = {speaker.id: _side(transcript, speaker.id) for speaker in transcript.speakers}
    roles = {s: Role(setup.channels[side]) for s, side in sides.items() if side is not None and side in setup.channels}
    if roles:
        return transcript.with_roles(roles, "metadata")
    rep = _speaker(transcript, setup.info.rep) if setup.info.rep else None
    return transcript if rep is None else transcript.with_rep(rep, "metadata")


def _speaker(transcript: Transcript, named: str) -> str | None:
    """The speaker with that id, that name, or alone on that channel."""
    for speaker in transcript.speakers:
        if speaker.id == named:
            return speaker.id
    for speaker in transcript.speakers:
        if named.casefold() in (speaker.id.casefold(), (speaker.name or "").casefold()):
            return speaker.id
    side = _SIDES.get(named.lower())
    on_side = [s.id for s in transcript.speakers if side is not None and _side(transcript, s.id) == side]
    return on_side[0] if len(on_side) == 1 else None


def _side(transcript: Transcript, speaker_id: str) -> str | None:
    """The channel most of a speaker's utterances are on, left or right."""
    if speaker_id.lower() in ("left", "right"):
        return speaker_id.lower()
    count = Counter(u.channel for u in transcript.utterances if u.speaker == speaker_id)
    return _SIDES.get(str(count.most_common(1)[0][0])) if count else None


def _setup(row: Mapping[str, Any], where: str) -> CallSetup:
    """A sidecar or row (keys lower case) as a CallSetup; `where` is for the error sentence."""
    values = {key: _text(row[key], key, where) for key in _KNOWN_KEYS - {"channels"} if key in row}
    rep = values.get("rep_speaker") or values.get("rep_channel")
    if rep and not values.get("rep_speaker"):
        rep = _SIDES.get(rep.lower())
        if rep is None:
            raise MetadataError(f"{where}: rep_channel has to be left or right.")
    info = CallInfo(
        id=values.get("call_id") or values.get("id") or "",
        rep=values.get("rep"),
        customer=values.get("customer"),
        opportunity=values.get("opportunity"),
        date=_date(values.get("date"), where),
        call_type=values.get("call_type"),
    )
    return CallSetup(info, rep, _channels(row.get("channels"), where))


def _text(value: Any, key: str, where: str) -> str | None:
    if value is None or isinstance(value, str):
        return (value or "").strip() or None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise MetadataError(f"{where}: {key} has to be text.")


def _date(value: str | None, where: str) -> str | None:
    """ISO 8601, a day or a moment. `03/04/2026` is refused: it is another day on each side of the Atlantic."""
    if value is None:
        return None
    value = re.sub(r"^(\d{4})/(\d{1,2})/(\d{1,2})", lambda d: f"{d[1]}-{d[2]:0>2}-{d[3]:0>2}", value)
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            return read(re.sub(r"[zZ]$", "+00:00", value)).isoformat()
        except ValueError:
            continue
    raise MetadataError(f"{where}: the date has to be written as 2026-01-31.")


def _channels(value: Any, where: str) -> Mapping[str, str]:
    """`{"left": "rep"}`, or the text `left=rep; right=customer`."""
    if isinstance(value, str):
        pairs = [
            re.split(r"\s*[=:]\s*", part.strip(), maxsplit=1) for part in re.split(r"[;,|]", value) if part.strip()
        ]
        value = {pair[0]: pair[-1] for pair in pairs}
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise MetadataError(f"{where}: channels has to say a role for left and right.")
    channels = {_SIDES.get(str(k).lower()): _ROLES.get(str(v).strip().lower()) for k, v in value.items()}
    if None in channels or None in channels.values():
        raise MetadataError(f"{where}: channels has to say rep, customer or other for left and right.")
    return {str(side): str(role) for side, role in channels.items()}


def _file(row: Mapping[str, Any]) -> str:
    return next((str(row[key]).strip() for key in _FILE_KEYS if row.get(key)), "")


@lru_cache(maxsize=8)
def _index(path: Path, _changed: int, _size: int) -> Mapping[str, tuple[int, dict[str, Any]]]:
    """A manifest's rows by file name, a row of the manifest's own folder before one of another.

    Kept, because `find` asks for every file of the folder. A `manifest.json` that is no list of calls is somebody
    else's file and has no rows.
    """
    try:
        rows = _rows(path)
    except MetadataError:
        if path.suffix == ".json":
            return {}
        raise
    own = {_file(row): (number, row) for number, row in reversed(rows)}
    elsewhere = {Path(file).name: row for file, row in own.items()}
    return {**elsewhere, **own}


def _rows(path: Path) -> tuple[tuple[int, dict[str, Any]], ...]:
    """Number and values (keys lower case) of each row that is not blank."""
    if path.suffix.lower() == ".json":
        data = _json(path)
        if isinstance(data, dict):
            data = data.get("calls") or data.get("recordings")
        if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
            raise MetadataError(f"{path.name} is not a list of calls.")
        return tuple((number, _lowered(row)) for number, row in enumerate(data, 1))
    preamble = _PREAMBLE.match(text := _read(path))
    before, text = (preamble[0], text[preamble.end() :]) if preamble else ("", text)
    above = before.count("\n")
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return tuple((above + reader.line_num, _lowered(row)) for row in reader if any(v for v in row.values()))
    except csv.Error:
        raise MetadataError(f"{path.name} row {above + reader.line_num} is not well-formed CSV.") from None


def _lowered(data: Any) -> dict[str, Any]:
    """Keys as we compare them; empty for what is no object."""
    if not isinstance(data, dict):
        return {}
    return {re.sub(r"[\s-]+", "_", str(key).strip().lower()): value for key, value in data.items() if key is not None}


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise MetadataError(f"{path.name} cannot be read: {error.strerror or 'unknown reason'}.") from None
    try:
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _json(path: Path) -> Any:
    try:
        return json.loads(_read(path))
    except (ValueError, RecursionError):
        raise MetadataError(f"{path.name} is not well-formed JSON.") from None


def _json_or_none(path: Path) -> Any:
    try:
        return _json(path)
    except MetadataError:
        return None


__all__ = ["CallSetup", "ManifestRow", "apply", "find", "read_manifest"]
