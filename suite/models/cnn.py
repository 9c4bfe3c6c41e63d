"""Convolutional networks: convolutions of equal width in stages of falling resolution, then one dense layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from suite.models.layers import PatchConv2D
from suite.models.network import Network, Stack, stack_layers
from suite.models.stages import blocks_of

XLA_SIZE = 512
"""Numbers of one example in a hidden layer (height x width x channels) up to which XLA is faster, given `PatchConv2D`. On
one core, batch 32, 8 x 8 images: 1.6 times at 8 channels over 20 layers, with or without batch normalization; at 16
channels it is 1.3 times slower. XLA's own convolutions are many times slower at every size."""


def build(recipe: Mapping[str, Any], input_shape: tuple[int, ...], output_shape: tuple[int, ...]) -> Network:
    """A CNN on images: `depth` convolutions, the mean over all positions, and a dense output.

    The convolutions are shared out evenly among the stages. Each stage but the first begins by halving height and width:
    by pooling, or by its first convolution's stride. A convolution that changes the shape of its input (the first of
    all, and those with a stride) stays outside the residual blocks, and no block reaches over two stages.

    Args:
        recipe: Every factor of the family with its canonical level.
        input_shape: (height, width, channels).
        output_shape: Of the output for one example.
    """
    stack = Stack(recipe)
    pooling = recipe["pooling"]

    def layer(x: Any, number: int, strides: int = 1) -> Any:
        name = f"conv_{number}"
        convolution = convolution_class(
            recipe["channels"], recipe["kernel_size"], strides=strides, padding="same", name=name
        )
        return stack.hidden(x, convolution, name)

    fast = input_shape[0] * input_shape[1] * recipe["channels"] <= XLA_SIZE
    convolution_class = PatchConv2D if fast else keras.layers.Conv2D
    inputs = keras.Input(input_shape)
    x = inputs
    for stage, (changing, keeping) in enumerate(blocks_of(recipe["depth"], recipe["stages"], pooling)):
        if stage and pooling != "stride":
            x = _POOLS[pooling](2, padding="same", name=f"pool_{stage}")(x)
        for number in changing:
            x = layer(x, number, strides=2 if stage else 1)
        x = stack_layers(x, keeping, layer, recipe["residual"])
    x = keras.layers.GlobalAveragePooling2D(name="mean")(x)
    return stack.network(inputs, stack.output(x, output_shape), xla=fast)


_POOLS = {"max": keras.layers.MaxPooling2D, "average": keras.layers.AveragePooling2D}
