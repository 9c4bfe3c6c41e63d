"""One recurrent layer with what follows it: normalization where that is between the layers, and dropout."""

from __future__ import annotations

import functools
from typing import Any

import keras
import numpy as np

from suite.catalog.activations import build_activation
from suite.catalog.normalizations import build_normalization
from suite.catalog.recurrent_cells import CELLS
from suite.models.network import ProbePoint, Stack
from suite.models.recurrence import Recurrence, TappedRecurrence


class RecurrentLayer:
    """A layer of a stack, as it is and with its state tapped; both have the same weights.

    Args:
        stack: Whose recipe says what the layer is.
        number: From 1.
    """

    def __init__(self, stack: Stack, number: int) -> None:
        self._stack, recipe = stack, stack.recipe
        level, share, entry = recipe["normalization"], recipe["dropout"], CELLS[recipe["cell_type"]["name"]]
        inside = recipe["norm_position"] == "inside" and level["name"] != "none"
        self._name = name = f"{entry.name}_{number}"
        gates = {"recurrent_activation": build_activation(recipe["recurrent_activation"])} if entry.gates else {}
        self._cell = entry.load()(
            recipe["units"],
            normalize=functools.partial(build_normalization, level) if inside else None,
            activation=stack.activation,
            name=f"{name}_cell",
            **gates,
        )
        self._rnn = Recurrence(self._cell, name=name)
        self._normalize = None if inside else build_normalization(level, f"{name}_normalization", axes=3)
        self._drop = keras.layers.Dropout(share, seed=0, name=f"{name}_dropout") if share else None

    def plain(self, x: Any) -> Any:
        """The layer as it is."""
        y = self._rnn(x)
        self._stack.draw(self._cell.kernel, "initializer")
        self._stack.draw(self._cell.recurrent_kernel, "recurrent_initializer")
        self._stack.begin(self._cell.bias, self._first_bias())
        return self._after(y)

    def tapped(self, x: Any, zeros: Any) -> Any:
        """The same, after `plain`, with zeros added to the state; it is entered among the taps."""
        h, z, u = TappedRecurrence(self._cell, name=f"{self._name}_tapped")([x, zeros])
        self._stack.tap(
            ProbePoint(self._name, self._cell.recurrent_kernel, z, u, h, self._stack.activation, recurrent=True)
        )
        return self._after(h)

    def _after(self, y: Any) -> Any:
        y = self._normalize(y) if self._normalize else y
        return self._drop(y) if self._drop else y

    def _first_bias(self) -> np.ndarray:
        recipe, units = self._stack.recipe, self._cell.units
        bias = np.full(self._cell.bias.shape, recipe["bias"], np.float32)
        if "forget" in self._cell.gates:
            at = units * self._cell.gates.index("forget")
            bias[at : at + units] = recipe["forget_bias"]
        return bias
