"""Calibrate the exported labeller on the held-back talks and print (and write) how accurate it is.

    python models/labeller/evaluate.py --tune        thresholds and calibration into labeller.json, then everything
    python models/labeller/evaluate.py               only measure
    python models/labeller/evaluate.py --only written/helping     only these sources, whatever the split says

Held-back figures with `--tune` are cross-fitted: calibration and thresholds for one half of the talks come from the
other half. The gold set is used for nothing but its own figures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from data import (
    ASKS,
    HERE,
    LABELS,
    REQUEST,
    UTTERANCE_LABELS,
    N,
    Talk,
    Utt,
    casino,
    email,
    fillers,
    gold,
    held_back,
    p4g,  # fmt: skip
    primock,
    reword,
    splits,
    strip,
    uptake,
    written,
)

from listening.language import _network, _overlap, labeller

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


# ---------------------------------------------------------------- calibration and thresholds


def pair(raw: _network.Raw, k: int) -> tuple[float, float]:
    return float(raw.utterance[k]), float(raw.words[:, k].max()) if k < N else 0.0


def fit(rows: Rows) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Per label: a logistic in (utterance logit, best word logit), and the threshold of best F1."""
    from sklearn.linear_model import LogisticRegression

    calibration, thresholds = {}, {}
    for k, label in enumerate(UTTERANCE_LABELS):
        known = [(pair(r, k), v) for _, u, r, _ in rows if (v := u.targets()[k]) is not None]
        x, y = np.array([a for a, _ in known]), np.array([b for _, b in known])
        if y.sum() < 8:
            calibration[label], thresholds[label] = [0.6, 0.4, 0.0] if k < N else [1.0, 0.0, 0.0], 0.5
            continue
        model = LogisticRegression(C=0.5).fit(x, y)
        a, b = (max(0.05, float(c)) for c in model.coef_[0])
        if k >= N:
            b = 0.0
        c = float(model.intercept_[0])
        calibration[label] = [round(a, 4), round(b, 4), round(c, 4)]
        p = 1 / (1 + np.exp(-(x @ np.array([a, b]) + c)))
        grid = np.arange(0.2, 0.71, 0.02)
        scores = np.array([f1(p >= t, y)[2] for t in grid])
        smooth = np.convolve(np.pad(scores, 3, mode="edge"), np.ones(7) / 7, "valid")  # not the luckiest point
        thresholds[label] = round(float(grid[int(np.argmax(smooth))]), 2)
    return calibration, thresholds


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
            for k, (label, v) in enumerate(zip(UTTERANCE_LABELS, u.targets(), strict=True)):
                self.p[i, k] = probabilities.get(label, 0.0)
                self.found[i, k] = self.p[i, k] >= card["thresholds"][label]
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
        text = [
            f"{c['precision']:.2f} / {c['recall']:.2f} / **{c['f1']:.2f}** ({c['low']:.2f}–{c['high']:.2f})"
            if c
            else "–"
            for c in cells
        ]
        out.append(f"| {cells[0]['name']} | {cells[0]['n']} | " + " | ".join(text) + " |")
    return "\n".join(out)


def p4g_own(talks: list[Talk]) -> dict[tuple[str, int], set[str]]:
    from data import SHARED, _jsonl

    return {
        (d["id"], i): set(u["labels"]) | {u["speaker"]}
        for d in _jsonl(SHARED / "persuasion_for_good.jsonl")
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
    where = s.source == "p4g"
    if where.any():
        from data import P4G_PUSH

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


def gold_lines(s: Scored) -> list[dict | None]:
    lines = [s.label(k) for k in (ASKS, 0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)]
    kinds = [x["f1"] for x in (s.label(k) for k in range(8, 12)) if x]
    if kinds:
        mean = float(np.mean(kinds))
        lines.append(
            {
                "name": "barrier kinds, mean F1",
                "n": len(kinds),
                "precision": np.nan,
                "recall": np.nan,
                "f1": mean,
                "low": np.nan,
                "high": np.nan,
            }
        )
    return lines


# ---------------------------------------------------------------- uptake, links


def uptake_fit(talks: list[Talk]) -> dict:
    """The ridge on words used again, from training pairs."""
    from sklearn.linear_model import Ridge
    from sklearn.preprocessing import StandardScaler

    x = np.array([_overlap.features(t.utts[0].raw, t.utts[1].raw) for t in talks])
    y = np.array([t.utts[1].uptake for t in talks])
    scale = StandardScaler().fit(x)
    model = Ridge(alpha=10).fit(scale.transform(x), y)
    weights = model.coef_ / scale.scale_
    return {
        "weights": [round(float(v), 5) for v in weights],
        "bias": round(float(model.intercept_ - weights @ scale.mean_), 5),
    }


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(a, b).statistic)


def uptake_scores(rows: Rows, talks: list[Talk]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(network, words, truth) for classroom pairs among the rows."""
    network, words, truth = [], [], []
    for t, u, raw, source in rows:
        if source == "uptake" and u.uptake is not None:
            network.append(1 / (1 + np.exp(-raw.uptake)))
            words.append(_overlap.features(talks[t].utts[0].raw, u.raw))
            truth.append(u.uptake)
    return np.array(network), np.array(words), np.array(truth)


def link_accuracy(card: dict, talks: list[Talk]) -> str:
    hit = total = far_hit = far = extra = 0
    for talk in talks:
        if not talk.source.startswith(("written", "gold", "primock")):
            continue
        texts = [(int(u.side), u.raw) for u in talk.utts]
        raws = _network.raw(texts)
        for i, u in enumerate(talk.utts):
            of = {j for j in u.of if j < i}
            if not of or raws[i] is None or u.side != 1:
                continue
            found = labeller.links(card, raws[i], texts, i)
            total += 1
            hit += bool(found and found[0] in of)
            extra += len(set(found) - of)
            before = [j for j in range(i) if texts[j][0] == 0]
            if before and before[-1] not in of:
                far += 1
                far_hit += bool(found and found[0] in of)
    return f"links: first one right {hit}/{total} ({hit / max(1, total):.2f}); when it is not the utterance just before: {far_hit}/{far}; wrong links {extra}"


# ---------------------------------------------------------------- main


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--tune", action="store_true")
    p.add_argument("--only", default="")
    p.add_argument("--model", type=Path, help="folder of an exported labeller other than this one")
    p.add_argument("--fast", action="store_true", help="fewer e-mails, no rewording")
    a = p.parse_args()
    if a.model:
        _network.folder = lambda: a.model
    every = [*written(), *primock(), *p4g(), *uptake(), *email(), *casino()]
    train, held = held_back(every, splits())
    if a.only:
        held = [t for i, t in enumerate(t for t in every if t.source.startswith(a.only)) if i % 2 == 0]
    held = [t for i, t in enumerate(held) if not t.source.startswith("casino") or i % 4 == 0]
    if a.fast:
        held = [t for i, t in enumerate(held) if not t.source.startswith(("email", "p4g")) or i % 4 == 0]
    path = _network.folder() / "labeller.json"
    card = json.loads(path.read_text())
    ways = ["plain", "stripped"] if a.fast or a.only else list(WAYS)
    rows = {w: listen([t if worth(t, w) else empty(t) for t in held], w) for w in ways}
    out: list[str] = []
    if a.tune:
        halves: list[Rows] = [[], []]
        for w in ("plain", "stripped"):
            for row in rows[w]:
                halves[row[0] % 2].append(row)
        cards = []
        for half in (halves[1], halves[0], halves[0] + halves[1]):
            calibration, thresholds = fit(half)
            cards.append({**card, "calibration": calibration, "thresholds": thresholds})
        card.update(calibration=cards[2]["calibration"], thresholds=cards[2]["thresholds"])
        card.setdefault("word_threshold", 0.4)
        card["attributes"] = {"follow_up": 0.4, "close_directed": 0.4}
        card["links"] = {"unseen": -3.0, "overlap": 4.0, "threshold": 1.5}
        ridge = uptake_fit([t for t in train if t.source == "uptake"])
        card["uptake"] = {**ridge, "network": 0.6}
        weights = (_network.folder() / "labeller.onnx").read_bytes()
        card["version"] = "1-" + hashlib.sha256(weights).hexdigest()[:8]
        path.write_text(json.dumps(card, indent=1) + "\n")
        _network.card.cache_clear()

        def settings(t: int) -> dict:
            return cards[t % 2]
    else:

        def settings(t: int) -> dict:
            return card

    scored = {w: Scored(r, settings) for w, r in rows.items()}
    out.append(table("Held back, hand-labelled, all sources together",
                     {w: [s.label(k) for k in range(len(UTTERANCE_LABELS))] for w, s in scored.items()}))  # fmt: skip
    own = p4g_own(held)
    out.append(table("Held back, by source", {w: sources_lines(s, held, own) for w, s in scored.items()}))
    for w in ways:
        network, words, truth = uptake_scores(rows[w], held)
        if len(truth) and "uptake" in card:
            share = words @ np.array(card["uptake"]["weights"]) + card["uptake"]["bias"]
            mix = card["uptake"]["network"] * network + (1 - card["uptake"]["network"]) * share
            rng = np.random.default_rng(1)
            boot = [spearman(mix[i], truth[i]) for i in (rng.integers(0, len(truth), len(truth)) for _ in range(300))]
            grid = ", ".join(f"{g}: {spearman(g * network + (1 - g) * share, truth):.3f}" for g in (0.3, 0.45, 0.75))
            out.append(f"\nuptake, {w}: Spearman **{spearman(mix, truth):.3f}** ({np.percentile(boot, 2.5):.2f}–{np.percentile(boot, 97.5):.2f}) on {len(truth)} "
                       f"pairs; network alone {spearman(network, truth):.3f}, words used again alone {spearman(share, truth):.3f} ({grid})")  # fmt: skip
    if "links" in card:
        out.append(
            "\nheld back, " + link_accuracy(card, [t for t in held if t.source.startswith(("written", "primock"))])
        )
    if not a.only:
        talks = gold()
        golden = {w: Scored(listen(talks, w), lambda t: card) for w in ways}
        out.append(
            table(
                "Gold: sales talk labelled by hand, never trained or tuned on",
                {w: gold_lines(s) for w, s in golden.items()},
            )
        )
        out.append("\ngold, " + link_accuracy(card, gold()))
    text = "\n".join(out)
    print(text)
    if a.tune and not (a.fast or a.only or a.model):
        write(text, card, scored["plain"], scored["stripped"])


def write(text: str, card: dict, plain: Scored, strip: Scored) -> None:
    """accuracy.toml for the scorecard's intervals, and the tables into CARD.md."""
    lines = ["# Written by models/labeller/evaluate.py: precision and recall on held-back talks, plain and stripped of",
             "# punctuation together, utterance by utterance.", f'version = "{card["version"]}"', ""]  # fmt: skip
    for k, label in enumerate(NAMES):
        found = np.concatenate([plain.found[:, k], strip.found[:, k]])
        true = np.concatenate([plain.true[:, k], strip.true[:, k]])
        where = ~np.isnan(true)
        if (true[where] > 0.5).sum() < 8:
            continue
        p, r, _ = f1(found[where], true[where] > 0.5)
        lines.append(f'[labels."{label}"]\nprecision = {p:.3f}\nrecall = {r:.3f}\n')
    target = HERE.parents[1] / "listening" / "scoring" / "accuracy.toml"
    target.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    path = HERE / "CARD.md"
    mark = "<!-- figures: written by evaluate.py -->"
    head = path.read_text(encoding="utf-8").split(mark)[0] if path.exists() else "# The labeller\n\n"
    path.write_text(f"{head}{mark}\nVersion {card['version']}.\n{text}\n", encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
