"""What was exported of one benchmark: its tables, and what they say of each cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suite.protocol.gradient_axis import TIME, GradientAxis, along_of
from suite.protocol.labels import label_text
from suite.protocol.ranks import INFERRED, CellResult, figures_of
from suite.protocol.records import Replicate
from suite.results.manifest import WITHOUT_DRAWS, Manifest
from suite.results.tables import from_row, rows
from suite.results.traces import Traces

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


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
    manifest: Manifest
    cells: pd.DataFrame
    replicates: pd.DataFrame
    trials: pd.DataFrame
    curves: pd.DataFrame

    @property
    def name(self) -> str:
        """The benchmark's."""
        return self.manifest.benchmark

    @cached_property
    def factors(self) -> dict[str, tuple[str, ...]]:
        """The grid's factors with their labels, in the order of the spec."""
        return {factor: tuple(map(label_text, labels)) for factor, labels in self.manifest.factors.items()}

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The cells table, None where it is empty."""
        stated = rows(self.cells)
        if self.manifest.protocol_version != WITHOUT_DRAWS:
            return stated
        computed = figures_of([self._ran(row) for row in stated])  # by the intervals of today
        return [
            {**row, **{column: found[column] for column in INFERRED}}
            for row, found in zip(stated, computed, strict=True)
        ]

    @cached_property
    def ran(self) -> dict[str, CellResult]:
        """The trials and replicates of each cell, in the order of their index."""
        return {row["cell"]: self._ran(row) for row in self.rows}

    @cached_property
    def _by_cell(self) -> dict[tuple[str, str], list[Any]]:
        found: dict[tuple[str, str], list[Any]] = {}
        for table, index in (("trials", ("tuning", "trial")), ("replicates", ("replicate",))):
            for row in sorted(rows(getattr(self, table)), key=lambda row: [row[name] or 0 for name in index]):
                found.setdefault((table, row["cell"]), []).append(from_row(table, row))
        return found

    def _ran(self, row: Mapping[str, Any]) -> CellResult:
        runs = tuple(self._by_cell[("replicates", row["cell"])])
        return CellResult(
            _rates(runs) or (row["learning_rate"],),
            row["at_edge"],
            tuple(self._by_cell.get(("trials", row["cell"]), ())),
            runs,
            row["seconds"],
            {**self.manifest.task.model_dump(), "chance_score": row["chance_score"]},
            None if row["parameters"] is None else int(row["parameters"]),
        )

    @cached_property
    def gradients(self) -> Traces:
        """dLoss/dz of every run by step and layer."""
        return Traces(self.folder / "gradients.parquet", "layer")

    @cached_property
    def through_time(self) -> Traces | None:
        """dLoss/dh of every run by step and time step; of recurrent models only."""
        path = self.folder / "gradients_through_time.parquet"
        return Traces(path, "time") if path.name in self.manifest.files else None

    @cached_property
    def along(self) -> GradientAxis:
        """What the gradient is followed along."""
        return along_of(self.gradients.positions, recurrent=self.through_time is not None)

    def probed(self, cell: str) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
        """The gradients of a cell as `Traces.of` has them, along layers or time steps."""
        traces = self.through_time if self.along is TIME else None
        return (traces or self.gradients).of(cell)


def _rates(runs: Sequence[Replicate]) -> tuple[float, ...]:
    """The learning rate of each tuning; empty for tables of protocol 2, which do not have it by run."""
    by_tuning = {run.tuning: run.learning_rate for run in runs if run.learning_rate is not None}
    return tuple(by_tuning[tuning] for tuning in sorted(by_tuning))
