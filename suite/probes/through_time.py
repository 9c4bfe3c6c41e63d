"""Gradients through time: of the states that a recurrent layer hands from one time step to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from suite.models.network import Network
from suite.probes.base import StepLook, scaled_rms

_TRACES = {"h": "gradient_rms_through_time", "c": "cell_gradient_rms_through_time"}


class ThroughTimeProbe:
    """RMS over batch and units of dLoss/dh_t at every time step t, and of dLoss/dc_t of an LSTM's cell state.

    Args:
        network: With states.
    """

    def __init__(self, network: Network) -> None:
        self._members = {
            trace: [index for index, state in enumerate(network.states) if state.name == name]
            for name, trace in _TRACES.items()
            if any(state.name == name for state in network.states)
        }

    def shapes(self, network: Network) -> Mapping[str, tuple[int, ...]]:
        """A row of time steps for every recurrent layer."""
        return {trace: (len(members), network.states[members[0]].shape[0]) for trace, members in self._members.items()}

    def measure(self, look: StepLook) -> Mapping[str, Any]:
        """`gradient_rms_through_time`, and `cell_gradient_rms_through_time` of an LSTM, of shape (layers, time)."""
        return {
            trace: tf.stack([_rms_of_each_step(look.state_gradients[index]) for index in members])
            for trace, members in self._members.items()
        }


def _rms_of_each_step(gradient: Any) -> Any:
    """From (batch, time, units) to (time,)."""
    return scaled_rms(tf.transpose(gradient, [1, 0, 2]))
