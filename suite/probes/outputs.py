"""Activations per layer: mean, standard deviation and share of exact zeros of what each layer puts out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from suite.probes.layers import per_layer, sum_of_squares
from suite.probes.probe import StepProbe, StepSnapshot


class OutputProbe(StepProbe):
    """Mean, standard deviation and share of exact zeros of the activations' output over batch and units."""

    def measure(self, look: StepSnapshot) -> Mapping[str, Any]:
        """`activation_mean`, `activation_std` and `zero_fraction`, each of shape (layers,)."""
        mean = per_layer(look.activations, _mean)
        square = per_layer(look.activations, lambda stack: sum_of_squares(stack) / _count(stack))
        zeros = per_layer(look.activations, lambda stack: _mean(tf.cast(stack == 0, stack.dtype)))
        deviation = tf.sqrt(tf.maximum(square - mean**2, 0.0))
        return {"activation_mean": mean, "activation_std": deviation, "zero_fraction": zeros}


def _mean(stack: Any) -> Any:
    flat = tf.reshape(stack, [stack.shape[0], -1])
    return tf.einsum("li,i->l", flat, tf.ones_like(flat[0])) / _count(stack)


def _count(stack: Any) -> Any:
    return tf.cast(tf.size(stack[0]), stack.dtype)
