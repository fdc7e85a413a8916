"""WebVTT (W3C), as Teams (`<v Name>`), Zoom (`Name: text`) and others write it.

Own reader: webvtt-py refuses cues without an end and files with a malformed block; we keep what can be read.
"""

from __future__ import annotations

import html
from dataclasses import replace

from listening.formats._cues import blocks, draft
from listening.formats._format import Content, Draft, Format, unique_labels
from listening.formats._spans import complete
from listening.transcript import Transcript

#: Above the cues of the files we write, whose times are never those of a clock on the wall.
_OURS = "NOTE Times count from the start of the call."


def _matches(content: Content) -> bool:
    first = content.text.lstrip("\ufeff\n ")[:7]
    return first.startswith("WEBVTT") and first[6:].strip() == ""


def _parse(content: Content) -> Draft:
    found = draft(blocks(content.text.split("\n"), keep_paragraphs=False))
    return replace(found, clock=_OURS not in content.text.partition("-->")[0])


def timestamp(ms: int) -> str:
    """`hh:mm:ss.mmm`"""
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{ms:03}"


def _render(transcript: Transcript) -> str:
    """One cue an utterance. WebVTT needs both times; missing ones are filled as `_spans.complete` says."""
    labels = unique_labels(transcript)
    cues = ["WEBVTT", _OURS]
    for utterance, start, end in complete(transcript, "WebVTT"):
        speaker = html.escape(" ".join(labels[utterance.speaker].split()), quote=False)
        # A blank line would end the cue, so line ends become spaces, as in every other text we write or read.
        text = html.escape(" ".join(utterance.text.split()), quote=False)
        cues.append(f"{timestamp(start)} --> {timestamp(end)}\n<v {speaker}>{text}</v>")
    return "\n\n".join(cues) + "\n"


FORMAT = Format("webvtt", "WebVTT", (".vtt", ".webvtt"), _matches, _parse, _render)
