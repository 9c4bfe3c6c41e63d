"""Tiers of a ranking: cells of one tier do not differ significantly from its first.

Where a tier ends is asked of many cells at once, and the first of a tier was chosen because it is ahead. So the critical
value is that of the largest difference between the best of k equal cells and another: among equal cells a second tier
begins in 5% of boards, however many they are.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from suite.protocol.intervals import Scores

_BOARDS = 4_000
_DEGREES = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 30, 60, 1000)
_COUNTS = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40, 60, 80, 120, 180, 250, 500, 1000)


def tiers(scores: Scores, means: ArrayLike | None = None, *, higher_is_better: bool = True) -> NDArray[np.int64]:
    """The 1-based tier of each cell: cuts in the order of the means, which they never cross.

    Going down that order, a cell opens the next tier when it differs significantly from the first cell of its tier. So no
    cell is in an earlier tier than one with a better mean, however wide its own spread.

    Args:
        scores: Scores of the cells.
        means: Values that cells are ordered by, shape (cells,); default: the mean of each row.
        higher_is_better: Whether the best cell is the one with the highest mean.

    Returns:
        Tiers, shape (cells,); 0 for a cell without scores. With fewer than two common replicates nothing differs
        significantly.
    """
    table = scores.values
    result = np.zeros(len(table), dtype=np.int64)
    scored = np.asarray(~np.isnan(table).all(axis=1))
    if not scored.any():
        return result
    sign = 1.0 if higher_is_better else -1.0
    filled = np.where(scored[:, None], table, 0.0)
    by = sign * np.asarray(np.nanmean(filled, axis=1) if means is None else means, dtype=float)
    spread = np.nanmax(filled, axis=1) - np.nanmin(filled, axis=1)
    # The best first; of equal means the steadier, then the one with more replicates; never by the order they came in.
    order = np.lexsort((*np.nan_to_num(filled, nan=-1.0).T, np.isnan(filled).sum(axis=1), spread, -by))
    remaining = [int(row) for row in order if scored[row]]
    first, tier = 0, 1
    for place, row in enumerate(remaining):
        ahead = scores.estimate([sign, -sign], [remaining[first], row])
        needed = ahead.error * critical(len(remaining) - first, ahead.degrees)
        if place > first and ahead.mean > needed + 1e-12:
            first, tier = place, tier + 1
        result[row] = tier
    return result


def critical(cells: int, degrees: float) -> float:
    """The 95% quantile of the largest t statistic between the best of equal cells and another, by simulation.

    Args:
        cells: Number of cells; rounded up to a tabulated number.
        degrees: Degrees of freedom of each difference; rounded down.
    """
    count = next((count for count in _COUNTS if count >= cells), _COUNTS[-1])
    return _simulated(count, max((known for known in _DEGREES if known <= degrees), default=_DEGREES[0]))


@cache
def _simulated(cells: int, degrees: int) -> float:
    rng = np.random.default_rng([cells, degrees])
    means = rng.standard_normal((_BOARDS, cells))
    errors = np.sqrt(2 * rng.chisquare(degrees, (_BOARDS, cells)) / degrees)
    return float(np.quantile(((means.max(axis=1, keepdims=True) - means) / errors).max(axis=1), 0.95))
