"""Calibrate the exported labeller on the held-back talks and print (and write) how accurate it is.

    python models/labeller/evaluate.py --tune        thresholds and calibration into labeller.json, then everything
    python models/labeller/evaluate.py               only measure

Held-back figures with `--tune` are cross-fitted: calibration and thresholds for one half of the talks come from the
other half. The gold set is used for nothing but its own figures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
from data import HERE, UTTERANCE_LABELS, casino, email, gold, held_back, p4g, primock, splits, uptake, written
from measure import NAMES, WAYS, Rows, Scored, empty, f1, gold_lines, listen, p4g_own, sources_lines, table, worth
from tuning import attributes_fit, fit, link_cases, link_fit, link_line, uptake_fit, uptake_lines

from listening.language import _network


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--tune", action="store_true")
    p.add_argument("--model", type=Path, help="folder of an exported labeller other than this one")
    p.add_argument("--fast", action="store_true", help="fewer e-mails, no rewording")
    a = p.parse_args()
    if a.model:
        _network.folder = lambda: a.model
    every = [*written(), *primock(), *p4g(), *uptake(), *email(), *casino()]
    train, held = held_back(every, splits())
    held = [t for i, t in enumerate(held) if not t.source.startswith("casino") or i % 4 == 0]
    if a.fast:
        held = [t for i, t in enumerate(held) if not t.source.startswith(("email", "p4g")) or i % 4 == 0]
    path = _network.folder() / "labeller.json"
    card = json.loads(path.read_text())
    ways = ["plain", "stripped"] if a.fast else list(WAYS)
    rows = {w: listen([t if worth(t, w) else empty(t) for t in held], w) for w in ways}
    out: list[str] = []
    if a.tune:
        attributes, said = attributes_fit(rows["plain"] + rows["stripped"])
        card |= {"word_threshold": 0.4, "attributes": attributes}
        out.append(said)
        halves: list[Rows] = [[], []]
        for w in ("plain", "stripped"):
            for row in rows[w]:
                halves[row[0] % 2].append(row)
        cards = []
        for half in (halves[1], halves[0], halves[0] + halves[1]):
            calibration, thresholds = fit(half)
            cards.append({**card, "calibration": calibration, "thresholds": thresholds})
        card.update(calibration=cards[2]["calibration"], thresholds=cards[2]["thresholds"])
        ridge = uptake_fit([t for t in train if t.source == "uptake"])
        card["uptake"] = ridge
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
    out += uptake_lines(scored, held, card, a.tune)
    cases = link_cases([t for t in held if t.source.startswith(("written", "primock"))])
    if a.tune:
        link_fit(card, cases)
        path.write_text(json.dumps(card, indent=1) + "\n")
        _network.card.cache_clear()
    out.append("\nheld back, " + link_line(card, cases))
    talks = gold()
    golden = {w: Scored(listen(talks, w), lambda t: card) for w in ways}
    out.append(
        table(
            "Gold: sales talk labelled by hand, never trained or tuned on",
            {w: gold_lines(s) for w, s in golden.items()},
        )
    )
    out.append("\ngold, " + link_line(card, link_cases(gold())))
    text = "\n".join(out)
    print(text)
    if a.tune and not (a.fast or a.model):
        write(text, card, scored["plain"], scored["stripped"])


def write(text: str, card: dict, plain: Scored, strip: Scored) -> None:
    """accuracy.toml for the scorecard's intervals, and the tables into CARD.md."""
    lines = ["# Written by models/labeller/evaluate.py: precision and recall on held-back talk (no e-mails), plain and",
             "# stripped of punctuation together, utterance by utterance.", f'version = "{card["version"]}"', ""]  # fmt: skip
    spoken = np.array([not str(s).startswith("email") for s in (*plain.source, *strip.source)])
    for k, label in enumerate(NAMES):
        found = np.concatenate([plain.found[:, k], strip.found[:, k]])
        true = np.concatenate([plain.true[:, k], strip.true[:, k]])
        where = ~np.isnan(true) & spoken
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
