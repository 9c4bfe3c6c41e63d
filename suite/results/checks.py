"""Whether exported tables hold together: with their manifest, with each other, and every figure with its runs."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from suite.protocol.columns import CELL_COLUMNS, TABLES, optional_columns
from suite.protocol.labels import label_text
from suite.protocol.measurements import columns_of
from suite.protocol.ranks import INFERRED, CellResult, figures_of
from suite.protocol.rates import any_at_edge, chosen_rate, typical_rate
from suite.protocol.records import Cause, Outcome
from suite.results.errors import first_line
from suite.results.manifest import MANIFEST, SHORT, WITHOUT_DRAWS, Manifest
from suite.results.tables import FLAGS, ROWS, TEXTS, plain_values, whole_numbers

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from suite.results.results import Results

_FINGERPRINT = re.compile(r"[0-9a-f]{8,64}")
_TOLERANCE = 1e-9  # what sums come to on another machine; a figure that is forged is farther off


def schema_problems(folder: Path, name: str, manifest: Manifest) -> Iterator[str]:
    """A Parquet file that cannot be opened, lacks a column, or holds another kind of values in one."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / f"{name}.parquet"
    if path.name not in manifest.files or not path.is_file():
        return
    try:
        schema = pq.read_schema(path)
    except (OSError, pa.ArrowException) as error:
        yield f"{path}: cannot be opened as Parquet, it may be truncated: {first_line(error)}"
        return
    later = {column for column, measurement in columns_of(name).items() if measurement.optional}
    later |= optional_columns(name)
    for column in ("benchmark", "cell", *manifest.factors, *TABLES[name]):
        if column in later and column not in schema.names:
            continue
        if schema.names.count(column) != 1:
            yield (
                f"{path}: lacks the column {column!r}"
                if column not in schema.names
                else f"{path}: has {column!r} twice"
            )
        elif column not in manifest.factors and _kind(schema.field(column).type) not in (_expected(column), None):
            yield f"{path}: Expected {_expected(column)} in {column!r}. Received: {schema.field(column).type}"


def _expected(column: str) -> str:
    return "texts" if column in TEXTS else "truth values" if column in FLAGS else "numbers"


def _kind(kind: Any) -> str | None:
    """Of an Arrow type; None of a column that is empty throughout."""
    from pyarrow import types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    if types.is_integer(kind) or types.is_floating(kind):
        return "numbers"
    texts = types.is_string(kind) or types.is_large_string(kind)
    return (
        "texts" if texts else "truth values" if types.is_boolean(kind) else None if types.is_null(kind) else str(kind)
    )


def csv_problems(folder: Path, table: str, frame: pd.DataFrame) -> Iterator[str]:
    """A CSV that does not say what its Parquet file says."""
    import pandas as pd

    path = folder / f"{table}.csv"
    if not path.is_file():
        return
    try:
        # An empty field is the one thing that is no value: a label may be NA, None or nan.
        copy = pd.read_csv(
            path,
            dtype=dict.fromkeys(TEXTS, "string"),
            float_precision="round_trip",
            keep_default_na=False,
            na_values=[""],
        )
        same = list(copy.columns) == list(frame.columns) and len(copy) == len(frame)
        columns = [name for name in frame.columns if not (same and _alike(copy[name], frame[name]))]
    except (ValueError, TypeError) as error:
        yield f"{path}: cannot be read: {first_line(error)}"
        return
    if columns:
        yield f"{path}: Expected what {table}.parquet holds. Received other values, such as in {columns[0]!r}"


def _alike(written: pd.Series, column: pd.Series) -> bool:
    """Whether two columns hold the same, one of them read from a text file."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        numbers = pd.to_numeric(written).astype(float).to_numpy(), column.to_numpy(dtype=float, na_value=math.nan)
        return bool(((numbers[0] == numbers[1]) | ((numbers[0] != numbers[0]) & (numbers[1] != numbers[1]))).all())
    texts = ["" if value is None else label_text(value) for value in plain_values(written)]
    return texts == ["" if value is None else label_text(value) for value in plain_values(column)]


def value_problems(path: Path, table: str, frame: pd.DataFrame, *, shares: bool) -> Iterator[str]:
    """Values that no run can have: none where there must be one, parts of whole numbers, the infinite, scores beyond 1."""
    import numpy as np

    optional = {f: "None" in t for f, t in ROWS[table].__annotations__.items()} if table in ROWS else {}
    columns = ("replicate", "step") if table == "curves" else ("cell", *TABLES[table])
    for column in filter(frame.columns.__contains__, columns):
        empty = frame[column].isna()
        needed = not optional.get(column, column not in _NEEDED) and column != "causes"
        if needed and empty.any():
            yield f"{path}: Expected a value in every row of {column!r}. Received: none in row {int(empty.argmax())}"
        elif _expected(column) == "numbers":
            values = frame[column].to_numpy(dtype=float, na_value=np.nan)
            faults = np.isinf(values)
            if column in whole_numbers(table):
                faults |= ~np.isnan(values) & (values != np.round(values))
            if column in ("learning_rate", "seconds"):
                faults |= values <= 0 if column == "learning_rate" else values < 0
            if column.endswith("_score"):
                faults |= (values < 0) | (values > (1 if shares else math.inf))
            if faults.any():
                expected = "whole numbers" if column in whole_numbers(table) else "finite numbers it can have"
                yield f"{path}: Expected {expected} in {column!r}. Received: {values[faults][0]:g}"


_NEEDED = ("cell", "learning_rate", "at_edge", "seconds", "chance_score", "erratic", "step", "replicate")
"""What no row goes without, beside the fields of a trial or replicate that are not optional."""


def content_problems(results: Results) -> Iterator[str]:
    """Tables that contradict each other or the manifest."""
    folder, manifest, known = results.folder, results.manifest, set(results.cells["cell"])
    runs, path = results.replicates, folder / "replicates.parquet"
    for cell in sorted(known):
        if not _FINGERPRINT.fullmatch(cell):
            yield f"{folder / 'cells.parquet'}: Expected a cell's fingerprint in hex. Received: {cell!r}"
    if len(known) != len(results.cells):
        yield f"{folder / 'cells.parquet'}: holds a cell more than once"
    for name in SHORT:
        yield from _key_problems(folder / f"{name}.parquet", getattr(results, name), known, results)
    if without := sorted(known - set(runs["cell"])):
        yield f"{path}: has no run of {len(without)} cells, such as {without[0]}"
    if strange := sorted(set(runs["outcome"]) - set(Outcome)):
        yield f"{path}: Expected an outcome of {', '.join(Outcome)}. Received: {strange[0]!r}"
    if strange := sorted({cause for text in runs["causes"].dropna() for cause in text.split("+")} - {"", *Cause}):
        yield f"{path}: Expected causes of {', '.join(Cause)}. Received: {strange[0]!r}"
    if runs.duplicated(["cell", "replicate"]).any():
        yield f"{path}: holds a replicate of a cell more than once"
    missing = [entry.cell for entry in manifest.missing]
    if len({*missing, *known}) != len(missing) + len(known):
        yield f"{folder / MANIFEST}: a missing cell is listed twice, or is recorded as well"
    if len(known) + len(missing) != manifest.cells_total:
        yield (
            f"{folder / MANIFEST}: {len(known)} recorded and {len(missing)} missing cells do not make up the "
            f"{manifest.cells_total} of cells_total"
        )


def _key_problems(path: Path, table: pd.DataFrame, known: set[str], results: Results) -> Iterator[str]:
    """Rows of another benchmark, of a cell that is not recorded or of another recipe than its cell's."""
    if others := sorted(set(map(str, table["benchmark"])) - {results.name}):
        yield f"{path}: Expected benchmark {results.name!r} only. Received: {', '.join(others)}"
    if unknown := sorted(set(table["cell"]) - known):
        yield f"{path}: holds {len(unknown)} cells that cells.parquet does not, the first is {unknown[0]}"
    recipes = results.cells.drop_duplicates("cell").set_index("cell")
    for factor, labels in results.factors.items():
        if strange := sorted(set(table[factor]) - set(labels)):
            yield f"{path}: {factor} {strange[0]!r} is not one of the labels in {MANIFEST}"
        elif not unknown and (other := table[factor] != table["cell"].map(recipes[factor])).any():
            row = table[other].iloc[0]
            yield f"{path}: {factor} of cell {row['cell']} is {row[factor]!r}, and another in cells.parquet"


def figure_problems(results: Results) -> Iterator[str]:
    """Figures of the cells table that are not what the trials and the replicates give; of each column the first."""
    path, budget = results.folder / "cells.parquet", results.manifest.budget
    cells = [results.ran[row["cell"]] for row in results.rows]
    told: set[str] = set()
    old = results.manifest.protocol_version == WITHOUT_DRAWS
    checked = [column for column in CELL_COLUMNS if not (old and column in INFERRED)]
    if cells and cells[0].task_facts["chance_score"] != results.manifest.task.chance_score:
        yield f"{path}: Expected the chance_score of the first cell to be that of {MANIFEST}"
    for stated, cell, computed in zip(results.rows, cells, figures_of(cells), strict=True):
        if cell.trials:  # else the rate was fixed
            chosen = _chosen(cell)
            computed["at_edge"] = any_at_edge(chosen, budget.learning_rate_low, budget.learning_rate_high)
            computed["learning_rate"] = typical_rate(chosen)
        for column in checked:
            if column not in told and not _same(stated[column], computed[column]):
                told.add(column)
                yield (
                    f"{path}: {column} of cell {stated['cell']} is {_written(stated[column])}, but its trials and "
                    f"replicates give {_written(computed[column])}"
                )


def _chosen(cell: CellResult) -> list[float]:
    """The rate that each tuning of a cell chooses by its trials."""
    tunings = sorted({trial.tuning for trial in cell.trials})
    by_tuning = [[trial for trial in cell.trials if trial.tuning == tuning] for tuning in tunings]
    return [chosen_rate(trials, cell.task_facts) for trials in by_tuning]


def _same(stated: Any, computed: Any) -> bool:
    if isinstance(stated, int | float) and isinstance(computed, int | float):
        return math.isclose(stated, computed, rel_tol=_TOLERANCE, abs_tol=1e-12)
    return bool((stated or None) == (computed or None))


def _written(value: Any) -> str:
    return "none" if value in (None, "") else label_text(value)
