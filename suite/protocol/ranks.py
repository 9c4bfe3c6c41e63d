"""Computes the statistics of cells and ranks them, for export, terminal, pages and checks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from suite.protocol.basins import basin
from suite.protocol.columns import CELL_COLUMNS
from suite.protocol.labels import label_text
from suite.protocol.records import Cause, Outcome, Record, Replicate, Trial
from suite.protocol.run_statistics import OF_CELLS
from suite.protocol.statistics import (
    SMALL_SAMPLE,
    Interval,
    bootstrap_mean,
    mean_intervals,
    no_worse_than_chance,
    steps_to_target_median,
    tiers,
    wilson,
)

EDGE = 0.01
"""Share of the range of learning rates (on a log scale) at either end that counts as `at_edge`."""


@dataclass(frozen=True)
class CellResult:
    """Results of a cell from exported tables; attributes as in `Record`."""

    learning_rate: float
    at_edge: bool
    trials: Sequence[Trial]
    replicates: Sequence[Replicate]
    seconds: float
    task_facts: Mapping[str, Any]
    parameters: int | None = None


Ran = Record | CellResult


@dataclass(frozen=True)
class RankedCell:
    """A cell with its statistics.

    Attributes:
        record: Record of the cell.
        figures: Values by column of `suite.protocol.columns.CELL_COLUMNS`; None is null.
    """

    record: Record
    figures: Mapping[str, Any]


def standings(records: Sequence[Record]) -> list[RankedCell]:
    """The statistics of all cells in the given order; tiers are computed among these cells."""
    return [RankedCell(record, figures) for record, figures in zip(records, figures_of(records), strict=True)]


def figures_of(cells: Sequence[Ran]) -> list[dict[str, Any]]:
    """Rows of the cells table in the given order; tiers are computed among these cells."""
    if not cells:
        return []
    found = [_figures(cell, test) for cell, test in zip(cells, _test_scores(cells), strict=True)]
    shown = [math.nan if figures["test_score"] is None else figures["test_score"] for figures in found]
    cut = tiers(compared_scores(cells), shown, higher_is_better=bool(cells[0].task_facts["higher_is_better"]))
    return [{**figures, "tier": int(tier)} for figures, tier in zip(found, cut, strict=True)]


def ranked(found: Iterable[RankedCell]) -> list[RankedCell]:
    """Sorts cells by tier and test score."""

    def key(standing: RankedCell) -> tuple[float, float, tuple[str, ...], str]:
        cell, facts = standing.record.cell, standing.record.task_facts
        labels = tuple(map(label_text, cell.factors.values()))
        return order(standing.figures, labels, cell.fingerprint, higher_is_better=facts["higher_is_better"])

    return sorted(found, key=key)


def order(
    figures: Mapping[str, Any], labels: tuple[str, ...], cell: str, *, higher_is_better: bool
) -> tuple[float, float, tuple[str, ...], str]:
    """Sort key of a cell: tier, then test score, with missing scores last, then labels, so that tables agree."""
    score = figures["test_score"]
    place = math.inf if score is None else -score if higher_is_better else score
    return figures["tier"] or math.inf, place, labels, cell


def compared_scores(cells: Sequence[Ran]) -> np.ndarray:
    """Test scores for comparisons, shape (cells, replicates); scores worse than chance are replaced by chance.

    Each column is one replicate index and seed; NaN if a cell does not have it.
    """
    indices = sorted({run.replicate for cell in cells for run in cell.replicates})
    column = {index: place for place, index in enumerate(indices)}
    table = np.full((len(cells), len(indices)), np.nan)
    for row, cell in enumerate(cells):
        for run in cell.replicates:
            table[row, column[run.replicate]] = score_or_chance(run.test_score, cell)
    if not cells:
        return table
    chance = np.array([[float(cell.task_facts["chance_score"])] for cell in cells])
    return no_worse_than_chance(table, chance, higher_is_better=bool(cells[0].task_facts["higher_is_better"]))


def basin_of(cell: Ran) -> list[tuple[float, float]] | None:
    """The ranges of learning rates that work for a cell, see `suite.protocol.basins.basin`."""
    higher = bool(cell.task_facts["higher_is_better"])
    scores = [trial.validation_score for trial in cell.trials if trial.validation_score is not None]
    shared = [trial for trial in cell.trials if trial.shared_grid]
    if not scores:
        return None
    return basin(
        [trial.learning_rate for trial in shared],
        [trial.validation_score for trial in shared],
        best=max(scores) if higher else min(scores),
        chance=float(cell.task_facts["chance_score"]),
        higher_is_better=higher,
    )


def at_edge(rate: float, low: float, high: float) -> bool:
    """Whether the best rate is at the edge of the range searched, so that a better one may lie outside."""
    margin = EDGE * math.log(high / low)
    return not math.log(low) + margin < math.log(rate) < math.log(high) - margin


def score_or_chance(score: float | None, cell: Ran) -> float:
    """The score of a run, or the chance score if it has none."""
    return float(cell.task_facts["chance_score"]) if score is None else score


def _test_scores(cells: Sequence[Ran]) -> list[Interval]:
    """The mean test score of each cell with its interval.

    Bootstrap means are a matrix product whose rounding depends on the number of rows, so larger samples are computed one
    by one: no cell's statistics depend on the others.
    """
    bounds = (0.0, 1.0) if cells[0].task_facts["higher_is_better"] else (0.0, math.inf)
    samples = [
        np.array([score_or_chance(run.test_score, cell) for run in cell.replicates], dtype=float) for cell in cells
    ]
    small = [row for row, sample in enumerate(samples) if len(sample) < SMALL_SAMPLE]
    found = dict(zip(small, mean_intervals([samples[row] for row in small], bounds=bounds), strict=True))
    return [found[row] if row in found else bootstrap_mean(s, bounds=bounds) for row, s in enumerate(samples)]


def _figures(cell: Ran, test: Interval) -> dict[str, Any]:
    """All statistics except the tier, which depends on the other cells."""
    runs = cell.replicates
    trained = sum(run.outcome == Outcome.TRAINED for run in runs)
    success_low, success_high = wilson(trained, len(runs))
    ranges = basin_of(cell)
    causes = {cause for run in runs for cause in run.causes}
    figures = {
        "learning_rate": cell.learning_rate,
        "at_edge": cell.at_edge,
        "basin_decades": None if ranges is None else float(sum(np.log10(high / low) for low, high in ranges)),
        "replicates": len(runs),
        "trained": trained,
        "success_rate": trained / len(runs) if runs else None,
        "success_low": success_low,
        "success_high": success_high,
        "test_score": _known(test[0]),
        "test_low": _known(test[1]),
        "test_high": _known(test[2]),
        "train_score": float(np.mean([score_or_chance(run.train_score, cell) for run in runs])) if runs else None,
        "steps_to_target": steps_to_target_median([run.steps_to_target for run in runs]),
        "causes": "+".join(str(cause) for cause in Cause if cause in causes),
        "tier": None,
        "seconds": cell.seconds,
        "chance_score": float(cell.task_facts["chance_score"]),
        "parameters": cell.parameters,
        "erratic": 0 < trained < len(runs),
        "milliseconds_per_step": _median(run.milliseconds_per_step for run in runs),
        **{key: _median(run.statistics.get(key) for run in runs) for key in OF_CELLS},
    }
    return {column: figures[column] for column in CELL_COLUMNS}


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(median(known)) if known else None


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
