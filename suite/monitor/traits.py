"""What a model is already, so that nobody is told to try it: activations, initializers, normalizations, recurrence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from suite.monitor.calls import Window
from suite.protocol.words import Trait

_MADE_FOR = {"sigmoid": "Glorot", "tanh": "Glorot", "softsign": "Glorot", "selu": "Lecun", "linear": ""}
"""How the names of the initializers begin that are made for an activation; He's for all others."""

_NORMALIZATIONS = (
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
    keras.layers.GroupNormalization,
    keras.layers.RMSNormalization,
)

_LARGE = 4.0
"""A forget bias from here on forgets less than 2% a step."""


def traits_of(model: Any, windows: Sequence[Window]) -> frozenset[Trait]:
    """The traits of a model as it is now.

    Args:
        model: The model.
        windows: Its hidden layers.
    """
    layers = list(model._flatten_layers())
    names = {window.activation.name for window in windows}
    recurrent = [window.layer for window in windows if isinstance(window.layer, keras.layers.RNN)]
    lstms = [layer for layer in recurrent if isinstance(layer, keras.layers.LSTM)]
    optimizer = getattr(model, "optimizer", None)
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    biases = [bias for window in windows if (bias := getattr(window.layer, "bias_initializer", None)) is not None]
    sigmoid = bool(names & {"sigmoid", "hard_sigmoid"})
    found = {
        Trait.SIGMOID: sigmoid,
        Trait.NO_SIGMOID: not sigmoid,
        Trait.SCALED: bool(windows) and all(map(_is_scaled, windows)),
        Trait.NORMALIZED: any(isinstance(layer, _NORMALIZATIONS) for layer in layers),
        Trait.SKIPS: any(isinstance(layer, keras.layers.Add) for layer in layers),
        Trait.CLIPPED: any(getattr(inner, name, None) for name in ("clipnorm", "global_clipnorm", "clipvalue")),
        Trait.ZERO_BIASES: all(isinstance(bias, keras.initializers.Zeros) for bias in biases),
        Trait.LSTM: bool(lstms),
        Trait.REMEMBERS: bool(lstms) and all(map(_remembers, lstms)),
        Trait.ORTHOGONAL: bool(recurrent) and all(map(_is_orthogonal, recurrent)),
        Trait.UNTRAINED: optimizer is None or int(optimizer.iterations) == 0,
    }
    return frozenset(trait for trait, holds in found.items() if holds)


def _is_scaled(window: Window) -> bool:
    made_for = _MADE_FOR.get(window.activation.name, "He")
    return type(getattr(window.layer, "kernel_initializer", None)).__name__.startswith(made_for)


def _remembers(lstm: Any) -> bool:
    bias = getattr(lstm.cell, "bias", None)
    return bias is not None and float(np.mean(np.split(bias.numpy(), 4)[1])) >= _LARGE


def _is_orthogonal(layer: Any) -> bool:
    """With a gain below or above 1 it is not what is meant."""
    made = getattr(layer.cell, "recurrent_initializer", None)
    return isinstance(made, keras.initializers.Orthogonal) and made.gain == 1
