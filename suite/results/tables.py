"""Records to the data frames that are exported and their rows back, in the columns that `TABLES` promises."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from suite.protocol.columns import TABLES, factor_column
from suite.protocol.labels import label_text
from suite.protocol.measurements import columns_of
from suite.protocol.ranks import figures_of
from suite.protocol.records import Cell, Record, Replicate, Trial, to_plain
from suite.protocol.run_statistics import KEYS

if TYPE_CHECKING:
    import pandas as pd

ROWS: Mapping[str, type[Trial] | type[Replicate]] = {"trials": Trial, "replicates": Replicate}
"""Tables whose rows are plain data of the protocol: its fields say what a column holds, and whether it may be empty."""

TEXTS = ("benchmark", "cell", "outcome", "causes", "nonfinite_layer", "name")
FLAGS = ("at_edge", "erratic", "shared_grid")
"""Columns of truth values; what is neither these nor `TEXTS` is numbers, but for the factors."""


def tables(records: Sequence[Record]) -> dict[str, pd.DataFrame]:
    """Every table of `suite.protocol.columns.TABLES`, rows in the order of the grid, then replicate, then step.

    Args:
        records: Of a benchmark's cells.
    """
    cells = [record.cell for record in records]
    found = {
        "cells": _short(cells, [[figures] for figures in figures_of(records)], "cells"),
        "replicates": _short(cells, [[_replicate_row(run) for run in r.replicates] for r in records], "replicates"),
        "trials": _short(cells, [[to_plain(trial) for trial in r.trials] for r in records], "trials"),
        "gradients": _long(records, _gradient_rows, "gradients"),
        "gradients_through_time": _long(records, _through_time_rows, "gradients_through_time"),
        "curves": _long(records, _curve_rows, "curves"),
    }
    if not any("gradient_rms_through_time" in run.traces for record in records for run in record.replicates):
        del found["gradients_through_time"]
    return found


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A table's rows as mappings of Python values, None where it is empty."""
    columns = {name: plain_values(frame[name]) for name in frame.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def plain_values(column: Any) -> list[Any]:
    """A column as Python values, None where it is empty."""
    values = column.to_numpy(dtype=object, na_value=None)
    return [None if v is None or v != v else v.item() if hasattr(v, "item") else v for v in values]


def whole_numbers(table: str) -> dict[str, bool]:
    """The columns of whole numbers, and whether they may be empty."""
    fields = dataclasses.fields(ROWS[table]) if table in ROWS else ()
    return {field.name: "None" in field.type for field in fields if field.type.startswith("int")}


def from_row(table: str, row: Mapping[str, Any]) -> Any:
    """The trial or replicate that a row was made of, without traces."""
    kind = ROWS[table]
    fields = {field.name: row[field.name] for field in dataclasses.fields(kind) if field.name in TABLES[table]}
    fields |= {name: int(fields[name]) for name in whole_numbers(table) if fields[name] is not None}
    for name in ("repeat", "tuning"):  # which tables of protocol 2 and before need not have
        if fields.get(name, 0) is None:
            del fields[name]
    if "causes" in fields:
        fields["causes"] = tuple(cause for cause in (fields["causes"] or "").split("+") if cause)
        fields["statistics"] = {key: row[key] for key in KEYS}
    return kind(**fields)


def _replicate_row(run: Replicate) -> dict[str, Any]:
    return {**to_plain(run), "causes": "+".join(run.causes), **run.statistics}


def _short(cells: Sequence[Cell], rows: Sequence[Sequence[Mapping[str, Any]]], table: str) -> pd.DataFrame:
    """A table of a few rows per cell."""
    import pandas as pd

    frame = pd.DataFrame([row for group in rows for row in group], columns=list(TABLES[table]))
    whole = whole_numbers(table)
    for column in frame.columns:
        if whole.get(column):
            frame[column] = pd.array([None if pd.isna(v) else int(v) for v in frame[column]], dtype="Int64")
        elif column in FLAGS:
            frame[column] = frame[column].astype("bool")
        elif frame[column].isna().all() and column not in TEXTS:
            frame[column] = frame[column].astype("float64")
        elif not pd.api.types.is_numeric_dtype(frame[column]):
            frame[column] = frame[column].astype("string")
    return _with_keys(cells, [len(group) for group in rows], frame, categorical=False)


def _long(
    records: Sequence[Record], rows_of: Callable[[Record, Replicate], Mapping[str, np.ndarray]], table: str
) -> pd.DataFrame:
    """A table of many rows per run, put together from arrays."""
    import pandas as pd

    parts: dict[str, list[np.ndarray]] = {column: [] for column in TABLES[table]}
    counts = []
    for record in records:
        count = 0
        for run in record.replicates:
            rows = dict(rows_of(record, run))
            size = len(rows["step"])
            rows["replicate"] = np.full(size, run.replicate, dtype=np.int32)
            count += size
            for column, chunks in parts.items():
                chunks.append(rows[column])
        counts.append(count)
    frame = pd.DataFrame({column: np.concatenate(chunks) for column, chunks in parts.items()})
    if "name" in frame:
        frame["name"] = pd.Categorical(frame["name"])
    return _with_keys([record.cell for record in records], counts, frame, categorical=True)


def _with_keys(cells: Sequence[Cell], counts: Sequence[int], frame: pd.DataFrame, *, categorical: bool) -> pd.DataFrame:
    """Puts `benchmark`, `cell` and a column per factor in front."""
    import pandas as pd

    keys: dict[str, list[Any]] = {
        "benchmark": [cell.benchmark for cell in cells],
        "cell": [cell.fingerprint for cell in cells],
    }
    keys |= {factor_column(factor): [cell.factors[factor] for cell in cells] for factor in cells[0].factors}
    rows = np.repeat(np.arange(len(cells)), counts)
    front = {}
    for name, values in keys.items():
        column = _label_column(values)
        if categorical and isinstance(column.dtype, pd.StringDtype):
            codes, order = pd.factorize(column)
            front[name] = pd.Series(pd.Categorical.from_codes(codes[rows], pd.Index(list(order))))
        else:
            front[name] = column.iloc[rows].reset_index(drop=True)
    return pd.concat([pd.DataFrame(front), frame], axis=1)


def _label_column(labels: Sequence[Any]) -> pd.Series:
    """Labels of one kind keep it (booleans, numbers that a float can hold); a mix of kinds becomes text."""
    import pandas as pd

    kinds, texts = {type(label) for label in labels}, [label_text(label) for label in labels]
    if kinds <= {bool}:
        return pd.Series(list(labels), dtype="bool")
    exact = kinds <= {int, float} and all(isinstance(label, float) or abs(label) < 2**53 for label in labels)
    if exact and texts == [label_text(float(label)) for label in labels]:
        return pd.Series(list(labels), dtype="int64" if kinds <= {int} else "float64")
    return pd.Series(texts, dtype="string")


def _gradient_rows(record: Record, run: Replicate) -> dict[str, np.ndarray]:
    traces, names = run.traces, np.array(record.layers, dtype=object)
    steps, layers = len(traces.get("probed_step", ())), len(names)
    rows: dict[str, np.ndarray] = {
        "step": np.repeat(_steps(run), layers),
        "layer": np.tile(np.arange(1, layers + 1, dtype=np.int32), steps),
        "name": np.tile(names, steps),
    }
    return rows | {c: _flat(traces, m.name, steps * layers) for c, m in columns_of("gradients").items()}


def _through_time_rows(_: Record, run: Replicate) -> dict[str, np.ndarray]:
    block = run.traces.get("gradient_rms_through_time", np.zeros((0, 0, 0), dtype=np.float32))
    steps, layers, times = block.shape
    return {
        "step": np.repeat(_steps(run)[:steps], layers * times),
        "layer": np.tile(np.repeat(np.arange(1, layers + 1, dtype=np.int32), times), steps),
        "time": np.tile(np.arange(1, times + 1, dtype=np.int32), steps * layers),
        "gradient_rms": block.reshape(-1),
    }


def _curve_rows(_: Record, run: Replicate) -> dict[str, np.ndarray]:
    steps = _steps(run)
    rows: dict[str, np.ndarray] = {"step": steps}
    for column, measurement in columns_of("curves").items():
        of_every_step = measurement.axes == ("step",)
        rows[column] = (
            np.asarray(run.traces.get(measurement.name, ()), np.float32)[steps - 1]
            if of_every_step
            else _flat(run.traces, measurement.name, len(steps))
        )
    return rows


def _steps(run: Replicate) -> np.ndarray:
    """The probed steps, counted as updates done."""
    return np.asarray(run.traces.get("probed_step", ()), dtype=np.int32) + 1


def _flat(traces: Mapping[str, np.ndarray], name: str, size: int) -> np.ndarray:
    values = traces.get(name)
    return np.full(size, np.nan, dtype=np.float32) if values is None else np.asarray(values).reshape(-1)
