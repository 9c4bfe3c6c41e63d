"""Builds the evidence for claims from exported tables or from records."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from suite.claims.evidence import Evidence
from suite.claims.expressions import SCORES
from suite.protocol.columns import CELL_COLUMNS, REPLICATE_COLUMNS
from suite.protocol.gradient_axis import followed
from suite.protocol.labels import held_label, label_text
from suite.protocol.outcomes import gradient_straightness
from suite.protocol.ranks import Ran, alike, basin_of
from suite.protocol.records import Outcome
from suite.results.manifest import Manifest
from suite.results.results import Results
from suite.results.tables import TEXTS, plain_values, rows, tables

if TYPE_CHECKING:
    import pandas as pd

    from suite.protocol.records import Record


def evidence_of(results: Results, *, traced: bool = False) -> Evidence:
    """Evidence from exported tables; `traced` adds the measures of `suite.claims.expressions.TRACED`."""
    first: dict[tuple[str, int], NDArray[np.float64]] = {}
    for cell in results.cells["cell"] if traced else ():
        replicates, _, _, block = results.probed(cell)
        first |= {(cell, int(replicate)): run[0] for replicate, run in zip(replicates, block, strict=True)}
    ran = [results.ran[cell] for cell in results.cells["cell"]]
    return _evidence(results.manifest, results.cells, results.replicates, ran, first)


def evidence_of_records(manifest: Manifest, records: Sequence[Record], *, traced: bool = False) -> Evidence:
    """Evidence from records, by way of the tables that they would be exported as."""
    found = tables(records)
    runs = [(record.cell.fingerprint, run) for record in records for run in record.replicates] if traced else []
    first = {(cell, run.replicate): followed(run.traces)[0] for cell, run in runs}
    return _evidence(manifest, found["cells"], found["replicates"], records, first)


def _evidence(
    manifest: Manifest,
    cells: pd.DataFrame,
    replicates: pd.DataFrame,
    ran: Sequence[Ran],
    first: Mapping[tuple[str, int], NDArray[np.float64]],
) -> Evidence:
    """`ran` has the same cells in the same order; `first` has gradients of the first step by cell and replicate."""
    factors = {factor: tuple(map(label_text, labels)) for factor, labels in manifest.factors.items()}
    table = rows(cells)
    place = {row["cell"]: index for index, row in enumerate(table)}
    indices = sorted({int(index) for index in replicates["replicate"]})
    column = {index: number for number, index in enumerate(indices)}
    tuning_of = {run.replicate: run.tuning for cell in ran for run in cell.replicates}
    at = (
        np.array([place[cell] for cell in replicates["cell"]], dtype=int),
        np.array([column[int(index)] for index in replicates["replicate"]], dtype=int),
    )

    def by_run(values: Any, missing: Any = np.nan) -> NDArray:
        """Rearranges one value per row of the table of replicates to shape (cells, replicates)."""
        found = np.full((len(table), len(indices)), missing, dtype=object if missing is None else type(missing))
        found[at] = values
        return found

    def numbers(frame: pd.DataFrame, names: Sequence[str]) -> dict[str, NDArray]:
        held = [name for name in names if name in frame and name not in TEXTS]
        return {name: frame[name].to_numpy(dtype=float, na_value=np.nan) for name in held}

    columns: dict[str, NDArray] = {name: column[:, None] for name, column in numbers(cells, CELL_COLUMNS).items()}
    columns |= {name: by_run(column) for name, column in numbers(replicates, REPLICATE_COLUMNS).items()}
    for name in ("outcome", "causes"):
        columns[name] = by_run(["" if v is None else str(v) for v in plain_values(replicates[name])], None)
    there = by_run(True, False)
    if first:
        keys = zip(replicates["cell"], replicates["replicate"], strict=True)
        found = [gradient_straightness(first[cell, int(index)]) for cell, index in keys]
        columns["gradient_straightness_init"] = by_run(np.array(found, dtype=float))
    columns |= {
        name: np.where(there & np.isnan(columns[name]), columns["chance_score"], columns[name]) for name in SCORES
    }
    means = cells["test_score"].to_numpy(dtype=float, na_value=np.nan)
    best = (np.nanmax if manifest.task.higher_is_better else np.nanmin)(means) if not np.isnan(means).all() else np.nan
    columns["best_test_score"] = np.full((len(table), 1), best)
    basins = [basin_of(cell) or [] for cell in ran]
    columns["basin_high"] = np.array([[max((high for _, high in found), default=np.nan)] for found in basins])
    columns["budget"] = np.array([[manifest.steps_of(row)] for row in table], dtype=float).reshape(-1, 1)
    late = there & np.isnan(columns["steps_to_target"])
    columns["steps_to_target"] = np.where(late, columns["budget"], columns["steps_to_target"])
    columns["success_rate"] = np.where(there, columns["outcome"] == Outcome.TRAINED, np.nan).astype(float)
    return Evidence(
        manifest.benchmark,
        factors,
        {factor: held_label(value) for factor, value in {**_arguments(manifest), **manifest.fixed}.items()},
        tuple(tuple(label_text(row[factor]) for factor in factors) for row in table),
        tuple(row["cell"] for row in table),
        columns,
        manifest.task.higher_is_better,
        manifest.task.name,
        manifest.reference,
        len(manifest.missing),
        digest_of(manifest),
        tuple(tuning_of[index] for index in indices),
        tuple(alike(ran)),
    )


def digest_of(manifest: Manifest) -> str:
    """Hash of the contents of the tables, 16 hex digits."""
    told = {"files": manifest.files, "created": manifest.created, "spec": manifest.spec_sha256}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _arguments(manifest: Manifest) -> dict[str, Any]:
    return dict(manifest.task.model_extra or {})
