"""Options and helpers shared by several commands."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from suite.cli.ending import WRONG, tell
from suite.protocol.labels import printable

if TYPE_CHECKING:
    from rich.console import Console

    from suite.records import Records

Specs = Annotated[list[str], typer.Argument(metavar="SPEC...", help="YAML files, or names of included benchmarks.")]
MaybeSpecs = Annotated[
    list[str] | None, typer.Argument(metavar="[SPEC...]", help="Default: all benchmarks with results.")
]
Quick = Annotated[
    bool, typer.Option("--quick", help="Run a small part of the grid in about a minute, stored separately.")
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FACTOR=LEVEL,...",
        help="Part of the grid, such as activation=relu,tanh,optimizer=sgd. Repeat it to add further parts.",
    ),
]
Workers = Annotated[
    str | None,
    typer.Option(
        metavar="N|ADDRESS",
        help="Number of processes (default: one per core; 0: this one), or tcp://... of a Dask cluster.",
    ),
]


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """A parser of options that are whole numbers between two bounds."""

    def read(text: str) -> int:
        with contextlib.suppress(ValueError):
            if low <= int(text) <= high:
                return int(text)
        raise typer.BadParameter(f"got {printable(text)}, expected a whole number from {low} to {high:,}")

    return read


Replicates = Annotated[
    int | None,
    typer.Option(
        parser=whole_number(1, 10_000),
        metavar="N",
        help="Runs per tuned recipe; overrides the spec.",
    ),
]
Top = Annotated[
    int | None,
    typer.Option(parser=whole_number(1, 1_000_000), metavar="N", help="Only the N best finished recipes."),
]


def whole_runs_only(replicates: int | None, quick: bool) -> None:
    """Ends a command with both --replicates and --quick."""
    if replicates is not None and quick:
        fail(f"--replicates {replicates} cannot be combined with --quick, which has its own number.")


def open_records() -> Records:
    """The folder of records; damaged files are reported on standard error."""
    from suite.records import Records

    return Records(tell=tell)


def terminal() -> Console:
    """The console of the command; neither a pipe nor a notebook is a terminal, whatever FORCE_COLOR says."""
    from rich.console import Console

    shown = sys.stdout.isatty() and "JPY_PARENT_PID" not in os.environ
    return Console(highlight=False, force_terminal=None if shown else False)


def fail(message: str, status: int = WRONG) -> NoReturn:
    """Ends the command with a message and an exit status."""
    tell(message)
    raise typer.Exit(status)
