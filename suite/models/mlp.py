"""Deep multilayer perceptrons: dense layers of equal width, with or without skip connections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from suite.models.network import Network, Stack, stack_layers


def build(recipe: Mapping[str, Any], input_shape: tuple[int, ...], output_shape: tuple[int, ...]) -> Network:
    """An MLP on flattened inputs; of depth 0, the output's linear map alone.

    The first hidden layer changes the width and stays outside the residual blocks.

    Args:
        recipe: Every factor of the family with its canonical level.
        input_shape: Of one example.
        output_shape: Of the output for one example.
    """
    stack = Stack(recipe)
    inputs = keras.Input(input_shape)
    x = keras.layers.Flatten()(inputs) if len(input_shape) > 1 else inputs

    def layer(x: Any, number: int) -> Any:
        name = f"hidden_{number}"
        return stack.hidden(x, keras.layers.Dense(recipe["width"], name=name), name)

    if recipe["depth"]:
        x = layer(x, 1)
    x = stack_layers(x, range(2, recipe["depth"] + 1), layer, recipe["residual"])
    return stack.network(inputs, stack.output(x, output_shape), xla=True)
