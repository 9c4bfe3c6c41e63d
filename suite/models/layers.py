"""Layers that Keras does not have."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class WeightStandardization(keras.layers.Wrapper):
    """Runs a layer with its kernel standardized: each output unit's weights with mean 0 and variance gain^2 / fan_in.

    Qiao et al. (2019) standardize to variance 1, for the normalization of activations that they put behind; Brock, De and
    Smith (2021) need none behind, and divide by the root of the fan-in: W' = gain (W - mean) / sqrt(fan_in var). The
    gradient goes through mean and variance. The weights themselves stay as they are.

    Args:
        layer: With a `kernel` whose last axis is the output units.
        gain: Factor on the standardized weights; that of the activation which follows, sqrt(2) about for ReLU.
        epsilon: Least fan_in times variance that is divided by.
    """

    def __init__(self, layer: Any, gain: float = 1.0, epsilon: float = 1e-10, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.gain, self.epsilon = gain, epsilon

    def call(self, inputs: Any) -> Any:
        """The layer's output under the standardized kernel."""
        kernel = self.layer.kernel
        with keras.StatelessScope(state_mapping=[(kernel, self.standardized(kernel))]):
            return self.layer(inputs)

    def standardized(self, kernel: Any) -> Any:
        """The kernel that is used in place of the layer's own."""
        axes = tuple(range(len(kernel.shape) - 1))
        fan_in = 1
        for axis in axes:
            fan_in *= kernel.shape[axis]
        value = ops.convert_to_tensor(kernel)
        centred = value - ops.mean(value, axis=axes, keepdims=True)
        variance = ops.mean(ops.square(centred), axis=axes, keepdims=True)
        return self.gain * centred / ops.sqrt(ops.maximum(fan_in * variance, self.epsilon))

    def get_config(self) -> dict[str, Any]:
        """As every Keras layer's."""
        return {**super().get_config(), "gain": self.gain, "epsilon": self.epsilon}
