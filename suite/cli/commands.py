"""The `suite` command and its subcommands by group. Heavy modules are imported on use."""

from __future__ import annotations

import os
from collections.abc import Callable
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

COMMANDS = {
    "Run benchmarks": (run, show, plan),
    "Write benchmarks": (new, check, list_, schema),
    "Test advice": (claims,),
    "Look closer and publish": (plot, ui, export, leaderboard),
}
"""Commands by group, in the order of the help."""

EXAMPLES = {
    "run": (
        "suite run deep_mlp --quick",
        "suite run mine.yaml --only activation=relu,tanh --replicates 20",
    ),
    "show": ("suite show deep_mlp --all", "suite show deep_mlp --csv > deep_mlp.csv"),
    "plan": ("suite plan deep_mlp --only optimizer=adam",),
    "new": ("suite new mine.yaml --task digits --model cnn", "suite new advice.yaml --claim deep_mlp"),
    "check": ("suite check mine.yaml",),
    "list": ("suite list activations",),
    "schema": ("suite schema > schema.json",),
    "claims": ("suite claims --check", "suite claims mine.yaml --show"),
    "plot": ("suite plot deep_mlp --what gradients --only activation=sigmoid --out sigmoid.svg",),
    "ui": ("suite ui --port 5001",),
    "export": ("suite export deep_mlp --out exports",),
    "leaderboard": ("suite leaderboard --from-store --out site",),
}
"""Calls that the help of each command shows."""


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


def _add(command: Callable[..., None], group: str) -> None:
    name = command.__name__.rstrip("_")
    app.command(name, rich_help_panel=group, epilog="\n\n".join(("Examples:", *EXAMPLES[name])))(command)


for _group, _commands in COMMANDS.items():
    for _command in _commands:
        _add(_command, _group)


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
