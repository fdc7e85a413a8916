"""Worker: `python -m listening.bench.text TRANSCRIPT UTTERANCES` analyses and scores that many utterances; JSON out."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from pathlib import Path

from listening.analyzers import analyse
from listening.gold import read_gold
from listening.scoring import load_rubric, score


def main(gold: str, count: str) -> None:
    calls = read_gold(Path(gold))
    first = calls[0].transcript
    lines = [u for call in calls for u in call.transcript.utterances]
    speakers = {s.id: s for call in calls for s in call.transcript.speakers}
    wanted = int(count)
    repeated = (lines * (wanted // len(lines) + 1))[:wanted]
    utterances = tuple(dataclasses.replace(u, start=None, end=None) for u in repeated)
    used = {u.speaker for u in utterances}
    transcript = dataclasses.replace(
        first, utterances=utterances, speakers=tuple(s for i, s in speakers.items() if i in used), speech=()
    )
    seconds = []
    for part in (dataclasses.replace(transcript, utterances=utterances[:2]), transcript):  # the first loads the models
        began = time.perf_counter()
        score(analyse(part), part, load_rubric())
        seconds.append(round(time.perf_counter() - began, 3))
    print(json.dumps({"utterances": wanted, "load_s": seconds[0], "analysis_s": seconds[1]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
