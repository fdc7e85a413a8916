"""Worker: `python -m listening.bench.reference RECORDING` runs openai-whisper's own command and prints its text as JSON.

It is `whisper RECORDING --model base --word_timestamps True` with the command's defaults (beam of 5, best of 5, fallback
temperatures), but for two things: the weights are ours, so that nothing is fetched from a model hub and both sides use
the same, and where no ffmpeg program is installed the sound is decoded by PyAV. A stereo file it hears mixed, once.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import shutil
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from listening import models, settings
from listening.audio import decode
from listening.recognizers import DEFAULT_MODEL


def main(recording: str) -> None:
    import whisper
    import whisper.audio

    from listening.recognizers import _ctranslate2

    command = importlib.import_module("whisper.transcribe")  # the package has a function of that name

    def load_model(*_: Any, **__: Any) -> Any:
        return _ctranslate2.load(models.path(DEFAULT_MODEL))

    def load_audio(file: str, sr: int = decode.RATE) -> Any:
        return decode.load(Path(file), rate=sr).mean(axis=0)

    whisper.load_model = load_model
    if shutil.which("ffmpeg") is None:
        whisper.audio.load_audio = load_audio
    warnings.simplefilter("ignore")  # that a CPU has no half precision
    with tempfile.TemporaryDirectory() as folder:
        sys.argv = ["whisper", recording, "--model", "base", "--word_timestamps", "True", "--verbose", "False"]
        sys.argv += ["--threads", str(settings.threads()), "--output_format", "json", "--output_dir", folder]
        with contextlib.redirect_stdout(sys.stderr):
            command.cli()
        written = next(Path(folder).glob("*.json"))
        print(json.dumps({"text": json.loads(written.read_text(encoding="utf-8"))["text"]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
