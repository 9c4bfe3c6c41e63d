"""The learning-rate basin: the range of rates at which a cell does nearly as well as at its best."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

BASIN_SHARE = 0.95
"""How far from chance to the cell's best a trial must score to lie in the learning-rate basin."""

BASIN_LEAST = 0.05
"""How far from chance to perfect a cell's best must be for it to have a basin: below, all rates do equally nothing."""

BASIN_REACH = 0.25
"""Decades of learning rate to each side that a rate speaks for at most: nobody knows what lies further off."""


def basin(
    learning_rates: ArrayLike,
    scores: Sequence[float | None] | ArrayLike,
    *,
    best: float,
    chance: float,
    higher_is_better: bool = True,
) -> list[tuple[float, float]] | None:
    """The ranges of learning rate in which a cell scores at least 95% of the way from chance to its best.

    A good rate stands for half the way, in log10, to each neighbour on the shared grid, but for `BASIN_REACH` at most,
    and for nothing beyond the grid's ends: what was not tried does not count.

    Args:
        learning_rates: Of the shared grid's trials, in any order.
        scores: Their validation scores; None or NaN where the run went non-finite, which is no good score.
        best: The cell's best validation score over all its trials.
        chance: The score of the constant predictor.
        higher_is_better: Of the score.

    Returns:
        (low, high) of each range, ascending. None where no rate was tried, or the best is less than a twentieth of
        the way from chance to a perfect score (1, or an error of 0): a recipe that fails alike at every rate would
        else have the widest basin of all.
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
