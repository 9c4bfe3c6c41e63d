"""What verdicts rest on: where tables were looked for and found, and what to do where there are none."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from suite.cli.arguments import again

if TYPE_CHECKING:
    from suite.records import Records
    from suite.run.judging import Tables
    from suite.spec import Benchmark

_MOST = 3
"""Benchmarks that are named; there may be more."""


def origins(tables: Tables, folder: Path, records: Records) -> Iterator[str]:
    """A line for each place that tables are from, and one on where there are none.

    Args:
        tables: Tables of the benchmarks that the claims need.
        folder: The folder of published results.
        records: The folder of records.
    """

    places = f"neither recorded in {records.place} nor published in {_near(folder)}"
    recorded = [name for name in tables.found if name not in tables.published]
    if recorded:
        yield f"Recorded in {records.place}: {', '.join(recorded)}."
    if tables.published:
        yield f"Published in {_near(folder)}: {', '.join(tables.published)}."
    for name, evidence in tables.found.items():
        if evidence.missing:
            there = len(evidence.cells)
            yield f"{name}: {there} of {there + evidence.missing} recipes are finished. The others may change a verdict."
    if tables.absent:
        yield f"There are no tables of {_names(list(tables.absent))}: {places}."


def nothing_to_judge_on(
    needed: Sequence[Benchmark], tables: Tables, folder: Path, words: list[str], records: Records | None
) -> str:
    """That there are tables of none of the benchmarks, where they were looked for, and the command that makes them.

    Args:
        needed: All benchmarks that the claims are on.
        tables: Without any that can be judged on.
        folder: The folder of published results.
        words: The claims, as they were given.
        records: The folder of records; None if only the folder was asked for.

    Raises:
        ResultsError: There is no such folder.
    """
    from suite.results.reader import folders

    names = _names([benchmark.name for benchmark in needed])
    if records is None:
        folders(folder)
        told = f"{_near(folder)}: holds no tables of {names}: `suite export --out {_near(folder)}` writes what is recorded."
    else:
        run = again("claims", words, False, None)
        told = (
            f"Nothing to judge on: nothing of {names} is recorded in {records.place}, nor published in "
            f"{_near(folder)}. `{run}` trains what is missing; `suite plan` says how long a benchmark takes. A clone of "
            "the suite has published tables: run this command in it."
        )
    return "\n".join([*tables.problems, told])


def _names(names: Sequence[str]) -> str:
    more = len(names) - _MOST
    return ", ".join(names[:_MOST]) + (f" and {more} more" if more > 0 else "")


def _near(path: Path) -> str:
    """From the working folder where it lies in it."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
