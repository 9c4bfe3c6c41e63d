"""Units per layer: the share that is saturated, and the share that is dead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from suite.catalog.activations import slope_facts
from suite.probes.layers import group_alike, restore_order
from suite.probes.probe import ValidationProbe

SATURATED_SLOPE = 0.05
"""A unit is saturated on an example where its slope is at most this share of the activation's largest."""


class UnitProbe(ValidationProbe):
    """Saturated and dead units, from the slope phi' at the activation's input.

    Saturated: phi' at most 5% of its largest, as a share of (unit, example); for activations bounded on both sides,
    NaN for others. Dead: phi' = 0 on every example, as a share of units; a unit is one entry of the last axis, so of
    a convolution a channel.

    Args:
        activations: phi of every layer, of one tensor, elementwise.
    """

    def __init__(self, activations: Sequence[Callable[[Any], Any]]) -> None:
        self._activations = activations
        self._facts = {activation: slope_facts(activation) for activation in set(activations)}

    def measure_chunk(self, activation_inputs: Sequence[Any], weights: Any) -> Mapping[str, Any]:
        """For each stack of layers alike: units alive on any example of the chunk, and where it tells, slopes saturated."""
        sums = {}
        for group, members in enumerate(self._groups([u.shape for u in activation_inputs])):
            activation = self._activations[members[0]]
            facts = self._facts[activation]
            stack = tf.stack([activation_inputs[i] for i in members])
            slope = _slope(activation, stack)
            # Positions first: of a convolution there are hundreds for every example, and booleans are cheap to join.
            axes = range(len(stack.shape))
            alive = tf.reduce_any(slope != 0, axis=list(axes[2:-1])) & (weights > 0)[None, :, None]
            sums[f"alive_{group}"] = tf.cast(tf.reduce_any(alive, axis=1), tf.float32)
            if facts.bounded:
                kept = tf.reshape(weights, [1, -1] + [1] * len(axes[2:]))
                saturated = tf.cast(tf.abs(slope) <= SATURATED_SLOPE * facts.largest, tf.float32) * kept
                sums[f"saturated_{group}"] = tf.reduce_sum(saturated, axis=list(axes[1:]))
                sums[f"seen_{group}"] = tf.reduce_sum(weights) * tf.cast(tf.size(stack[0, 0]), tf.float32)
        return sums

    def finish(self, shapes: Sequence[tuple[int | None, ...]], sums: Mapping[str, Any]) -> Mapping[str, Any]:
        """`saturated_fraction` and `dead_fraction`, each of shape (layers,)."""
        groups = self._groups(shapes)
        dead = [tf.reduce_mean(tf.cast(sums[f"alive_{g}"] == 0, tf.float32), axis=1) for g in range(len(groups))]
        saturated = [
            sums[f"saturated_{group}"] / sums[f"seen_{group}"]
            if self._facts[self._activations[members[0]]].bounded
            else tf.fill([len(members)], float("nan"))
            for group, members in enumerate(groups)
        ]
        return {
            "saturated_fraction": restore_order(groups, saturated),
            "dead_fraction": restore_order(groups, dead),
        }

    def _groups(self, shapes: Sequence[tuple[int | None, ...]]) -> list[list[int]]:
        """Layers to stack; with positions or time steps each is by itself, since copying those costs more than nodes do."""
        layers = enumerate(zip(shapes, self._activations, strict=True))
        return group_alike([(tuple(s), phi, layer if len(s) > 2 else None) for layer, (s, phi) in layers])


def _slope(activation: Callable[[Any], Any], u: Any) -> Any:
    with tf.GradientTape() as tape:
        tape.watch(u)
        outputs = activation(u)
    return tape.gradient(outputs, u, unconnected_gradients="zero")
