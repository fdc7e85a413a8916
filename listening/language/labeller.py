"""The trained labeller: how likely each label is for an utterance in its context, and on which words.

`models/labeller` holds the network, how it was trained and how accurate it is. A label is given when its calibrated
probability passes the label's threshold; its words are those the network marks, so that several questions in one
utterance are found one by one, with punctuation or without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from listening.errors import ModelError
from listening.language import _network, _overlap

if TYPE_CHECKING:
    from listening.language.conversation import Conversation

try:
    VERSION = str(_network.card().get("version", "untuned"))
except ModelError:  # the words to the user come when the labeller is used
    VERSION = "missing"

#: Labels only one side can carry. Everybody who is not the rep counts as the one to be heard.
_REP_ONLY = ("restatement", "next_step.push")
_CUSTOMER_ONLY = ("barrier.", "cue.")
#: Labels that may sit on a single word; others need two.
_SHORT = ("question.tag", "question.backchannel")
#: A question asks in one of these two ways.
_ASKING = ("question.open", "question.closed")
#: A customer utterance further back than this many is not looked at when the network names none.
_FAR_BACK = 12
#: The link logit of what the network did not see together.
_NO_LINK = -3.0


@dataclass(frozen=True, slots=True)
class LabelledSpan:
    """Characters of the utterance that carry a label, with its probability.

    `tags`: follow_up (a question that builds on what the other just said), close_directed (steers to our process).
    """

    label: str
    start_char: int
    end_char: int
    score: float
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """One utterance. `scores`: label -> probability for the utterance as a whole, for every label it can carry.

    `uptake`: 0 to 1, how much a rep's utterance builds on what the customer just said; None elsewhere.
    `of`: the customer utterances a restatement gives back, best first.
    """

    scores: Mapping[str, float]
    spans: tuple[LabelledSpan, ...] = ()
    uptake: float | None = None
    of: tuple[int, ...] = field(default=())


def asks(conversation: Conversation, index: int) -> bool:
    """Does the utterance end by asking something?"""
    text = conversation.utterances[index].text.rstrip()
    if text.endswith("?"):
        return True
    questions = [s for s in conversation.judgements[index].spans if s.label in _ASKING]
    return any(len(text[s.end_char :].split()) <= 2 for s in questions)


def judge(conversation: Conversation) -> tuple[Judgement, ...]:
    """One Judgement an utterance, in the transcript's order. Raises ModelError when the model cannot be read."""
    order = conversation.order
    sides = [int(conversation.role(i) == "rep") for i in order]
    texts = [conversation.utterances[i].text for i in order]
    judged = judge_texts(list(zip(sides, texts, strict=True)))
    made: list[Judgement] = [Judgement({})] * len(order)
    for index, judgement in zip(order, judged, strict=True):
        of = tuple(order[j] for j in judgement.of)
        made[index] = Judgement(judgement.scores, judgement.spans, judgement.uptake, of)
    return tuple(made)


def judge_texts(texts: Sequence[tuple[int, str]]) -> list[Judgement]:
    """The same for (side, text) in the order spoken, side 1 for the rep."""
    card = _network.card()
    labels: list[str] = card["labels"]
    made = []
    for index, (raw, (side, text)) in enumerate(zip(_network.raw(texts), texts, strict=True)):
        if raw is None:
            made.append(Judgement({label: 0.0 for label in labels if can_carry(label, side)}))
            continue
        scores = probabilities(card, raw, side)
        spans = tuple(find_spans(card, raw, scores, text))
        restates = any(s.label == "restatement" for s in spans)
        made.append(
            Judgement(
                scores,
                spans,
                uptake(card, raw, texts, index) if side else None,
                links(card, raw, texts, index) if restates else (),
            )
        )
    return made


def can_carry(label: str, side: int) -> bool:
    return not label.startswith(_CUSTOMER_ONLY) if side else label not in _REP_ONLY


def probabilities(card: Mapping[str, Any], raw: _network.Raw, side: int) -> dict[str, float]:
    """Label -> calibrated probability, from the utterance's logit and that of its likeliest word."""
    made = {}
    for k, label in enumerate(card["labels"]):
        if not can_carry(label, side):
            continue
        a, b, c = card["calibration"][label]
        word = float(raw.words[:, k].max()) if k < card["tags"] else 0.0
        made[label] = float(_sigmoid(a * raw.utterance[k] + b * word + c))
    return made


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))


def find_spans(
    card: Mapping[str, Any], raw: _network.Raw, scores: Mapping[str, float], text: str
) -> list[LabelledSpan]:
    """The words of every label whose probability passes its threshold."""
    labels: list[str] = card["labels"]
    n = card["tags"]
    words = _sigmoid(raw.words)
    passed = [k for k in range(n) if scores.get(labels[k], 0.0) >= card["thresholds"][labels[k]]]
    made: list[LabelledSpan] = []
    for k in passed:
        if labels[k] == "backchannel":
            made.append(_span(card, raw, labels[k], 0, len(raw.offsets), scores[labels[k]], words, text))
    asking = [k for k in range(n) if labels[k] in _ASKING]
    asked = [k for k in passed if k in asking]
    for group in ([asking] if asked else []) + [[k] for k in passed if k not in asking and labels[k] != "backchannel"]:
        marked = words[:, group].max(1)
        begins = words[:, [n + 2 + k for k in group]].max(1)
        level = min(card["word_threshold"], 0.6 * float(marked.max()))
        runs = _runs(marked, begins, level, labels[group[0]], text, raw.offsets)
        for start, end in runs:
            means = {k: float(words[start:end, k].mean()) for k in group}
            k = max(means, key=lambda k: means[k])
            if k not in passed and len(runs) == 1:  # nothing else in it asks: what the utterance as a whole is
                k = max(asked, key=lambda k: means[k])
            share = min(1.0, float(words[start:end, k].max() / max(1e-6, words[:, k].max())))
            made.append(_span(card, raw, labels[k], start, end, scores[labels[k]] * share, words, text))
    return sorted(made, key=lambda s: (s.start_char, s.end_char))


def _runs(
    marked: _network.Array, begins: _network.Array, level: float, label: str, text: str, offsets: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Runs of words above the level: gaps of one word bridged, cut where a new span begins.

    A run goes on over words that are nearly at the level (two thresholds, as in edge tracking), and a single word that
    cannot carry the label by itself stands for its sentence.
    """
    on = marked >= level
    ends = [text[b - 1] in ".?!" for _, b in offsets]
    for i in range(1, len(on)):
        on[i] |= on[i - 1] and not ends[i - 1] and marked[i] >= _GOES_ON * level
    for i in range(len(on) - 2, -1, -1):
        on[i] |= on[i + 1] and not ends[i] and marked[i] >= _GOES_ON * level
    for i in range(1, len(on) - 1):
        if on[i - 1] and on[i + 1] and marked[i] >= level / 3:
            on[i] = True
    runs: list[tuple[int, int]] = []
    start = None
    for i in range(len(on) + 1):
        inside = i < len(on) and bool(on[i])
        if start is not None and inside:
            over = label.startswith("question.") and text[offsets[i - 1][1] - 1] == "?"
            if i - start >= 2 and (begins[i] > 0.5 or over):
                runs.append((start, i))
                start = i
        if inside and start is None:
            start = i
        if not inside and start is not None:
            runs.append((start, i))
            start = None
    if not runs:
        return []
    best = max(runs, key=lambda r: float(marked[r[0] : r[1]].max()))
    least = 1 if label in _SHORT else 2
    enough = 0.6 * float(marked[best[0] : best[1]].max())
    kept = [r for r in runs if r == best or (r[1] - r[0] >= least and marked[r[0] : r[1]].max() >= enough)]
    return [r if r[1] - r[0] >= least else _sentence(ends, r[0]) for r in kept]


def _sentence(ends: Sequence[bool], word: int) -> tuple[int, int]:
    """The words, as a range, of the sentence that holds one of them."""
    start = next((i + 1 for i in range(word - 1, -1, -1) if ends[i]), 0)
    return start, next((i + 1 for i in range(word, len(ends)) if ends[i]), len(ends))


def _span(
    card: Mapping[str, Any],
    raw: _network.Raw,
    label: str,
    start: int,
    end: int,
    score: float,
    words: _network.Array,
    text: str,
) -> LabelledSpan:
    a, b = raw.offsets[start][0], raw.offsets[end - 1][1]
    tags: tuple[str, ...] = ()
    if label in _ASKING:
        n = card["tags"]
        means = words[start:end, n : n + 2].mean(0)
        names = ("follow_up", "close_directed")
        tags = tuple(t for t, v in zip(names, means, strict=True) if v >= card["attributes"][t])
    return LabelledSpan(label, a, b, round(score, 4), tags)


#: A run of words goes on while the probability is at least this share of the level that began it.
_GOES_ON = 0.5


def _last_heard(texts: Sequence[tuple[int, str]], index: int, limit: int = 2) -> list[int]:
    """What the other side last said before `index`: its last utterances in a row, as the network sees them."""
    side = texts[index][0]
    at = index - 1
    while at >= 0 and texts[at][0] == side:
        at -= 1
    found: list[int] = []
    while at >= 0 and texts[at][0] != side and len(found) < limit:
        found.insert(0, at)
        at -= 1
    return found


def uptake(card: Mapping[str, Any], raw: _network.Raw, texts: Sequence[tuple[int, str]], index: int) -> float | None:
    """A blend of the network's view, the words used again, and the link; None when nothing was said before."""
    heard = _last_heard(texts, index)
    if raw.uptake is None or not any(texts[j][1].strip() for j in heard):
        return None
    fitted = card["uptake"]
    views = uptake_views(fitted, raw, [(j, texts[j][1]) for j in heard], texts[index][1])
    return round(float(np.clip(np.dot(views, fitted["blend"]) + fitted["blend_bias"], 0, 1)), 4)


def uptake_views(
    fitted: Mapping[str, Any], raw: _network.Raw, heard: Sequence[tuple[int, str]], said: str
) -> list[float]:
    """What the blend is made of: network, words used again, link to what was `heard` (index, text)."""
    shared = float(np.dot(_overlap.features(" ".join(t for _, t in heard), said), fitted["weights"]) + fitted["bias"])
    network = float(_sigmoid(raw.uptake)) if raw.uptake is not None and np.isfinite(raw.uptake) else shared
    return [network, shared, max(raw.links.get(j, _NO_LINK) for j, _ in heard)]


def links(card: Mapping[str, Any], raw: _network.Raw, texts: Sequence[tuple[int, str]], index: int) -> tuple[int, ...]:
    """Utterances of the other side that this one gives back: by the network, helped by the words they share."""
    settings = card["links"]
    side, text = texts[index]
    said = _overlap.content(text)
    earlier = [j for j in range(index - 1, -1, -1) if texts[j][0] != side and texts[j][1].strip()][:_FAR_BACK]
    if not earlier:
        return ()
    values = {}
    for place, j in enumerate(earlier):
        network = raw.links.get(j, settings["unseen"] - 0.1 * place)
        values[j] = network + settings["overlap"] * _overlap.shared(said, _overlap.content(texts[j][1]))
    best = max(earlier, key=lambda j: values[j])
    others = [j for j in earlier if j != best and values[j] >= settings["threshold"]]
    return (best, *sorted(others, key=lambda j: -values[j]))
