"""The labelled transcript: one plain object an utterance, for audit, export, and `listening eval`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from listening.findings import PUBLIC_LABELS, Analysis, Finding
from listening.transcript import Transcript


def annotated(transcript: Transcript, analysis: Analysis) -> Iterator[dict[str, Any]]:
    """One dict an utterance, in the order of the input; the keys are described in the README under `annotate`."""
    by_utterance: dict[int, list[Finding]] = {}
    for finding in analysis.findings:
        if finding.label in PUBLIC_LABELS and finding.utterance is not None:
            by_utterance.setdefault(finding.utterance, []).append(finding)
    for index, utterance in enumerate(transcript.utterances):
        speaker = transcript.speaker(utterance.speaker)
        yield {
            "call": transcript.info.id,
            "index": index,
            "speaker": speaker.label,
            "role": speaker.role.value,
            "start_s": _seconds(utterance.start),
            "end_s": _seconds(utterance.end),
            "text": utterance.text,
            "labels": [_label(f) for f in by_utterance.get(index, ())],
            "scores": {
                label: values[index] for label in (*PUBLIC_LABELS, "uptake") if (values := analysis.scores.get(label))
            },
        }


def _label(finding: Finding) -> dict[str, Any]:
    return {
        "label": finding.label,
        "score": finding.score,
        "start_char": finding.start_char,
        "end_char": finding.end_char,
        "of": list(finding.of),
        "tags": list(finding.tags),
        "why": finding.why,
    }


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000
