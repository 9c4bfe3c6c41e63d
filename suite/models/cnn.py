"""Convolutional networks: convolutions of equal width in stages of falling resolution, then one dense layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from suite.catalog.entries import Parameter
from suite.catalog.factors import HIDDEN, TRAINING
from suite.models.family import Conflict, Family, Start, group_conflicts
from suite.tasks.task import Form

if TYPE_CHECKING:
    from suite.models.network import Network

XLA_SIZE = 512
"""Numbers of one example in a hidden layer (height x width x channels) up to which XLA is faster, given `PatchConv2D`. On
one core, batch 32, 8 x 8 images: 1.6 times at 8 channels over 20 layers, with or without batch normalization; at 16
channels it is 1.3 times slower. XLA's own convolutions are many times slower at every size."""

_SIZE, _NORMALIZED_SECONDS, _FLOPS = 28, 1.9e-4, 2.5e10


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
    import keras

    from suite.models.layers import PatchConv2D
    from suite.models.network import Stack, stack_layers

    stack = Stack(recipe)
    fast = input_shape[0] * input_shape[1] * recipe["channels"] <= XLA_SIZE
    convolution = PatchConv2D if fast else keras.layers.Conv2D
    pools = {"max": keras.layers.MaxPooling2D, "average": keras.layers.AveragePooling2D}

    def layer(x: Any, number: int, strides: int = 1) -> Any:
        name = f"conv_{number}"
        linear = convolution(recipe["channels"], recipe["kernel_size"], strides=strides, padding="same", name=name)
        return stack.hidden(x, linear, name)

    inputs = keras.Input(input_shape)
    x = inputs
    for stage, (changing, keeping) in enumerate(_stages(recipe)):
        if stage and recipe["pooling"] in pools:
            x = pools[recipe["pooling"]](2, padding="same", name=f"pool_{stage}")(x)
        for number in changing:
            x = layer(x, number, strides=2 if stage else 1)
        x = stack_layers(x, keeping, layer, recipe["residual"])
    x = keras.layers.GlobalAveragePooling2D(name="mean")(x)
    return stack.network(inputs, stack.output(x, output_shape), xla=fast)


def _stages(recipe: Mapping[str, Any]) -> list[tuple[range, range]]:
    """Of every stage, the numbers from 1 of the convolutions that change the shape of their input, and of the others.

    Stages are as equal as can be, longer ones first. The first convolution of all changes the channels; where stages
    begin with a stride, so does the first of each.
    """
    whole, longer = divmod(recipe["depth"], recipe["stages"])
    stages, first = [], 1
    for stage in range(recipe["stages"]):
        end = first + whole + (stage < longer)
        changing = min(first + 1, end) if stage == 0 or recipe["pooling"] == "stride" else first
        stages.append((range(first, changing), range(changing, end)))
        first = end
    return stages


def _conflicts(form: Form, recipe: Mapping[str, Any]) -> Iterator[Conflict]:
    stages, depth, residual = recipe["stages"], recipe["depth"], recipe["residual"]
    if stages > depth:
        yield "stages", f"{stages} stages need a convolution each, and depth is {depth}"
    if form.size is not None and 2 ** (stages - 1) > form.size:
        yield "stages", f"{stages} stages halve an image of {form.size} pixels to less than one"
    left = None if form.size is None else -(-form.size // 2 ** (stages - 1))
    yield from group_conflicts(recipe, "channels", "channels", left)
    if residual["name"] != "none" and residual["every"] > max(len(keeping) for _, keeping in _stages(recipe)):
        yield "residual", f"a block of {residual['every']} layers does not fit into a stage of the {depth} convolutions"


def _step_seconds(form: Form, recipe: Mapping[str, Any]) -> float:
    """By the products of all positions, and for every layer that is normalized."""
    size, normalized = form.size or _SIZE, recipe["normalization"]["name"] != "none"
    positions = sum(
        sum(map(len, layers)) * max(1, size // 2**stage) ** 2 for stage, layers in enumerate(_stages(recipe))
    )
    products = 6 * recipe["batch_size"] * positions * (recipe["kernel_size"] * recipe["channels"]) ** 2
    return float(recipe["depth"] * normalized * _NORMALIZED_SECONDS + products / _FLOPS)


CNN = Family(
    "cnn",
    "convolutions in stages of falling resolution, their mean over all positions, a dense output; for images",
    "suite.models.cnn:build",
    (
        Parameter("depth", "number of convolutions", "integer", 4, low=1, high=1000),
        Parameter("channels", "channels of each convolution", "integer", 16, low=1, high=4096),
        Parameter("kernel_size", "height and width of each kernel", "integer", 3, low=1, high=31),
        Parameter(
            "stages", "number of stages; each after the first halves height and width", "integer", 2, low=1, high=8
        ),
        Parameter(
            "pooling", "operation that halves height and width", "choice", "max", choices=("max", "average", "stride")
        ),
        *HIDDEN,
        *TRAINING,
    ),
    reads="image",
    conflicts=_conflicts,
    start=Start("{depth: 8, channels: 8}"),
    step_seconds=_step_seconds,
)
