"""Keras's Adam and AdamW, written more shortly into graphs, so that programs compile sooner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops


class Adam(keras.optimizers.Adam):
    """Keras's Adam, its numbers to the last bit.

    Keras writes the correction of the bias, lr sqrt(1 - beta_2^t) / (1 - beta_1^t) (Kingma and Ba 2015, end of section
    2), into the graph once for every weight array. It is the same for all, and its roots and powers are slow to compile.
    So is the root of every array's second moment, unless it is inside TensorFlow's own operation for the last line,
    w - lr m / (sqrt(v) + epsilon), which goes by Adagrad's name: m stands for its gradient and v for its sum of squares.
    """

    _corrected_rate: Any = None

    def apply(self, grads: Sequence[Any], trainable_variables: Any = None) -> None:
        """Moves all variables."""
        step = ops.cast(self.iterations + 1, "float32")
        left = [ops.subtract(1, ops.power(ops.cast(beta, "float32"), step)) for beta in (self.beta_1, self.beta_2)]
        self._corrected_rate = ops.cast(self.learning_rate, "float32") * ops.sqrt(left[1]) / left[0]
        super().apply(grads, trainable_variables)
        self._corrected_rate = None  # belongs to the graph that was just written

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Moves a variable and its moments."""
        index = self._get_variable_index(variable)
        mean, square = self._momentums[index], self._velocities[index]
        self.assign_add(mean, ops.multiply(ops.subtract(gradient, mean), 1 - self.beta_1))
        self.assign_add(square, ops.multiply(ops.subtract(ops.square(gradient), square), 1 - self.beta_2))
        if self.amsgrad:
            largest = self._velocity_hats[index]
            self.assign(largest, ops.maximum(largest, square))
            square = largest
        tf.raw_ops.ResourceApplyAdagradV2(
            var=variable.handle,
            accum=square.value.handle,
            lr=self._corrected_rate,
            epsilon=tf.constant(self.epsilon),
            grad=mean,
            update_slots=False,
        )


class AdamW(Adam, keras.optimizers.AdamW):
    """Keras's AdamW, likewise."""
