"""What a probe is: a named measurement made inside the compiled program, per layer."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import tensorflow as tf

from suite.models.network import Network


@dataclass(frozen=True)
class StepLook:
    """What can be seen of a probed step: one entry a hidden layer, the one nearest the input first.

    Attributes:
        pre_activations: z on the step's batch, shape (batch, ..., units).
        pre_activation_gradients: dLoss/dz, of the same shape.
        kernel_gradients: dLoss/dW before clipping.
        activations: The activations' outputs.
        state_gradients: dLoss by every state of a recurrent layer over time, shape (batch, time, units); in the order of
            `suite.models.network.Network.states`, empty for other models.
        kernels_before: W before the step's update.
        kernels_after: W after it.
    """

    pre_activations: Sequence[Any]
    pre_activation_gradients: Sequence[Any]
    kernel_gradients: Sequence[Any]
    activations: Sequence[Any]
    state_gradients: Sequence[Any] = ()
    kernels_before: Sequence[Any] = ()
    kernels_after: Sequence[Any] = ()

    def updated(self, before: Sequence[Any], after: Sequence[Any]) -> StepLook:
        """The same, with the kernels before and after the update."""
        return dataclasses.replace(self, kernels_before=before, kernels_after=after)


class StepProbe(Protocol):
    """Measures a probed step on its batch."""

    def shapes(self, network: Network) -> Mapping[str, tuple[int, ...]]:
        """The traces it makes, by name, with the shape of one row; the first axis is the layers."""

    def measure(self, look: StepLook) -> Mapping[str, Any]:
        """Float32 tensors by trace name."""


class ValidationProbe(Protocol):
    """Measures the activations' inputs on the whole validation split, chunk by chunk."""

    def shapes(self, network: Network) -> Mapping[str, tuple[int, ...]]:
        """As of a `StepProbe`."""

    def measure_chunk(self, activation_inputs: Sequence[Any], weights: Any) -> Mapping[str, Any]:
        """What is seen of one chunk, by name: sums over its examples, to be added over the chunks.

        Args:
            activation_inputs: One a layer, shape (chunk, ..., units).
            weights: 1 for each example of the chunk, 0 for padding; shape (chunk,).
        """

    def finish(self, shapes: Sequence[tuple[int | None, ...]], sums: Mapping[str, Any]) -> Mapping[str, Any]:
        """Float32 tensors by trace name.

        Args:
            shapes: Of the activations' inputs, one a layer.
            sums: Over all chunks.
        """


def layer_shapes(network: Network, *names: str) -> dict[str, tuple[int, ...]]:
    """The shapes of traces that have one number a layer."""
    return {name: (len(network.taps),) for name in names}


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
