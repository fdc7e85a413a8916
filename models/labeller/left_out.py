"""How well the labeller does in a setting it never read: `python models/labeller/left_out.py helping --model FOLDER`.

For a model trained with `train.py --without helping` and exported: calibration and thresholds come from the held-back
talks of other settings, the figures from all written talks of the one that was left out.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from data import HERE, UTTERANCE_LABELS, held_back, primock, splits, uptake, written
from measure import Scored, listen, table
from tuning import attributes_fit, fit

from listening.language import _network

LEAST = 10  # cases of a label, for a figure


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("setting", help="what the names of its written files begin with")
    p.add_argument("--model", type=Path, required=True, help="folder of an exported labeller")
    a = p.parse_args()
    _network.folder = lambda: a.model
    source = f"written/{a.setting}"
    every = [*written(), *primock(), *uptake()]
    others = [t for t in held_back(every, splits())[1] if not t.source.startswith(source)]
    rows = [row for way in ("plain", "stripped") for row in listen(others, way)]
    attributes, _ = attributes_fit(rows)
    calibration, thresholds = fit(rows)
    card = json.loads((HERE / "labeller.json").read_text(encoding="utf-8"))
    card |= {"attributes": attributes, "calibration": calibration, "thresholds": thresholds}
    talks = [t for t in every if t.source.startswith(source)]
    scored = {way: Scored(listen(talks, way), lambda _: card) for way in ("plain", "stripped")}
    enough = [
        k for k in range(len(UTTERANCE_LABELS)) if (line := scored["plain"].label(k)) is not None and line["n"] >= LEAST
    ]
    print(table(f"Left out of training: {source}", {way: [s.label(k) for k in enough] for way, s in scored.items()}))


if __name__ == "__main__":
    main()
