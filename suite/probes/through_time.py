"""Gradients through time: of the state that a recurrent layer hands from one time step to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from suite.probes.layers import scaled_rms
from suite.probes.probe import StepProbe, StepSnapshot


class ThroughTimeProbe(StepProbe):
    """RMS over batch and units of dLoss/dh_t at every time step t."""

    def measure(self, look: StepSnapshot) -> Mapping[str, Any]:
        """`gradient_rms_through_time`, shape (recurrent layers, time)."""
        gradients = [rms_of_each_step(look.pre_activation_gradients[index]) for index in look.recurrent]
        return {"gradient_rms_through_time": tf.stack(gradients)}


def rms_of_each_step(gradient: Any) -> Any:
    """From (batch, time, units) to (time,)."""
    return scaled_rms(tf.transpose(gradient, [1, 0, 2]))
