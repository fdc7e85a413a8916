"""Our own JSON, the exact Transcript: `schemas/transcript.schema.json` describes it. Times in milliseconds."""

from __future__ import annotations

import json
from dataclasses import astuple

from listening.errors import TranscriptError
from listening.formats._format import Content, Format
from listening.formats._words import LONGEST_MS
from listening.transcript import SCHEMA_VERSION, Transcript


def _matches(content: Content) -> bool:
    return {"schema_version", "call", "utterances", "provenance"} <= content.object.keys()


def _parse(content: Content) -> Transcript:
    """The transcript with its own provenance: it says what heard the call, which a copy of it does not change."""
    version = content.object["schema_version"]
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise TranscriptError(f"{content.name} is of schema version {version}, newer than this program reads.")
    transcript = Transcript.from_dict(content.object)
    _check(transcript)
    return transcript


def _check(transcript: Transcript) -> None:
    """Raise TypeError for values that `from_dict` lets through and that would fail far from here."""
    times = [transcript.duration, *(t for s in transcript.speech for t in (s.start, s.end))]
    texts = [transcript.info.id, transcript.provenance.source, *(s.id for s in transcript.speakers)]
    facts = (*astuple(transcript.info), *(s.name for s in transcript.speakers), *transcript.provenance.notes)
    texts += [fact for fact in facts if fact is not None]
    for u in transcript.utterances:
        times += [u.start, u.end, u.channel]
        texts += [u.text, u.speaker]
        for w in u.words:
            times += [w.start, w.end]
            texts.append(w.text)
    if not all(t is None or (type(t) is int and abs(t) < LONGEST_MS) for t in times):
        raise TypeError("a time is not a whole number of milliseconds")
    if not all(isinstance(t, str) for t in texts):
        raise TypeError("a text is not a string")


def _render(transcript: Transcript) -> str:
    return json.dumps(transcript.to_dict(), ensure_ascii=False, indent=1) + "\n"


FORMAT = Format("native", "listening JSON", (".json",), _matches, _parse, _render)
