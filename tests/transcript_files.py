"""What the tests of formats share: writing a file, reading it, and looking at what came out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from listening import formats
from listening.transcript import Role, Transcript


def read(folder: Path, data: Any, name: str = "call.json") -> Transcript:
    """`data`: text or bytes as they are, anything else as JSON."""
    path = folder / name
    if isinstance(data, bytes):
        path.write_bytes(data)
    else:
        path.write_text(data if isinstance(data, str) else json.dumps(data))
    return formats.read(path)


def lines(transcript: Transcript) -> list[tuple[str, str, int | None, int | None]]:
    return [(u.speaker, u.text, u.start, u.end) for u in transcript.utterances]


def roles(transcript: Transcript) -> dict[str, tuple[Role, str]]:
    return {s.id: (s.role, s.source) for s in transcript.speakers}
