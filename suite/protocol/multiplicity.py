"""Simultaneous intervals for effects that are selected by size.

The largest of a hundred null effects often looks significant by its own 95% interval. With Student's t at level
1 - 0.05 / n (Bonferroni) all n intervals hold together with 95% probability. Intervals are shown everywhere else, so
they are preferred here to corrected p-values (Holm) and to shrunken estimates; the price is a little power.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special


@dataclass(frozen=True)
class Sample:
    """The sample behind one difference.

    Attributes:
        values: Differences by pair of cells, or by replicate if there is a single pair.
        pairs: Number of pairs of cells.
        wins: Number of pairs with a positive difference.
        losses: Number of pairs with a negative difference.
        error: Standard error of the mean difference due to replicates alone.
    """

    values: NDArray[np.float64]
    pairs: int
    wins: int
    losses: int
    error: float


def sample_of(differences: NDArray[np.float64]) -> Sample:
    """Builds a sample from differences of shape (pairs, replicates), NaN where one is missing."""
    present = ~np.isnan(differences)
    counts = present.sum(axis=1)
    rows, counts = differences[counts > 0], counts[counts > 0]
    filled = np.where(np.isnan(rows), 0.0, rows)
    means = filled.sum(axis=1) / counts
    squares = np.where(np.isnan(rows), 0.0, (filled - means[:, None]) ** 2).sum(axis=1)
    error = math.sqrt((squares / np.maximum(counts - 1, 1) / counts).sum()) / max(len(rows), 1)
    values = rows[0][~np.isnan(rows[0])] if len(rows) == 1 else means
    return Sample(values, len(rows), int((means > 0).sum()), int((means < 0).sum()), error)


def simultaneous_interval(sample: Sample, n_comparisons: int, bounds: tuple[float, float]) -> tuple[float, float]:
    """Ends of the interval of the mean, so that `n_comparisons` of them hold together with 95% probability.

    A few pairs of cells can agree by chance, so the standard error is at least the one due to replicates. Identical
    differences have no spread: they are significant if a sign test says so, and have no interval otherwise.
    """
    n, error = len(sample.values), 0.05 / n_comparisons
    if n < 2:
        return math.nan, math.nan
    mean = float(sample.values.mean())
    spread = max(float(sample.values.std(ddof=1)) / math.sqrt(n), sample.error)
    if spread <= 1e-12 * abs(mean):
        return (mean, mean) if mean == 0 or 2.0 ** (1 - n) <= error else (math.nan, math.nan)
    half = float(special.stdtrit(n - 1, 1 - error / 2)) * spread
    return max(mean - half, bounds[0]), min(mean + half, bounds[1])
