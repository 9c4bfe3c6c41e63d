"""The `suite` command and its commands, in the order of its help. Nothing heavy is imported before one needs it."""

from __future__ import annotations

import os

import typer

from suite.cli.arguments import UsageError
from suite.cli.claim_commands import claims, new
from suite.cli.ending import told
from suite.cli.looking_commands import list_, plot, schema, show, ui
from suite.cli.publishing_commands import export, leaderboard
from suite.cli.streams import standard_streams
from suite.cli.training_commands import check, plan, run

COMMANDS = (run, check, plan, list_, show, export, leaderboard, plot, schema, ui, claims, new)

app = typer.Typer(
    help="A declarative benchmark suite for the trainability of deep networks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in COMMANDS:
    app.command(command.__name__.rstrip("_"))(command)


def main() -> None:
    """The `suite` command."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # a user's own module may import TensorFlow here
    with standard_streams(), told():
        try:
            os.getcwd()
        except OSError as error:
            raise UsageError(f"the working folder is gone ({error.strerror}): go to one that is there") from error
        app()
