"""`listening eval`: measure the labels against transcripts labelled by people."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from listening.cli._shared import progress_bar
from listening.cli._store import db_option
from listening.errors import UsageError
from listening.evaluation import FIGURES, NOTHING, Evaluation, Row, evaluate
from listening.gold import GoldCall, read_gold, stripped


@click.command("eval")
@click.argument("gold", nargs=-1, type=click.Path(path_type=Path))
@click.option("--corrections", is_flag=True, help="Evaluate against what people corrected in the store, without GOLD.")
@click.option("--strip", is_flag=True, help="Evaluate once more with punctuation and case removed.")
@click.option("--worst", default=10, show_default=True, type=click.IntRange(0), help="How many disagreements to print.")
@click.option("--format", "form", type=click.Choice(["terminal", "json"]), default="terminal", show_default=True)
@db_option
def command(gold: tuple[Path, ...], corrections: bool, strip: bool, worst: int, form: str, db: str | None) -> None:
    """Measure the labels against what people say: labelled transcripts, or corrections made in `listening serve`.

    GOLD are JSONL files as `listening annotate` prints them, corrected by people: one object an utterance with call,
    index, speaker, role, text, start_s and end_s where known, labels (names, or objects with a label) and scores (such
    as people's uptake). Utterances without labels are context. Agreement is counted by utterance; intervals are 95 %,
    from drawing calls again.

    With --corrections, the store is read instead: for each label, how many of the machine's findings people confirmed,
    relabelled or deleted, and how many they added. Agreement is worked out from calls that somebody marked as gone
    through, where what was left alone is right; in other calls, what nobody spoke of says nothing, so they are only
    counted. The same calls as a GOLD file: "training data" on the page of calls.
    """
    if corrections:
        if gold or strip:
            raise UsageError("With --corrections the store is read: leave GOLD and --strip out.")
        from listening.cli import _eval_corrections

        click.echo(_eval_corrections.text(db, worst, form))
        return
    if not gold:
        raise UsageError("Name a GOLD file, or take --corrections.")
    from listening.analyzers import analyse

    calls = [call for path in gold for call in read_gold(path)]
    runs: dict[str, list[GoldCall]] = {"as written": calls}
    if strip:
        runs["without punctuation and case"] = [stripped(call) for call in calls]
    results: dict[str, Evaluation] = {}
    for name, variant in runs.items():
        with progress_bar(name) as report:
            results[name] = evaluate(variant, analyse, lambda done, total: report("analysing", done, total))
    click.echo(_as_json(results, worst) if form == "json" else "\n".join(_as_text(results, worst)))


def _as_json(results: Mapping[str, Evaluation], worst: int) -> str:
    whole, bare = results["as written"], results.get("without punctuation and case")
    data = _plain(whole, worst)
    if bare is not None:
        data["stripped"] = _plain(bare, worst)
    return json.dumps(data, ensure_ascii=False, indent=2)


def _plain(result: Evaluation, worst: int) -> dict[str, Any]:
    return {
        "calls": result.calls,
        "utterances": result.utterances,
        "labels": {row.label: _plain_row(row) for row in result.rows},
        "macro_f1": dict(result.macro),
        "uptake": {
            "spearman": result.uptake,
            "interval": result.uptake_interval,
            "pairs": result.uptake_pairs,
        },
        "confusions": {
            name: [{"people": a, "machine": b, "utterances": n} for (a, b), n in sorted(table.items())]
            for name, table in result.confusions.items()
        },
        "worst": [dataclasses.asdict(d) for d in result.disagreements[:worst]],
        "versions": dict(result.versions),
    }


def _plain_row(row: Row) -> dict[str, Any]:
    a = row.agreement
    figures = {key: {"value": getattr(a, key), "interval": row.intervals[key]} for key in FIGURES}
    return {**figures, "people": a.people, "machine": a.machine, "both": a.both}


def _as_text(results: Mapping[str, Evaluation], worst: int) -> Iterable[str]:
    whole, bare = results["as written"], results.get("without punctuation and case")
    yield f"{whole.utterances} labelled utterances in {whole.calls} calls"
    yield ""
    yield f"{'label':<22}{'precision':<18}{'recall':<18}{'F1':<18}{'people':>6}" + ("  F1 bare" if bare else "")
    bare_rows = {row.label: row.agreement for row in bare.rows} if bare else {}
    for row in whole.rows:
        cells = "".join(f"{_figure(getattr(row.agreement, key), row.intervals[key]):<18}" for key in FIGURES)
        extra = f"  {_figure(bare_rows.get(row.label, NOTHING).f1):>7}" if bare else ""
        yield f"{row.label:<22}{cells}{row.agreement.people:>6}{extra}"
    for name, value in whole.macro.items():
        if value is not None:
            extra = f", {_figure(bare.macro[name])} bare" if bare else ""
            yield f"mean F1 of {name}: {value:.2f}{extra}"
    if whole.uptake_pairs:
        figure = _figure(whole.uptake, whole.uptake_interval)
        extra = f", {_figure(bare.uptake)} bare" if bare else ""
        yield f"uptake: Spearman {figure} over {whole.uptake_pairs} utterances{extra}"
    yield from _confusion_text(whole)
    if worst and whole.disagreements:
        yield ""
        yield "Worst disagreements"
        for d in whole.disagreements[:worst]:
            yield f"  {d.call} #{d.index}  {d.label}, {d.kind} ({d.by:.2f}): {d.text}"


def _confusion_text(result: Evaluation) -> Iterable[str]:
    for name, table in result.confusions.items():
        if not table:
            continue
        yield ""
        yield f"{name}: people -> machine"
        for (people, machine), n in sorted(table.items(), key=lambda item: -item[1]):
            mark = " " if people == machine else "x"
            yield f"  {mark} {n:>5}  {_short(people)} -> {_short(machine)}"


def _short(names: str) -> str:
    return "+".join(name.split(".")[-1] for name in names.split("+"))


def _figure(value: float | None, interval: tuple[float, float] | None = None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" + (f" ({interval[0]:.2f}-{interval[1]:.2f})" if interval else "")
