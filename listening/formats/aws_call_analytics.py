"""Amazon Transcribe Call Analytics and Contact Lens JSON: turns with `ParticipantRole` AGENT or CUSTOMER."""

from __future__ import annotations

from typing import Any

from listening.formats._format import ROLE_NAMES, Content, Cue, Draft, Format
from listening.formats._text import squeeze
from listening.formats._words import ms, word
from listening.transcript import Word


def _turns(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Turns of a finished call (`Transcript`) or of a running one (`Segments` with a `Transcript` each)."""
    listed = data.get("Transcript")
    if not isinstance(listed, list) and isinstance(data.get("Segments"), list):
        listed = [s["Transcript"] for s in data["Segments"] if isinstance(s, dict) and "Transcript" in s]
    fits = isinstance(listed, list) and all(isinstance(t, dict) and "Content" in t for t in listed)
    return listed if fits and listed else []


def _matches(content: Content) -> bool:
    return any("ParticipantRole" in t or "ParticipantId" in t for t in _turns(content.object))


def _words(turn: dict[str, Any]) -> tuple[Word, ...]:
    found: list[Word] = []
    for item in turn.get("Items") or ():
        text, kind = str(item.get("Content") or ""), str(item.get("Type")).lower()
        if kind == "punctuation" and found:
            last = found[-1]
            found[-1] = Word(last.text + text, last.start, last.end, last.confidence)
        elif text.strip():
            times = ms(item.get("BeginOffsetMillis"), 1), ms(item.get("EndOffsetMillis"), 1)
            found.append(word(text, *times, item.get("Confidence")))
    return tuple(found)


def _parse(content: Content) -> Draft:
    data = content.object
    participants = {p.get("ParticipantId"): p.get("ParticipantRole") for p in data.get("Participants") or ()}
    cues, roles = [], {}
    for turn in _turns(data):
        speaker = turn.get("ParticipantId") or turn.get("ParticipantRole")
        role = turn.get("ParticipantRole") or participants.get(speaker) or speaker
        start, end = ms(turn.get("BeginOffsetMillis"), 1), ms(turn.get("EndOffsetMillis"), 1)
        cues.append(Cue(squeeze(turn["Content"]), str(speaker) if speaker else None, start, end, _words(turn)))
        if speaker and str(role).lower() in ROLE_NAMES:
            roles[str(speaker)] = ROLE_NAMES[str(role).lower()]
    characteristics = data.get("ConversationCharacteristics") or {}
    language = data.get("LanguageCode")
    return Draft(
        tuple(cues),
        roles=roles,
        duration=ms(characteristics.get("TotalConversationDurationMillis"), 1),
        language=str(language) if language else None,
    )


FORMAT = Format("aws_call_analytics", "Amazon Call Analytics JSON", (".json",), _matches, _parse)
