"""Statistics of the protocol beside its intervals: success rates, medians, and scores that are compared."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
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


def _expanded_tail(n: float, degrees: float, confidence: float) -> float:
    """The percentile of resampled means of `n` values that stands where Student's t has its own."""
    return float(special.ndtr(-np.sqrt(n / (n - 1)) * special.stdtrit(degrees, 0.5 + confidence / 2)))


def steps_to_target_median(values: Iterable[float | None]) -> float | None:
    """The median, with None (never got there) counted as later than everything; None if the median itself is."""
    known = [math.inf if value is None or math.isnan(value) else float(value) for value in values]
    middle = median(known) if known else math.inf
    return middle if math.isfinite(middle) else None


def interquartile_mean(
    tasks: Sequence[ArrayLike], *, seed: int = 0, resamples: int = 2000, confidence: float = 0.95
) -> Interval:
    """The mean of the middle half of all tasks' normalized scores, with a bootstrap interval stratified by task.

    Every task counts alike, however many scores it has. Scores are resampled within their task only, since the tasks
    are fixed; the levels are expanded as above for the mean number of scores of a task (Agarwal et al. 2021, "Deep RL
    at the edge of the statistical precipice").

    Args:
        tasks: One array of normalized scores, any number of them, per task. NaN is left out.
    """
    strata = [np.asarray(task, dtype=float).ravel() for task in tasks]
    strata = [stratum[~np.isnan(stratum)] for stratum in strata]
    strata = [stratum for stratum in strata if stratum.size]
    total = sum(stratum.size for stratum in strata)
    if total == 0:
        return np.nan, np.nan, np.nan
    shares = np.concatenate([np.full(stratum.size, 1 / stratum.size / len(strata)) for stratum in strata])
    middle = float(_middle_half(np.concatenate(strata)[None], shares)[0])
    if total <= len(strata):
        return middle, np.nan, np.nan
    rng = np.random.default_rng(seed)
    drawn = [stratum[rng.integers(0, stratum.size, size=(resamples, stratum.size))] for stratum in strata]
    means = _middle_half(np.concatenate(drawn, axis=1), shares)
    tail = _expanded_tail(total / len(strata), total - len(strata), confidence)
    low, high = np.quantile(means, [tail, 1 - tail])
    return middle, float(low), float(high)


def _middle_half(values: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each row of (rows, scores): the mean of what lies between its quartiles; each score has a share of the row."""
    order = np.argsort(values, axis=1, kind="stable")
    ends = np.cumsum(shares[order], axis=1)
    inside = np.diff(np.clip(ends, 0.25, 0.75), axis=1, prepend=0.25)
    return np.asarray((inside * np.take_along_axis(values, order, axis=1)).sum(axis=1) / 0.5)
