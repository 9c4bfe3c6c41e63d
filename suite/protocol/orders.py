"""How often two ways to measure put pairs of recipes in different orders."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suite.protocol.decisions import Differences, Share


def turned(first: NDArray[np.float64], second: NDArray[np.float64]) -> Share:
    """Of all pairs of recipes that the first way tells apart, the share whose means the second way has the other way round.

    A pair is told apart where the 95% interval of its paired difference (Student's t) leaves out zero: of the others a
    reader would not say which is better. Pairs share recipes and are not independent, so the share counts as one of as many
    trials as recipes are in such pairs; its interval is, if anything, too wide.

    Args:
        first: (recipes, replicates) of the first way.
        second: The same recipes the second way; its replicates may be others.

    Returns:
        Of no pair, an empty share.
    """
    means = np.nanmean(second, axis=1) if len(second) else np.zeros(0)
    apart, other, seen = 0, 0, set[int]()
    for i in range(len(first)):
        for j in range(i):
            differences = first[i] - first[j]
            mean, low, high = Differences(differences[~np.isnan(differences)]).interval()
            if low > 0 or high < 0:
                apart += 1
                other += bool(mean * (means[i] - means[j]) < 0)
                seen |= {i, j}
    return Share(other / apart * len(seen), len(seen)) if apart else Share(0.0, 0)
