"""Models that are not ours, as users write them, and batches for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

L = keras.layers
LOGITS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def batch(*shape: int, examples: int = 48, classes: int = 10, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian inputs, classes at random."""
    generator = np.random.default_rng(seed)
    return generator.standard_normal((examples, *shape)).astype("float32"), generator.integers(0, classes, examples)


def sequential(depth: int = 2, activation: str = "relu", width: int = 16) -> Any:
    """A plain stack, with what has a state of its own: dropout and batch normalization."""
    hidden = [
        part
        for number in range(1, depth + 1)
        for part in (
            L.Dense(width, name=f"hidden_{number}"), L.BatchNormalization(), L.Activation(activation), L.Dropout(0.2),
        )
    ]  # fmt: skip
    return keras.Sequential([keras.Input((16,)), *hidden, L.Dense(10, name="output")])


def deep(activation: str, depth: int = 8, **settings: Any) -> Any:
    """A stack without anything that keeps its gradient; of sigmoids it vanishes."""
    keras.utils.set_random_seed(0)
    hidden = [L.Dense(16, activation, name=f"hidden_{number}", **settings) for number in range(1, depth + 1)]
    return keras.Sequential([keras.Input((16,)), *hidden, L.Dense(10, name="output")])


class Block(keras.layers.Layer):
    """A residual block with functions, not layers, as activations."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.first, self.norm, self.second = L.Dense(units), L.LayerNormalization(), L.Dense(units)

    def build(self, shape: Any) -> None:
        self.first.build(shape)
        self.norm.build(shape)
        self.second.build(shape)

    def call(self, x: Any) -> Any:
        return x + tf.nn.tanh(self.second(keras.ops.relu(self.norm(self.first(x)))))


class Subclassed(keras.Model):
    """A model of one's own class, with blocks of one's own class and weights of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = [Block(16, name=f"block_{number}") for number in (1, 2)]
        self.drop = L.Dropout(0.3)
        self.head = L.Dense(10, name="head")

    def call(self, x: Any, training: bool = False) -> Any:
        for block in self.blocks:
            x = block(x)
        return self.head(self.drop(x, training=training))


def subclassed() -> Any:
    """Built, as calling it on a batch builds it."""
    model = Subclassed()
    model(np.zeros((1, 16), "float32"))
    return model


def shared() -> Any:
    """A functional model that calls one layer three times."""
    inputs = keras.Input((16,))
    layer = L.Dense(16, activation="tanh", name="shared")
    x = layer(layer(layer(inputs)))
    return keras.Model(inputs, L.Dense(10, name="output")(x))


def mobile_blocks() -> Any:
    """Inverted residual blocks as MobileNetV2 has them, one with a skip connection: convolution, depthwise, normalizations, ReLU6."""

    def convolution(x: Any, filters: int, size: int = 1) -> Any:
        return L.BatchNormalization()(L.Conv2D(filters, size, padding="same", use_bias=False)(x))

    inputs = keras.Input((8, 8, 3))
    x = L.ReLU(6.0)(convolution(inputs, 4, 3))
    for filters in (4, 6):
        wide = L.ReLU(6.0)(convolution(x, 12))
        deep = L.ReLU(6.0)(L.BatchNormalization()(L.DepthwiseConv2D(3, padding="same", use_bias=False)(wide)))
        end = convolution(deep, filters)
        x = L.Add()([x, end]) if filters == x.shape[-1] else end
    return keras.Model(inputs, L.Dense(10)(L.GlobalAveragePooling2D()(x)))


def fit(model: Any, x: np.ndarray, y: np.ndarray, *callbacks: Any, epochs: int = 2, **compiled: Any) -> Any:
    """Compiles a model and trains it, three steps an epoch of a whole batch."""
    compiled.setdefault("optimizer", keras.optimizers.SGD(1e-3))
    model.compile(loss=LOGITS, metrics=["accuracy"], jit_compile=False, **compiled)
    return model.fit(x, y, epochs=epochs, batch_size=16, verbose=0, callbacks=list(callbacks))


MODELS: dict[str, tuple[Callable[[], Any], tuple[int, ...]]] = {
    "sequential": (sequential, (16,)),
    "subclassed": (subclassed, (16,)),
    "shared": (shared, (16,)),
    "mobile_blocks": (mobile_blocks, (8, 8, 3)),
}
