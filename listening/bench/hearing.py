"""Worker: `python -m listening.bench.hearing RECORDING [ENGINE]` hears one call and prints stage times and words as JSON."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from listening.bench.accuracy import words_of
from listening.listen import Options, listen


class Stages:
    """A progress report that keeps how long each stage took (s)."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stage = "starting"
        self._since = time.perf_counter()

    def __call__(self, stage: str, done: float, total: float) -> None:
        now = time.perf_counter()
        self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + now - self._since
        self._stage, self._since = stage, now


def main(recording: str, engine: str = "auto") -> None:
    stages = Stages()
    heard = listen(Path(recording), Options(engine=engine), stages)
    stages("done", 1, 1)
    transcript = heard.transcript
    result = {
        "audio_s": (transcript.duration or 0) / 1000,
        "engine": transcript.provenance.engine,
        "stages": {name: round(seconds, 3) for name, seconds in stages.seconds.items()},
        "text": words_of(transcript),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
