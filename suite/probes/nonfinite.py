"""Where it began: the layer in which the first value that is not finite arose."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from suite.probes.layers import per_layer
from suite.probes.probe import StepSnapshot


def nonfinite_layer(loss: Any, look: StepSnapshot) -> Any:
    """Index of the layer where the first non-finite value arose; the number of layers stands for the output.

    Forward, that is the first layer whose z is not finite; if all are and the loss is, backward, the layer nearest
    the output whose dLoss/dz is not; if all of these are, the one whose dLoss/dW is not.
    """
    layers = len(look.pre_activations)
    forward, backward, weights = (
        tf.math.is_finite(per_layer(tensors, _sum_to_layer))
        for tensors in (look.pre_activations, look.pre_activation_gradients, look.kernel_gradients)
    )
    order = tf.range(layers)
    first_forward = tf.reduce_min(tf.where(forward, layers, order))
    last_backward = tf.reduce_max(tf.where(backward, -1, order))
    last_weights = tf.reduce_max(tf.where(weights, -1, order))
    in_backward = tf.where(last_backward >= 0, last_backward, tf.where(last_weights >= 0, last_weights, layers))
    return tf.where(tf.math.is_finite(loss), in_backward, first_forward)


def _sum_to_layer(stack: Any) -> Any:
    """Zero times everything, summed a layer: finite just where all of it is."""
    return tf.reduce_sum(stack * 0, axis=list(range(1, len(stack.shape))))
