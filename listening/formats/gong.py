"""Gong's transcript JSON (`/v2/calls/transcript`): sentences in milliseconds, one utterance a sentence.

The transcript alone knows speakers by number. When the file also holds the call's `parties` (from
`/v2/calls/extensive`), speakers get their names, and their affiliation says the role: Internal rep, External customer.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from listening.errors import TranscriptError
from listening.formats._format import ROLE_NAMES, Content, Cue, Draft, Format
from listening.formats._text import squeeze
from listening.formats._words import ms


def _calls(data: dict[str, Any]) -> list[dict[str, Any]]:
    listed = data.get("callTranscripts")
    if listed is None and "callId" in data and "transcript" in data:
        listed = [data]
    fits = isinstance(listed, list) and all(
        isinstance(c, dict) and isinstance(c.get("transcript"), list) for c in listed
    )
    return listed if fits and listed else []


def _matches(content: Content) -> bool:
    return bool(_calls(content.object))


def _parse(content: Content) -> Draft:
    data = content.object
    calls = _calls(data)
    if len(calls) > 1:
        raise TranscriptError(f"{content.name} holds {len(calls)} calls; a file has to hold one.")
    call = calls[0]
    about = [c for c in data.get("calls") or () if _id(c) in (None, call.get("callId"))] + [data, call]
    parties = {str(p["speakerId"]): p for of in about for p in of.get("parties") or () if p.get("speakerId")}
    names = _names(parties)
    cues = tuple(
        Cue(squeeze(s["text"]), names.get(speaker, speaker), ms(s.get("start"), 1), ms(s.get("end"), 1))
        for monologue in call["transcript"]
        for speaker in (str(monologue["speakerId"]) if monologue.get("speakerId") else None,)
        for s in monologue["sentences"]
    )
    roles = {
        names.get(speaker, speaker): ROLE_NAMES[affiliation]
        for speaker, party in parties.items()
        for affiliation in (str(party.get("affiliation")).lower(),)
        if affiliation in ROLE_NAMES
    }
    facts = {key: value for of in about for key, value in (of.get("metaData") or {}).items()}
    started = facts.get("started")
    return Draft(
        cues,
        named=bool(names),
        roles=roles,
        duration=ms(facts.get("duration")),
        date=str(started) if started else None,
    )


def _id(call: dict[str, Any]) -> Any:
    return (call.get("metaData") or call).get("id")


def _names(parties: dict[str, dict[str, Any]]) -> dict[str | None, str]:
    """Speaker id -> name, for names that only one speaker has."""
    count = Counter(str(p["name"]) for p in parties.values() if p.get("name"))
    return {speaker: str(p["name"]) for speaker, p in parties.items() if p.get("name") and count[str(p["name"])] == 1}


FORMAT = Format("gong", "Gong transcript JSON", (".json",), _matches, _parse)
