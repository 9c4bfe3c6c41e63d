"""What a probe is: a measurement made inside the compiled program, layer by layer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class StepSnapshot:
    """What can be seen of a probed step: one entry a hidden layer, the one nearest the input first.

    Attributes:
        pre_activations: z on the step's batch, shape (batch, ..., units).
        pre_activation_gradients: dLoss/dz, of the same shape; of a recurrent layer dLoss/dh, shape (batch, time, units).
        kernel_gradients: dLoss/dW before clipping.
        activations: The activations' outputs.
        recurrent: Indices of the layers that are recurrent.
        kernels_before: W before the step's update.
        kernels_after: W after it.
        weights: All that is trained, as Keras variables: after the update.
        learning_rate: In force at the step.
        differentiate: Takes the batch's loss and the weights' gradients once more, where the weights are now; nothing but
            the weights, which it reads, is other than at the step's end. None where nobody asks for the landscape.
    """

    pre_activations: Sequence[Any] = ()
    pre_activation_gradients: Sequence[Any] = ()
    kernel_gradients: Sequence[Any] = ()
    activations: Sequence[Any] = ()
    recurrent: Sequence[int] = ()
    kernels_before: Sequence[Any] = ()
    kernels_after: Sequence[Any] = ()
    weights: Sequence[Any] = ()
    learning_rate: Any = None
    differentiate: Callable[[], tuple[Any, Sequence[Any]]] | None = None


class StepProbe(ABC):
    """Measures a probed step on its batch.

    Attributes:
        of_update: Whether it compares the kernels before and after the step's update.
    """

    of_update = False

    @abstractmethod
    def measure(self, look: StepSnapshot) -> Mapping[str, Any]:
        """Float32 tensors by the name of the measurement, one number a layer (or what else its axes say)."""


class ValidationProbe(ABC):
    """Measures the activations' inputs on the whole validation split, chunk by chunk.

    Args:
        activations: phi of every layer, of one tensor, elementwise.
    """

    @abstractmethod
    def __init__(self, activations: Sequence[Callable[[Any], Any]]) -> None: ...

    @abstractmethod
    def measure_chunk(self, activation_inputs: Sequence[Any], weights: Any) -> Mapping[str, Any]:
        """What is seen of one chunk, by name: sums over its examples, to be added over the chunks.

        Args:
            activation_inputs: One a layer, shape (chunk, ..., units).
            weights: 1 for each example of the chunk, 0 for padding; shape (chunk,).
        """

    @abstractmethod
    def finish(self, shapes: Sequence[tuple[int | None, ...]], sums: Mapping[str, Any]) -> Mapping[str, Any]:
        """Float32 tensors by the name of the measurement, of shape (layers,).

        Args:
            shapes: Of the activations' inputs, one a layer.
            sums: Over all chunks.
        """
