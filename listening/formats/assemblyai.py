"""AssemblyAI's JSON: `utterances` with times in milliseconds, else `words`."""

from __future__ import annotations

from typing import Any

from listening.formats._format import Content, Cue, Draft, Format
from listening.formats._text import squeeze
from listening.formats._words import ms, stretches, words

#: Keys of AssemblyAI's transcript object that other formats with `utterances` do not have.
_OWN_KEYS = frozenset(("audio_url", "audio_duration", "acoustic_model", "language_model", "speech_model"))


def _utterances(content: Content) -> list[dict[str, Any]]:
    """The utterances of the whole object or of a bare list of them; empty when they are not this format's."""
    listed = content.json if isinstance(content.json, list) else content.object.get("utterances")
    if not isinstance(listed, list) or not all(isinstance(u, dict) and "text" in u for u in listed):
        return []
    return listed if _OWN_KEYS & content.object.keys() or any(_own(u) for u in listed) else []


def _own(utterance: dict[str, Any]) -> bool:
    """Words with whole numbers (milliseconds) as times, under the key `text`."""
    listed = utterance.get("words")
    return isinstance(listed, list) and any(
        isinstance(w, dict) and "text" in w and isinstance(w.get("start"), int) for w in listed
    )


def _matches(content: Content) -> bool:
    if _utterances(content):
        return True
    return bool(_OWN_KEYS & content.object.keys()) and isinstance(content.object.get("words"), list)


def _speaker(of: dict[str, Any]) -> str | None:
    speaker = of.get("speaker")
    if speaker in (None, ""):  # 0 is a speaker
        speaker = of.get("channel")
    return None if speaker is None else str(speaker)


def _parse(content: Content) -> Draft:
    cues = [
        Cue(
            squeeze(u["text"]),
            _speaker(u),
            ms(u.get("start"), 1),
            ms(u.get("end"), 1),
            words(u.get("words"), "text", per_unit=1),
            # Channels are counted from 1 in this format.
            int(u["channel"]) - 1 if str(u.get("channel") or "").isdecimal() else None,
        )
        for u in _utterances(content)
    ]
    if not cues:
        listed = [w for w in content.object.get("words") or () if w.get("text")]
        spoken = words(listed, "text", per_unit=1)
        cues = stretches((_speaker(of), w) for of, w in zip(listed, spoken, strict=True))
    data = content.object
    language = data.get("language_code")
    return Draft(tuple(cues), duration=ms(data.get("audio_duration")), language=str(language) if language else None)


FORMAT = Format("assemblyai", "AssemblyAI JSON", (".json",), _matches, _parse)
