"""Records to ranked standings: the figures of each cell, by the protocol, for the export and the terminal alike."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from suite.protocol.records import CELL_COLUMNS, Cause, Outcome, Record, Replicate
from suite.protocol.statistics import (
    basin_decades,
    bootstrap_mean,
    no_worse_than_chance,
    steps_to_target_median,
    tiers,
    wilson,
)


@dataclass(frozen=True)
class Standing:
    """One cell among the others.

    Attributes:
        record: Of the cell.
        figures: By name of column, as in `suite.protocol.records.CELL_COLUMNS`; None is null.
    """

    record: Record
    figures: Mapping[str, Any]


def standings(records: Sequence[Record]) -> list[Standing]:
    """The figures of every cell, in the order given; tiers are among these cells only."""
    if not records:
        return []
    higher = bool(records[0].task_facts["higher_is_better"])
    shown = np.nanmean(score_table(records), axis=1)
    tier = tiers(compared_scores(records), shown, higher_is_better=higher)
    return [Standing(record, _figures(record, int(own))) for record, own in zip(records, tier, strict=True)]


def ranked(found: Iterable[Standing]) -> list[Standing]:
    """By test score; tiers only cut this order."""

    def key(standing: Standing) -> tuple[float, float]:
        score = standing.figures["test_score"]
        sign = -1 if standing.record.task_facts["higher_is_better"] else 1
        return standing.figures["tier"], sign * score

    return sorted(found, key=key)


def score_table(records: Sequence[Record]) -> np.ndarray:
    """(cells, replicates) test scores, chance where a run went non-finite; NaN where there is no such replicate."""
    indices = sorted({replicate.replicate for record in records for replicate in record.replicates})
    column = {index: place for place, index in enumerate(indices)}
    table = np.full((len(records), len(indices)), np.nan)
    for row, record in enumerate(records):
        for replicate in record.replicates:
            table[row, column[replicate.replicate]] = _or_chance(replicate.test_score, record)
    return table


def causes_of(replicates: Iterable[Replicate]) -> str:
    """What the probes of a cell's failed runs show, in the protocol's order: "vanishing+saturated"."""
    found = {cause for replicate in replicates for cause in replicate.causes}
    return "+".join(str(cause) for cause in Cause if cause in found)


def compared_scores(records: Sequence[Record]) -> np.ndarray:
    """`score_table`, of the same shape, as comparisons have it: none is worse than chance."""
    chance = np.array([[float(record.task_facts["chance_score"])] for record in records])
    higher = bool(records[0].task_facts["higher_is_better"])
    return no_worse_than_chance(score_table(records), chance, higher_is_better=higher)


def _or_chance(score: float | None, record: Record) -> float:
    return float(record.task_facts["chance_score"]) if score is None else score


def _figures(record: Record, tier: int) -> dict[str, Any]:
    runs = record.replicates
    bounds = (0.0, 1.0) if record.task_facts["higher_is_better"] else (0.0, math.inf)
    trained = sum(run.outcome == Outcome.TRAINED for run in runs)
    success_low, success_high = wilson(trained, len(runs))
    test = bootstrap_mean([_or_chance(run.test_score, record) for run in runs], bounds=bounds)
    figures = {
        "learning_rate": record.learning_rate,
        "at_edge": record.at_edge,
        "basin_decades": _basin(record),
        "replicates": len(runs),
        "trained": trained,
        "success_rate": trained / len(runs) if runs else None,
        "success_low": success_low,
        "success_high": success_high,
        "test_score": _known(test[0]),
        "test_low": _known(test[1]),
        "test_high": _known(test[2]),
        "train_score": float(np.mean([_or_chance(run.train_score, record) for run in runs])),
        "steps_to_target": steps_to_target_median([run.steps_to_target for run in runs]),
        "gradient_ratio_init": _median(run.gradient_ratio_init for run in runs),
        "gradient_ratio_median": _median(run.gradient_ratio_median for run in runs),
        "gradient_factor_init": _median(run.gradient_factor_init for run in runs),
        "causes": causes_of(runs),
        "tier": tier,
        "seconds": record.seconds,
    }
    return {column: figures[column] for column in CELL_COLUMNS}


def _basin(record: Record) -> float | None:
    higher = bool(record.task_facts["higher_is_better"])
    scores = [trial.validation_score for trial in record.trials if trial.validation_score is not None]
    shared = [trial for trial in record.trials if trial.shared_grid]
    if not scores:
        return None
    return basin_decades(
        [trial.learning_rate for trial in shared],
        [trial.validation_score for trial in shared],
        best=max(scores) if higher else min(scores),
        chance=float(record.task_facts["chance_score"]),
        higher_is_better=higher,
    )


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
