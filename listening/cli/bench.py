"""`listening bench`: measure speed, memory and accuracy on this machine."""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from listening.cli._shared import progress_bar
from listening.errors import UsageError
from listening.settings import threads

if TYPE_CHECKING:
    from listening.bench.runs import Row, Side
    from listening.bench.store import Figures

SAMPLES = Path(__file__).parents[2] / "sample_calls"
FORMATS = click.Choice(["terminal", "json"])
REFERENCE_NOTE = (
    "whisper: openai-whisper's own command with its defaults (beam of 5) and word times, the same weights, float32;\n"
    "it hears a stereo file mixed, once. ours: from recording to scorecard, each channel by itself, beam of 1."
)


@click.group(invoke_without_command=True)
@click.option("--audio", "audio", multiple=True, type=click.Path(path_type=Path), help="A recording; may be repeated.")
@click.option("--runs", default=1, show_default=True, type=click.IntRange(1), help="Figures are medians of so many.")
@click.option("--engine", default="auto", show_default=True, help="Our engine.")
@click.option("--long", "long", is_flag=True, help="Also a two-hour file, made of the first recording by repetition.")
@click.option("--reference/--no-reference", default=True, help="Run openai-whisper's own command beside it.")
@click.option("--format", "form", type=FORMATS, default="terminal", show_default=True)
@click.pass_context
def command(
    ctx: click.Context, audio: tuple[Path, ...], runs: int, engine: str, long: bool, reference: bool, form: str
) -> None:
    """Measure speed, memory and accuracy on this machine.

    Without a subcommand: the whole pipeline beside openai-whisper's own command, on the sample calls or on --audio.
    Every figure is of a process of its own, from its start to its end; on a busy machine compare CPU times.
    """
    if ctx.invoked_subcommand:
        return
    from listening.bench import runs as bench

    files = list(audio) or sorted(SAMPLES.glob("*.ogg"))
    if not files:
        raise UsageError("There are no sample calls here; name a recording with --audio.")
    for file in files:
        if not file.is_file():
            raise UsageError(f"There is no recording at {file}.")
    with progress_bar("bench") as report:
        rows = bench.measure(files, runs=runs, engine=engine, reference=reference, progress=report)
        if long:
            with tempfile.TemporaryDirectory() as folder:
                whole = bench.repeated(files[0], Path(folder))
                rows += bench.measure([whole], engine=engine, reference=False, progress=report)
    if form == "json":
        click.echo(json.dumps({"threads": threads(), "runs": runs, "rows": [r.to_dict() for r in rows]}, indent=2))
    else:
        click.echo("\n".join(_table(rows, runs)))


@command.command("text")
@click.option("--utterances", default=600, show_default=True, type=click.IntRange(2))
@click.option("--runs", default=1, show_default=True, type=click.IntRange(1))
@click.option("--format", "form", type=FORMATS, default="terminal", show_default=True)
def text(utterances: int, runs: int, form: str) -> None:
    """Analysis and scoring of a transcript; 600 utterances are about an hour of talk."""
    from listening.bench import runs as bench

    gold = SAMPLES / "truth.jsonl"
    if not gold.is_file():
        raise UsageError("There are no sample calls here to take the words from.")
    made = [bench.run("text", str(gold), str(utterances)) for _ in range(runs)]
    figures: dict[str, Any] = {
        "utterances": utterances,
        "analysis_s": statistics.median(r.result["analysis_s"] for r in made),
        "load_s": statistics.median(r.result["load_s"] for r in made),
        "peak_mb": round(statistics.median(r.peak_mb for r in made)),
    }
    if form == "json":
        click.echo(json.dumps({"threads": threads(), "runs": runs, **figures}, indent=2))
        return
    click.echo(f"{utterances} utterances analysed and scored in {figures['analysis_s']:.1f} s", nl=False)
    click.echo(f" (and {figures['load_s']:.1f} s to load), peak memory {figures['peak_mb']} MB")


@command.command("store")
@click.option(
    "--db",
    metavar="PATH|URL",
    help="A store to fill, or one that this command filled before. [default: a temporary file]",
)
@click.option("--calls", default=100_000, show_default=True, type=click.IntRange(1))
@click.option("--reps", default=200, show_default=True, type=click.IntRange(1))
@click.option("--plans/--no-plans", default=True, help="Print how the database goes about each query.")
@click.option("--format", "form", type=FORMATS, default="terminal", show_default=True)
def store(db: str | None, calls: int, reps: int, plans: bool, form: str) -> None:
    """Fill a store with made-up calls over two years, and time what people ask of it.

    The store is filled through its own interface, by some hundred calls a transaction, and kept when it is named: the
    same command then goes on where it was, or only asks. Filling 100,000 calls takes about ten minutes.
    """
    from listening.bench import store as bench
    from listening.store import open_store

    with tempfile.TemporaryDirectory() as folder, open_store(db or str(Path(folder) / "bench.db")) as opened:
        if db is not None and bench.is_in_use(opened):
            raise UsageError("This store holds calls that were not made up; name another one.")
        with progress_bar("bench") as report:
            figures = bench.measure(opened, calls, reps, report)
    if form == "json":
        click.echo(json.dumps(figures.to_dict(), indent=2))
    else:
        click.echo("\n".join(_answers(figures, plans)))


@command.command("many")
@click.option("--calls", default=60, show_default=True, type=click.IntRange(1), help="Ten-minute transcripts.")
@click.option("--rescored", default=1000, show_default=True, type=click.IntRange(1), help="Calls scored again.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Workers. [default: one a core]")
@click.option("--format", "form", type=FORMATS, default="terminal", show_default=True)
def many(calls: int, rescored: int, jobs: int | None, form: str) -> None:
    """Calls a second of a batch of transcripts, and of scoring again from stored findings."""
    from listening.bench import many as bench
    from listening.store import open_store

    gold = SAMPLES / "truth.jsonl"
    if not gold.is_file():
        raise UsageError("There are no sample calls here to take the words from.")
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder) / "transcripts"
        texts.mkdir()
        bench.ten_minutes(gold, texts, calls)
        with open_store(str(Path(folder) / "again.db")) as store:
            again = bench.rescoring(store, rescored)
        with open_store(str(Path(folder) / "new.db")) as store:
            new = bench.transcripts(store, texts, jobs or threads())
    if form == "json":
        click.echo(json.dumps({"threads": threads(), "speeds": [new.to_dict(), again.to_dict()]}, indent=2))
        return
    for speed in (new, again):
        click.echo(
            f"{speed.calls:,} {speed.what}: {speed.per_s:.2f} a second ({speed.seconds:.1f} s; "
            f"{speed.per_cpu_s:.2f} a second of processor time; bar {speed.limit_per_s:g})"
        )


def _answers(figures: Figures, plans: bool) -> list[str]:
    """The table of `bench store`."""
    times = 1_000_000 / figures.calls
    head = f"{'query':<38}{'time':>9}{'CPU':>9}{'first':>9}{'bar':>8}{'1,000,000':>12}"
    lines = [head, "-" * len(head)]
    for a in figures.answers:
        bar = f"{a.limit_s:>6.1f} s" if a.limit_s else ""
        late = " (too slow)" if a.limit_s and a.seconds > a.limit_s else ""
        lines.append(
            f"{a.title:<38}{a.seconds:>7.3f} s{a.cpu_s:>7.3f} s{a.first_s:>7.3f} s{bar:>8}{a.estimate(times):>10.2f} s{late}"
        )
    filled = f", filled at {figures.filled_per_s:.0f} calls a second" if figures.filled_per_s else ""
    many = figures.full_megabytes / figures.calls
    lines += [
        "",
        f"{figures.calls:,} calls by {figures.reps} reps{filled}; fastest of three runs, and the first.",
        f"Size {figures.megabytes / 1000:.2f} GB with one call in ten kept in full; if all were, "
        f"{figures.full_megabytes / 1000:.2f} GB ({many * 1000:.0f} kB a call).",
        f"1,000,000 calls by {figures.reps * times:,.0f} reps, by estimate: {many * 1000:.0f} GB; a query that reads "
        "something of every call or rep takes up to so many times longer.",
    ]
    if plans:
        for a in figures.answers:
            lines += ["", a.title]
            for plan in a.plans:
                lines += [f"  {_cut(plan.statement)}", *(f"      {step}" for step in plan.steps)]
    return lines


def _cut(statement: str, most: int = 150) -> str:
    """A statement without its long list of columns."""
    columns, separator, rest = statement.partition(" FROM ")
    short = f"{columns[:40]}…" if len(columns) > 41 else columns
    return f"{short}{separator}{rest}"[:most]


def _table(rows: Sequence[Row], runs: int) -> list[str]:
    head = f"{'recording':<22}{'length':>8}  {'':<8}{'time':>9}{'x real':>7}{'CPU':>9}{'memory':>9}{'WER':>6}"
    lines = [head, "-" * len(head)]
    for row in rows:
        name = row.file if len(row.file) <= 21 else "…" + row.file[-20:]
        lines.append(f"{name:<22}{row.audio_s:>6.0f} s  {'ours':<8}{_cells(row.ours)}")
        if row.reference:
            lines.append(f"{'':<32}{'whisper':<8}{_cells(row.reference)}")
            lines.append(f"{'':<32}{'ratio':<8}{row.ratio:>8.1f}x{'':<7}{row.cpu_ratio:>8.1f}x")
    lines += ["", "stages of ours, seconds"]
    for row in rows:
        stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in (row.ours.stages or {}).items())
        lines.append(f"  {row.file}: {stages}")
    engines = ", ".join(sorted({row.engine for row in rows}))
    lines += ["", f"{threads()} threads, engine {engines}, medians of {runs} run(s), model base."]
    if any(row.reference for row in rows):
        apart = [row.disagreement for row in rows if row.disagreement is not None]
        if apart:
            lines.append(f"Words in which the two differ: {statistics.mean(apart):.1%} on average.")
        lines.append(REFERENCE_NOTE)
    return lines


def _cells(side: Side) -> str:
    rate = "-" if side.word_error_rate is None else f"{side.word_error_rate:.1%}"
    return f"{side.seconds:>7.1f} s{side.times_real_time:>7.1f}{side.cpu_s:>7.1f} s{side.peak_mb:>6.0f} MB{rate:>6}"
