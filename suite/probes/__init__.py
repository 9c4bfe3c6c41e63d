"""Measurements inside the compiled program: what is measured. When is the program's, how it is drawn the charts'."""

from __future__ import annotations

from collections.abc import Sequence

from suite.models.network import Network
from suite.probes.activations import ActivationProbe
from suite.probes.base import StepLook, StepProbe, ValidationProbe
from suite.probes.gradients import GradientProbe
from suite.probes.nonfinite import nonfinite_layer
from suite.probes.through_time import ThroughTimeProbe
from suite.probes.units import UnitProbe
from suite.probes.updates import UpdateProbe


def step_probes(network: Network) -> Sequence[StepProbe]:
    """The probes of every program that look at a step's batch."""
    every = (GradientProbe(), ActivationProbe(), UpdateProbe())
    return (*every, ThroughTimeProbe(network)) if network.states else every


def validation_probes(network: Network) -> Sequence[ValidationProbe]:
    """The probes of every program that look at the validation split."""
    return (UnitProbe([network.activation] * len(network.taps)),)


__all__ = ["StepLook", "StepProbe", "ValidationProbe", "nonfinite_layer", "step_probes", "validation_probes"]
