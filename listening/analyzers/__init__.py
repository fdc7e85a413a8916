"""Analyzers: one file each, from a conversation to findings. `analyse` runs them all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from listening.analyzers._contract import Analyzer, Found
from listening.findings import Analysis, Finding
from listening.language.conversation import Conversation
from listening.language.labeller import VERSION as LABELLER_VERSION
from listening.registry import Registry
from listening.transcript import Timing, Transcript

ANALYZERS: Registry[Analyzer] = Registry("listening.analyzers", "ANALYZER")

_NEEDS_REASON = {
    Timing.ACOUSTIC: "needs the recording: speech times measured from the sound, which a transcript does not have",
    Timing.RECOGNIZER: "needs word times",
    Timing.CUE: "needs to know when every utterance begins and ends, which this transcript does not say",
}


def analyse(transcript: Transcript, analyzers: Mapping[str, Analyzer] = ANALYZERS) -> Analysis:
    """Run every analyzer on a transcript. Findings come in time order (input order where there are no times)."""
    conversation = Conversation(transcript)
    done: dict[str, Found] = {}
    unmeasured: dict[str, str] = {}
    for analyzer in _in_order(analyzers.values()):
        if conversation.timing.rank > analyzer.needs.rank:
            unmeasured[analyzer.name] = _NEEDS_REASON[analyzer.needs]
            done[analyzer.name] = Found()
            continue
        done[analyzer.name] = analyzer.run(conversation, {name: done[name].findings for name in analyzer.after})
    for found in done.values():
        unmeasured.update(found.unmeasured)
    place = {index: position for position, index in enumerate(conversation.order)}

    def when(finding: Finding) -> tuple[float, float]:
        position = place.get(finding.utterance, 0) if finding.utterance is not None else 0
        if conversation.timing is Timing.NONE or finding.start is None:
            return position, position
        return finding.start, position

    return Analysis(
        findings=tuple(sorted((f for found in done.values() for f in found.findings), key=when)),
        scores={label: values for found in done.values() for label, values in found.scores.items()},
        totals={name: value for found in done.values() for name, value in found.totals.items()},
        timing=conversation.timing,
        unmeasured=unmeasured,
        versions=versions(analyzers),
    )


def versions(analyzers: Mapping[str, Analyzer] = ANALYZERS) -> dict[str, str]:
    """What `analyse` writes down as its versions; another set of them may find other things."""
    return {"labeller": LABELLER_VERSION, **{a.name: a.version for a in analyzers.values()}}


def _in_order(analyzers: Iterable[Analyzer]) -> list[Analyzer]:
    """Each analyzer behind those it names in `after`; otherwise by name."""
    waiting = sorted(analyzers, key=lambda a: a.name)
    ordered: list[Analyzer] = []
    while waiting:
        placed = {a.name for a in ordered}
        ready = next((a for a in waiting if placed.issuperset(a.after)), None)
        if ready is None:
            raise ValueError(
                "analyzers wait for each other or for one that is missing: " + ", ".join(a.name for a in waiting)
            )
        waiting.remove(ready)
        ordered.append(ready)
    return ordered
