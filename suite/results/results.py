"""What was exported of one benchmark: its tables, and what they say of each cell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suite.protocol.gradient_axis import TIME, GradientAxis, along_of
from suite.protocol.labels import label_text
from suite.protocol.ranks import CellResult
from suite.results.manifest import Manifest
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
        return rows(self.cells)

    @cached_property
    def ran(self) -> dict[str, CellResult]:
        """The trials and replicates of each cell, in the order of their index."""
        found: dict[tuple[str, str], list[Any]] = {}
        for table, index in (("trials", "trial"), ("replicates", "replicate")):
            for row in sorted(rows(getattr(self, table)), key=lambda row: row[index]):
                found.setdefault((table, row["cell"]), []).append(from_row(table, row))
        facts = self.manifest.task.model_dump()
        return {
            row["cell"]: CellResult(
                row["learning_rate"],
                row["at_edge"],
                tuple(found.get(("trials", row["cell"]), ())),
                tuple(found[("replicates", row["cell"])]),
                row["seconds"],
                {**facts, "chance_score": row["chance_score"]},
                None if row["parameters"] is None else int(row["parameters"]),
            )
            for row in self.rows
        }

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
