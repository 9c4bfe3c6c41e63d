"""Twenty regressions as commits bring them: one thing of a model that trains is changed for the worse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from tools.monitor_study.healthy import (
    SGD,
    Case,
    L,
    cnn,
    compiled,
    conv,
    digits,
    mlp,
    on_digits,
    regression,
    stack,
    transformer,
)


def changed(case: Case, change: Callable[[Any], Any]) -> Case:
    model, x, y = case
    change(model)
    return model, x, y


def scaled(case: Case, factor: float) -> Case:
    model, x, y = case
    return model, np.asarray(x) * factor, y


def faster(case: Case, factor: float) -> Case:
    def change(model: Any) -> None:
        model.optimizer.learning_rate = factor * float(model.optimizer.learning_rate)

    return changed(case, change)


def normal(deviation: float) -> Any:
    return keras.initializers.RandomNormal(stddev=deviation)


def deep(activation: str, depth: int, initializer: Any = "glorot_uniform", *between: Any) -> Case:
    return on_digits(mlp(activation, depth, initializer, *between))


def frozen(case: Case, index: int) -> Case:
    def change(model: Any) -> None:
        model.layers[index].trainable = False
        model.compile(model.optimizer, model.loss, jit_compile=False)

    return changed(case, change)


def positive_output() -> Case:
    _, x, y = regression()
    return (
        compiled(stack(L.Dense(32, "relu"), L.Dense(32, "relu"), L.Dense(1, "relu"), inputs=(8,)), "adam", "mse"),
        x,
        y,
    )


def dead() -> Case:
    def change(model: Any) -> None:
        layer = model.layers[2]
        layer.bias.assign(np.full(layer.bias.shape, -50.0))

    return changed(on_digits(mlp()), change)


REGRESSIONS: dict[str, Callable[[], Case]] = {
    "initializer: normal(0.001), relu x 6": lambda: deep("relu", 6, normal(0.001)),
    "initializer: normal(1), relu x 6": lambda: deep("relu", 6, normal(1.0)),
    "initializer: zeros, tanh x 3": lambda: deep("tanh", 3, "zeros"),
    "initializer: normal(1), tanh x 5": lambda: deep("tanh", 5, normal(1.0)),
    "activation: sigmoid x 10": lambda: deep("sigmoid", 10),
    "activation: relu on the output": positive_output,
    "activation: softmax on one unit": lambda: (
        compiled(stack(L.Dense(32, "relu"), L.Dense(1, "softmax")), "adam", "binary_crossentropy"),
        digits()[0], (digits()[1] > 4) * 1.0,
    ),
    "activation: none before the probabilities": lambda: (
        compiled(stack(L.Dense(64, "relu"), L.Dense(10)), "adam", "sparse_categorical_crossentropy"), *digits(),
    ),
    "missing norm: relu x 30": lambda: deep("relu", 30),
    "missing norm: sigmoid x 8": lambda: deep("sigmoid", 8),
    "missing norm: normal(0.3), relu x 12": lambda: deep("relu", 12, normal(0.3)),
    "frozen layer in an mlp": lambda: frozen(on_digits(mlp()), 2),
    "frozen layer in a cnn": lambda: frozen(cnn(conv(), conv(), L.Flatten()), 1),
    "inputs x 255": lambda: scaled(cnn(conv(), conv(), L.Flatten()), 255.0),
    "inputs x 1000": lambda: scaled(on_digits(mlp()), 1000.0),
    "inputs x 0.001": lambda: scaled(on_digits(mlp()), 0.001),
    "rate x 100, adam": lambda: faster(on_digits(mlp()), 100.0),
    "rate x 100, sgd": lambda: faster(on_digits(mlp("tanh"), SGD(0.1)), 100.0),
    "rate x 100, transformer": lambda: faster(transformer(), 100.0),
    "dead layer": dead,
}  # fmt: skip
"""By name."""
