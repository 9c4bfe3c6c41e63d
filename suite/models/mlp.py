"""Deep multilayer perceptrons: dense layers of equal width, with or without skip connections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from suite.models.network import Network, Stack


def build(recipe: Mapping[str, Any], input_shape: tuple[int, ...], outputs: int) -> Network:
    """An MLP on flattened inputs.

    A residual block of k layers computes x + alpha * block(x). The first hidden layer changes the width and stays
    outside; what is left over behind the last whole block is plain.

    Args:
        recipe: Every factor of the family with its canonical level.
        input_shape: Of one example.
        outputs: Size of the output.
    """
    stack = Stack(recipe)
    inputs = keras.Input(input_shape)
    x = keras.layers.Flatten()(inputs) if len(input_shape) > 1 else inputs

    def layer(x: Any, number: int) -> Any:
        name = f"hidden_{number}"
        return stack.hidden(x, keras.layers.Dense(recipe["width"], name=name), name)

    depth, residual = recipe["depth"], recipe["residual"]
    block = residual["every"] if residual["name"] == "skip" else 0
    number = 1
    x = layer(x, number)
    while number < depth:
        branch = x
        whole_block = block and number + block <= depth
        for _ in range(block if whole_block else 1):
            number += 1
            branch = layer(branch, number)
        x = add_skip(x, branch, residual["alpha"]) if whole_block else branch
    return stack.network(inputs, stack.output(x, outputs), xla=True)


def add_skip(x: Any, branch: Any, alpha: float) -> Any:
    """x + alpha * branch, as Keras layers."""
    if alpha != 1.0:
        branch = keras.layers.Rescaling(alpha)(branch)
    return keras.layers.Add()([x, branch])
