"""Runs to ranked figures: what each cell is worth by the protocol, for export, terminal, page and check alike."""

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
"""A best rate within this share of the range's decades from either end is flagged as `at_edge`."""


@dataclass(frozen=True)
class CellResult:
    """What the figures of a cell are made of, where there is no record but exported tables; names as in `Record`."""

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
    """One cell among the others.

    Attributes:
        record: Of the cell.
        figures: By name of column, as in `suite.protocol.columns.CELL_COLUMNS`; None is null.
    """

    record: Record
    figures: Mapping[str, Any]


def standings(records: Sequence[Record]) -> list[RankedCell]:
    """The figures of every cell, in the order given; tiers are among these cells only."""
    return [RankedCell(record, figures) for record, figures in zip(records, figures_of(records), strict=True)]


def figures_of(cells: Sequence[Ran]) -> list[dict[str, Any]]:
    """The row of the cells table of every cell, in the order given; tiers are among these cells only."""
    if not cells:
        return []
    found = [_figures(cell, test) for cell, test in zip(cells, _test_scores(cells), strict=True)]
    shown = [math.nan if figures["test_score"] is None else figures["test_score"] for figures in found]
    cut = tiers(compared_scores(cells), shown, higher_is_better=bool(cells[0].task_facts["higher_is_better"]))
    return [{**figures, "tier": int(tier)} for figures, tier in zip(found, cut, strict=True)]


def ranked(found: Iterable[RankedCell]) -> list[RankedCell]:
    """By test score; tiers only cut this order."""

    def key(standing: RankedCell) -> tuple[float, float, tuple[str, ...], str]:
        cell, facts = standing.record.cell, standing.record.task_facts
        labels = tuple(map(label_text, cell.factors.values()))
        return order(standing.figures, labels, cell.fingerprint, higher_is_better=facts["higher_is_better"])

    return sorted(found, key=key)


def order(
    figures: Mapping[str, Any], labels: tuple[str, ...], cell: str, *, higher_is_better: bool
) -> tuple[float, float, tuple[str, ...], str]:
    """What cells are sorted by: the tier, then the test score; without one a cell comes last. What ties by its labels,
    so that every table has the same order."""
    score = figures["test_score"]
    place = math.inf if score is None else -score if higher_is_better else score
    return figures["tier"] or math.inf, place, labels, cell


def compared_scores(cells: Sequence[Ran]) -> np.ndarray:
    """(cells, replicates) test scores as comparisons have them: none is worse than chance, nor is a non-finite run.

    Columns are indices of replicates, the same seed in each; NaN where a cell has no such replicate.
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
    """The ranges of learning rate in which a cell does nearly its best, see `suite.protocol.basins.basin`."""
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
    """Whether a best rate lies so close to an end of the range searched that a better one may lie beyond."""
    margin = EDGE * math.log(high / low)
    return not math.log(low) + margin < math.log(rate) < math.log(high) - margin


def score_or_chance(score: float | None, cell: Ran) -> float:
    """What a run scored; one that has no score knows nothing."""
    return float(cell.task_facts["chance_score"]) if score is None else score


def _test_scores(cells: Sequence[Ran]) -> list[Interval]:
    """The mean of each cell's test scores with its interval.

    Small samples are taken all at once. The resamples of a larger one are a matrix product, which rounds by the number
    of its rows: each is taken by itself, so that no cell's figures hang on how many others there are.
    """
    bounds = (0.0, 1.0) if cells[0].task_facts["higher_is_better"] else (0.0, math.inf)
    samples = [
        np.array([score_or_chance(run.test_score, cell) for run in cell.replicates], dtype=float) for cell in cells
    ]
    small = [row for row, sample in enumerate(samples) if len(sample) < SMALL_SAMPLE]
    found = dict(zip(small, mean_intervals([samples[row] for row in small], bounds=bounds), strict=True))
    return [found[row] if row in found else bootstrap_mean(s, bounds=bounds) for row, s in enumerate(samples)]


def _figures(cell: Ran, test: Interval) -> dict[str, Any]:
    """All of them but the tier, which hangs on the other cells."""
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
