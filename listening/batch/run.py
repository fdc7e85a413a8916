"""The run: decide what has to be done for each call, have it done, keep it at once, and say how far it is."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from listening.batch import sources
from listening.batch.sources import Item, Missing
from listening.batch.work import Done, Task
from listening.batch.workers import Workers, lazily
from listening.errors import ListeningError, UsageError
from listening.listen import Options, check_name, settle_again
from listening.scoring import Rubric, load_rubric
from listening.store import Source, Wanted
from listening.store.packing import rubric_digest
from listening.store.values import Known

if TYPE_CHECKING:  # a worker imports this package, and has no use for a database
    from listening.store.store import Store

#: How often a call is tried again whose worker died.
RETRIES = 2
#: Calls re-scored in one transaction: enough that the disk is not waited for at each.
RESCORE_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Event:
    """Something became of one call. `state`: heard, reanalysed, rescored, skipped, stale (skipped, but its numbers are
    of other versions) or failed; `sentence` says why it failed; `audio_ms` is how long the call is."""

    name: str
    state: str
    sentence: str | None = None
    audio_ms: int = 0
    path: str = ""


@dataclass(slots=True)
class Summary:
    """How many calls ended in each state, how much audio was heard (ms), and how many files held another call before."""

    states: Counter[str] = field(default_factory=Counter)
    audio_ms: int = 0
    replaced: int = 0

    @property
    def failed(self) -> int:
        return self.states["failed"]


Tell = Callable[[Event], None]


def run(
    paths: Iterable[str],
    store: Store,
    workers: Callable[[], Workers],
    options: Options | None = None,
    *,
    rescore: bool = False,
    tell: Tell = lambda event: None,
    total: Callable[[int], None] = lambda calls: None,
) -> Summary:
    """Hear and keep the calls that the paths stand for.

    workers   makes the workers, when there is something to do for them
    rescore   bring calls up to date that were scored with other versions; else they are left as they are
    tell      called with every call's outcome as it comes; `total` once, with the number of calls

    Raises StoreError when the store fails (what was kept stays kept), ListeningError for workers that cannot be had.
    """
    found = list(sources.find(paths))
    total(len(found))
    with lazily(workers) as get:
        return hear(found, store, get, options, rescore=rescore, tell=tell)


def hear(
    found: Iterable[Item | Missing],
    store: Store,
    workers: Callable[[], Workers],
    options: Options | None = None,
    *,
    rescore: bool = False,
    tell: Tell = lambda event: None,
) -> Summary:
    """`run` for what was found already, on workers that are somebody else's to close."""
    return _Run(store, workers, options or Options(), rescore, tell).do(found)


class _Run:
    def __init__(
        self, store: Store, workers: Callable[[], Workers], options: Options, rescore: bool, tell: Tell
    ) -> None:
        from listening.analyzers import versions

        self.store = store
        self.make_workers = workers
        self.options = options
        self.rescore = rescore
        self.tell = tell
        self.rubric: Rubric = load_rubric(options.rubric) if options.rubric else load_rubric()
        self.analyzers = versions()
        self.asked = {} if options.engine == "auto" else {"engine": options.engine}
        if options.model:
            self.asked["model"] = Path(options.model).name  # as it is kept, see `transcription.transcribe`
        self.known: dict[str, Known] = store.known()
        self.seen = store.seen()
        self._read_rulers()
        # Whatever engine is asked for, a transcript is not heard.
        self.read_ready = store.read_ready() if self.asked else frozenset()
        self.taken: set[str] = set()
        self.summary = Summary()
        self.rescoring: list[tuple[Item, Known]] = []
        self.marks: dict[str, tuple[str | None, int | None]] = {}

    def _read_rulers(self) -> None:
        """Which rulers have the versions of this run: all of them, the analyzers', the engine's and model's."""
        self.current = self.store.fitting(Wanted(self.analyzers, rubric_digest(self.rubric)))
        self.analysed = self.store.fitting(Wanted(self.analyzers))
        self.transcribed = self.store.fitting(Wanted(self.asked))

    def do(self, found: Iterable[Item | Missing]) -> Summary:
        tasks = self._tasks(found)
        first = next(tasks, None)
        if first is not None:
            self._hear(chain((first,), tasks), self.make_workers())
        self._flush_rescoring()
        return self.summary

    def _tasks(self, found: Iterable[Item | Missing]) -> Iterator[Task]:
        """What the workers have to do; everything else is settled on the way."""
        for item in found:
            if isinstance(item, Missing):
                self._event(item.name, "failed", item.sentence)
                continue
            try:
                check_name(item.path)
                content = self._content(item)
            except ListeningError as error:
                self._event(item.name, "failed", str(error), item.path)
                continue
            except OSError as error:
                self._event(item.name, "failed", f"It cannot be read: {error.strerror or 'unknown reason'}.", item.path)
                continue
            if content is not None and item.path in self.seen and self.seen[item.path][0] != content:
                self.summary.replaced += 1
            if content is not None and content in self.taken:
                self._event(item.name, "skipped", path=item.path)
                continue
            if content is not None:
                self.taken.add(content)
            known = self.known.get(content) if content is not None else None
            if known is None:
                yield Task(item, self.options, self.rubric, content)
                continue
            before = known
            try:
                known = self._note(item, before)
            except UsageError as error:  # --rep is nobody in this call
                self._event(item.name, "failed", str(error), item.path)
                continue
            if known.ruler != before.ruler:  # it may be a new one
                self._read_rulers()
            heard_as_asked = known.ruler in self.transcribed or known.content in self.read_ready
            if heard_as_asked and known.ruler in self.current:
                self._event(item.name, "skipped" if known is before else "reanalysed", path=item.path)
            elif not self.rescore:
                self._event(item.name, "stale", path=item.path)
            elif heard_as_asked and known.ruler in self.analysed:
                self.rescoring.append((item, known))
                if len(self.rescoring) >= RESCORE_AT_ONCE:
                    self._flush_rescoring()
            elif heard_as_asked:
                transcript = self.store.transcript(known.id)
                yield Task(item, self.options, self.rubric, content, transcript)
            else:
                yield Task(item, self.options, self.rubric, content)

    def _content(self, item: Item) -> str | None:
        """The content hash: remembered for a file that has not changed, else read. None for an object in storage that
        is new, and will be read by a worker anyway."""
        mark, size = sources.tag(item)
        self.marks[item.path] = (mark, size)
        before = self.seen.get(item.path)
        if before is not None and mark is not None and before[1] == mark:
            return before[0]
        if not item.remote:
            return sources.content(Path(item.path))
        return sources.remote_content(item.path) if before is not None else None

    def _source(self, item: Item, kind: str = "recording") -> Source:
        mark, size = self.marks.get(item.path, (None, None))
        return Source(item.path, kind, size, mark)

    def _note(self, item: Item, known: Known) -> Known:
        """A kept call, met again: take over what a manifest or sidecar says of it now, and where it lies now.

        Returns the call as it is then: when somebody else than was thought turns out to be the rep, with her numbers.
        """
        from listening import sidecars
        from listening.analyzers import analyse

        try:
            setup = item.setup or (None if item.remote else sidecars.find(item.path))
        except ListeningError:
            setup = None  # it was good enough when the call was heard
        if setup is not None and any(value != getattr(known.info, name) for name, value in setup.info.said().items()):
            self.store.inform(known.id, setup.info)
        source = self._source(item)
        if self.seen.get(item.path) != (known.content, source.tag):
            self.store.saw(known.content, source)
        voice = self.options.rep or (setup is not None and (setup.rep or setup.channels))
        named = setup is not None and setup.info.rep not in (None, known.info.rep)
        if not voice and not named and (setup is None or not known.guessed):
            return known
        before = self.store.transcript(known.id)
        settled = settle_again(before, setup, self.options.rep)
        if settled is before:
            return known
        return replace(known, ruler=self.store.recast(known.id, settled, analyse), guessed=False)

    def _hear(self, tasks: Iterator[Task], workers: Workers) -> None:
        """Keep the workers busy. When one dies, the calls that were out are tried again one by one, to find the one."""
        out: dict[Future[Done], Task] = {}
        suspects: deque[Task] = deque()
        tries: Counter[str] = Counter()
        more = True
        while more or out or suspects:
            if suspects and not out:
                self._submit(workers, suspects.popleft(), out, suspects)
            while more and not suspects and len(out) < workers.at_once:
                task_or_none = next(tasks, None)
                if task_or_none is None:
                    more = False
                    break
                self._submit(workers, task_or_none, out, suspects)
            if not out:
                continue
            alone = len(out) == 1
            done, _ = wait(out, return_when=FIRST_COMPLETED)
            died = False
            for future in done:
                task = out.pop(future)
                try:
                    result = future.result()
                except BaseException as error:
                    if not workers.lost(error):
                        raise
                    died = True
                    if alone:
                        tries[task.item.path] += 1
                    if tries[task.item.path] > RETRIES:
                        sentence = f"The worker died {RETRIES + 1} times while hearing it."
                        self._event(task.item.name, "failed", sentence, task.item.path)
                    else:
                        suspects.append(task)
                    continue
                self._keep(task, result)
            if died:
                for future, task in out.items():
                    # One that finished before the others broke is done, and is not to be done again.
                    if future.done() and future.exception() is None:
                        self._keep(task, future.result())
                    else:
                        suspects.append(task)
                out.clear()
                workers.restart()

    def _submit(self, workers: Workers, task: Task, out: dict[Future[Done], Task], suspects: deque[Task]) -> None:
        try:
            out[workers.submit(task)] = task
        except BaseException as error:
            if not workers.lost(error):
                raise
            suspects.append(task)  # the pool broke since; its futures say so in a moment
            if not out:
                workers.restart()

    def _keep(self, task: Task, done: Done) -> None:
        if done.heard is None or done.content is None:
            self._event(task.item.name, "failed", done.sentence, task.item.path)
            return
        from listening.analyzers import analyse

        again = task.transcript is not None
        source = None if again else self._source(task.item, "recording" if done.heard.recording else "transcript")
        self.store.save(done.heard, done.content, source, rubric=self.rubric, analyse=analyse)
        audio_ms = done.heard.scorecard.duration or 0
        self._event(task.item.name, "reanalysed" if again else "heard", None, task.item.path, audio_ms)

    def _flush_rescoring(self) -> None:
        from listening.analyzers import analyse

        if self.rescoring:
            self.store.rescore([known.id for _, known in self.rescoring], self.rubric, analyse)
            for item, _ in self.rescoring:
                self._event(item.name, "rescored", path=item.path)
            self.rescoring.clear()

    def _event(self, name: str, state: str, sentence: str | None = None, path: str = "", audio_ms: int = 0) -> None:
        self.summary.states[state] += 1
        self.summary.audio_ms += audio_ms
        self.tell(Event(name, state, sentence, audio_ms, path))
