"""Calls as one HTML file with everything inside: sound, fonts, style, script. It reads without script, prints, travels.

Words of a call enter the page through Jinja's escaping alone and are never put into a script, so no transcript can
break out of the text it is. The page's own content policy allows its one script and style by hash, and no network.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from listening.errors import AudioError
from listening.reports import coaching, sound
from listening.reports.callview import CallView, call_view
from listening.reports.moments import KIND_OF, TITLES
from listening.scorecard import Heard

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
FONTS = {"Inter": "inter.woff2", "Source Serif 4": "source-serif-4.woff2"}
#: The marks explained under the timeline.
LEGEND = (
    "question.open",
    "question.closed",
    "restatement",
    "interruption",
    "brief_silence",
    "next_step.push",
    "next_step.mutual",
    "barrier.other",
    "cue.problem",
)
_LEGEND_WORDS = {"barrier.other": "Barrier", "cue.problem": "Cue"}


def globals_for_calls() -> dict[str, object]:
    """What the call macros need beside the call."""
    legend = [(label, _LEGEND_WORDS.get(label, TITLES[label])) for label in LEGEND]
    return {"legend": legend, "kind_of": KIND_OF, "rule": coaching.RULE}


def page(calls: Sequence[Heard], *, title: str | None = None, audio: bool = True) -> str:
    """The calls' scorecards as one self-contained page; with several, an overview comes first."""
    views = [_with_sound(call, f"c{number}", audio) for number, call in enumerate(calls, 1)]
    style, script = _style(), (STATIC / "player.js").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; font-src data:; "
        "media-src data: blob:; img-src data:; base-uri 'none'; form-action 'none'"
    )
    from markupsafe import Markup

    return (
        _environment()
        .get_template("report.html")
        .render(
            calls=views,
            title=title
            or (f"{calls[0].scorecard.call.id} · listening" if len(calls) == 1 else f"{len(calls)} calls · listening"),
            policy=policy,
            style=Markup(style),
            script=Markup(script),
            **globals_for_calls(),
        )
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader

    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)


def _with_sound(call: Heard, prefix: str, audio: bool) -> tuple[CallView, str | None]:
    """A call's view and its recording as a data URL; a recording that has gone or cannot be heard is left out."""
    if not audio or call.recording is None or not call.recording.exists():
        return call_view(call, prefix), None
    try:
        outline = sound.outline(call.recording)
        data = base64.b64encode(sound.compress(call.recording)).decode("ascii")
    except AudioError:
        return call_view(call, prefix), None
    return call_view(call, prefix, outline), f"data:{sound.MIME};base64,{data}"


@lru_cache(maxsize=1)
def _style() -> str:
    faces = []
    for family, name in FONTS.items():
        data = base64.b64encode((STATIC / "fonts" / name).read_bytes()).decode("ascii")
        faces.append(
            f'@font-face{{font-family:"{family}";font-weight:200 900;font-display:swap;'
            f'src:url(data:font/woff2;base64,{data}) format("woff2")}}'
        )
    return "\n".join([*faces, (STATIC / "call.css").read_text(encoding="utf-8")])


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"
