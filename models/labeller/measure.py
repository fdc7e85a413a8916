"""Measuring: labels found against labels given, with intervals, as tables."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
from data import ASKS, LABELS, P4G_PUSH, REQUEST, SHARED, UTTERANCE_LABELS, N, Talk, Utt, read_jsonl
from roughen import fillers, reword, strip

from listening.language import _network, labeller

NAMES = list(LABELS.values())
Rows = list[tuple[int, "Utt", _network.Raw, str]]  # talk number, utterance, raw scores, source


# ---------------------------------------------------------------- the same talk, said otherwise


def plain(u: Utt, rng: random.Random) -> Utt:
    return u


def stripped(u: Utt, rng: random.Random) -> Utt:
    return strip(u, apostrophes=False)


def reworded(u: Utt, rng: random.Random) -> Utt:
    return fillers(reword(u, rng), 0.05, rng)


WAYS: dict[str, Callable[[Utt, random.Random], Utt]] = {"plain": plain, "stripped": stripped, "reworded": reworded}


def listen(talks: list[Talk], way: str) -> Rows:
    """Raw scores for every utterance of the talks."""
    rng = random.Random(3)
    rows: Rows = []

    def flush(texts: list[tuple[int, str]], metas: list[tuple[int, Utt, str]]) -> None:
        for (t, u, source), raw in zip(metas, _network.raw(texts), strict=True):
            if raw is not None:
                rows.append((t, u, raw, source))

    for t, talk in enumerate(talks):
        utts = [WAYS[way](u, rng) for u in talk.utts]
        texts = [(int(u.side), u.raw if way == "plain" else " ".join(u.words)) for u in utts]
        flush(texts, [(t, u, talk.source) for u in utts])
        for u, (_, text) in zip(utts, texts, strict=True):
            u.raw = text
    return rows


def worth(talk: Talk, way: str) -> bool:
    """E-mails and chat are typed: only as they are. Reworded: the written talks, which have every label."""
    return way == "plain" or talk.source.startswith(
        "written" if way == "reworded" else ("written", "primock", "p4g", "uptake")
    )


def empty(talk: Talk) -> Talk:
    return Talk(talk.source, talk.id, talk.setting, [])


def f1(found: np.ndarray, true: np.ndarray) -> tuple[float, float, float]:
    found, true = np.asarray(found, bool), np.asarray(true, bool)
    tp, fp, fn = (found & true).sum(), (found & ~true).sum(), (~found & true).sum()
    return tp / max(1, tp + fp), tp / max(1, tp + fn), 2 * tp / max(1, 2 * tp + fp + fn)


def interval(found: np.ndarray, true: np.ndarray, group: np.ndarray) -> tuple[float, float]:
    """95 % of F1, talks drawn again with replacement."""
    rng = np.random.default_rng(5)
    ids, inverse = np.unique(group, return_inverse=True)
    counts = np.zeros((len(ids), 3))
    np.add.at(counts, inverse, np.stack([found & true, found & ~true, ~found & true], 1).astype(float))
    values = []
    for _ in range(500):
        tp, fp, fn = counts[rng.integers(0, len(ids), len(ids))].sum(0)
        values.append(2 * tp / max(1, 2 * tp + fp + fn))
    return float(np.percentile(values, 2.5)), float(np.percentile(values, 97.5))


class Scored:
    """Rows with their probabilities and decisions, by settings that did not see them."""

    def __init__(self, rows: Rows, settings: Callable[[int], dict]) -> None:
        self.rows = rows
        self.talk = np.array([t for t, *_ in rows])
        self.source = np.array([s for *_, s in rows])
        self.p = np.zeros((len(rows), len(UTTERANCE_LABELS)))
        self.found = np.zeros(self.p.shape, bool)
        self.true = np.full(self.p.shape, np.nan)
        for i, (t, u, raw, _) in enumerate(rows):
            card = settings(t)
            probabilities = labeller.probabilities(card, raw, int(u.side))
            given = {s.label for s in labeller.find_spans(card, raw, probabilities, u.raw)}
            for k, (label, v) in enumerate(zip(UTTERANCE_LABELS, u.targets(), strict=True)):
                self.p[i, k] = probabilities.get(label, 0.0)
                passes = self.p[i, k] >= card["thresholds"][label]
                self.found[i, k] = label in given if k < N else passes
                self.true[i, k] = np.nan if v is None else v

    def line(self, name: str, found: np.ndarray, true: np.ndarray, where: np.ndarray | None = None) -> dict | None:
        where = np.ones(len(true), bool) if where is None else where
        where = where & ~np.isnan(true)
        found, true = found[where], true[where] > 0.5
        if true.sum() == 0:
            return None
        p, r, f = f1(found, true)
        low, high = interval(found, true, self.talk[where])
        return {"name": name, "n": int(true.sum()), "precision": p, "recall": r, "f1": f, "low": low, "high": high}

    def label(self, k: int, where: np.ndarray | None = None, name: str = "") -> dict | None:
        return self.line(name or UTTERANCE_LABELS[k], self.found[:, k], self.true[:, k], where)


def table(title: str, columns: dict[str, list[dict | None]]) -> str:
    """One row a label, one column group a way of saying it."""
    ways = list(columns)
    out = [f"\n### {title}\n", "| what | n | " + " | ".join(f"{w} P / R / **F1** (95 %)" for w in ways) + " |",
           "|---|---|" + "---|" * len(ways)]  # fmt: skip
    for first in next(iter(columns.values())):
        if first is None:
            continue
        cells = [next((c for c in column if c and c["name"] == first["name"]), None) for column in columns.values()]
        text = [_cell(c) if c else "–" for c in cells]
        out.append(f"| {cells[0]['name']} | {cells[0]['n']} | " + " | ".join(text) + " |")
    return "\n".join(out)


def _cell(c: dict) -> str:
    if "precision" not in c:  # a mean of labels
        return f"**{c['f1']:.2f}**"
    return f"{c['precision']:.2f} / {c['recall']:.2f} / **{c['f1']:.2f}** ({c['low']:.2f}–{c['high']:.2f})"


def p4g_own(talks: list[Talk]) -> dict[tuple[str, int], set[str]]:
    return {
        (d["id"], i): set(u["labels"]) | {u["speaker"]}
        for d in read_jsonl(SHARED / "persuasion_for_good.jsonl")
        for i, u in enumerate(d["utterances"])
    }


def sources_lines(s: Scored, talks: list[Talk], own: dict) -> list[dict | None]:
    """The held-back figures by source."""
    lines: list[dict | None] = []
    hand = {"written": "written", "primock57": "doctor–patient", "p4g": "persuasion", "uptake": "classroom"}
    for key, name in hand.items():
        where = np.array([x.split("/")[0] == key for x in s.source])
        if where.any():
            for k in (ASKS, 0, 1, 5):
                lines.append(s.label(k, where, f"{name}: {UTTERANCE_LABELS[k]}"))
            if key == "written":
                lines += [s.label(k, where, f"{name}: {UTTERANCE_LABELS[k]}") for k in (6, *BARRIERS)]
                lines.append(barriers_mean(s, where, "written: barrier kinds, mean F1"))
    where = s.source == "p4g"
    if where.any():
        keys = {}
        for t, talk in enumerate(talks):
            if talk.source == "p4g":
                for u in talk.utts:
                    keys[t, next(iter(u.uids))] = own[talk.id, next(iter(u.uids))]
        labels = [keys.get((t, next(iter(u.uids))), set()) for t, u, _, src in s.rows]
        persuader = where & np.array(["persuader" in x for x in labels])
        push = np.array([float(bool(x & P4G_PUSH)) for x in labels])
        inquiry = np.array([float(any(y.endswith("-inquiry") and "-to-" not in y for y in x)) for x in labels])
        asking = s.found[:, 0] | s.found[:, 1]
        lines.append(s.line("persuasion, own labels: pushes of a kind", s.found[:, 6], push, persuader))
        lines.append(s.line("persuasion, own labels: inquiries, by any question", asking, inquiry, persuader))
        lines.append(s.line("the same, questions that are no pushes", asking & ~s.found[:, 6], inquiry, persuader))
        greet = np.array([bool(x & {"greeting", "other"}) for x in labels])
        lines.append(s.line("the same, greetings left aside", asking & ~s.found[:, 6], inquiry, persuader & ~greet))
    where = s.source == "email-test"
    if where.any():
        lines.append(s.label(REQUEST, where, "e-mail: request or proposal (request)"))
        lines.append(s.line("e-mail: the same by next_step.push", s.found[:, 6], s.true[:, REQUEST], where))
    where = np.array([x.startswith("casino") for x in s.source])
    if where.any():
        lines.append(s.label(ASKS, where, "negotiation: asks (elicit-pref or a mark)"))
    return lines


BARRIERS = range(8, 12)


def barriers_mean(s: Scored, where: np.ndarray | None, name: str) -> dict | None:
    """The mean of the kinds' F1."""
    kinds = [x["f1"] for k in BARRIERS if (x := s.label(k, where))]
    return {"name": name, "n": len(kinds), "f1": float(np.mean(kinds))} if kinds else None


def gold_lines(s: Scored) -> list[dict | None]:
    lines = [s.label(k) for k in (ASKS, 0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)]
    lines.append(barriers_mean(s, None, "barrier kinds, mean F1"))
    return lines


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(a, b).statistic)
