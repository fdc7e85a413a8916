"""vCon (IETF): transcripts among the analyses or attachments of a conversation, and dialogs that are text.

The draft leaves the form of a transcript's body open, so a body is read by whichever of our formats fits it; plain
Deepgram alternatives, lists of utterances that point to `parties` and the World Transcription Format
(draft-howe-vcon-wtf-extension) are known beside those.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from listening.errors import TranscriptError
from listening.formats._format import ROLE_NAMES, Content, Cue, Draft, Format, load_json
from listening.formats._text import squeeze
from listening.formats._words import ms, word
from listening.transcript import Role, Transcript, Word

#: What an attachment that is a transcript says it is: "transcript", "wtf_transcription", not "transcript_consent".
_TRANSCRIPT = re.compile(r"transcript(?:ion)?s?\s*$", re.IGNORECASE)
#: Media types of subtitles, and how the names of their files end.
_SUBTITLES = re.compile(r"\s*(?:text/vtt|application/x-subrip|text/srt)\b|.*\.(?:vtt|srt)\s*$", re.IGNORECASE)
#: Media types whose text is not what was said.
_DOCUMENT = re.compile(
    r"\s*(?:(?:image|audio|video)/|text/(?:html|rtf)|application/(?:pdf|rtf|msword|zip|vnd\.(?!.*json)))", re.IGNORECASE
)

_MARKUP = re.compile(r"\s*(?:<!doctype|<html|<\?xml|\{\\rtf|%PDF)", re.IGNORECASE)


def _matches(content: Content) -> bool:
    data = content.object
    return "vcon" in data and any(isinstance(data.get(key), list) for key in ("dialog", "analysis", "attachments"))


def _parse(content: Content) -> Draft:
    data = content.object
    parties = [p if isinstance(p, dict) else {} for p in data.get("parties") or ()]
    names = [str(p.get("name") or p.get("tel") or p.get("mailto") or f"party {i}") for i, p in enumerate(parties)]
    roles = {
        name: ROLE_NAMES[role]
        for name, party in zip(names, parties, strict=True)
        for role in (str(party.get("role")).lower(),)
        if role in ROLE_NAMES
    }
    dialogs = [d for d in data.get("dialog") or () if isinstance(d, dict)]
    everything = range(max(1, len(dialogs)))
    told: set[int] = set()
    cues: list[Cue] = []
    notes: list[str] = []
    unread: list[tuple[set[int], str]] = []
    for part in _transcripts(data):
        about = part.get("dialog")
        named: list[Any] = about if isinstance(about, list) else [about]
        parts = {i for i in everything if i in named} or set(everything)
        if told & parts:
            continue  # another telling of the same talk
        try:
            found, remarks = _body(_text(part), content.name, names, roles)
        except (ArithmeticError, AttributeError, LookupError, TranscriptError, TypeError, ValueError):
            found, remarks = [], ()
        if found:
            cues += _moved(found, _offset(dialogs, parts))
            told |= parts
            notes += (remark for remark in remarks if remark not in notes)
        elif part.get("body"):
            unread.append((parts, "holds a transcript without words, or in a form that is not known here"))
        elif part.get("url"):
            unread.append((parts, "names an address for its transcript and does not hold it"))
    if not cues:
        cues = list(_text_dialogs(dialogs, content.name, names, roles))
    if why := next((why for parts, why in unread if parts - told), None):
        if not any(cue.text for cue in cues):
            raise TranscriptError(f"{content.name} {why}.")
        notes.append(f"The file {why}; the rest was read.")
    duration = ms(dialogs[0].get("duration")) if len(dialogs) == 1 else None
    starts = [str(d["start"]) for d in dialogs if d.get("start")]
    date = min(starts, default=None) or data.get("created_at")
    return Draft(
        tuple(cues),
        named=True,
        roles=roles,
        duration=duration,
        date=str(date) if date else None,
        notes=tuple(notes),
    )


def _transcripts(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The analyses that are transcripts, then the attachments (in older drafts `type`, in newer ones `purpose`)."""
    for analysis in data.get("analysis") or ():
        if isinstance(analysis, dict) and "transcript" in f"{analysis.get('type')} {analysis.get('purpose')}".lower():
            yield analysis
    for attachment in data.get("attachments") or ():
        if isinstance(attachment, dict) and (
            any(_TRANSCRIPT.search(str(attachment.get(key))) for key in ("type", "purpose"))
            or any(_SUBTITLES.match(str(attachment.get(key))) for key in ("mediatype", "mimetype", "filename"))
        ):
            yield attachment


def _text(part: dict[str, Any]) -> Any:
    """The body of a transcript. Raises ValueError for a document that is no plain text."""
    body = _decoded(part)
    if _DOCUMENT.match(str(part.get("mediatype") or part.get("mimetype"))) or _MARKUP.match(str(body)):
        raise ValueError("not a plain text")
    return body


def _decoded(part: dict[str, Any]) -> Any:
    """The body of a part, which may be text in base64url without its padding, or JSON. Raises ValueError."""
    body, encoding = part.get("body"), part.get("encoding")
    if not isinstance(body, str):
        return body
    if encoding in ("base64url", "base64"):
        return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
    return load_json(body) if encoding == "json" and body.lstrip().startswith('"') else body


def _offset(dialogs: list[dict[str, Any]], parts: set[int]) -> int:
    """Milliseconds from the start of the call to that of the dialogs `parts`; 0 when it is not known."""
    starts = {i: time for i, dialog in enumerate(dialogs) if (time := _moment(dialog.get("start"))) is not None}
    own = [starts[i] for i in parts if i in starts]
    return round((min(own) - min(starts.values())) * 1000) if own else 0


def _moved(cues: list[Cue], by: int) -> list[Cue]:
    """The cues, whose times count from the start of their own dialog, on the clock of the call."""

    def at(time: int | None) -> int | None:
        return None if time is None else time + by

    return [
        replace(
            cue,
            start=at(cue.start),
            end=at(cue.end),
            words=tuple(replace(w, start=at(w.start), end=at(w.end)) for w in cue.words),
        )
        for cue in cues
    ]


def _body(body: Any, file_name: str, names: list[str], roles: dict[str, Role]) -> tuple[list[Cue], tuple[str, ...]]:
    """The cues of a transcript's body (an object, a list, JSON in a string, or text), and notes on how it was read."""
    if isinstance(body, str):
        content = Content(body, file_name.rpartition(".")[0] + ".txt")
    else:
        content = Content(json.dumps(body), file_name)
    if isinstance(whole := content.object.get("transcript"), dict):
        cues = list(_world(content.object, names))
        text = whole.get("text")
        return cues or ([Cue(squeeze(text))] if isinstance(text, str) and text.strip() else []), ()
    listed = content.json if isinstance(content.json, list) else None
    for key in ("transcript", "utterances", "messages", "segments"):
        if listed is None and isinstance(content.object.get(key), list):
            listed = content.object[key]
    if listed and all(isinstance(u, dict) and isinstance(u.get("text"), str) and "party" in u for u in listed):
        cues = [
            Cue(squeeze(u["text"]), _party(u["party"], names), ms(u.get("start")), ms(u.get("end"))) for u in listed
        ]
        return cues, ()
    if "words" in content.object or "paragraphs" in content.object:  # one alternative of Deepgram's
        content = Content(json.dumps({"results": {"channels": [{"alternatives": [content.object]}]}}), file_name)
    if "vcon" in content.object:
        return [], ()
    from listening.formats import recognise  # this module is one of those it asks

    found = recognise(content)
    if found is None:
        text = body if isinstance(body, str) and content.json is None else content.object.get("text")
        text = text or content.object.get("transcript")
        return [Cue(squeeze(text))] if isinstance(text, str) and text.strip() else [], ()
    transcript: Transcript = found.transcript(content)
    roles.update({s.id: s.role for s in transcript.speakers if s.source == "transcript" and s.id not in roles})
    known = [(s.id, None if s.id == "unknown" else s.id) for s in transcript.speakers]
    speaker = dict(known)
    cues = [Cue(u.text, speaker[u.speaker], u.start, u.end, u.words, u.channel) for u in transcript.utterances]
    return cues, transcript.provenance.notes


def _world(body: dict[str, Any], names: list[str]) -> Iterator[Cue]:
    """The segments of the World Transcription Format, which point to their words and speakers."""
    words, labels = body.get("words") or (), body.get("speakers") or {}
    by_id = {item.get("id", index): item for index, item in enumerate(words)}
    if isinstance(labels, list):
        labels = {str(speaker.get("id")): speaker for speaker in labels}
    for segment in body.get("segments") or ():
        number = segment.get("speaker")
        speaker = None if number is None else f"speaker {number}" if str(number).isdecimal() else squeeze(str(number))
        if label := (labels.get(str(number)) or {}).get("label"):
            speaker = squeeze(str(label))
        if "party" in segment:
            speaker = _party(segment["party"], names) or speaker
        spoken: list[Word] = []
        for index in segment.get("words") or ():
            item = index if isinstance(index, dict) else by_id.get(index)
            if item is None:
                continue
            one = word(item["text"], ms(item.get("start")), ms(item.get("end")), item.get("confidence"))
            if spoken and item.get("is_punctuation"):
                spoken[-1] = replace(spoken[-1], text=spoken[-1].text + one.text)
            elif one.text:
                spoken.append(one)
        yield Cue(squeeze(segment["text"]), speaker, ms(segment.get("start")), ms(segment.get("end")), tuple(spoken))


def _party(index: Any, names: list[str]) -> str | None:
    """The name of a party by its index; whatever else is given is a name itself."""
    if isinstance(index, list):
        index = index[0] if index else None
    if isinstance(index, str) and not index.isdecimal():
        return squeeze(index) or None
    return names[int(index)] if index is not None and 0 <= int(index) < len(names) else None


def _text_dialogs(
    dialogs: list[dict[str, Any]], file_name: str, names: list[str], roles: dict[str, Role]
) -> Iterator[Cue]:
    """Written messages, one cue each, timed from the first; a body that is itself a transcript gives its cues."""
    written = [d for d in dialogs if d.get("type") in ("text", "transcript") and isinstance(d.get("body"), str)]
    times = [_moment(d.get("start")) for d in written]
    first = min((t for t in times if t is not None), default=None)
    for dialog, time in zip(written, times, strict=True):
        body = _decoded(dialog)
        speaker = dialog.get("originator", dialog.get("parties"))
        if isinstance(speaker, list) and len(speaker) != 1:
            inner, _ = _body(body, file_name, names, roles)
            if len(inner) > 1:
                yield from inner
                continue
        start = None if time is None or first is None else round((time - first) * 1000)
        yield Cue(squeeze(body), _party(speaker, names), start)


def _moment(text: Any) -> float | None:
    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None


FORMAT = Format("vcon", "vCon", (".json", ".vcon"), _matches, _parse)
