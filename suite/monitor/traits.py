"""What a model is already, in the words of the suite's catalog, so that recipes like it are found and nobody is told to try it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from suite.monitor.calls import ProbePoint
from suite.monitor.evidence import Kind, is_scaled

_NORMALIZATIONS = {
    keras.layers.BatchNormalization: "batch",
    keras.layers.LayerNormalization: "layer",
    keras.layers.GroupNormalization: "group",
    keras.layers.RMSNormalization: "rms",
}
_CLIPPINGS = {"global_clipnorm": "global_norm", "clipnorm": "norm", "clipvalue": "value"}
_ACTIVATIONS = {"silu": "swish", "hard_silu": "hard_swish"}
_CONVOLUTIONS = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)

_LARGE = 4.0
"""A forget bias from here on forgets less than 2% a step."""


@dataclass(frozen=True)
class Traits:
    """What a model is.

    Attributes:
        kind: To find recipes like it.
        levels: What it has already, as (factor, level) of the catalog.
        trained: Whether its optimizer has made a step.
    """

    kind: Kind = field(default_factory=Kind)
    levels: frozenset[tuple[str, str]] = frozenset()
    trained: bool = False


def traits_of(model: Any, layers: Sequence[Any], points: Sequence[ProbePoint]) -> Traits:
    """The traits of a model as it is now.

    Args:
        model: The model.
        layers: All its layers, nested ones too.
        points: Its hidden layers with weights.
    """
    optimizer = getattr(model, "optimizer", None)
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    hidden = [point.call.layer for point in points]
    activations = Counter(_ACTIVATIONS.get(name := _snake(p.activation.name), name) for p in points)
    initializers = {_name_of(getattr(layer, "kernel_initializer", None)) for layer in hidden}
    recurrent = [layer for layer in hidden if isinstance(layer, keras.layers.RNN)]
    levels = {
        *(("activation", name) for name in activations),
        *(("initializer", name) for name in initializers if len(initializers) == 1),
        *(("normalization", name) for kind, name in _NORMALIZATIONS.items() if _any(layers, kind)),
        *([("residual", "skip")] if _any(layers, keras.layers.Add) else []),
        *(("clipping", name) for setting, name in _CLIPPINGS.items() if getattr(inner, setting, None)),
        *([("optimizer", _optimizer(inner))] if inner is not None else []),
        *(("cell_type", _name_of(layer)) for layer in recurrent),
        *_starts(hidden, recurrent),
    }
    curved = Counter({name: count for name, count in activations.items() if name != "linear"})
    units = Counter(map(_name_of, recurrent)) if recurrent else curved or activations
    factors = {factor for factor, _ in levels}
    kind = Kind(
        _family(hidden),
        _prevailing(units),
        all(map(is_scaled, initializers)),
        "normalization" in factors,
        "residual" in factors,
    )
    trained = optimizer is not None and int(tf.convert_to_tensor(optimizer.iterations)) > 0
    return Traits(kind, frozenset(levels), trained)


def _prevailing(units: Counter[str]) -> str:
    """What most layers have, as one linear layer among sigmoids does not make another network of it; empty if none has."""
    return next((name for name, count in units.items() if count > 0.7 * units.total()), "")


def _family(hidden: Sequence[Any]) -> str:
    """Of the suite; empty for models made of other layers too, of which no table says anything."""
    if _any(hidden, keras.layers.RNN):
        return "recurrent"
    if not all(isinstance(layer, (keras.layers.Dense, *_CONVOLUTIONS)) for layer in hidden):
        return ""
    return "cnn" if _any(hidden, _CONVOLUTIONS) else "mlp"


def _starts(hidden: Sequence[Any], recurrent: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """How biases and recurrent weights start, where all layers start alike."""
    biases = [made for layer in hidden if (made := getattr(layer, "bias_initializer", None)) is not None]
    if all(isinstance(made, keras.initializers.Zeros) for made in biases):
        yield "bias", "0"
    if recurrent and all(map(_is_orthogonal, recurrent)):
        yield "recurrent_initializer", "orthogonal"
    lstms = [layer for layer in recurrent if isinstance(layer, keras.layers.LSTM)]
    if lstms and all(map(_remembers, lstms)):
        yield "forget_bias", "5"


def _remembers(lstm: Any) -> bool:
    bias = getattr(lstm.cell, "bias", None)
    return bias is not None and float(np.mean(np.split(bias.numpy(), 4)[1])) >= _LARGE


def _is_orthogonal(layer: Any) -> bool:
    """With a gain below or above 1 it is not what is meant."""
    made = getattr(layer.cell, "recurrent_initializer", None)
    return isinstance(made, keras.initializers.Orthogonal) and made.gain == 1


def _optimizer(optimizer: Any) -> str:
    if isinstance(optimizer, keras.optimizers.SGD) and optimizer.momentum:
        return "nesterov" if optimizer.nesterov else "momentum"
    return type(optimizer).__name__.lower()


def _any(layers: Sequence[Any], kind: Any) -> bool:
    return any(isinstance(layer, kind) for layer in layers)


def _name_of(made: Any) -> str:
    return _snake(type(made).__name__)


def _snake(name: str) -> str:
    """As the catalog writes the name of a Keras class: `HeNormal`, `ReLU`, `LSTM`, `SimpleRNN`."""
    name = {"ReLU": "relu", "LeakyReLU": "leaky_relu"}.get(name, name)
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
