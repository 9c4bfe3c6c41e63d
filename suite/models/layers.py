"""Layers that Keras does not have."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class PatchConv2D(keras.layers.Conv2D):
    """Keras's Conv2D with "same" padding, computed as one product of the kernel with the patches of the images.

    XLA turns its own convolution into slow loops on a CPU, but this into fast ones. Channels come first and the batch
    last in between, so that what is copied lies together; XLA takes the transpositions of neighbouring layers out.
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """As of Keras's layer."""
        x = ops.transpose(inputs, (3, 1, 2, 0))
        (before_rows, rows), (before_columns, columns) = (
            _same(x.shape[1 + axis], self.kernel_size[axis], self.strides[axis]) for axis in (0, 1)
        )
        x = ops.pad(x, ((0, 0), before_rows, before_columns, (0, 0)))
        patches = [
            x[:, i : i + rows : self.strides[0], j : j + columns : self.strides[1]]
            for i in range(self.kernel_size[0])
            for j in range(self.kernel_size[1])
        ]
        height, width = patches[0].shape[1:3]
        matrix = ops.reshape(
            ops.concatenate(patches, axis=0), (kernel.shape[0] * kernel.shape[1] * kernel.shape[2], -1)
        )
        y = ops.matmul(ops.transpose(ops.reshape(kernel, (-1, self.filters))), matrix)
        return ops.transpose(ops.reshape(y, (self.filters, height, width, -1)), (3, 1, 2, 0))


def _same(size: int, kernel: int, stride: int) -> tuple[tuple[int, int], int]:
    """Of TensorFlow's "same" padding along one axis: rows padded before and behind, and how far one tap's rows reach."""
    outputs = -(-size // stride)
    total = max((outputs - 1) * stride + kernel - size, 0)
    return (total // 2, total - total // 2), (outputs - 1) * stride + 1


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
