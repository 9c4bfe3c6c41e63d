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


class NoisyBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalization whose output is moved about while training, so that the next layer's inputs shift all the time.

    After Santurkar et al. (2018): at every step the layer draws a mean shift and a mean factor, and about these every
    unit of every example draws its own. The next step draws anew. In inference mode nothing is drawn.

    Args:
        shift: The layer's mean shift is uniform within it, to both sides of 0.
        scale: The layer's mean factor is uniform between 1 and it.
        spread: Shifts are uniform within it about their mean; factors normal about theirs, with it as standard deviation.
    """

    def __init__(self, shift: float, scale: float, spread: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shift, self.scale, self.spread = shift, scale, spread
        self.seed_generator = keras.random.SeedGenerator(0)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The normalized inputs, moved about where training."""
        y = super().call(inputs, training=training, mask=mask)
        if not training:
            return y
        draw, shape, seed = keras.random, ops.shape(y), self.seed_generator
        shift = draw.uniform((), -self.shift, self.shift, seed=seed)
        factor = draw.uniform((), 1.0, self.scale, seed=seed)
        shifts = shift + draw.uniform(shape, -self.spread, self.spread, seed=seed)
        factors = factor + self.spread * draw.normal(shape, seed=seed)
        return y * factors + shifts

    def get_config(self) -> dict[str, Any]:
        """As every Keras layer's."""
        return {**super().get_config(), "shift": self.shift, "scale": self.scale, "spread": self.spread}


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
