"""The `suite` command and its subcommands, in the order of its help. Heavy modules are imported on use."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from suite.cli.arguments import UsageError
from suite.cli.claim_commands import claims, new
from suite.cli.ending import told
from suite.cli.looking_commands import list_, plot, schema, show, ui
from suite.cli.publishing_commands import export, leaderboard
from suite.cli.streams import standard_streams
from suite.cli.training_commands import check, plan, run
from suite.protocol.records import PROTOCOL_VERSION

COMMANDS = (run, check, plan, list_, show, export, leaderboard, plot, schema, ui, claims, new)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"suite {version('trainability-suite')}, protocol {PROTOCOL_VERSION}")
        raise typer.Exit


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def suite(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """A declarative benchmark suite for the trainability of deep networks."""


for command in COMMANDS:
    app.command(command.__name__.rstrip("_"))(command)


def main() -> None:
    """The `suite` command."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # a user's own module may import TensorFlow here
    os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever keras.json says
    with standard_streams(), told():
        try:
            os.getcwd()
        except OSError as error:
            raise UsageError(
                f"the working folder no longer exists ({error.strerror}): change to another one"
            ) from error
        app()
