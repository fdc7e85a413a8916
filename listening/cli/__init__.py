"""The `listening` command. Each subcommand lives in its own module, imported when it is called."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from listening import __version__
from listening.errors import ListeningError
from listening.settings import VARIABLES

#: Subcommand -> module of this package and what `listening --help` says of it. The order is that of the help page.
COMMANDS = {
    "score": ("score", "Hear calls and print their listening scorecards."),
    "batch": ("batch", "Score many calls and keep them in the store."),
    "serve": ("serve", "Open the coach's room in a browser."),
    "calls": ("calls", "List and filter the calls in the store."),
    "trends": ("trends", "How each rep's listening moves over time, and how sure we are."),
    "compare": ("compare", "Two reps side by side."),
    "report": ("report", "One call as a page to send or print."),
    "annotate": ("annotate", "Print every utterance with its labels and scores."),
    "transcribe": ("transcribe", "Print a call's transcript in another format."),
    "export": ("export", "Write the store as tidy CSV, JSON or Parquet."),
    "eval": ("eval", "Measure the labels against transcripts labelled by people."),
    "bench": ("bench", "Measure speed, memory and accuracy on this machine."),
    "models": ("models", "The models: list, pull, verify, where."),
}


class LazyGroup(click.Group):
    """A group that knows its commands' names and short help without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"listening.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_text) for name, (_, help_text) in COMMANDS.items()])
        with formatter.section("Environment"):
            formatter.write_dl(list(VARIABLES.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ListeningError as error:
            click.echo(f"listening: {error}", err=True)
            ctx.exit(error.exit_code)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="listening")
def main() -> None:
    """Hear how well a salesperson listens: call recordings in, a listening scorecard out. All on this machine."""


if __name__ == "__main__":
    sys.exit(main())
