"""Recurrent cells: Keras's own, with a place to tap their states and, if wanted, normalization inside.

Without either they compute what Keras's cells compute, from the same weights in the same layout.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

Normalize = Callable[[str], Any]
"""From a name to a new layer that normalizes units."""


@dataclass(frozen=True)
class Advance:
    """What a cell does at one time step.

    Attributes:
        states: h first; c too, of an LSTM.
        pre_activation: z of the candidate state, before normalization; with none, the activation's input itself.
        activation_input: What the candidate's activation reads.
    """

    states: list[Any]
    pre_activation: Any
    activation_input: Any


class _Tappable(ABC):
    """What the cells share: normalization of each gate, and `call` in terms of `advance`.

    Args:
        normalize: Makes the layers that normalize each gate's (and the candidate's) pre-activation: W x + U h is
            normalized, then the bias is added. None leaves it as it is.
    """

    gates: tuple[str, ...] = ("candidate",)
    projections = 1  # tensors that `project` returns, each as wide as the kernel
    units: int
    kernel: Any
    recurrent_kernel: Any
    bias: Any

    def __init__(self, units: int, *, normalize: Normalize | None = None, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)  # type: ignore[call-arg]
        self.normalized = normalize is not None
        self._norms = {gate: normalize(f"{gate}_normalization") for gate in self.gates} if normalize else {}

    def build(self, input_shape: Any) -> None:
        """As of Keras's cell, and of the normalizations."""
        super().build(input_shape)  # type: ignore[misc]
        for norm in self._norms.values():
            norm.build((None, self.units))

    def call(self, inputs: Any, states: Sequence[Any], training: bool = False) -> tuple[Any, list[Any]]:
        """As of Keras's cell: the output, and the new states."""
        done = self.advance(self.project(inputs, states[0]), states)
        return done.states[0], done.states

    def project(self, x: Any, h: Any) -> list[Any]:
        """What a time step multiplies: W x + U h of all gates, in one tensor of shape (batch, gates * units).

        Args:
            x: Shape (batch, features).
            h: Shape (batch, units).
        """
        return [ops.matmul(x, self.kernel) + ops.matmul(h, self.recurrent_kernel)]

    @abstractmethod
    def advance(self, projected: Sequence[Any], states: Sequence[Any], zeros: Sequence[Any] = ()) -> Advance:
        """What is left of a time step, with nothing left to multiply.

        Args:
            projected: What `project` returned.
            states: Each of shape (batch, units).
            zeros: Added to the new h, so that their gradient is that of h; one tensor, or none.
        """

    def _biased(self, gate: str, z: Any, bias: Any) -> Any:
        return (self._norms[gate](z) if self._norms else z) + bias

    def _before(self, z: Any, activation_input: Any) -> Any:
        """The pre-activation: without normalization, the bias belongs to it."""
        return z if self._norms else activation_input


class SimpleRNNCell(_Tappable, keras.layers.SimpleRNNCell):
    """h' = phi(W x + U h + b)."""

    def advance(self, projected: Sequence[Any], states: Sequence[Any], zeros: Sequence[Any] = ()) -> Advance:
        """One time step; the candidate state is the state."""
        (z,) = projected
        u = self._biased("candidate", z, self.bias)
        return Advance([_tapped(self.activation(u), zeros)], self._before(z, u), u)


class LSTMCell(_Tappable, keras.layers.LSTMCell):
    """c' = f c + i phi(z), h' = o phi(c'), with gates i, f, o of W x + U h + b.

    With normalization, each gate's pre-activation is normalized before its bias, and c' before the last phi
    (Ba, Kiros and Hinton 2016, who normalize W x and U h apart).
    """

    gates = ("input", "forget", "candidate", "output", "cell")

    def advance(self, projected: Sequence[Any], states: Sequence[Any], zeros: Sequence[Any] = ()) -> Advance:
        """One time step."""
        z = ops.split(projected[0], 4, axis=1)
        bias = ops.split(self.bias, 4)
        i, f, u, o = (self._biased(gate, *parts) for gate, *parts in zip(self.gates, z, bias, strict=False))
        i, f, o = (self.recurrent_activation(gate) for gate in (i, f, o))
        c = f * states[1] + i * self.activation(u)
        h = o * self.activation(self._norms["cell"](c) if self._norms else c)
        return Advance([_tapped(h, zeros), c], self._before(z[2], u), u)


class GRUCell(_Tappable, keras.layers.GRUCell):
    """h' = g h + (1 - g) phi(W x + r (U h + b) + b'), with the update gate g and the reset gate r."""

    gates = ("update", "reset", "candidate")
    projections = 2

    def project(self, x: Any, h: Any) -> list[Any]:
        """W x and U h apart, because the reset gate multiplies only the latter."""
        return [ops.matmul(x, self.kernel), ops.matmul(h, self.recurrent_kernel)]

    def advance(self, projected: Sequence[Any], states: Sequence[Any], zeros: Sequence[Any] = ()) -> Advance:
        """One time step."""
        x, a = (ops.split(part, 3, axis=1) for part in projected)
        outer, inner = (ops.split(bias, 3) for bias in (self.bias[0], self.bias[1]))
        g, r = (
            self.recurrent_activation(self._biased(gate, x[k] + a[k], outer[k] + inner[k]))
            for k, gate in enumerate(("update", "reset"))
        )
        z = x[2] + r * (a[2] + inner[2])
        u = self._biased("candidate", z, outer[2])
        h = g * states[0] + (1 - g) * self.activation(u)
        return Advance([_tapped(h, zeros)], self._before(z, u), u)


def _tapped(h: Any, zeros: Sequence[Any]) -> Any:
    return h + zeros[0] if zeros else h
