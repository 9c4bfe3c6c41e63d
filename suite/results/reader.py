"""One benchmark's exported tables, read whole or refused with every reason."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from suite.protocol.columns import TABLES, optional_columns
from suite.protocol.labels import label_text
from suite.results.checks import (
    content_problems,
    csv_problems,
    figure_problems,
    schema_problems,
    value_problems,
)
from suite.results.errors import ResultsError, first_line, told_as
from suite.results.manifest import SHORT, file_problems, read_manifest
from suite.results.results import Results

if TYPE_CHECKING:
    import pandas as pd


def folders(results: Path) -> list[Path]:
    """The exported folders in `results`, by name.

    Raises:
        ResultsError: There is no such folder, or it cannot be read.
    """
    if not results.is_dir():
        raise ResultsError([f"{results}: no such folder. Expected a folder with one exported folder per benchmark."])
    with told_as("read", results):
        return sorted(path for path in results.iterdir() if path.is_dir() and not path.name.startswith((".", "__")))


def read(folder: Path) -> Results:
    """Reads an exported folder.

    Raises:
        ResultsError: With everything that is wrong, each problem naming its file.
    """
    with told_as("read", folder):
        manifest = read_manifest(folder)
        _refuse(
            [*file_problems(folder, manifest), *(p for name in TABLES for p in schema_problems(folder, name, manifest))]
        )
        tables = {name: _table(folder, name) for name in SHORT}
        problems = [problem for name, frame in tables.items() for problem in csv_problems(folder, name, frame)]
        for name, frame in tables.items():
            shares = manifest.task.higher_is_better
            problems += value_problems(folder / f"{name}.parquet", name, frame, shares=shares)
            for factor in manifest.factors:
                frame[factor] = frame[factor].map(label_text)
            for column in sorted(optional_columns(name) - set(frame.columns)):
                frame[column] = None
        _refuse(problems)
    results = Results(folder, manifest, **tables)
    _refuse(list(content_problems(results)))
    _refuse(list(figure_problems(results)))
    return results


def _table(folder: Path, name: str) -> pd.DataFrame:
    import pandas as pd
    import pyarrow as pa

    path = folder / f"{name}.parquet"
    try:
        return pd.read_parquet(path)
    except (OSError, pa.ArrowException) as error:
        raise ResultsError([f"{path}: cannot be read: {first_line(error)}"]) from error


def _refuse(problems: list[str]) -> None:
    if problems:
        raise ResultsError(problems)
