"""Tuning on held-back talks: calibration, thresholds, the blend for uptake, the weights of links."""

from __future__ import annotations

import numpy as np
from data import CLOSE, FOLLOW, REQUEST, UTTERANCE_LABELS, N, Talk
from measure import Rows, Scored, f1, spearman

from listening.language import _network, _overlap, labeller


def pair(raw: _network.Raw, k: int) -> tuple[float, float]:
    return float(raw.utterance[k]), float(raw.words[:, k].max()) if k < N else 0.0


#: Kinds that are too rare to be calibrated one by one.
TOGETHER = [k for k, label in enumerate(UTTERANCE_LABELS) if label.startswith("barrier.")]


def fit(rows: Rows) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Per label: a logistic in (utterance logit, best word logit), and the threshold of best F1."""
    calibration: dict[str, list[float]] = {}
    thresholds: dict[str, float] = {}
    alone = [[k] for k in range(len(UTTERANCE_LABELS)) if k not in TOGETHER]
    for group in [*alone, TOGETHER]:
        known = [
            (pair(raw, k), v)
            for k in group
            for _, u, raw, source in rows
            if (v := u.targets()[k]) is not None and (k == REQUEST or not source.startswith("email"))
        ]  # a push is calibrated on conversations: e-mails would outnumber them
        three, threshold = _logistic(np.array([a for a, _ in known]), np.array([b for _, b in known]), group[0] < N)
        for k in group:
            calibration[UTTERANCE_LABELS[k]], thresholds[UTTERANCE_LABELS[k]] = three, threshold
    return calibration, thresholds


def _logistic(x: np.ndarray, y: np.ndarray, words: bool) -> tuple[list[float], float]:
    from sklearn.linear_model import LogisticRegression

    if y.sum() < 8:
        return [0.6, 0.4 if words else 0.0, 0.0], 0.5
    model = LogisticRegression(C=0.5).fit(x, y)
    slopes = np.maximum(0.05, model.coef_[0]) * np.array([1.0, float(words)])
    constant = float(model.intercept_[0])
    p = 1 / (1 + np.exp(-(x @ slopes + constant)))
    grid = np.arange(0.2, 0.71, 0.02)
    scores = np.array([f1(p >= t, y)[2] for t in grid])
    smooth = np.convolve(np.pad(scores, 3, mode="edge"), np.ones(7) / 7, "valid")  # not the luckiest point
    three = [round(float(v), 4) for v in (*slopes, constant)]
    return three, round(float(grid[int(np.argmax(smooth))]), 2)


def attributes_fit(rows: Rows) -> tuple[dict[str, float], str]:
    """From which mean chance over a question's words it follows up, or steers to the close, and how well that does."""
    found: dict[str, float] = {}
    said = []
    for name, k in (("follow_up", FOLLOW), ("close_directed", CLOSE)):
        cases = []
        for _, u, raw, _ in rows:
            asked = np.array([bool(b & 3) for b in u.bits])  # the words of open and closed questions
            if u.known >> k & 1 and asked.any() and len(raw.words) == len(asked):
                chance = 1 / (1 + np.exp(-raw.words[asked, k]))
                cases.append((float(chance.mean()), any(b >> k & 1 for b in u.bits)))
        chances, true = np.array([c for c, _ in cases]), np.array([t for _, t in cases])
        found[name] = max(
            (round(float(t), 2) for t in np.arange(0.2, 0.71, 0.05)), key=lambda t: f1(chances >= t, true)[2]
        )
        said.append(f"{name} F1 {f1(chances >= found[name], true)[2]:.2f} ({true.sum()} of {len(true)})")
    return found, "\nquestions, thresholds from these same talks: " + "; ".join(said)


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


def uptake_scores(s: Scored, talks: list[Talk], fitted: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(views, truth, talk) of the classroom pairs among the rows."""
    views, truth, talk = [], [], []
    for t, u, raw, source in s.rows:
        if source == "uptake" and u.uptake is not None:
            views.append(labeller.uptake_views(fitted, raw, [(0, talks[t].utts[0].raw)], u.raw))
            truth.append(u.uptake)
            talk.append(t)
    return np.array(views), np.array(truth), np.array(talk)


def blend_fit(views: np.ndarray, truth: np.ndarray) -> tuple[list[float], float]:
    from sklearn.linear_model import Ridge
    from sklearn.preprocessing import StandardScaler

    scale = StandardScaler().fit(views)
    model = Ridge(alpha=20).fit(scale.transform(views), truth)
    weights = model.coef_ / scale.scale_
    return [round(float(v), 4) for v in weights], round(float(model.intercept_ - weights @ scale.mean_), 4)


def uptake_lines(scored: dict[str, Scored], talks: list[Talk], card: dict, tune: bool) -> list[str]:
    """Spearman on the held-back pairs. With `tune`, the blend is fitted: cross-fitted here, on all pairs in the card."""
    fitted, out = card["uptake"], []
    found = {w: uptake_scores(s, talks, fitted) for w, s in scored.items()}
    found = {w: f for w, f in found.items() if len(f[1])}
    if not found:
        return []
    if tune:
        both = [np.concatenate([f[i] for f in found.values()]) for i in range(3)]
        odd = both[2] % 2 == 1
        halves = [blend_fit(both[0][odd], both[1][odd]), blend_fit(both[0][~odd], both[1][~odd])]
        fitted["blend"], fitted["blend_bias"] = blend_fit(both[0], both[1])
    else:
        halves = [(fitted["blend"], fitted["blend_bias"])] * 2
    for w, (views, truth, talk) in found.items():
        mix = np.array([v @ np.array(halves[t % 2][0]) + halves[t % 2][1] for v, t in zip(views, talk, strict=True)])
        rng = np.random.default_rng(1)
        boot = [spearman(mix[i], truth[i]) for i in (rng.integers(0, len(truth), len(truth)) for _ in range(300))]
        low, high = np.percentile(boot, [2.5, 97.5])
        out.append(
            f"\nuptake, {w}: Spearman **{spearman(mix, truth):.3f}** ({low:.2f}–{high:.2f}) on {len(truth)} pairs; "
            f"network alone {spearman(views[:, 0], truth):.3f}, words used again alone {spearman(views[:, 1], truth):.3f}"
        )
    return out


def link_cases(talks: list[Talk]) -> list[tuple[_network.Raw, list[tuple[int, str]], int, set[int]]]:
    """(raw scores, texts, index, what it gives back) of every restatement whose source is known."""
    cases = []
    for talk in talks:
        texts = [(int(u.side), u.raw) for u in talk.utts]
        raws = _network.raw(texts)
        for i, u in enumerate(talk.utts):
            of = {j for j in u.of if j < i}
            if of and raws[i] is not None and u.side == 1:
                cases.append((raws[i], texts, i, of))
    return cases


def link_counts(card: dict, cases: list) -> dict[str, int]:
    n = dict.fromkeys(("all", "first", "far", "far_first", "right", "wrong", "missed"), 0)
    for raw, texts, i, of in cases:
        found = labeller.links(card, raw, texts, i)
        hit = bool(found) and found[0] in of
        far = next(j for j in range(i - 1, -1, -1) if texts[j][0] == 0) not in of
        n["all"] += 1
        n["first"] += hit
        n["far"] += far
        n["far_first"] += far and hit
        n["right"] += len(of & set(found))
        n["wrong"] += len(set(found) - of)
        n["missed"] += len(of - set(found))
    return n


def link_fit(card: dict, cases: list) -> None:
    """How much shared words weigh beside the network, and from where on a second link is given."""
    best = -1.0
    for overlap in (1.0, 2.0, 4.0, 7.0, 11.0):
        for threshold in (1.0, 2.0, 3.0, 4.0):
            trial = {"links": {"unseen": -3.0, "overlap": overlap, "threshold": threshold}}
            n = link_counts(trial, cases)
            value = n["first"] / n["all"] + 2 * n["right"] / (2 * n["right"] + n["wrong"] + n["missed"])
            if value > best:
                best, card["links"] = value, trial["links"]


def link_line(card: dict, cases: list) -> str:
    n = link_counts(card, cases)
    share = 2 * n["right"] / max(1, 2 * n["right"] + n["wrong"] + n["missed"])
    return (
        f"links of restatements: the first one right {n['first']}/{n['all']}; where it is not the utterance just before, "
        f"{n['far_first']}/{n['far']}; all links together F1 {share:.2f}"
    )
