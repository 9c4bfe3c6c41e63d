"""What a gradient is followed along, depth or time, and what it becomes on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class GradientAxis:
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


DEPTH = GradientAxis("layer", "dz", "input", "output", "layer, input to output")
TIME = GradientAxis("time step", "dh", "first time step", "last time step", "time step, first to last")


def along_of(layers: int, *, recurrent: bool) -> GradientAxis:
    """Depth, but time in networks of one recurrent layer, which have no depth to follow a gradient along."""
    return TIME if recurrent and layers == 1 else DEPTH


def followed(traces: Mapping[str, np.ndarray]) -> np.ndarray:
    """The gradients of one run by probed step, along its way."""
    gradients, through_time = traces["gradient_rms"], traces.get("gradient_rms_through_time")
    if through_time is not None and along_of(gradients.shape[1], recurrent=True) is TIME:
        return np.asarray(through_time[:, 0])
    return gradients
