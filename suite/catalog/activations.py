"""Activations: names to functions of one tensor, and what their slopes look like."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from suite.catalog.entries import Catalog, Entry, Parameter, component_of

ACTIVATIONS = Catalog(
    [
        Entry("linear", "identity; a deep linear network is the baseline of the theory", "keras.activations:linear"),
        Entry("sigmoid", "1 / (1 + exp(-z)); slope at most 1/4, output not centred", "keras.activations:sigmoid"),
        Entry("centred_sigmoid", "sigmoid(z) - 1/2: the same slope, output centred",
              "suite.catalog.activations:centred_sigmoid"),
        Entry("hard_sigmoid", "piecewise linear sigmoid", "keras.activations:hard_sigmoid"),
        Entry("tanh", "centred sigmoid; slope 1 at zero, saturates on both sides", "keras.activations:tanh"),
        Entry("hard_tanh", "tanh clipped to a straight line on [-1, 1]", "keras.activations:hard_tanh"),
        Entry("softsign", "z / (1 + |z|); saturates slower than tanh", "keras.activations:softsign"),
        Entry("relu", "max(0, z); slope 0 or 1, units can die", "keras.activations:relu"),
        Entry("relu6", "ReLU clipped at 6", "keras.activations:relu6"),
        Entry("leaky_relu", "ReLU with a small slope below zero, so that no unit dies", "keras.activations:leaky_relu",
              (Parameter("negative_slope", "slope below zero", "number", 0.2, low=0),)),
        Entry("elu", "exponential linear unit; negative values pull the mean to zero", "keras.activations:elu",
              (Parameter("alpha", "minus the limit for z to minus infinity", "number", 1.0, low=0),)),
        Entry("selu", "self-normalizing ELU (Klambauer et al. 2017), made for lecun_normal", "keras.activations:selu"),
        Entry("celu", "continuously differentiable ELU", "keras.activations:celu",
              (Parameter("alpha", "minus the limit for z to minus infinity", "number", 1.0, low=0, low_open=True),)),
        Entry("gelu", "z times the normal distribution function of z", "keras.activations:gelu"),
        Entry("swish", "z times sigmoid(z); slope 1/2 at zero", "keras.activations:silu", aliases=("silu",)),
        Entry("hard_swish", "piecewise swish", "keras.activations:hard_silu", aliases=("hard_silu",)),
        Entry("mish", "z times tanh(softplus(z))", "keras.activations:mish"),
        Entry("softplus", "log(1 + exp(z)); a smooth ReLU that is never zero", "keras.activations:softplus"),
    ],
    kind="activations",
)  # fmt: skip


def centred_sigmoid(z: Any) -> Any:
    """sigmoid(z) - 1/2."""
    from keras import ops

    return ops.sigmoid(z) - 0.5


def build_activation(level: Mapping[str, Any]) -> Callable[[Any], Any]:
    """The function of a canonical level.

    Args:
        level: `{"name": ..., **arguments}`; the name of an entry, or of a user's own `module:function`.
    """
    function, arguments = component_of(ACTIVATIONS, level)
    return functools.partial(function, **arguments) if arguments else function


@dataclass(frozen=True)
class SlopeFacts:
    """What the probes must know of an activation.

    Attributes:
        largest: sup |phi'|, found on a fine grid of [-20, 20].
        bounded: Whether phi is bounded on both sides, so that it can saturate. A rectifier with a ceiling (ReLU6) is
            not counted: flat below zero is how it is switched off, and half of its inputs are there in health.
    """

    largest: float
    bounded: bool


def slope_facts(function: Callable[[Any], Any]) -> SlopeFacts:
    """Measures an activation, ours or a user's own, numerically.

    Bounded means here that between 1e4 and 1e6 on either side it moves by less than 0.01: softsign does not,
    a logarithm does.
    """
    import tensorflow as tf

    z = tf.linspace(tf.constant(-20.0, tf.float64), tf.constant(20.0, tf.float64), 400_001)
    with tf.GradientTape() as tape:
        tape.watch(z)
        total = tf.reduce_sum(function(z))
    slope = tape.gradient(total, z)
    far = tf.constant([-1e6, -1e4, 1e4, 1e6], tf.float64)
    values = function(far).numpy()
    bounded = abs(values[1] - values[0]) < 0.01 and abs(values[3] - values[2]) < 0.01
    rectifies = bool(tf.reduce_all(function(z[z < 0]) == 0))
    largest = 0.0 if slope is None else float(tf.reduce_max(tf.abs(slope)))
    return SlopeFacts(largest=largest, bounded=bool(bounded and not rectifies))
