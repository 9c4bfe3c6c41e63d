"""What the tests of the families share: a few steps of a program, and the same steps in plain Keras."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from suite.tasks import Task, load_task
from suite.training.program import Program
from suite.training.run_inputs import RunInputs
from tests.probes.cases import feed, recipe

K = keras.layers
STEPS, BATCH = 3, 8
RATE = 0.05


@functools.cache
def small(name: str = "digits", **arguments: Any) -> Task:
    return load_task({"name": name, "train_size": 40, **arguments})


@contextlib.contextmanager
def eagerly() -> Iterator[None]:
    """Functions of TensorFlow's are run op by op, and not traced."""
    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(before)


def train(
    model: str, task: Task, factors: Mapping[str, Any], *, xla: bool | None = False
) -> tuple[Program, RunInputs, list[np.ndarray]]:
    """A few steps of a program without probes: what was fed, and the weights it ends with.

    Run op by op unless XLA is asked for, which is a third of the work for three steps: that a program computes the same
    when it is compiled is tested with the programs.
    """
    program = Program(factors, model, task, STEPS, 1, probes=False, xla=xla)
    fed = feed(program, factors, rate=RATE)
    with eagerly() if xla is False else contextlib.nullcontext():
        trace = program.run(fed)
    assert trace.finite
    return program, fed, [np.asarray(weight) for weight in program.network.model.weights]


def plain_keras(
    layers: Sequence[Any] | keras.Model,
    task: Task,
    fed: RunInputs,
    *,
    optimizer: Any = None,
    loss: Callable[[Any, Any], Any] | None = None,
    penalty: Callable[[keras.Model], Any] = lambda model: 0.0,
    rates: np.ndarray | None = None,
) -> list[np.ndarray]:
    """The weights that Keras ends with, step by step, from the same weights on the same batches."""
    optimizer = optimizer or keras.optimizers.SGD(RATE)
    if loss is None:
        classes = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        loss = classes if task.classes else keras.losses.MeanSquaredError()
    model = (
        layers if isinstance(layers, keras.Model) else keras.Sequential([keras.Input(task.train.x.shape[1:]), *layers])
    )
    model.set_weights(fed.weights)
    for step, rows in enumerate(fed.batches):
        with tf.GradientTape() as tape:
            outputs = model(task.train.x[rows], training=True)
            value = loss(task.train.y[rows], outputs) + penalty(model)
        if rates is not None:
            optimizer.learning_rate = float(rates[step])
        gradients = tape.gradient(value, [v.value for v in model.trainable_variables])
        optimizer.apply(gradients, model.trainable_variables)
    return [np.asarray(weight) for weight in model.weights]


def assert_alike(
    ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray], fed: RunInputs, *, rtol: float = 1e-4, atol: float = 2e-6
) -> None:
    assert any(not np.array_equal(a, b) for a, b in zip(ours, fed.weights, strict=True))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)


def mlp_layers(
    activation: Any = "tanh", normalization: Callable[[], Any] | None = None, *, after: bool = False
) -> list[Any]:
    layers: list[Any] = [K.Flatten()]
    for _ in range(2):
        norm = [normalization()] if normalization else []
        layers += [
            K.Dense(8, use_bias=after or not _takes_bias_out(*norm)),
            *(() if after else norm),
            K.Activation(activation),
            *(norm if after else ()),
        ]
    return [*layers, K.Dense(10)]


def _takes_bias_out(*norm: Any) -> bool:
    """Whether a normalization takes the bias in front of it out again, so that recipes have none there."""
    return any(isinstance(layer, K.BatchNormalization) for layer in norm)


def mlp(**factors: Any) -> dict[str, Any]:
    given = {"depth": 2, "width": 8, "activation": "tanh", "optimizer": "sgd", "batch_size": BATCH, **factors}
    return recipe("mlp", **given)


def cnn(**factors: Any) -> dict[str, Any]:
    given = {
        "depth": 3,
        "channels": 8,
        "stages": 2,
        "activation": "tanh",
        "optimizer": "sgd",
        "batch_size": BATCH,
        **factors,
    }
    return recipe("cnn", **given)


def cnn_model(
    normalization: Callable[[], Any] | None = None,
    pooling: str = "max",
    alpha: float | None = None,
    channels: int = 8,
) -> keras.Model:
    """Convolutions 1 and 2, half the resolution, convolution 3; with alpha, 2 and 3 are residual blocks."""

    def convolution(x: Any, strides: int = 1) -> Any:
        norm = [normalization()] if normalization else []
        x = K.Conv2D(channels, 3, strides=strides, padding="same", use_bias=not _takes_bias_out(*norm))(x)
        return K.Activation("tanh")(norm[0](x) if norm else x)

    def block(x: Any) -> Any:
        return convolution(x) if alpha is None else x + alpha * convolution(x)

    pool = {"max": K.MaxPooling2D(2), "average": K.AveragePooling2D(2)}
    inputs = keras.Input((8, 8, 1))
    x = block(convolution(inputs))
    x = convolution(x, strides=2) if pooling == "stride" else block(pool[pooling](x))
    return keras.Model(inputs, K.Dense(10)(K.GlobalAveragePooling2D()(x)))


def recurrent(**factors: Any) -> dict[str, Any]:
    return recipe("recurrent", **{"units": 6, "optimizer": "sgd", "batch_size": BATCH, **factors})
