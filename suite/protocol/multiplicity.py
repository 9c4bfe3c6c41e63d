"""What is picked from many by its size: intervals that hold for all of them together.

The biggest of a hundred differences that are all nothing is often "told from zero" by an interval that holds by
itself, and always looks bigger than it is. With Student's t at 1 - 0.05 / n (Bonferroni) all n intervals hold together
95 times in 100, so whichever is picked, it is honest. An interval is what is shown everywhere else too, which is why
this is preferred here to corrected probabilities (Holm) and to shrunken estimates; the price is a little power.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special


@dataclass(frozen=True)
class Sample:
    """What is resampled for one difference.

    Attributes:
        values: A difference per pair of cells; of a single pair, one per replicate.
        pairs: Pairs of cells.
        wins: Of them those above zero.
        losses: Those below.
        error: Standard error of the mean difference that the scatter of replicates alone would give.
    """

    values: NDArray[np.float64]
    pairs: int
    wins: int
    losses: int
    error: float


def sample_of(differences: NDArray[np.float64]) -> Sample:
    """Of (pairs, replicates) differences, NaN where one is missing."""
    present = ~np.isnan(differences)
    counts = present.sum(axis=1)
    rows, counts = differences[counts > 0], counts[counts > 0]
    filled = np.where(np.isnan(rows), 0.0, rows)
    means = filled.sum(axis=1) / counts
    squares = np.where(np.isnan(rows), 0.0, (filled - means[:, None]) ** 2).sum(axis=1)
    error = math.sqrt((squares / np.maximum(counts - 1, 1) / counts).sum()) / max(len(rows), 1)
    values = rows[0][~np.isnan(rows[0])] if len(rows) == 1 else means
    return Sample(values, len(rows), int((means > 0).sum()), int((means < 0).sum()), error)


def interval_of_all(sample: Sample, of: int, bounds: tuple[float, float]) -> tuple[float, float]:
    """The ends of the mean's interval when it is one of so many that are to hold together 95 times in 100.

    A few pairs of cells may agree by luck, the more so as scores are shares of some hundred examples, and erratic cells
    have one score or another: the mean is never known better than the scatter of its replicates allows. Differences
    that are all alike say nothing of their spread: they are told from zero where their signs alone do it, and have no
    interval where not.
    """
    n, error = len(sample.values), 0.05 / of
    if n < 2:
        return math.nan, math.nan
    mean = float(sample.values.mean())
    spread = max(float(sample.values.std(ddof=1)) / math.sqrt(n), sample.error)
    if spread <= 1e-12 * abs(mean):
        return (mean, mean) if mean == 0 or 2.0 ** (1 - n) <= error else (math.nan, math.nan)
    half = float(special.stdtrit(n - 1, 1 - error / 2)) * spread
    return max(mean - half, bounds[0]), min(mean + half, bounds[1])
