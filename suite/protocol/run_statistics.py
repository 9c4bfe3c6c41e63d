"""Statistics of a run: computation, names, explanation and display of each.

Records, exported columns, medians of cells, leaderboard columns, recipe pages and glossary all derive from `STATISTICS`.
Adding a statistic takes one entry and its function.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from suite.protocol.gradient_axis import followed
from suite.protocol.outcomes import gradient_factor, gradient_ratio, median_ratio, worst_dead, worst_saturated


@dataclass(frozen=True)
class RunData:
    """Data of one run for its statistics.

    Attributes:
        traces: Arrays over time, as in `suite.protocol.records.Replicate.traces`; `gradient_rms` can have an additional
            row for the non-finite step.
        kernels: Weight matrices or convolution kernels of the hidden layers after training.
        clip_rate: Share of steps with a clipped gradient; None without clipping.
        curvatures: Smallest and largest curvature of the training loss after training; None if not measured.
    """

    traces: Mapping[str, np.ndarray]
    kernels: Sequence[np.ndarray] = ()
    clip_rate: float | None = None
    curvatures: tuple[float, float] | None = None


@dataclass(frozen=True)
class Statistic:
    """One statistic of a run.

    Attributes:
        key: Column of the exported tables.
        label: Heading on pages; `{place}` is replaced by "layer" or "time step".
        compute: Function that computes it; returns None if it is unknown.
        meaning: Explanation in one or two sentences for the glossary; empty if `beside` is set.
        name: Name in the glossary; default: the label.
        beside: Key of the statistic that it is shown with.
        of_cell: Whether the cells table has its median over runs.
        shown: Whether the leaderboard shows the column by default.
    """

    key: str
    label: str
    compute: Callable[[RunData], float | None] = field(compare=False)
    meaning: str = ""
    name: str = ""
    beside: str = ""
    of_cell: bool = True
    shown: bool = False


def statistics_of(run: RunData) -> dict[str, float | None]:
    """All statistics of a run, by key."""
    return {statistic.key: statistic.compute(run) for statistic in STATISTICS}


def _ratio_init(run: RunData) -> float | None:
    gradients = followed(run.traces)
    return gradient_ratio(gradients[0]) if len(gradients) else None


def _factor_init(run: RunData) -> float | None:
    gradients = followed(run.traces)
    return gradient_factor(gradients[0]) if len(gradients) else None


def _update_ratio(layer: int, run: RunData) -> float | None:
    updates = run.traces["update_ratio"]
    return _known(np.median(updates[:, layer])) if updates.size else None


def _zero_fraction(look: int, run: RunData) -> float | None:
    zeros = run.traces["zero_fraction"]
    return _known(zeros[look].mean()) if zeros.size else None


def _median_of(trace: str, run: RunData) -> float | None:
    """Median of the finite values of a trace; None if it was not measured."""
    values = np.asarray(run.traces.get(trace, ()), np.float64)
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else None


def _largest_singular_value(run: RunData) -> float | None:
    if not run.kernels or not all(np.isfinite(kernel).all() for kernel in run.kernels):
        return None
    return max(float(np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), 2)) for kernel in run.kernels)


def _curvature(end: int, run: RunData) -> float | None:
    return run.curvatures[end] if run.curvatures else None


def _known(value: np.floating) -> float | None:
    return float(value) if np.isfinite(value) else None


STATISTICS = (
    Statistic(
        "gradient_ratio_init", "R, first step", _ratio_init, name="R",
        meaning="log10 of the ratio of the first layer’s gradient to the last layer’s: 0 is healthy, −3 means that the "
        "gradient shrinks 1,000-fold on its way to the input.",
    ),
    Statistic(
        "gradient_ratio_median", "R, median", lambda run: median_ratio(followed(run.traces)), beside="gradient_ratio_init",
    ),
    Statistic(
        "gradient_factor_init", "Factor per {place}", _factor_init, name="factor per layer", shown=True,
        meaning="Factor by which the backpropagated gradient changes per layer (or time step), at the first step: 1 is "
        "healthy, below 1 the gradient vanishes, above 1 it explodes.",
    ),
    Statistic(
        "saturated_fraction", "Saturated", lambda run: worst_saturated(run.traces), of_cell=False,
        meaning="Largest share in any layer of units and examples with a nearly flat activation, median over the run.",
    ),
    Statistic(
        "dead_fraction", "Dead", lambda run: worst_dead(run.traces), of_cell=False,
        meaning="Largest share in any layer of units that pass no gradient for any example after training.",
    ),
    Statistic(
        "clip_rate", "Clipped", lambda run: run.clip_rate, of_cell=False,
        meaning="Share of steps with a clipped gradient.",
    ),
    Statistic(
        "update_ratio_first", "Update, first layer", functools.partial(_update_ratio, 0), name="update ratio",
        meaning="Norm of the change of a layer’s weights in one step divided by their norm, median over the run. About 1e-3 "
        "is usual; a much smaller value in the first layer than in the last indicates a vanishing gradient.",
    ),
    Statistic(
        "update_ratio_last", "Update, last layer", functools.partial(_update_ratio, -1), beside="update_ratio_first",
    ),
    Statistic(
        "zero_fraction_init", "Zeros, first step", functools.partial(_zero_fraction, 0), name="exact zeros",
        meaning="Share of activation outputs that are exactly 0, mean over the layers.",
    ),
    Statistic(
        "zero_fraction_end", "Zeros, last step", functools.partial(_zero_fraction, -1), beside="zero_fraction_init",
    ),
    Statistic(
        "largest_singular_value", "Largest singular value", _largest_singular_value, name="largest singular value",
        meaning="Largest singular value of any hidden layer’s weights after training.",
    ),
    Statistic(
        "loss_range_median", "Loss range", functools.partial(_median_of, "loss_range"), name="loss range",
        meaning="Largest minus smallest batch loss along the gradient, up to four steps of plain gradient descent, median "
        "over the run.",
    ),
    Statistic(
        "effective_beta_median", "Effective beta", functools.partial(_median_of, "effective_beta"), name="effective beta",
        meaning="Largest change of the gradient per unit of distance along the gradient, up to four steps of plain gradient "
        "descent, median over the run. Small values indicate a smooth loss.",
    ),
    Statistic(
        "curvature_low", "Curvature, smallest", functools.partial(_curvature, 0), name="curvature",
        meaning="Smallest and largest second derivative of the training loss in any direction after training, median over "
        "runs. A clearly negative smallest curvature indicates a saddle point.",
    ),
    Statistic(
        "curvature_high", "Curvature, largest", functools.partial(_curvature, 1), beside="curvature_low",
    ),
)  # fmt: skip
"""All statistics, in the order of the exported columns."""

OF_CELLS = tuple(statistic.key for statistic in STATISTICS if statistic.of_cell)
"""Columns of the cells table: the median over a cell's runs."""

KEYS = tuple(statistic.key for statistic in STATISTICS)
"""Columns of the replicates table."""
