"""What several commands share: their options, where they print, and how one fails."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from suite.cli.ending import WRONG, tell
from suite.protocol.labels import printable

if TYPE_CHECKING:
    from rich.console import Console

    from suite.records import Records

Specs = Annotated[list[str], typer.Argument(metavar="SPEC...", help="YAML files, or names of benchmarks that ship.")]
MaybeSpecs = Annotated[
    list[str] | None, typer.Argument(metavar="[SPEC...]", help="All that are recorded if none is given.")
]
Quick = Annotated[bool, typer.Option("--quick", help="A small slice, recorded apart: about a minute.")]
Only = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FACTOR=LEVEL,...",
        help="A part of the grid, as activation=relu,tanh,optimizer=sgd. Given again, another part: both are taken.",
    ),
]
Workers = Annotated[
    str | None,
    typer.Option(metavar="N|ADDRESS", help="Processes (one per core), 0 for this one, or tcp://... of a Dask cluster."),
]


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Reads an option that is a whole number between two bounds, with an error in our own words."""

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
        help="Trainings of each tuned cell, in place of what the spec says.",
    ),
]
Top = Annotated[
    int | None,
    typer.Option(parser=whole_number(1, 1_000_000), metavar="N", help="Of the cells recorded, so many of the best."),
]


def whole_runs_only(replicates: int | None, quick: bool) -> None:
    """Ends a command that asks for so many replicates of the quick slice, which has its own number."""
    if replicates is not None and quick:
        fail(f"--replicates {replicates} goes with whole runs: --quick has a number of its own. Leave one of them out.")


def open_records() -> Records:
    """The folder of records in use; damaged files are told on standard error."""
    from suite.records import Records

    return Records(tell=tell)


def terminal() -> Console:
    """Where tables and progress go."""
    from rich.console import Console

    return Console(highlight=False)


def fail(message: str, status: int = WRONG) -> NoReturn:
    """Ends the command with a message."""
    tell(message)
    raise typer.Exit(status)
