"""Utterances as people write them themselves: `{"utterances": [{"speaker", "text", "start"?, "end"?}]}`, a bare list of
such objects, or one a line (JSONL). Times as `start`/`end` or `start_s`/`end_s`: seconds, or the text of a clock
("1:02.5"). A `role` is taken over.
"""

from __future__ import annotations

from typing import Any

from listening.errors import TranscriptError
from listening.formats._format import ROLE_NAMES, Content, Cue, Draft, Format, load_json
from listening.formats._text import clock, squeeze
from listening.formats._words import ms


def _utterances(content: Content) -> list[dict[str, Any]]:
    found = content.json if isinstance(content.json, list) else content.object.get("utterances")
    if found is None and content.object.keys().isdisjoint(("utterances",)):
        found = _lines(content.text)
    fits = isinstance(found, list) and all(isinstance(u, dict) and isinstance(u.get("text"), str) for u in found)
    return found if fits and found and any("speaker" in u or "role" in u for u in found) else []


def _lines(text: str) -> list[Any]:
    """A JSON value a line; empty as soon as a line is none."""
    lines = [line for line in text.split("\n") if line.strip()]
    if not all(line.lstrip().startswith("{") for line in lines):
        return []
    try:
        return [load_json(line) for line in lines]
    except (ValueError, RecursionError):
        return []


def _time(utterance: dict[str, Any], key: str) -> int | None:
    value = utterance.get(key)
    if value is None:
        value = utterance.get(f"{key}_s")
    return clock(value) if isinstance(value, str) and ":" in value else ms(value)


def _parse(content: Content) -> Draft:
    utterances = _utterances(content)
    calls = {str(u["call"]) for u in utterances if u.get("call") is not None}
    if len(calls) > 1:
        raise TranscriptError(f"{content.name} holds {len(calls)} calls; a file has to hold one.")
    cues, roles = [], {}
    for u in utterances:
        speaker = u.get("speaker") if u.get("speaker") is not None else u.get("role")
        speaker = None if speaker is None else squeeze(str(speaker))
        cues.append(Cue(squeeze(u["text"]), speaker, _time(u, "start"), _time(u, "end")))
        role = ROLE_NAMES.get(str(u.get("role")).lower())
        if speaker and role:
            roles[speaker] = role
    return Draft(tuple(cues), named=True, clock=True, roles=roles)


FORMAT = Format(
    "simple_json",
    "JSON utterances",
    (".json", ".jsonl", ".ndjson", ".txt"),
    lambda content: bool(_utterances(content)),
    _parse,
    lenient=True,
)
