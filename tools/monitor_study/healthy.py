"""Thirty models that train, small ones of the kinds people have, each compiled, with a batch of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import keras
import numpy as np
from sklearn.datasets import load_digits, load_wine

L, ops = keras.layers, keras.ops
Case = tuple[Any, Any, Any]
LOGITS = keras.losses.SparseCategoricalCrossentropy


@cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """The first 64 digits, standardized as a whole."""
    x, y = load_digits(return_X_y=True)
    return ((x - x.mean()) / x.std()).astype("float32")[:64], y[:64]


def compiled(model: Any, optimizer: Any = "adam", loss: Any = None) -> Any:
    model.compile(optimizer, LOGITS(from_logits=True) if loss is None else loss, jit_compile=False)
    return model


def stack(*layers: Any, inputs: Any = (64,), dtype: Any = None) -> Any:
    return keras.Sequential([keras.Input(inputs, dtype=dtype), *layers])


def mlp(
    activation: str = "relu", depth: int = 3, initializer: str = "glorot_uniform", *between: Callable[[], Any]
) -> Any:
    hidden = [
        part
        for _ in range(depth)
        for part in (
            L.Dense(64, kernel_initializer=initializer),
            *(make() for make in between),
            L.Activation(activation),
        )
    ]
    return stack(*hidden, L.Dense(10))


def on_digits(model: Any, optimizer: Any = "adam") -> Case:
    x, y = digits()
    return compiled(model, optimizer), x, y


def images() -> tuple[np.ndarray, np.ndarray]:
    x, y = digits()
    return x.reshape(-1, 8, 8, 1), y


def cnn(*layers: Any, optimizer: Any = "adam") -> Case:
    x, y = images()
    return compiled(stack(*layers, L.Dense(10), inputs=(8, 8, 1)), optimizer), x, y


def conv(filters: int = 16, **settings: Any) -> Any:
    return L.Conv2D(filters, 3, padding="same", activation="relu", **settings)


def residual(depth: int = 8, end: str = "glorot_uniform") -> Case:
    inputs = keras.Input((64,))
    h = L.Dense(64)(inputs)
    for _ in range(depth):
        branch = L.Dense(64, "relu", kernel_initializer="he_normal")(L.LayerNormalization()(h))
        h = L.Add()([h, L.Dense(64, kernel_initializer=end)(branch)])
    return on_digits(keras.Model(inputs, L.Dense(10, kernel_initializer=end)(L.LayerNormalization()(h))))


def resnet() -> Case:
    inputs = keras.Input((8, 8, 1))
    h = conv()(inputs)
    for _ in range(3):
        branch = L.ReLU()(L.BatchNormalization()(L.Conv2D(16, 3, padding="same", use_bias=False)(h)))
        branch = L.BatchNormalization(gamma_initializer="zeros")(
            L.Conv2D(16, 3, padding="same", use_bias=False)(branch)
        )
        h = L.ReLU()(L.Add()([h, branch]))
    x, y = images()
    return compiled(keras.Model(inputs, L.Dense(10)(L.GlobalAveragePooling2D()(h)))), x, y


def transformer() -> Case:
    inputs = keras.Input((8, 8))
    h = L.Dense(32)(inputs)
    for _ in range(2):
        n = L.LayerNormalization()(h)
        h = L.Add()([h, L.MultiHeadAttention(4, 8)(n, n)])
        h = L.Add()([h, L.Dense(32)(L.Dense(64, "gelu")(L.LayerNormalization()(h)))])
    x, y = digits()
    model = keras.Model(inputs, L.Dense(10)(L.GlobalAveragePooling1D()(L.LayerNormalization()(h))))
    return compiled(model), x.reshape(-1, 8, 8), y


def text(*layers: Any, mask: bool = False, length: int = 24) -> Case:
    rng = np.random.default_rng(np.random.randint(1 << 30))
    y = rng.integers(0, 2, 64)
    x = rng.integers(3, 50, (64, length))
    x[np.arange(64), rng.integers(length // 2, length, 64)] = 1 + y
    if mask:
        x[np.arange(length)[None] < rng.integers(0, length // 2, (64, 1))] = 0
    model = stack(L.Embedding(50, 16, mask_zero=mask), *layers, L.Dense(2), inputs=(length,), dtype="int32")
    return compiled(model, keras.optimizers.Adam(1e-2)), x, y


def sequence(*layers: Any, rate: float = 1e-2) -> Case:
    rng = np.random.default_rng(np.random.randint(1 << 30))
    x = rng.standard_normal((64, 15, 2)).astype("float32")
    model = stack(*layers, L.Dense(1), inputs=(15, 2))
    return compiled(model, keras.optimizers.Adam(rate), "mse"), x, x[:, -5:, :1].sum(axis=1)


def regression(loss: str = "mse") -> Case:
    rng = np.random.default_rng(np.random.randint(1 << 30))
    x = rng.standard_normal((64, 8)).astype("float32")
    y = (x[:, :1] * x[:, 1:2] + x[:, 2:3]).astype("float32")
    return compiled(stack(L.Dense(32, "relu"), L.Dense(32, "relu"), L.Dense(1), inputs=(8,)), "adam", loss), x, y


def wine() -> Case:
    x, y = load_wine(return_X_y=True)
    keep = np.random.permutation(len(x))[:64]
    normalize = L.Normalization()
    normalize.adapt(x)
    return compiled(stack(normalize, L.Dense(32, "relu"), L.Dense(3), inputs=(13,))), x[keep].astype("float32"), y[keep]


def binary() -> Case:
    x, y = digits()
    return compiled(stack(L.Dense(32, "relu"), L.Dense(1, "sigmoid")), "adam", "binary_crossentropy"), x, (y > 4) * 1.0


def autoencoder() -> Case:
    x, _ = digits()
    layers = (L.Dense(32, "relu"), L.Dense(8, "linear"), L.Dense(32, "relu"), L.Dense(64))
    return compiled(stack(*layers), "adam", "mse"), x, x


def transfer() -> Case:
    base = keras.Sequential([keras.Input((8, 8, 1)), conv(), L.MaxPooling2D(), conv()], name="base")
    base.trainable = False
    return cnn(base, L.GlobalAveragePooling2D(), L.Dense(32, "relu"), optimizer=keras.optimizers.Adam(3e-3))


def siamese() -> Case:
    x, y = digits()
    tower = keras.Sequential([keras.Input((64,)), L.Dense(32, "relu"), L.Dense(16)])
    left, right = keras.Input((64,)), keras.Input((64,))
    model = keras.Model([left, right], L.Dense(1, "sigmoid")(ops.abs(tower(left) - tower(right))))
    return compiled(model, "adam", "binary_crossentropy"), [x, x[::-1]], (y == y[::-1]) * 1.0


def two_outputs() -> Case:
    x, y = digits()
    inputs = keras.Input((64,))
    h = L.Dense(64, "relu")(inputs)
    model = keras.Model(inputs, {"digit": L.Dense(10, name="digit")(h), "size": L.Dense(1, name="size")(h)})
    losses = {"digit": LOGITS(from_logits=True), "size": "mse"}
    return compiled(model, "adam", losses), x, {"digit": y, "size": x.mean(axis=1, keepdims=True)}


SGD, Adam = keras.optimizers.SGD, keras.optimizers.Adam

HEALTHY: dict[str, Callable[[], Case]] = {
    "mlp relu": lambda: on_digits(mlp()),
    "mlp relu he sgd momentum": lambda: on_digits(mlp("relu", 3, "he_normal"), SGD(0.01, momentum=0.9)),
    "mlp tanh sgd": lambda: on_digits(mlp("tanh"), SGD(0.1)),
    "mlp sigmoid shallow": lambda: on_digits(mlp("sigmoid", 1), Adam(1e-2)),
    "mlp selu deep": lambda: on_digits(mlp("selu", 10, "lecun_normal")),
    "mlp gelu": lambda: on_digits(mlp("gelu", 4)),
    "mlp batch norm deep": lambda: on_digits(mlp("relu", 10, "he_normal", L.BatchNormalization)),
    "mlp layer norm": lambda: on_digits(mlp("relu", 6, "he_normal", L.LayerNormalization)),
    "mlp dropout": lambda: on_digits(mlp("relu", 2, "glorot_uniform", lambda: L.Dropout(0.3))),
    "mlp adamw clipped": lambda: on_digits(mlp(), keras.optimizers.AdamW(1e-3, clipnorm=1.0)),
    "mlp warm-up": lambda: on_digits(
        mlp(), Adam(keras.optimizers.schedules.CosineDecay(0.0, 1000, warmup_target=1e-3, warmup_steps=10))
    ),
    "logistic regression": lambda: on_digits(stack(L.Dense(10)), SGD(0.1)),
    "residual": residual,
    "residual zero-started": lambda: residual(6, "zeros"),
    "cnn pooled": lambda: cnn(conv(), conv(), L.GlobalAveragePooling2D(), L.Dense(32, "relu"), optimizer=Adam(3e-3)),
    "cnn flattened": lambda: cnn(conv(), L.MaxPooling2D(), conv(32), L.Flatten()),
    "cnn separable": lambda: cnn(conv(), L.SeparableConv2D(32, 3, activation="relu"), L.Flatten()),
    "resnet zero gamma": resnet,
    "cnn prelu": lambda: cnn(L.Conv2D(16, 3), L.PReLU(shared_axes=[1, 2]), L.Flatten(), optimizer=Adam(3e-3)),
    "transformer": transformer,
    "bag of words": lambda: text(L.GlobalAveragePooling1D(), L.Dense(16, "relu")),
    "lstm masked": lambda: text(L.LSTM(16), mask=True),
    "gru bidirectional": lambda: text(L.Bidirectional(L.GRU(8))),
    "lstm series": lambda: sequence(L.LSTM(16)),
    "cnn series": lambda: sequence(L.Conv1D(16, 3, activation="relu"), L.GlobalAveragePooling1D(), L.Dense(16, "relu")),
    "regression mse": regression,
    "regression mae": lambda: regression("mae"),
    "tabular normalized": wine,
    "binary": binary,
    "autoencoder": autoencoder,
    "transfer learning": transfer,
    "siamese": siamese,
    "two outputs": two_outputs,
}  # fmt: skip
"""By name; three of them over thirty, so that one may be taken out."""
