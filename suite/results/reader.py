"""One benchmark's exported tables, read whole or refused with every reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suite.protocol.along import DEPTH, TIME, Along
from suite.protocol.records import TABLES, Outcome
from suite.results.errors import ResultsError, first_line
from suite.results.manifest import MANIFEST, file_problems, read_manifest
from suite.results.traces import Traces

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

_WHOLE = re.compile(r"-?[0-9]+\.0+")
_FINGERPRINT = re.compile(r"[0-9a-f]{8,64}")


def text(value: Any) -> str:
    """A label as it is shown and compared: `5` for 5 and 5.0, `true` for True, `none` for None.

    Where a factor mixes names and numbers its column holds texts, such as `1.0` and `True`: they count as the same.
    """
    if hasattr(value, "item"):
        value = value.item()
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    written = str(value)
    if written in ("True", "False"):
        return written.lower()
    return written.partition(".")[0] if _WHOLE.fullmatch(written) else written


@dataclass(frozen=True)
class Results:
    """What was exported of one benchmark. Labels in every table are texts.

    Attributes:
        folder: Where it lies.
        manifest: As exported.
        cells: One row per recorded cell, in the order of the file.
        replicates: One row per run.
        trials: One row per learning rate tried.
        curves: One row per probed step of a run.
    """

    folder: Path
    manifest: Mapping[str, Any]
    cells: pd.DataFrame
    replicates: pd.DataFrame
    trials: pd.DataFrame
    curves: pd.DataFrame

    @property
    def name(self) -> str:
        """The benchmark's."""
        return str(self.manifest["benchmark"])

    @cached_property
    def factors(self) -> dict[str, tuple[str, ...]]:
        """The grid's factors with their labels, in the order of the spec."""
        return {factor: tuple(map(text, labels)) for factor, labels in self.manifest["factors"].items()}

    @cached_property
    def gradients(self) -> Traces:
        """dLoss/dz of every run by step and layer."""
        return Traces(self.folder / "gradients.parquet", "layer")

    @cached_property
    def through_time(self) -> Traces | None:
        """dLoss/dh of every run by step and time step; of recurrent models only."""
        path = self.folder / "gradients_through_time.parquet"
        return Traces(path, "time") if path.name in self.manifest["files"] else None

    @cached_property
    def along(self) -> Along:
        """What the gradient is followed along: depth, but time in networks of one recurrent layer."""
        return TIME if self.through_time is not None and self.gradients.positions == 1 else DEPTH

    def probed(self, cell: str) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
        """The gradients of a cell as `Traces.of` has them, along layers or time steps."""
        traces = self.through_time if self.along is TIME else None
        return (traces or self.gradients).of(cell)


def folders(results: Path) -> list[Path]:
    """The exported folders in `results`, by name.

    Raises:
        ResultsError: There is no such folder, or something in it is no export.
    """
    if not results.is_dir():
        raise ResultsError([f"{results}: no such folder. Expected a folder with one exported folder per benchmark."])
    return sorted(path for path in results.iterdir() if path.is_dir() and not path.name.startswith((".", "__")))


def read(folder: Path) -> Results:
    """Reads an exported folder.

    Raises:
        ResultsError: With everything that is wrong, each problem naming its file.
    """
    import pandas as pd
    import pyarrow as pa

    manifest = read_manifest(folder)
    problems = file_problems(folder, manifest)
    problems += [problem for name in TABLES for problem in _schema_problems(folder, name, manifest)]
    if problems:
        raise ResultsError(problems)
    tables = {}
    for name in ("cells", "replicates", "trials", "curves"):
        path = folder / f"{name}.parquet"
        try:
            tables[name] = pd.read_parquet(path)
        except (OSError, pa.ArrowException) as error:
            raise ResultsError([f"{path}: cannot be read: {first_line(error)}"]) from error
        for factor in manifest["factors"]:
            tables[name][factor] = tables[name][factor].map(text)
    results = Results(folder, manifest, **tables)
    if problems := _content_problems(results):
        raise ResultsError(problems)
    return results


def _schema_problems(folder: Path, name: str, manifest: Mapping[str, Any]) -> list[str]:
    """A Parquet file that cannot be opened or lacks a column."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / f"{name}.parquet"
    if path.name not in manifest["files"] or not path.is_file():
        return []
    try:
        columns = set(pq.read_schema(path).names)
    except (OSError, pa.ArrowException) as error:
        return [f"{path}: cannot be opened as Parquet, it may be truncated: {first_line(error)}"]
    expected = ("benchmark", "cell", *manifest["factors"], *TABLES[name])
    return [f"{path}: lacks the column {column!r}" for column in expected if column not in columns]


def _content_problems(results: Results) -> list[str]:
    """Tables that contradict each other or the manifest."""
    cells_path, known = results.folder / "cells.parquet", set(results.cells["cell"])
    problems = [
        f"{cells_path}: Expected a cell's fingerprint in hex. Received: {cell!r}"
        for cell in sorted(map(str, known))
        if not _FINGERPRINT.fullmatch(cell)
    ]
    if len(known) != len(results.cells):
        problems.append(f"{cells_path}: holds a cell more than once")
    for name in ("cells", "replicates", "trials", "curves"):
        table, path = getattr(results, name), results.folder / f"{name}.parquet"
        if others := sorted(set(map(str, table["benchmark"])) - {results.name}):
            problems.append(f"{path}: Expected benchmark {results.name!r} only. Received: {', '.join(others)}")
        if unknown := sorted(set(table["cell"]) - known):
            problems.append(
                f"{path}: holds {len(unknown)} cells that cells.parquet does not, the first is {unknown[0]}"
            )
        for factor, labels in results.factors.items():
            if strange := sorted(set(table[factor]) - set(labels)):
                problems.append(f"{path}: {factor} {strange[0]!r} is not one of the labels in {MANIFEST}")
    if without := sorted(known - set(results.replicates["cell"])):
        problems.append(
            f"{results.folder / 'replicates.parquet'}: has no run of {len(without)} cells, such as {without[0]}"
        )
    if strange := sorted(set(results.replicates["outcome"]) - set(Outcome)):
        problems.append(
            f"{results.folder / 'replicates.parquet'}: Expected an outcome of {', '.join(Outcome)}. "
            f"Received: {strange[0]!r}"
        )
    elif not problems:
        problems += _count_problems(results)
    manifest_path, missing = results.folder / MANIFEST, results.manifest["missing"]
    for entry in missing:
        keys = isinstance(entry, dict) and {"cell", "factors", "status"} <= set(entry) and set(entry["factors"])
        if keys != set(results.factors):
            problems.append(
                f"{manifest_path}: Expected a missing cell with its cell, factors and status. Received: {entry!r}"
            )
        elif not _FINGERPRINT.fullmatch(str(entry["cell"])):
            problems.append(f"{manifest_path}: Expected a cell's fingerprint in hex. Received: {entry['cell']!r}")
        else:
            problems += [
                f"{manifest_path}: {factor} {text(entry['factors'][factor])!r} of missing cell {entry['cell']} is not "
                "one of the factor's labels"
                for factor, labels in results.factors.items()
                if text(entry["factors"][factor]) not in labels
            ]
    named = [str(entry["cell"]) for entry in missing if isinstance(entry, dict) and "cell" in entry]
    if len({*named, *known}) != len(named) + len(known):
        problems.append(f"{manifest_path}: a missing cell is listed twice, or is recorded as well")
    if len(known) + len(missing) != results.manifest["cells_total"]:
        problems.append(
            f"{manifest_path}: {len(known)} recorded and {len(missing)} missing cells do not make up the "
            f"{results.manifest['cells_total']} of cells_total"
        )
    return problems


def _count_problems(results: Results) -> list[str]:
    """Runs that are there twice, or are not as many as their cell says."""
    path, runs = results.folder / "cells.parquet", results.replicates
    if runs.duplicated(["cell", "replicate"]).any():
        return [f"{results.folder / 'replicates.parquet'}: holds a replicate of a cell more than once"]
    trained = (runs["outcome"] == str(Outcome.TRAINED)).groupby(runs["cell"]).sum()
    problems = []
    for column, counted in (("replicates", runs.groupby("cell").size()), ("trained", trained)):
        stated = results.cells.set_index("cell")[column].reindex(counted.index)
        wrong = counted.index[stated.notna() & (stated != counted)]
        if len(wrong):
            cell = wrong[0]
            problems.append(
                f"{path}: {column} of cell {cell} is {stated[cell]:g}, but replicates.parquet holds {counted[cell]}"
            )
    return problems
