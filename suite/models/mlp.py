"""Deep multilayer perceptrons: dense layers of equal width, with or without skip connections."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from suite.catalog.entries import Parameter
from suite.catalog.factors import ACTIVATION, HIDDEN, TRAINING
from suite.catalog.normalizations import normalization_of
from suite.models.family import Conflict, Family, Start, group_conflicts, skip_conflicts
from suite.tasks.task import Form

if TYPE_CHECKING:
    from suite.models.network import Network

_SWAPPED = 5
"""Hidden layers at either end that may have another activation."""

_LAYER_SECONDS, _FLOPS = 2.4e-5, 6e10


def build(recipe: Mapping[str, Any], input_shape: tuple[int, ...], output_shape: tuple[int, ...]) -> Network:
    """An MLP on flattened inputs; of depth 0, the output's linear map alone.

    The first hidden layer changes the width and stays outside the residual blocks.

    Args:
        recipe: Every factor of the family with its canonical level.
        input_shape: Of one example.
        output_shape: Of the output for one example.
    """
    import keras

    from suite.catalog.activations import build_activation
    from suite.models.network import Stack, stack_layers

    stack = Stack(recipe)
    inputs = keras.Input(input_shape)
    x = keras.layers.Flatten()(inputs) if len(input_shape) > 1 else inputs

    other, swapped = build_activation(recipe["other_activation"]), _swapped(recipe)

    def layer(x: Any, number: int) -> Any:
        name = f"hidden_{number}"
        dense = keras.layers.Dense(recipe["width"], name=name)
        return stack.hidden(x, dense, name, other if number in swapped else None)

    if recipe["depth"]:
        x = layer(x, 1)
    x = stack_layers(x, range(2, recipe["depth"] + 1), layer, recipe["residual"])
    return stack.network(inputs, stack.output(x, output_shape), xla=True)


def _swapped(recipe: Mapping[str, Any]) -> range:
    """Numbers from 1 of the layers that have the other activation."""
    depth = recipe["depth"]
    return {"none": range(0), "first": range(1, _SWAPPED + 1), "last": range(depth - _SWAPPED + 1, depth + 1)}[
        recipe["other_layers"]
    ]


def _conflicts(form: Form, recipe: Mapping[str, Any]) -> Iterator[Conflict]:
    level, depth = recipe["normalization"], recipe["depth"]
    yield from group_conflicts(recipe, "width", "units")
    yield from skip_conflicts(recipe["residual"], depth)
    if recipe["other_layers"] != "none" and depth < _SWAPPED:
        yield "other_layers", f"are {_SWAPPED}, and depth is {depth}"
    if normalization_of(level).of_batches and recipe["batch_size"] == 1:
        yield "normalization", "batch normalization over a batch of 1 leaves nothing but its shift"
    if depth == 0 and level["name"] != "none":
        yield "normalization", "is of hidden layers, and depth is 0"


def _step_seconds(form: Form, recipe: Mapping[str, Any]) -> float:
    """By the number of layers and their products."""
    products = 6 * recipe["batch_size"] * recipe["width"] ** 2
    return float(recipe["depth"] * (_LAYER_SECONDS + products / _FLOPS))


MLP = Family(
    "mlp",
    "dense layers of equal width; images and sequences are flattened",
    "suite.models.mlp:build",
    (
        Parameter("depth", "number of hidden layers; 0 gives a linear model", "integer", 2, low=0, high=1000),
        Parameter("width", "units per hidden layer", "integer", 64, low=1, high=65536),
        *HIDDEN,
        Parameter("other_layers", f"position of the {_SWAPPED} hidden layers with the other activation", "choice", "none",
                  choices=("none", "first", "last")),
        dataclasses.replace(ACTIVATION, name="other_activation", summary="activation of the other layers", default="sigmoid"),
        *TRAINING,
    ),
    conflicts=_conflicts,
    step_seconds=_step_seconds,
    fast=True,
    start=Start("{depth: 10, width: 64}"),
)  # fmt: skip
