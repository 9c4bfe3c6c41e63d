"""Units per layer: the share that is saturated, and the share that is dead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from suite.catalog.activations import slope_facts
from suite.models.network import Network
from suite.training.probes.base import group_by_shape, layer_shapes, restore_order

SATURATED_SLOPE = 0.05
"""A unit is saturated on an example where its slope is at most this share of the activation's largest."""


class UnitProbe:
    """Saturated and dead units, from the slope phi' at the activation's input.

    Saturated: phi' at most 5% of its largest, as a share of (unit, example); for activations bounded on both sides,
    NaN for others. Dead: phi' = 0 on every example, as a share of units; a unit is one entry of the last axis, so of
    a convolution a channel.

    Args:
        activation: phi, of one tensor, elementwise.
    """

    def __init__(self, activation: Callable[[Any], Any]) -> None:
        self._activation = activation
        self._facts = slope_facts(activation)

    def shapes(self, network: Network) -> Mapping[str, tuple[int, ...]]:
        """One number a layer."""
        return layer_shapes(network, "saturated_fraction", "dead_fraction")

    def measure_chunk(self, activation_inputs: Sequence[Any], weights: Any) -> Mapping[str, Any]:
        """Sums over the chunk, for each stack of layers of equal shape: slopes counted as saturated, and as not zero."""
        sums = {}
        for group, members in enumerate(group_by_shape([u.shape for u in activation_inputs])):
            stack = tf.stack([activation_inputs[i] for i in members])
            slope = tf.abs(self._slope(stack))
            kept = tf.reshape(weights, [1, -1] + [1] * (len(stack.shape) - 2))
            saturated = tf.cast(slope <= SATURATED_SLOPE * self._facts.largest, tf.float32) * kept
            alive = tf.cast(slope != 0, tf.float32) * kept
            sums[f"saturated_{group}"] = tf.reduce_sum(saturated, axis=list(range(1, len(stack.shape))))
            sums[f"alive_{group}"] = tf.reduce_sum(alive, axis=list(range(1, len(stack.shape) - 1)))
            sums[f"seen_{group}"] = tf.reduce_sum(weights) * tf.cast(tf.size(stack[0, 0]), tf.float32)
        return sums

    def finish(self, shapes: Sequence[tuple[int | None, ...]], sums: Mapping[str, Any]) -> Mapping[str, Any]:
        """`saturated_fraction` and `dead_fraction`, each of shape (layers,)."""
        groups = group_by_shape(shapes)
        dead = [tf.reduce_mean(tf.cast(sums[f"alive_{g}"] == 0, tf.float32), axis=1) for g in range(len(groups))]
        if self._facts.bounded:
            saturated = [sums[f"saturated_{g}"] / sums[f"seen_{g}"] for g in range(len(groups))]
        else:
            saturated = [tf.fill([len(group)], float("nan")) for group in groups]
        return {
            "saturated_fraction": restore_order(groups, saturated),
            "dead_fraction": restore_order(groups, dead),
        }

    def _slope(self, u: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(u)
            total = tf.reduce_sum(self._activation(u))
        return tape.gradient(total, u, unconnected_gradients="zero")
