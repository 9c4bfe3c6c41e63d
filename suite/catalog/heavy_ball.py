"""Plain SGD and heavy-ball momentum as one Keras optimizer, so that both share a compiled program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops


class HeavyBall(keras.optimizers.SGD):
    """Keras's SGD with a momentum that may be fed; numbers are those of Keras's SGD of that momentum, to the last bit.

    Plain SGD takes its step from the weights in one rounding where the compiler fuses product and difference; heavy
    ball rounds its velocity first. So a step is made of both, one of them with a rate of 0, which changes no number.

    Args:
        learning_rate: Learning rate, as in Keras's SGD.
        momentum: First value of what is fed; 0 is plain SGD.

    Attributes:
        fed: The momentum, a scalar variable.
    """

    def __init__(self, learning_rate: float = 0.01, momentum: float = 0.0, **kwargs: Any) -> None:
        super().__init__(learning_rate=learning_rate, **kwargs)
        self._first = momentum
        self.fed: Any = None
        self._rates: Any = None

    def build(self, variables: Any) -> None:
        """Adds a velocity for every variable, whatever the momentum."""
        if self.built:
            return
        super().build(variables)  # of momentum 0, so without velocities
        self.fed = self.add_variable((), initializer=keras.initializers.Constant(self._first), name="fed_momentum")
        self.momentums = self.add_optimizer_variables(variables, "momentum")

    def apply(self, grads: Sequence[Any], trainable_variables: Any = None) -> None:
        """Moves all variables."""
        if not self.built:
            self.build(trainable_variables)
        rate, none, plain = ops.cast(self.learning_rate, "float32"), ops.zeros(()), ops.equal(self.fed, 0)
        self._rates = ops.where(plain, none, rate), ops.where(plain, rate, none)
        super().apply(grads, trainable_variables)
        self._rates = None  # belong to the graph that was just written

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Moves a variable and its velocity, by TensorFlow's own operations: fewer nodes to trace and compile."""
        pushed, plain = self._rates
        velocity = self.momentums[self._get_variable_index(variable)]
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle, accum=velocity.value.handle, lr=pushed, grad=gradient, momentum=self.fed
        )
        tf.raw_ops.ResourceApplyGradientDescent(var=variable.handle, alpha=plain, delta=gradient)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "momentum": self._first}
