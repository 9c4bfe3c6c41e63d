"""Statistics of the protocol beside its intervals: success rates, medians, and scores that are compared."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from statistics import median

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Interval = tuple[float, float, float]
"""A mean and the two ends of its interval."""

UNBOUNDED = (-np.inf, np.inf)


def difference_bounds(higher_is_better: bool) -> tuple[float, float]:
    """What no difference of two scores can leave: shares of something lie from 0 to 1, errors anywhere from 0."""
    return (-1.0, 1.0) if higher_is_better else UNBOUNDED


def no_worse_than_chance(scores: ArrayLike, chance: ArrayLike, *, higher_is_better: bool) -> NDArray[np.float64]:
    """The scores that comparisons are made on: none is worse than chance.

    How far beyond knowing nothing a run ended says nothing, while its spread would hide that it failed.

    Args:
        scores: Of any shape; NaN, where there is no such replicate, stays NaN.
        chance: Of a shape that broadcasts to theirs.
        higher_is_better: Of the metric.
    """
    return np.asarray((np.maximum if higher_is_better else np.minimum)(scores, chance), dtype=float)


@cache
def wilson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a rate; (0, 1) where nothing was tried.

    Raises:
        ValueError: `successes` is not between 0 and `n`.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"Expected between 0 and {n} successes. Received: {successes}")
    if n == 0:
        return 0.0, 1.0
    low, high = wilson_of(successes / n, n, float(special.ndtri(0.5 + confidence / 2)))
    return max(0.0, low), min(1.0, high)


def wilson_of(share: float, n: float, z: float) -> tuple[float, float]:
    """Wilson's score interval of a share of `n`, any real number of them, `z` standard errors wide."""
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (0.0 if share == 0 else centre - half), (1.0 if share == 1 else centre + half)


def steps_to_target_median(values: Iterable[float | None]) -> float | None:
    """The median, with None (never got there) counted as later than everything; None if the median itself is."""
    known = [math.inf if value is None or math.isnan(value) else float(value) for value in values]
    middle = median(known) if known else math.inf
    return middle if math.isfinite(middle) else None
