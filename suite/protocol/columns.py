"""The columns of the exported tables: a promise to people who analyse them.

Every table starts with `benchmark` and `cell`, then one column per factor of the grid, then these.
"""

from __future__ import annotations

from collections.abc import Mapping

from suite.protocol.measurements import columns_of

LANDSCAPE_COLUMNS = ("loss_range_median", "effective_beta_median", "curvature_low", "curvature_high")
"""They came within protocol 2 and change no other figure: tables without them are as good."""

CELL_COLUMNS = (
    "learning_rate", "at_edge", "basin_decades", "replicates", "trained", "success_rate", "success_low",
    "success_high", "test_score", "test_low", "test_high", "train_score", "steps_to_target",
    "gradient_ratio_init", "gradient_ratio_median", "gradient_factor_init", "causes", "tier", "seconds",
    "chance_score", "parameters", "milliseconds_per_step", "update_ratio_first", "update_ratio_last",
    "zero_fraction_init", "zero_fraction_end", "largest_singular_value", "erratic", *LANDSCAPE_COLUMNS,
)  # fmt: skip
REPLICATE_COLUMNS = (
    "replicate", "seed", "outcome", "causes", "test_score", "train_score", "validation_score", "train_loss",
    "steps_to_target", "steps", "nonfinite_step", "nonfinite_layer", "gradient_ratio_init",
    "gradient_ratio_median", "gradient_factor_init", "saturated_fraction", "dead_fraction", "clip_rate", "seconds",
    "milliseconds_per_step", "update_ratio_first", "update_ratio_last", "zero_fraction_init", "zero_fraction_end",
    "largest_singular_value", *LANDSCAPE_COLUMNS,
)  # fmt: skip
TRIAL_COLUMNS = (
    "trial", "learning_rate", "validation_score", "outcome", "shared_grid", "repeat", "validation_loss",
)  # fmt: skip
GRADIENT_COLUMNS = ("replicate", "step", "layer", "name", *columns_of("gradients"))
GRADIENT_THROUGH_TIME_COLUMNS = ("replicate", "step", "layer", "time", *columns_of("gradients_through_time"))
AUDIT_COLUMNS = (
    "replicate", "seed", "learning_rate", "audited_learning_rate", "test_score", "audited_test_score", "outcome",
    "audited_outcome",
)  # fmt: skip
CURVE_COLUMNS = ("replicate", "step", *columns_of("curves"))

TABLES: Mapping[str, tuple[str, ...]] = {
    "cells": CELL_COLUMNS,
    "replicates": REPLICATE_COLUMNS,
    "trials": TRIAL_COLUMNS,
    "gradients": GRADIENT_COLUMNS,
    "gradients_through_time": GRADIENT_THROUGH_TIME_COLUMNS,
    "curves": CURVE_COLUMNS,
    "audit": AUDIT_COLUMNS,
}
"""Every exported table and its columns. `gradients_through_time` is written for recurrent models only, `audit` for
benchmarks whose tuning was audited."""

LATER: Mapping[int, Mapping[str, tuple[str, ...]]] = {
    2: {
        "cells": CELL_COLUMNS[CELL_COLUMNS.index("chance_score") + 1 :],
        "replicates": REPLICATE_COLUMNS[REPLICATE_COLUMNS.index("seconds") + 1 :],
        "trials": TRIAL_COLUMNS[TRIAL_COLUMNS.index("shared_grid") + 1 :],
    }
}
"""Columns that came with a version of the protocol: tables of an older one are read without them."""


def later_columns(table: str, version: int) -> set[str]:
    """The columns that tables of a protocol version do not have yet."""
    return {column for came, of in LATER.items() if came > version for column in of.get(table, ())}


def missing_columns(table: str, version: int) -> set[str]:
    """The columns that tables of a protocol version are read without."""
    return later_columns(table, version) | {*LANDSCAPE_COLUMNS} & {*TABLES[table]}


def factor_column(factor: str) -> str:
    """The column of a factor of the grid: its name, unless that is another column's, as of `learning_rate`."""
    return f"{factor}_level" if any(factor in columns for columns in TABLES.values()) else factor
