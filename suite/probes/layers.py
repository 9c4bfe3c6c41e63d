"""Measuring many layers at once: those alike are stacked, so that the graph stays small, and norms do not underflow."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import tensorflow as tf


def group_alike(keys: Sequence[Hashable]) -> list[list[int]]:
    """Indices of the layers of each key, so that what is measured alike is measured at once: a smaller graph."""
    groups: dict[Hashable, list[int]] = {}
    for index, key in enumerate(keys):
        groups.setdefault(key, []).append(index)
    return list(groups.values())


def restore_order(groups: Sequence[Sequence[int]], measured: Sequence[Any]) -> Any:
    """Joins what was measured of each group, shape (members, ...), into one tensor in the order of the layers."""
    if not groups:
        return tf.zeros([0])
    order = [index for members in groups for index in members]
    joined = tf.concat(list(measured), axis=0)
    if order == sorted(order):
        return joined
    return tf.gather(joined, [order.index(i) for i in range(len(order))])


def per_layer(tensors: Sequence[Any], measure: Callable[[Any], Any]) -> Any:
    """Applies a measurement to every layer.

    Args:
        tensors: One a layer.
        measure: From a stack of layers of equal shape, (members, ...), to (members, *rest), the same rest for all.

    Returns:
        Shape (layers, *rest).
    """
    groups = group_alike([tuple(tensor.shape) for tensor in tensors])
    return restore_order(groups, [measure(tf.stack([tensors[i] for i in members])) for members in groups])


def sum_of_squares(stack: Any) -> Any:
    """Over all axes but the first, shape (layers,); as a dot product, which XLA does much faster than a reduction."""
    flat = tf.reshape(stack, [stack.shape[0], -1])
    return tf.einsum("li,li->l", flat, flat)


def norm(stack: Any) -> Any:
    """Root of the sum of squares over all axes but the first, for values within 1e-19 to 1e19."""
    return tf.sqrt(sum_of_squares(stack))


def scaled_norm(stack: Any) -> Any:
    """Root of the sum of squares over all axes but the first, without overflow or underflow.

    Squaring a float32 below 1e-19 gives 0, so values are scaled by the largest of them first. Exactly 0 is returned
    only where every value is 0, that is below the float's range.
    """
    largest = tf.reduce_max(tf.abs(stack), axis=list(range(1, len(stack.shape))))
    safe = tf.where(largest > 0, largest, tf.ones_like(largest))
    return largest * norm(stack / tf.reshape(safe, [-1] + [1] * (len(stack.shape) - 1)))


def scaled_rms(stack: Any) -> Any:
    """Root mean square over all axes but the first, scaled like `scaled_norm`."""
    return scaled_norm(stack) / tf.sqrt(tf.cast(tf.size(stack[0]), stack.dtype))
