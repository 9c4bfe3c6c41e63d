"""Messages about the tables that verdicts are based on, and about missing ones."""

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
"""Largest number of benchmarks that a message names."""


def origins(tables: Tables, folder: Path, records: Records) -> Iterator[str]:
    """Lines with the place of each table, and with the benchmarks that have none.

    Args:
        tables: Tables of the benchmarks that the claims need.
        folder: Folder of published results.
        records: Folder of records.
    """

    recorded = [name for name in tables.found if name not in tables.published]
    if recorded:
        yield f"Own results in {records.place}: {', '.join(recorded)}."
    if tables.published:
        yield f"Published results in {_near(folder)}: {', '.join(tables.published)}."
    for name, evidence in tables.found.items():
        if evidence.missing:
            there = len(evidence.cells)
            yield f"{name}: {there} of {there + evidence.missing} recipes are finished. The others may change a verdict."
    if tables.absent:
        yield f"No results for {_names(list(tables.absent))}, neither in {records.place} nor in {_near(folder)}."


def nothing_to_judge_on(
    needed: Sequence[Benchmark], tables: Tables, folder: Path, words: list[str], records: Records | None
) -> str:
    """The message that no benchmark has tables, with the command that creates them.

    Args:
        needed: All benchmarks of the claims.
        tables: Result of the search, without usable tables.
        folder: Folder of published results.
        words: The claims as the user gave them.
        records: Folder of records; None if only `folder` was searched.

    Raises:
        ResultsError: The folder does not exist.
    """
    from suite.results.reader import folders

    names = _names([benchmark.name for benchmark in needed])
    if records is None:
        folders(folder)
        told = (
            f"{_near(folder)}: contains no results for {names}: export yours with `suite export --out {_near(folder)}`."
        )
    else:
        run = again("claims", words, False, None)
        told = (
            f"No results for {names}, neither in {records.place} nor in {_near(folder)}. "
            f"Run the missing experiments with `{run}`; `suite plan` estimates how long a benchmark takes. "
            "A clone of the suite has published tables: run this command in it."
        )
    return "\n".join([*tables.problems, told])


def _names(names: Sequence[str]) -> str:
    more = len(names) - _MOST
    return ", ".join(names[:_MOST]) + (f" and {more} more" if more > 0 else "")


def _near(path: Path) -> str:
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
