"""Every statistic of a run, one entry each: how it is made, what it is called, what it means and where it is shown.

Records, exported columns, medians of cells, the leaderboard's columns, recipe pages and glossary all derive from
`STATISTICS`. A new statistic is an entry here and, if none fits, a function that makes it.
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
    """What the statistics of one run are computed from.

    Attributes:
        traces: Arrays over time, as in `suite.protocol.records.Replicate.traces`; `gradient_rms` may have one row more,
            of the step that went non-finite.
        kernels: Weight matrices of the hidden layers after training, or convolution kernels.
        clip_rate: Share of steps whose gradient was clipped; None without clipping.
        curvatures: Smallest and largest curvature of the training loss at the end; None where it was not measured.
    """

    traces: Mapping[str, np.ndarray]
    kernels: Sequence[np.ndarray] = ()
    clip_rate: float | None = None
    curvatures: tuple[float, float] | None = None


@dataclass(frozen=True)
class Statistic:
    """One number of a run; None where it is not known.

    Attributes:
        key: Column of the exported tables.
        label: Heading on pages; `{place}` stands for what the gradient flows along, a layer or a time step.
        compute: Makes it.
        meaning: In one or two sentences, for the glossary; empty where `beside` is set.
        name: What the glossary calls it; the label without it.
        beside: Key of the statistic that it is shown and explained beside.
        of_cell: Whether a cell has the median over its runs as a column.
        shown: Whether the leaderboard shows the column before a reader chooses.
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
    """Every statistic of a run by its key."""
    return {statistic.key: statistic.compute(run) for statistic in STATISTICS}


def _ratio_init(run: RunData) -> float | None:
    gradients = followed(run.traces)
    return gradient_ratio(gradients[0]) if len(gradients) else None


def _factor_init(run: RunData) -> float | None:
    gradients = followed(run.traces)
    return gradient_factor(gradients[0]) if len(gradients) else None


def _update_ratio(layer: int, run: RunData) -> float | None:
    """Median over the probed steps."""
    updates = run.traces["update_ratio"]
    return _known(np.median(updates[:, layer])) if updates.size else None


def _zero_fraction(look: int, run: RunData) -> float | None:
    """Mean over the layers."""
    zeros = run.traces["zero_fraction"]
    return _known(zeros[look].mean()) if zeros.size else None


def _median_of(trace: str, run: RunData) -> float | None:
    """Median over the probed steps at which the trace is finite; None where it was not measured."""
    values = np.asarray(run.traces.get(trace, ()), np.float64)
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else None


def _largest_singular_value(run: RunData) -> float | None:
    """Of all kernels, each a matrix of its last axis against the others."""
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
        meaning="log10 of the first layer’s gradient over the last layer’s: 0 is healthy, −3 means that the gradient "
        "shrinks a thousandfold on its way to the input.",
    ),
    Statistic(
        "gradient_ratio_median", "R, median", lambda run: median_ratio(followed(run.traces)), beside="gradient_ratio_init",
    ),
    Statistic(
        "gradient_factor_init", "Factor per {place}", _factor_init, name="factor per layer", shown=True,
        meaning="What going back one layer (or time step) multiplies the gradient by, at the first step: 1 is healthy, "
        "below 1 it vanishes on its way to the input, above 1 it explodes.",
    ),
    Statistic(
        "saturated_fraction", "Saturated", lambda run: worst_saturated(run.traces), of_cell=False,
        meaning="Share of units and examples where the activation is nearly flat, median over the run, of the layer where "
        "it is largest.",
    ),
    Statistic(
        "dead_fraction", "Dead", lambda run: worst_dead(run.traces), of_cell=False,
        meaning="Share of units that pass on no gradient for any example at the end, of the layer where it is largest.",
    ),
    Statistic(
        "clip_rate", "Clipped", lambda run: run.clip_rate, of_cell=False,
        meaning="Share of steps whose gradient was clipped.",
    ),
    Statistic(
        "update_ratio_first", "Update, first layer", functools.partial(_update_ratio, 0), name="update ratio",
        meaning="How far a layer’s weights move: the norm of their change in one step over their own norm, median over "
        "the run. About 1e-3 is usual; far less in the first layer than in the last means that the gradient does not arrive.",
    ),
    Statistic(
        "update_ratio_last", "Update, last layer", functools.partial(_update_ratio, -1), beside="update_ratio_first",
    ),
    Statistic(
        "zero_fraction_init", "Zeros, first step", functools.partial(_zero_fraction, 0), name="exact zeros",
        meaning="Share of activation outputs that are exactly 0, mean over the layers: what ReLU switches off.",
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
        meaning="Largest minus smallest loss of the batch along its own gradient, up to four steps of plain gradient "
        "descent, median over the run.",
    ),
    Statistic(
        "effective_beta_median", "Effective beta", functools.partial(_median_of, "effective_beta"), name="effective beta",
        meaning="How far the gradient changes for each unit of distance along itself, up to four steps of plain gradient "
        "descent, median over the run. Small where the landscape is smooth.",
    ),
    Statistic(
        "curvature_low", "Curvature, smallest", functools.partial(_curvature, 0), name="curvature",
        meaning="Smallest and largest second derivative of the training loss in any direction found where the run ended, "
        "median over replicates. A smallest one well below zero is a way down that no gradient shows: a saddle.",
    ),
    Statistic(
        "curvature_high", "Curvature, largest", functools.partial(_curvature, 1), beside="curvature_low",
    ),
)  # fmt: skip
"""Every statistic, in the order of the exported columns."""

OF_CELLS = tuple(statistic.key for statistic in STATISTICS if statistic.of_cell)
"""Columns of the cells table: the median over a cell's runs."""

KEYS = tuple(statistic.key for statistic in STATISTICS)
"""Columns of the replicates table."""
