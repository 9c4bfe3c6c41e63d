"""Figures that no run gave: each is told from what the replicates and trials of its cell give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from suite.results import reader as tables
from tests.leaderboard.synthetic import rehash
from tests.results.exported import change, only_problem, problems, rewrite

FORGED: dict[str, Any] = {
    "learning_rate": 0.123, "at_edge": None, "basin_decades": 3.9, "replicates": 6, "trained": 4, "success_rate": 0.77,
    "success_low": 0.7, "success_high": 0.9, "test_score": 0.999, "test_low": 0.828, "test_high": 0.89,
    "train_score": 0.999, "steps_to_target": 3.0, "gradient_ratio_init": 0.1, "gradient_ratio_median": 0.1,
    "gradient_factor_init": 1.0, "causes": "dead", "tier": 7, "chance_score": 0.2,
    "milliseconds_per_step": 9.0, "update_ratio_first": 0.5, "update_ratio_last": 0.5, "zero_fraction_init": 0.9,
    "zero_fraction_end": 0.9, "largest_singular_value": 77.0, "erratic": None,
    "loss_range_median": 9.0, "effective_beta_median": 9.0, "curvature_low": -9.0, "curvature_high": 99.0,
}  # fmt: skip


@pytest.mark.parametrize("column", FORGED)
def test_a_forged_figure_is_told_from_what_its_runs_give(folder: Path, column: str) -> None:
    stated = pd.read_parquet(folder / "cells.parquet")[column].iloc[0]
    change(folder, "cells", column, not stated if FORGED[column] is None else FORGED[column])
    assert any("cells.parquet" in problem and column in problem for problem in problems(folder))


def test_every_figure_that_can_be_computed_again_is_forged_above() -> None:
    assert set(tables.TABLES["cells"]) - set(FORGED) == {"seconds", "parameters"}


def test_a_forged_run_no_longer_fits_its_cell(folder: Path) -> None:
    change(folder, "replicates", "test_score", 0.999)
    told = problems(folder)
    assert any("test_score of cell" in problem for problem in told), told


def test_a_forged_copy_for_spreadsheets(folder: Path) -> None:
    text = (folder / "cells.csv").read_text().split("\n")
    row = dict(zip(text[0].split(","), text[1].split(","), strict=True))
    text[1] = text[1].replace(row["test_score"], "0.999")
    (folder / "cells.csv").write_text("\n".join(text))
    rehash(folder)
    assert (
        "cells.csv: Expected what cells.parquet holds. Received other values, such as in 'test_score'"
        in only_problem(folder)
    )


@pytest.mark.parametrize(
    ("table", "column", "value", "told"),
    [
        ("replicates", "test_score", np.inf, "Expected finite numbers it can have in 'test_score'. Received: inf"),
        ("replicates", "test_score", 1.5, "Expected finite numbers it can have in 'test_score'. Received: 1.5"),
        ("trials", "validation_score", -0.1, "in 'validation_score'. Received: -0.1"),
        ("trials", "learning_rate", 0.0, "in 'learning_rate'. Received: 0"),
        ("trials", "outcome", None, "Expected a value in every row of 'outcome'. Received: none in row 0"),
        ("replicates", "replicate", 0.5, "Expected whole numbers in 'replicate'. Received: 0.5"),
        (
            "replicates",
            "causes",
            "bored",
            "Expected causes of vanishing, exploding, dead, saturated. Received: 'bored'",
        ),
        ("replicates", "activation", "sigmoid", "is 'sigmoid', and another in cells.parquet"),
        ("cells", "seconds", -1.0, "in 'seconds'. Received: -1"),
        ("cells", "cell", None, "Expected a value in every row of 'cell'"),
        ("curves", "step", None, "Expected a value in every row of 'step'"),
    ],
)
def test_a_value_that_no_run_can_have(folder: Path, table: str, column: str, value: Any, told: str) -> None:
    row = -1 if column == "activation" else 0
    if column == "activation":
        frame = pd.read_parquet(folder / f"{table}.parquet")
        value = "relu" if frame[column].iloc[-1] == "sigmoid" else value
        told = told.replace("sigmoid", value)
    change(folder, table, column, value, row)
    assert any(told in problem and f"{table}." in problem for problem in problems(folder)), problems(folder)


@pytest.mark.parametrize("column", ["test_score", "outcome", "cell", "shared_grid", "gradient_rms"])
def test_a_column_of_another_kind(folder: Path, column: str) -> None:
    table = {"shared_grid": "trials", "gradient_rms": "gradients"}.get(column, "replicates")
    rewrite(folder, table, lambda frame: frame.assign(**{column: pd.Timestamp(0)}))
    assert any(f"in {column!r}. Received: timestamp" in problem for problem in problems(folder))
