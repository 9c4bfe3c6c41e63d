"""The one scale of every picture of gradients, and the one median over replicates: what any two of them share."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

GRADIENT_DECADES = (-12, 2)
"""log10 of dLoss/dz at the ends of the scale."""

VIRIDIS = (
    "#440154", "#481c6e", "#453581", "#3d4d8a", "#34618d", "#2b748e", "#24878e",
    "#1f998a", "#25ac82", "#40bd72", "#67cc5c", "#97d83f", "#c8e020", "#fde725",
)  # fmt: skip
"""One colour a decade from 1e-12 to 1e2 (viridis, by van der Walt and Smith): even to any eye, colour-blind or not."""

ZERO, NONFINITE = "#b9bec6", "#ff5a36"
"""What has no logarithm: exactly 0, which is below the range of its float, and infinite or not a number."""

PALETTE = ("#000000", ZERO, *VIRIDIS, NONFINITE)
"""By the index that `codes` gives; the first is transparent."""

_NONE, _ZERO, _FIRST, _NONFINITE = 0, 1, 2, len(PALETTE) - 1


def codes(gradients: ArrayLike) -> NDArray[np.uint8]:
    """The palette's index of each gradient; NaN, where nothing was probed, is transparent."""
    values = np.asarray(gradients, dtype=float)
    low, high = GRADIENT_DECADES
    with np.errstate(divide="ignore", invalid="ignore"):
        decade = np.floor(np.log10(np.abs(values)) - low + 1e-9)
    result = _FIRST + np.nan_to_num(decade, nan=0, neginf=0, posinf=0).clip(0, high - low - 1)
    for index, there in ((_ZERO, values == 0), (_NONFINITE, np.isinf(values)), (_NONE, np.isnan(values))):
        result[there] = index
    return np.asarray(result, dtype=np.uint8)


def median_over_replicates(block: ArrayLike) -> NDArray[np.float64]:
    """(replicates, ...) to (...): the median of those that were probed, NaN where none was.

    Of an even number the lower one, which a run has really had: between 0 and something there is no middle.
    """
    ordered = np.sort(np.asarray(block, dtype=float), axis=0)  # NaN comes last
    if not len(ordered):
        return np.zeros(ordered.shape[1:])
    middle = np.maximum((~np.isnan(ordered)).sum(axis=0) - 1, 0) // 2
    return np.asarray(np.take_along_axis(ordered, middle[None], axis=0)[0])


def thinned(length: int, most: int) -> NDArray[np.int64]:
    """Indices of at most `most` of `length` places, evenly spread, the first and last among them."""
    return np.unique(np.linspace(0, length - 1, min(length, most)).round().astype(np.int64)) if length else np.arange(0)
