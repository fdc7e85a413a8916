"""Values to columns and back: compressed JSON, digests of versions and rubrics, the time as text."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import zlib
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from listening.errors import StoreError
from listening.findings import Analysis, Finding
from listening.scorecard import Target
from listening.scoring import Rubric
from listening.scoring.rubric import Aim, ComponentRule
from listening.transcript import Transcript

#: zlib's own default; 9 costs twice the time for 1 % of size on transcripts.
LEVEL = 6
#: Field of a finding -> its default. `label` and `analyzer` have none.
_DEFAULTS = {f.name: None if f.default is dataclasses.MISSING else f.default for f in dataclasses.fields(Finding)}
#: id of a rubric -> itself, kept alive, and its digest.
_DIGESTS: dict[int, tuple[Rubric, str]] = {}


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def digest(value: Any) -> str:
    """SHA-256 of a JSON value, the same for equal values."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def pack(value: Any) -> bytes:
    return zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), LEVEL)


def unpack(body: bytes) -> Any:
    try:
        return json.loads(zlib.decompress(body))
    except (zlib.error, ValueError) as error:
        raise StoreError("A stored call cannot be read back: the database is damaged.") from error


def pack_transcript(transcript: Transcript) -> bytes:
    return pack(transcript.to_dict())


def header(transcript: Transcript) -> dict[str, Any]:
    """All of a transcript but what was said: enough to score a stored analysis."""
    data = dataclasses.replace(transcript, utterances=(), speech=()).to_dict()
    return data


def pack_analysis(analysis: Analysis) -> bytes:
    data = dataclasses.replace(analysis, findings=()).to_dict()
    return pack({**data, "findings": [_finding(f) for f in analysis.findings]})


def _finding(finding: Finding) -> dict[str, Any]:
    """`Finding.to_dict` without what is at its default; written out because a batch does it millions of times."""
    return {name: value for name, default in _DEFAULTS.items() if (value := getattr(finding, name)) != default}


def unpack_transcript(body: bytes) -> Transcript:
    return Transcript.from_dict(unpack(body))


def unpack_analysis(body: bytes) -> Analysis:
    return Analysis.from_dict(unpack(body))


def made_by(transcript: Transcript) -> str:
    """Engine and model, or how a transcript came to us."""
    p = transcript.provenance
    return f"{p.engine or p.format or p.kind} {p.model or ''}".strip()


def rubric_to_dict(rubric: Rubric) -> dict[str, Any]:
    return dataclasses.asdict(rubric)


def rubric_from_dict(data: Mapping[str, Any]) -> Rubric:
    aims = {k: Aim(Target(**a["target"]), a["zero_low"], a["zero_high"]) for k, a in data["aims"].items()}
    components = {k: ComponentRule(**c) for k, c in data["components"].items()}
    return Rubric(data["name"], data["version"], data["title"], aims, components)


def rubric_digest(rubric: Rubric) -> str:
    """SHA-256 of a rubric's content, computed once a rubric."""
    known = _DIGESTS.get(id(rubric))
    if known is None or known[0] is not rubric:
        known = _DIGESTS[id(rubric)] = (rubric, digest(rubric_to_dict(rubric)))
        while len(_DIGESTS) > 16:
            del _DIGESTS[next(iter(_DIGESTS))]
    return known[1]


def ruler_digest(versions: Mapping[str, str], rubric: str) -> str:
    return digest({"versions": dict(versions), "rubric": rubric})
