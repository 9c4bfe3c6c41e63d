"""Probes: the code behind the table of measurements. When is the program's, how it is drawn the charts'."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from suite.catalog import load_target
from suite.models.network import Network
from suite.probes.landscape import differentiating_again, extreme_curvatures
from suite.probes.nonfinite import nonfinite_layer
from suite.probes.probe import StepProbe, StepSnapshot, ValidationProbe
from suite.protocol.measurement import Axis, Measurement
from suite.protocol.measurements import MEASUREMENTS


def trace_shapes(network: Network, *, landscape: bool = False) -> dict[str, tuple[int, ...]]:
    """Of one look's row of every trace that probes measure in a network, by name; with those of the landscape if asked."""
    times = {network.taps[index].pre_activation.shape[1] for index in network.recurrent}
    sizes: dict[Axis, int] = {
        "layer": len(network.taps),
        "recurrent layer": len(network.recurrent),
        "time": max(times, default=0),
    }
    found = _measurements(bool(network.recurrent), landscape)
    order = [m for kind in (StepProbe, ValidationProbe) for m in found if issubclass(load_target(m.probe), kind)]
    return {m.name: tuple(sizes[axis] for axis in m.axes[1:]) for m in order}


def step_probes(*, recurrent: bool, landscape: bool = False) -> Sequence[StepProbe]:
    """The probes that look at a step's batch.

    Args:
        recurrent: Those of recurrent layers too.
        landscape: Those of the landscape too.
    """
    return [probe() for probe in _classes(recurrent, landscape) if issubclass(probe, StepProbe)]


def validation_probes(activations: Sequence[Callable[[Any], Any]]) -> Sequence[ValidationProbe]:
    """The probes that look at the validation split, for layers of these activations."""
    return [probe(activations) for probe in _classes() if issubclass(probe, ValidationProbe)]


def _measurements(recurrent: bool, landscape: bool) -> list[Measurement]:
    asked = (m for m in MEASUREMENTS if m.probe and (landscape or not m.landscape))
    return [m for m in asked if recurrent or "recurrent layer" not in m.axes]


def _classes(recurrent: bool = False, landscape: bool = False) -> Iterator[Any]:
    return map(load_target, dict.fromkeys(m.probe for m in _measurements(recurrent, landscape)))


__all__ = [
    "StepProbe",
    "StepSnapshot",
    "ValidationProbe",
    "differentiating_again",
    "extreme_curvatures",
    "nonfinite_layer",
    "step_probes",
    "trace_shapes",
    "validation_probes",
]
