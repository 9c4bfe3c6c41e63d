"""Computes the statistics of cells and ranks them, for export, terminal, pages and checks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from scipy import special

from suite.protocol.basins import basin
from suite.protocol.columns import CELL_COLUMNS
from suite.protocol.intervals import Scores, scores_of
from suite.protocol.labels import label_text
from suite.protocol.rates import typical_rate
from suite.protocol.records import Cause, Outcome, Record, Replicate, Trial
from suite.protocol.run_statistics import OF_CELLS
from suite.protocol.statistics import (
    Interval,
    no_worse_than_chance,
    steps_to_target_median,
    wilson,
    wilson_of,
)
from suite.protocol.tiers import tiers

INFERRED = ("success_low", "success_high", "test_low", "test_high", "tier")
"""Columns of the cells table that depend on the other cells of the board and on how intervals are computed."""


@dataclass(frozen=True)
class CellResult:
    """Results of a cell from exported tables; attributes as in `Record`."""

    learning_rates: tuple[float, ...]
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
    """Rows of the cells table in the given order; intervals and tiers are computed among these cells."""
    if not cells:
        return []
    higher = bool(cells[0].task_facts["higher_is_better"])
    shown = cell_scores(cells)
    success = scores_of(*_by_run(cells, lambda run, _: float(run.outcome == Outcome.TRAINED)), alike(cells))
    bounds = (0.0, 1.0) if higher else (0.0, math.inf)
    tests = [shown.estimate([1], [row]).interval(bounds=bounds) for row in range(len(cells))]
    found = [_figures(cell, test, success) for cell, test in zip(cells, tests, strict=True)]
    means = [math.nan if figures["test_score"] is None else figures["test_score"] for figures in found]
    cut = tiers(compared_scores(cells), means, higher_is_better=higher)
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


def compared_scores(cells: Sequence[Ran]) -> Scores:
    """Test scores for comparisons; scores worse than chance are replaced by chance."""
    higher = bool(cells and cells[0].task_facts["higher_is_better"])
    table, tunings = _by_run(cells, lambda run, cell: score_or_chance(run.test_score, cell))
    chance = np.array([[_chance(cell)] for cell in cells]).reshape(-1, 1)
    return scores_of(no_worse_than_chance(table, chance, higher_is_better=higher), tunings, alike(cells))


def cell_scores(cells: Sequence[Ran]) -> Scores:
    """Test scores as they are shown; runs without one have the chance score."""
    return scores_of(*_by_run(cells, lambda run, cell: score_or_chance(run.test_score, cell)), alike(cells))


def _by_run(cells: Sequence[Ran], value: Callable[[Replicate, Ran], float]) -> tuple[np.ndarray, list[int]]:
    """A value of every run, shape (cells, indices of replicates), NaN where there is no run; and the tuning of each index."""
    tuning_of = {run.replicate: run.tuning for cell in cells for run in cell.replicates}
    columns = {index: column for column, index in enumerate(sorted(tuning_of))}
    table = np.full((len(cells), len(columns)), np.nan)
    for row, cell in enumerate(cells):
        for run in cell.replicates:
            table[row, columns[run.replicate]] = value(run, cell)
    return table, [tuning_of[index] for index in columns]


NOTHING = 0.01
"""Largest distance from chance, as a share of the way to a perfect score, at which a run has learned nothing."""


def alike(cells: Sequence[Ran]) -> list[int]:
    """Class of each cell by what its runs do: all train (0), some (1), none (2), or none learns anything (3)."""
    found = []
    for cell in cells:
        trained = sum(run.outcome == Outcome.TRAINED for run in cell.replicates)
        perfect, chance = float(bool(cell.task_facts["higher_is_better"])), _chance(cell)
        learned = [
            abs(score_or_chance(run.test_score, cell) - chance) > NOTHING * abs(perfect - chance)
            for run in cell.replicates
        ]
        found.append(0 if trained == len(cell.replicates) else 1 if trained else 2 if any(learned) else 3)
    return found


def _chance(cell: Ran) -> float:
    return float(cell.task_facts["chance_score"])


def basin_of(cell: Ran) -> list[tuple[float, float]] | None:
    """The ranges of learning rates that work for a cell, see `suite.protocol.basins.basin`."""
    higher = bool(cell.task_facts["higher_is_better"])
    scores = [trial.validation_score for trial in cell.trials if trial.validation_score is not None]
    if not scores:
        return None
    chance = float(cell.task_facts["chance_score"])
    shared: dict[float, list[float]] = {}
    for trial in cell.trials:
        if trial.shared_grid:
            shared.setdefault(trial.learning_rate, []).append(
                chance if trial.validation_score is None else trial.validation_score
            )
    return basin(
        list(shared),
        [float(np.mean(found)) for found in shared.values()],
        best=max(scores) if higher else min(scores),
        chance=chance,
        higher_is_better=higher,
    )


def score_or_chance(score: float | None, cell: Ran) -> float:
    """The score of a run, or the chance score if it has none."""
    return float(cell.task_facts["chance_score"]) if score is None else score


def _figures(cell: Ran, test: Interval, success: Scores) -> dict[str, Any]:
    """All statistics except the tier."""
    runs = cell.replicates
    trained = sum(run.outcome == Outcome.TRAINED for run in runs)
    success_low, success_high = _success_interval(trained, len(runs), success)
    ranges = basin_of(cell)
    causes = {cause for run in runs for cause in run.causes}
    figures = {
        "learning_rate": typical_rate(cell.learning_rates),
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


def _success_interval(trained: int, runs: int, success: Scores) -> tuple[float, float]:
    """Wilson's interval of a success rate. Runs of one tuning tend to share their fate, so they count as fewer: by the
    design effect 1 + (m - 1) times the intraclass correlation of m runs (Kish 1965), which is that of the cells that
    train sometimes.
    """
    spread = success.levels[1] if len(success.levels) > 1 else None
    if not runs or spread is None or not spread.between.degrees or not spread.between.variance:
        return wilson(trained, runs)
    correlation = spread.between.variance / (spread.between.variance + spread.within.variance)
    size = max(runs / len(np.unique(success.tunings)), 1.0)
    z = float(special.ndtri(0.975))
    return wilson_of(trained / runs, runs / (1 + (size - 1) * correlation), z)


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(median(known)) if known else None


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
