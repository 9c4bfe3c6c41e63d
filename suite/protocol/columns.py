"""The columns of the exported tables: a promise to people who analyse them.

Every table starts with `benchmark` and `cell`, then one column per factor of the grid, then these.
"""

from __future__ import annotations

from collections.abc import Mapping

from suite.protocol.measurements import columns_of
from suite.protocol.run_statistics import KEYS, OF_CELLS

CELL_COLUMNS = (
    "learning_rate", "at_edge", "basin_decades", "replicates", "trained", "success_rate", "success_low",
    "success_high", "test_score", "test_low", "test_high", "train_score", "steps_to_target", "causes", "tier", "seconds",
    "chance_score", "parameters", "milliseconds_per_step", "erratic", *OF_CELLS,
)  # fmt: skip
REPLICATE_COLUMNS = (
    "replicate", "seed", "outcome", "causes", "test_score", "train_score", "validation_score", "train_loss",
    "steps_to_target", "steps", "nonfinite_step", "nonfinite_layer", "seconds", "milliseconds_per_step", "tuning",
    "learning_rate", *KEYS,
)  # fmt: skip
TRIAL_COLUMNS = (
    "trial", "learning_rate", "validation_score", "outcome", "shared_grid", "repeat", "validation_loss", "tuning",
)  # fmt: skip
GRADIENT_COLUMNS = ("replicate", "step", "layer", "name", *columns_of("gradients"))
GRADIENT_THROUGH_TIME_COLUMNS = ("replicate", "step", "layer", "time", *columns_of("gradients_through_time"))
CURVE_COLUMNS = ("replicate", "step", *columns_of("curves"))

TABLES: Mapping[str, tuple[str, ...]] = {
    "cells": CELL_COLUMNS,
    "replicates": REPLICATE_COLUMNS,
    "trials": TRIAL_COLUMNS,
    "gradients": GRADIENT_COLUMNS,
    "gradients_through_time": GRADIENT_THROUGH_TIME_COLUMNS,
    "curves": CURVE_COLUMNS,
}
"""Every exported table and its columns. `gradients_through_time` is written for recurrent models only."""


def optional_columns(table: str) -> set[str]:
    """The columns that a table may lack, since it may be older than a statistic: they are read as empty."""
    return {"cells": {*OF_CELLS}, "replicates": {*KEYS, "tuning", "learning_rate"}, "trials": {"tuning"}}.get(
        table, set()
    )


def factor_column(factor: str) -> str:
    """The column of a factor of the grid: its name, unless that is another column's, as of `learning_rate`."""
    return f"{factor}_level" if any(factor in columns for columns in TABLES.values()) else factor
