"""Recurrent networks: layers of cells that read a sequence, with their states tapped at every time step."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from suite.catalog.activations import build_activation
from suite.catalog.normalizations import build_normalization
from suite.models.cells import GRUCell, LSTMCell, SimpleRNNCell
from suite.models.network import Network, Stack, State, Tap, stack_layers
from suite.models.recurrence import Recurrence, TappedRecurrence

_CELLS: Mapping[str, Any] = {"simple_rnn": SimpleRNNCell, "lstm": LSTMCell, "gru": GRUCell}

XLA_UNITS = {"simple_rnn": 128, "gru": 128, "lstm": 100}
"""Units up to which XLA is faster. On one core, batch 32, 50 time steps, it is 2.3 to 2.8 times faster at 64 units, 1.7 to
1.9 times at 100; at 128 a simple RNN and a GRU still gain 1.7 times, an LSTM nothing; at 192 none does."""


def build(recipe: Mapping[str, Any], input_shape: tuple[int, ...], output_shape: tuple[int, ...]) -> Network:
    """Recurrent layers one on another, then a dense output on the last state, or on that of every time step.

    What the probes see of a recurrent layer: W is the recurrent kernel, z the pre-activation of the candidate state (of a
    simple RNN, of the state), the activation's output is h. dLoss/dz is read at the state h, over batch, time and units.
    Gradients of a state are total: by way of the output at that time and of every later step.

    Args:
        recipe: Every factor of the family with its canonical level.
        input_shape: (time, features).
        output_shape: Of the output for one example: (outputs,), or (time, outputs).
    """
    stack = Stack(recipe)
    time = input_shape[0]
    layers = [_Layer(stack, number) for number in range(1, recipe["layers"] + 1)]
    zeros: list[Any] = []
    states: list[State] = []

    def plain(x: Any, number: int) -> Any:
        return layers[number - 1].plain(x)

    def tapped(x: Any, number: int) -> Any:
        names = ("h", "c") if recipe["cell_type"]["name"] == "lstm" else ("h",)
        own = [keras.Input((time, recipe["units"])) for _ in names]
        zeros.extend(own)
        states.extend(State(number - 1, name, (time, recipe["units"])) for name in names)
        return layers[number - 1].tapped(x, own)

    def output(layer: Any) -> Any:
        x = stack_layers(layer(inputs, 1), range(2, recipe["layers"] + 1), layer, recipe["residual"])
        return stack.output(x if len(output_shape) > 1 else x[:, -1], output_shape)

    inputs = keras.Input(input_shape)
    outputs = (output(plain), output(tapped))
    xla = recipe["units"] <= XLA_UNITS[recipe["cell_type"]["name"]]
    return stack.network(inputs, outputs, xla=xla, zeros=zeros, states=states)


class _Layer:
    """One recurrent layer with what follows it: normalization where that is between the layers, and dropout."""

    def __init__(self, stack: Stack, number: int) -> None:
        self._stack, recipe = stack, stack.recipe
        self._name = f"{recipe['cell_type']['name']}_{number}"
        self._units = recipe["units"]
        level = recipe["normalization"]
        inside = recipe["norm_position"] == "inside" and level["name"] != "none"
        self._cell = _CELLS[recipe["cell_type"]["name"]](
            self._units,
            normalize=functools.partial(build_normalization, level) if inside else None,
            activation=stack.activation,
            name=f"{self._name}_cell",
            **_gates(recipe),
        )
        self._rnn = Recurrence(self._cell, name=self._name)
        self._normalize = None if inside else build_normalization(level, f"{self._name}_normalization", axes=3)
        share = recipe["dropout"]
        self._drop = keras.layers.Dropout(share, seed=0, name=f"{self._name}_dropout") if share else None

    def plain(self, x: Any) -> Any:
        """The layer as it is."""
        y = self._rnn(x)
        self._stack.draw(self._cell.kernel, "initializer")
        self._stack.draw(self._cell.recurrent_kernel, "recurrent_initializer")
        self._stack.begin(self._cell.bias, self._first_bias())
        return self._after(y)

    def tapped(self, x: Any, zeros: list[Any]) -> Any:
        """The same, after `plain`, with zeros added to the states; it is entered among the taps."""
        h, z, u = TappedRecurrence(self._cell, name=f"{self._name}_tapped")([x, *zeros])
        self._stack.tap(Tap(self._name, self._cell.recurrent_kernel, z, u, h))
        return self._after(h)

    def _after(self, y: Any) -> Any:
        y = self._normalize(y) if self._normalize else y
        return self._drop(y) if self._drop else y

    def _first_bias(self) -> np.ndarray:
        recipe = self._stack.recipe
        bias = np.full(self._cell.bias.shape, recipe["bias"], np.float32)
        if recipe["cell_type"]["name"] == "lstm":
            bias[self._units : 2 * self._units] = recipe["forget_bias"]
        return bias


def _gates(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """The cell's arguments about its gates; a simple RNN has none."""
    if recipe["cell_type"]["name"] == "simple_rnn":
        return {}
    return {"recurrent_activation": build_activation(recipe["recurrent_activation"])}
