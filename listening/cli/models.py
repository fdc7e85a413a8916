"""`listening models`: what models there are, fetch them, check them, find them."""

from __future__ import annotations

import click

from listening import models as store
from listening.errors import ModelError
from listening.progress import Progress


@click.group("models")
def command() -> None:
    """List, fetch and verify the models that listening uses."""


@command.command("list")
def list_models() -> None:
    """Every model: size, licence, purpose, and whether it has been fetched."""
    for model in store.catalogue().values():
        state = "fetched" if store.where(model.name) else "-"
        click.echo(f"{model.name:<16} {model.size / 1e6:>6.0f} MB  {state:<8} {model.licence:<22} {model.purpose}")


@command.command("pull")
@click.argument("names", nargs=-1)
def pull_models(names: tuple[str, ...]) -> None:
    """Fetch models (all of them when none is named); damaged ones are fetched again."""
    with _bar() as progress:
        for name in names or store.catalogue():
            click.echo(f"{name}: {store.pull(name, progress)}")


@command.command("verify")
@click.argument("names", nargs=-1)
def verify_models(names: tuple[str, ...]) -> None:
    """Read every byte of the fetched models and compare it with the manifest."""
    chosen = names or tuple(name for name in store.catalogue() if store.where(name))
    problems: list[str] = []
    for name in chosen:
        try:
            click.echo(f"{name}: whole, {store.verify(name)}")
        except ModelError as problem:
            problems.append(str(problem))
    if problems:
        raise ModelError("\n".join(problems))


@command.command("where")
@click.argument("name")
def where_model(name: str) -> None:
    """Print the folder a model lies in."""
    folder = store.where(name)
    if folder is None:
        raise ModelError(f"The model {name} has not been fetched; `listening models pull {name}` fetches it.")
    click.echo(folder)


class _bar:  # noqa: N801 - used as a function
    """A progress bar on stderr, only when somebody is looking."""

    def __enter__(self) -> Progress:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        self.bars = Bars(*columns, console=console, disable=not console.is_terminal)
        self.bars.start()
        tasks: dict[str, int] = {}

        def progress(stage: str, done: float, total: float) -> None:
            if stage not in tasks:
                tasks[stage] = int(self.bars.add_task(stage, total=total))
            self.bars.update(tasks[stage], completed=done, total=total)  # type: ignore[arg-type]

        return progress

    def __exit__(self, *_: object) -> None:
        self.bars.stop()
