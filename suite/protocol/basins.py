"""The basin: the range of learning rates that work."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

BASIN_SHARE = 0.95
"""Share of the way from chance to the cell's best score from which a learning rate works."""

BASIN_LEAST = 0.05
"""Share of the way from chance to a perfect score that a cell's best must exceed to have a basin."""

BASIN_REACH = 0.25
"""Largest distance that a rate covers on each side, in powers of ten."""


def basin(
    learning_rates: ArrayLike,
    scores: Sequence[float | None] | ArrayLike,
    *,
    best: float,
    chance: float,
    higher_is_better: bool = True,
) -> list[tuple[float, float]] | None:
    """The ranges of learning rates that score at least 95% of the way from chance to the cell's best.

    A good rate covers half the distance in log10 to its neighbours on the shared grid, at most `BASIN_REACH`, and nothing
    beyond the ends of the grid.

    Args:
        learning_rates: Rates of the shared grid's trials, in any order.
        scores: Validation scores of these trials; None or NaN for non-finite runs.
        best: Best validation score of the cell over all trials.
        chance: Score of the constant predictor.
        higher_is_better: Whether higher scores are better.

    Returns:
        Lower and upper end of each range, ascending. None without trials, or if the best is less than 5% of the way from
        chance to a perfect score (1, or an error of 0): otherwise failing at all rates would give the widest basin.
    """
    rates = np.asarray(learning_rates, dtype=float)
    values = np.asarray([np.nan if score is None else score for score in np.asarray(scores, dtype=object)], dtype=float)
    sign = 1.0 if higher_is_better else -1.0
    reach = sign * (best - chance)
    if rates.size == 0 or not reach > BASIN_LEAST * abs((1.0 if higher_is_better else 0.0) - chance):
        return None
    order = np.argsort(rates, kind="stable")
    rates = rates[order]
    good = sign * (values[order] - chance) >= BASIN_SHARE * reach - 1e-12 * abs(reach)
    half = np.minimum(np.sqrt(rates[1:] / rates[:-1]), 10**BASIN_REACH)  # a rate apart by twice the reach still meets
    lows, highs = np.append(rates[:1], rates[1:] / half), np.append(rates[:-1] * half, rates[-1:])
    ranges: list[tuple[float, float]] = []
    for index in np.flatnonzero(good).tolist():
        low, high = float(lows[index]), float(highs[index])
        if ranges and math.isclose(ranges[-1][1], low, rel_tol=1e-9):
            low = ranges.pop()[0]
        ranges.append((low, high))
    return ranges
