"""What is measured of a run: one table, from which traces, exported columns, the monitor's tables and series derive.

A new measurement of layers is a probe in a module of its own in `suite.probes`, and a row here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from suite.protocol.measurement import Axis, Measurement
from suite.protocol.plugins import plugged_in

if TYPE_CHECKING:
    import numpy as np

_LAYERS: tuple[Axis, ...] = ("look", "layer")

_OURS = (
    Measurement("loss", "training loss of a step's batch", ("step",), "curves", "train_loss", series="loss/training"),
    Measurement("gradient_norm", "norm of all weights' gradients together, before clipping", ("step",), "curves",
                series="gradient_log10/all_weights", log10=True),
    Measurement("validation_loss", "after the probed step's update", ("look",), "curves", series="loss/validation"),
    Measurement("validation_score", "the task's metric, after the probed step's update", ("look",), "curves",
                series="{metric}/validation"),
    Measurement("loss_range", "largest minus smallest loss of the batch on the way along its gradient",
                ("look",), "curves", probe="suite.probes.landscape:AlongGradientProbe", landscape=True, optional=True),
    Measurement("effective_beta", "largest change of the gradient over the distance gone on that way",
                ("look",), "curves", probe="suite.probes.landscape:AlongGradientProbe",
                series="landscape_log10/effective_beta", log10=True, landscape=True, optional=True),
    Measurement("gradient_rms", "RMS of dLoss/dz over batch and units; exactly 0 is below the float's range",
                _LAYERS, "gradients", probe="suite.probes.gradients:GradientProbe", head="dLoss/dz"),
    Measurement("weight_gradient_norm", "Frobenius norm of dLoss/dW",
                _LAYERS, "gradients", probe="suite.probes.gradients:GradientProbe", head="dLoss/dW"),
    Measurement("activation_mean", "of the activation's output",
                _LAYERS, "gradients", probe="suite.probes.outputs:OutputProbe", head="mean"),
    Measurement("activation_std", "of the activation's output",
                _LAYERS, "gradients", probe="suite.probes.outputs:OutputProbe", head="std"),
    Measurement("zero_fraction", "share of exact zeros of the activation's output",
                _LAYERS, "gradients", probe="suite.probes.outputs:OutputProbe", share=True, optional=True),
    Measurement("saturated_fraction", "of units and examples; NaN where the activation is not bounded on both sides",
                _LAYERS, "gradients", probe="suite.probes.units:UnitProbe", head="saturated", share=True,
                series="units/saturated_fraction"),
    Measurement("dead_fraction", "of units",
                _LAYERS, "gradients", probe="suite.probes.units:UnitProbe", head="dead", share=True,
                series="units/dead_fraction"),
    Measurement("update_ratio", "norm of W's change over that of W", _LAYERS, "gradients",
                probe="suite.probes.updates:UpdateProbe", series="update_ratio_log10/largest", log10=True),
    Measurement("gradient_rms_through_time", "RMS of dLoss/dh_t over batch and units, of recurrent layers",
                ("look", "recurrent layer", "time"), "gradients_through_time", "gradient_rms",
                probe="suite.probes.through_time:ThroughTimeProbe"),
)  # fmt: skip
MEASUREMENTS = (
    *_OURS,
    *(replace(found, optional=True) for found, _ in plugged_in("probes", Measurement, {m.name for m in _OURS})),
)
"""Every measurement, in the order of the exported columns, those of plug-ins last. Beside them, the trace `probed_step` holds the looks' steps."""

OF_LAYERS = tuple(measurement for measurement in MEASUREMENTS if measurement.axes == _LAYERS)
"""Those with one number a look and layer."""


def columns_of(table: str) -> dict[str, Measurement]:
    """The measured columns of an exported table."""
    return {m.column or m.name: m for m in MEASUREMENTS if m.table == table}


def series_of(traces: Mapping[str, np.ndarray], metric: str = "", floor: float = 0.0) -> dict[str, np.ndarray]:
    """What MLflow's charts show of a run, by name; one number a look.

    Args:
        traces: As of a replicate. Where they hold `probed_step`, what has a number for every step is taken there.
        metric: Of the task.
        floor: Stands for a smaller norm, which may have no log10.
    """
    import numpy as np

    def log10(values: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return np.asarray(np.log10(np.maximum(np.asarray(values, np.float64), floor)))

    found: dict[str, np.ndarray] = {}
    for measurement in MEASUREMENTS:
        values = traces.get(measurement.name)
        if not measurement.series or values is None or not values.size:
            continue
        if measurement.axes == ("step",) and "probed_step" in traces:
            values = values[traces["probed_step"][traces["probed_step"] < len(values)]]
        values = np.fmax.reduce(values, axis=1) if values.ndim > 1 else values
        found[measurement.series.format(metric=metric)] = log10(values) if measurement.log10 else values
    gradients = traces.get("gradient_rms")
    if gradients is not None and gradients.size:
        first, last = log10(gradients[:, 0]), log10(gradients[:, -1])
        with np.errstate(invalid="ignore"):
            ratio = first - last
        names = ("first_layer", "last_layer", "ratio_first_to_last")
        found |= {f"gradient_log10/{name}": values for name, values in zip(names, (first, last, ratio), strict=True)}
    return found
