"""What a worker does with one call. Runs in another process, maybe on another machine: values in, values out.

Models stay loaded between calls, because the rooms that use them keep them (`functools.cache`).
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from listening.batch import sources
from listening.batch.sources import Item
from listening.errors import AudioError, ListeningError
from listening.findings import Analysis
from listening.listen import Options, transcribe
from listening.scorecard import Heard
from listening.scoring import Rubric, score
from listening.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Task:
    """One call to hear. `content` is its SHA-256 when that is known; `transcript` skips the hearing."""

    item: Item
    options: Options
    rubric: Rubric
    content: str | None = None
    transcript: Transcript | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a task: a call heard, or the sentence that says why not."""

    heard: Heard | None
    content: str | None
    sentence: str | None = None


def work(task: Task) -> Done:
    """Hear one call. Never raises for what is wrong with the call; its words are in no sentence."""
    try:
        if task.transcript is not None:
            return Done(_scored(task.transcript, None, task.rubric), task.content)
        with _at_hand(task.item) as path:
            content = task.content or sources.content(path)
            transcript, recording = transcribe(path, task.options, setup=task.item.setup)
        return Done(_scored(transcript, recording, task.rubric), content)
    except ListeningError as error:
        return Done(None, task.content, str(error))
    except MemoryError:
        return Done(None, task.content, "There is not enough memory to hear this call.")
    except Exception as error:
        return Done(
            None, task.content, f"It cannot be heard because of a fault in this program ({type(error).__name__})."
        )


def _scored(transcript: Transcript, recording: Path | None, rubric: Rubric) -> Heard:
    from listening.analyzers import analyse

    analysis: Analysis = analyse(transcript)
    return Heard(transcript, analysis, score(analysis, transcript, rubric), recording)


@contextmanager
def _at_hand(item: Item) -> Iterator[Path]:
    """The file of an item on this machine: itself, or a copy that lasts as long as the block."""
    if not item.remote:
        yield Path(item.path)
        return
    fs, path = sources.filesystem(item.path)
    with tempfile.TemporaryDirectory(prefix="listening-") as folder:
        copy = Path(folder) / item.name
        try:
            fs.get_file(path, str(copy))
        except Exception as error:
            raise AudioError(f"{item.name} cannot be read: {sources.reason(error)}.") from None
        yield copy


def prepare_process() -> None:
    """First thing in a local worker: leave Ctrl-C to the parent, and end when the parent does, however it ends."""
    import multiprocessing
    import threading

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
