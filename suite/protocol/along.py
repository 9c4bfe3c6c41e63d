"""What a gradient is followed along, depth or time, and what it becomes on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suite.protocol.outcomes import gradient_factor, gradient_ratio, median_ratio


@dataclass(frozen=True)
class Along:
    """What a gradient is followed along: it arises at the last place and flows back to the first.

    Attributes:
        place: One place of the way.
        symbol: What the loss is differentiated by.
        first: Where the way of the signal begins.
        last: Where it ends.
        way: The whole of it, beside an axis.
    """

    place: str
    symbol: str
    first: str
    last: str
    way: str


DEPTH = Along("layer", "dz", "input", "output", "layer, input to output")
TIME = Along("time step", "dh", "first time step", "last time step", "time step, first to last")


def gradient_figures(block: NDArray[np.float64]) -> dict[str, float | None]:
    """R and the factor of a cell, as its row of the cells table has them along depth: medians over replicates.

    Args:
        block: Shape (replicates, steps, places).
    """
    first = [run[0] for run in block if len(run)]
    found = {
        "gradient_ratio_init": [gradient_ratio(g) for g in first],
        "gradient_ratio_median": [median_ratio(run) for run in block],
        "gradient_factor_init": [gradient_factor(g) for g in first],
    }
    known = {name: [value for value in values if value is not None] for name, values in found.items()}
    return {name: float(np.median(values)) if values else None for name, values in known.items()}
