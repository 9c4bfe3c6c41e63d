"""Recurrent networks: layers of cells that read a sequence, with their states tapped at every time step."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from suite.catalog.entries import Parameter
from suite.catalog.factors import ACTIVATION, BIAS, DROPOUT, INITIALIZER, NORMALIZATION, RESIDUAL, TRAINING
from suite.catalog.normalizations import normalization_of
from suite.catalog.recurrent_cells import CELLS
from suite.models.family import Conflict, Family, Start, skip_conflicts
from suite.tasks.task import Form

if TYPE_CHECKING:
    from suite.models.network import Network

_STEPS, _STEP_SECONDS, _FLOPS = 100, 2e-5, 5e10


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
    import keras

    from suite.models.network import Stack, stack_layers
    from suite.models.recurrent_layer import RecurrentLayer

    stack, units, numbers = Stack(recipe), recipe["units"], range(1, recipe["layers"] + 1)
    layers = [RecurrentLayer(stack, number) for number in numbers]
    inputs = keras.Input(input_shape)
    zeros = [keras.Input((input_shape[0], units)) for _ in numbers]

    def plain(x: Any, number: int) -> Any:
        return layers[number - 1].plain(x)

    def tapped(x: Any, number: int) -> Any:
        return layers[number - 1].tapped(x, zeros[number - 1])

    def output(layer: Any) -> Any:
        x = stack_layers(layer(inputs, 1), numbers[1:], layer, recipe["residual"])
        return stack.output(x if len(output_shape) > 1 else x[:, -1], output_shape)

    xla = units <= CELLS[recipe["cell_type"]["name"]].xla_units
    return stack.network(inputs, output(plain), output(tapped), zeros=zeros, xla=xla)


def _conflicts(form: Form, recipe: Mapping[str, Any]) -> Iterator[Conflict]:
    level, cell = recipe["normalization"], CELLS[recipe["cell_type"]["name"]]
    name, norm = level["name"], normalization_of(level)
    if name == "group":
        yield "normalization", "group normalization is over all time steps, so it would show a layer the future"
    elif norm.of_weights:
        yield "normalization", f"{name} normalization wraps layers with one kernel, and a recurrent cell has two"
    elif recipe["norm_position"] == "inside" and norm.of_batches:
        yield "norm_position", "batch normalization inside a cell would need statistics for every time step"
    yield from skip_conflicts(recipe["residual"], recipe["layers"])
    if recipe["forget_bias"] != 1 and "forget" not in cell.gates:
        have = ", ".join(name for name, entry in CELLS.items() if "forget" in entry.gates)
        yield "forget_bias", f"only {have} has a forget gate, {cell.name} has none"
    if recipe["recurrent_activation"]["name"] != "sigmoid" and not cell.gates:
        yield "recurrent_activation", f"is of gates, and {cell.name} has none"


def _step_seconds(form: Form, recipe: Mapping[str, Any]) -> float:
    """By the time steps and their products, of which every gate has one of its own."""
    products = 6 * recipe["batch_size"] * recipe["units"] ** 2 * (1 + len(CELLS[recipe["cell_type"]["name"]].gates))
    return float(recipe["layers"] * (form.steps or _STEPS) * (_STEP_SECONDS + products / _FLOPS))


RECURRENT = Family(
    "recurrent",
    "recurrent layers that read a sequence, a dense output on the last state (or on each); for sequences",
    "suite.models.recurrent:build",
    (
        Parameter("cell_type", "recurrent cell", "component", "lstm", catalog="cells"),
        Parameter("units", "units per layer", "integer", 64, low=1, high=65536),
        Parameter("layers", "number of recurrent layers", "integer", 1, low=1, high=100),
        dataclasses.replace(ACTIVATION, summary="activation of the candidate state", default="tanh"),
        Parameter("recurrent_activation", "activation of the gates of lstm and gru", "component", "sigmoid", catalog="activations"),
        dataclasses.replace(INITIALIZER, summary="initializer of the weights from layer to layer"),
        Parameter("recurrent_initializer", "initializer of the weights from state to state", "component", "orthogonal",
                  catalog="initializers"),
        BIAS,
        Parameter("forget_bias", "initial bias of the forget gate of lstm", "number", 1.0),
        NORMALIZATION,
        Parameter("norm_position", "normalize each layer's output, or inside its cell before the nonlinearities",
                  "choice", "between", choices=("between", "inside")),
        RESIDUAL,
        DROPOUT,
        *TRAINING,
    ),
    reads="sequence",
    every_step=True,
    conflicts=_conflicts,
    start=Start("{units: 32}", "cell_type", ("gru", "simple_rnn")),
    step_seconds=_step_seconds,
)  # fmt: skip
