"""Exported tables, or records on their way to be, as the judge of claims sees them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from suite.protocol.claims import SCORES
from suite.protocol.columns import CELL_COLUMNS, REPLICATE_COLUMNS
from suite.protocol.evidence import Evidence
from suite.protocol.labels import held_label, label_text
from suite.protocol.records import Outcome
from suite.results.manifest import Manifest
from suite.results.reader import Results
from suite.results.tables import TEXTS, plain_values, rows, tables

if TYPE_CHECKING:
    import pandas as pd

    from suite.protocol.audit import AuditSummary
    from suite.protocol.records import Record


def evidence_of(results: Results) -> Evidence:
    """Of published tables."""
    return _evidence(results.manifest, results.cells, results.replicates, len(results.trials) > 0, results.audited)


def evidence_of_records(manifest: Manifest, records: Sequence[Record], audit: AuditSummary | None = None) -> Evidence:
    """Of what is recorded, by way of the tables that it would be exported as."""
    found = tables(records)
    return _evidence(manifest, found["cells"], found["replicates"], len(found["trials"]) > 0, audit)


def _evidence(
    manifest: Manifest, cells: pd.DataFrame, replicates: pd.DataFrame, tuned: bool, audit: AuditSummary | None
) -> Evidence:
    factors = {factor: tuple(map(label_text, labels)) for factor, labels in manifest.factors.items()}
    table = rows(cells)
    place = {row["cell"]: index for index, row in enumerate(table)}
    indices = sorted({int(index) for index in replicates["replicate"]})
    column = {index: number for number, index in enumerate(indices)}
    at = (
        np.array([place[cell] for cell in replicates["cell"]], dtype=int),
        np.array([column[int(index)] for index in replicates["replicate"]], dtype=int),
    )
    shape = (len(table), len(indices))
    columns: dict[str, NDArray] = {}
    for name in CELL_COLUMNS:
        if name in cells and name not in TEXTS:
            columns[name] = cells[name].to_numpy(dtype=float, na_value=np.nan)[:, None]
    for name in REPLICATE_COLUMNS:
        if name in ("outcome", "causes"):
            words = np.full(shape, None, dtype=object)
            words[at] = ["" if value is None else str(value) for value in plain_values(replicates[name])]
            columns[name] = words
        elif name in replicates and name not in TEXTS:
            numbers = np.full(shape, np.nan)
            numbers[at] = replicates[name].to_numpy(dtype=float, na_value=np.nan)
            columns[name] = numbers
    there = np.zeros(shape, dtype=bool)
    there[at] = True
    columns |= {
        name: np.where(there & np.isnan(columns[name]), columns["chance_score"], columns[name]) for name in SCORES
    }
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
        len(manifest.missing),
        digest_of(manifest),
        tuned,
        audit,
    )


def digest_of(manifest: Manifest) -> str:
    """16 hex digits of what the tables say: of the files that the manifest lists, or of records that are no files yet."""
    told = {"files": manifest.files, "created": manifest.created, "spec": manifest.spec_sha256}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _arguments(manifest: Manifest) -> dict[str, Any]:
    return dict(manifest.task.model_extra or {})
