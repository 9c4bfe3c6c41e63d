"""Gradients are right: against a tape written out by hand in the program, against finite differences in the monitor."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import suite
from suite.training.program import Program
from suite.training.run_inputs import RunInputs
from tests.nets import draw, gaussian_task
from tests.probes.cases import recipe

EPSILON = 1e-3  # of the normalizations, in catalog and by hand


def batch_norm(z: Any) -> Any:
    return (z - tf.reduce_mean(z, 0)) / tf.sqrt(tf.math.reduce_variance(z, 0) + EPSILON)


def layer_norm(z: Any) -> Any:
    return (z - tf.reduce_mean(z, 1, True)) / tf.sqrt(tf.math.reduce_variance(z, 1, True) + EPSILON)


NORMALIZATIONS: dict[str, Callable[[Any], Any]] = {"none": lambda z: z, "batch": batch_norm, "layer": layer_norm}


@pytest.mark.parametrize("skip", [False, True], ids=["plain", "residual"])
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_the_programs_traces_are_those_of_a_tape_written_by_hand(normalization: str, skip: bool) -> None:
    depth, width, rate = 5, 12, 0.05
    task = gaussian_task(24, width)
    factors = recipe(depth=depth, width=width, activation="tanh", normalization=normalization, optimizer="sgd",
                     residual={"name": "skip", "every": 2} if skip else "none", batch_size=24)  # fmt: skip
    program = Program(factors, "mlp", task, 1, 1, xla=False)
    weights = program.network.initial_weights(factors, 3)
    found = program.run(RunInputs(weights, np.full(1, rate, np.float32), np.arange(24, dtype=np.int32)[None], 0)).arrays

    kernels = [tf.constant(value) for value in weights if value.ndim == 2]
    z, activations = [], []
    with tf.GradientTape() as tape:
        tape.watch(kernels)
        x = tf.constant(task.train.x)

        def layer(x: Any, index: int) -> Any:
            z.append(x @ kernels[index])
            activations.append(tf.tanh(NORMALIZATIONS[normalization](z[-1])))
            return activations[-1]

        x = layer(x, 0)
        for first in (1, 3):
            branch = layer(layer(x, first), first + 1)
            x = x + branch if skip else branch
        logits = x @ kernels[-1]
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(task.train.y, logits))
    by_z, by_kernel = tape.gradient(loss, [z, kernels])

    def close(name: str, expected: Sequence[Any]) -> None:
        np.testing.assert_allclose(found[name][0], [float(value) for value in expected], rtol=2e-5, err_msg=name)

    close("gradient_rms", [tf.sqrt(tf.reduce_mean(g**2)) for g in by_z])
    close("weight_gradient_norm", [tf.norm(g) for g in by_kernel[:-1]])
    close("activation_std", [tf.math.reduce_std(a) for a in activations])
    np.testing.assert_allclose(found["activation_mean"][0], [float(tf.reduce_mean(a)) for a in activations], atol=1e-6)
    close("update_ratio", [rate * tf.norm(g) / tf.norm(k) for g, k in zip(by_kernel[:-1], kernels[:-1], strict=True)])
    assert found["loss"][0] == pytest.approx(float(loss), rel=1e-5)


class Shift(keras.layers.Layer):
    """Adds a weight of the batch's shape, zero at first: by it a test moves z."""

    def build(self, shape: Any) -> None:
        self.shift = self.add_weight(shape=shape, initializer="zeros", trainable=False)

    def call(self, x: Any) -> Any:
        return x + self.shift


def squared_error(targets: Any, outputs: Any) -> Any:
    return tf.reduce_mean((tf.cast(targets, outputs.dtype) - outputs) ** 2)


def rms_by_differences(loss: Callable[[], float], variable: Any) -> float:
    """RMS of dLoss by a variable, one central difference an entry."""
    start, step = variable.numpy(), 1e-6
    differences = []
    for index in np.ndindex(start.shape):
        values = []
        for sign in (1, -1):
            moved = start.copy()
            moved[index] += sign * step
            variable.assign(moved)
            values.append(loss())
        differences.append((values[0] - values[1]) / (2 * step))
    variable.assign(start)
    return math.sqrt(np.mean(np.square(differences)))


@pytest.fixture
def double() -> Iterator[None]:
    """Layers made meanwhile compute in float64."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_dtype_policy(before)


L = keras.layers
NETS: dict[str, tuple[tuple[int, ...], Callable[[], list[Any]]]] = {
    "dense": ((5,), lambda: [L.Dense(4, name="probed"), Shift(), L.Activation("tanh"), L.Dense(2)]),
    "convolution": (
        (5, 5, 2),
        lambda: [L.Conv2D(2, 3, name="probed"), Shift(), L.Activation("tanh"), L.Flatten(), L.Dense(2)],
    ),
    "batch norm": (
        (5,),
        lambda: [L.Dense(4, name="probed"), Shift(), L.BatchNormalization(), L.Activation("tanh"), L.Dense(2)],
    ),
    "layer norm": (
        (5,),
        lambda: [L.Dense(4, name="probed"), Shift(), L.LayerNormalization(), L.Activation("sigmoid"), L.Dense(2)],
    ),
}


@pytest.mark.parametrize("name", NETS)
@pytest.mark.usefixtures("double")
def test_the_monitors_gradients_are_finite_differences(name: str) -> None:
    shape, layers = NETS[name]
    keras.utils.set_random_seed(1)
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal((3, *shape)).astype("float32"), generator.standard_normal((3, 2)).astype("float32")
    model = keras.Sequential([keras.Input(shape, batch_size=3), *layers()])
    assert_finite_differences(model, x, y)


@pytest.mark.usefixtures("double")
def test_the_monitors_gradients_are_finite_differences_with_a_skip_connection() -> None:
    keras.utils.set_random_seed(1)
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal((3, 4)).astype("float32"), generator.standard_normal((3, 2)).astype("float32")
    inputs = keras.Input((4,), batch_size=3)
    first = L.Dense(4, activation="tanh")(inputs)
    z = Shift()(L.Dense(4, name="probed")(first))
    summed = L.Add()([first, L.Activation("tanh")(z)])
    assert_finite_differences(keras.Model(inputs, L.Dense(2)(summed)), x, y)


def assert_finite_differences(model: keras.Model, x: np.ndarray, y: np.ndarray) -> None:
    probed = model.get_layer("probed")
    shift = next(layer.shift for layer in model.layers if isinstance(layer, Shift))
    row = suite.probe(model, x, y, squared_error).by_layer().set_index("name").loc["probed"]

    compiled = tf.function(lambda: squared_error(y, model(x, training=True)), autograph=False)

    def loss() -> float:
        return float(compiled())

    assert row["gradient_rms"] == pytest.approx(rms_by_differences(loss, shift), rel=1e-6)
    by_kernel = rms_by_differences(loss, probed.kernel) * math.sqrt(math.prod(probed.kernel.shape))
    assert row["weight_gradient_norm"] == pytest.approx(by_kernel, rel=1e-6)


@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("kind", [L.SimpleRNN, L.LSTM, L.GRU])
@pytest.mark.usefixtures("double")
def test_the_monitors_gradients_through_time_are_finite_differences(kind: Any, backwards: bool) -> None:
    """Of the states of Keras's own cells, moved at one time step of a loop written by hand."""
    keras.utils.set_random_seed(2)
    generator = np.random.default_rng(0)
    time, units = 4, 3
    x, y = (
        generator.standard_normal((2, time, 2)).astype("float32"),
        generator.standard_normal((2, 1)).astype("float32"),
    )
    layer = kind(units, go_backwards=backwards)
    model = keras.Sequential([keras.Input((time, 2)), layer, L.Dense(1)])
    seen = suite.probe(model, x, y, squared_error)
    names = seen.by_time()["state"].unique().tolist()
    assert names == (["h", "c"] if kind is L.LSTM else ["h"])
    moves = {name: tf.Variable(tf.zeros([time, 2, units], tf.float64)) for name in names}
    order = range(time - 1, -1, -1) if backwards else range(time)

    @functools.partial(tf.function, autograph=False)
    def compiled() -> Any:
        states = [tf.zeros([2, units], tf.float64)] * len(layer.cell.state_size if kind is L.LSTM else [units])
        for step, index in enumerate(order):
            states = advance(
                layer.cell, tf.cast(x[:, index], tf.float64), states, {n: m[step] for n, m in moves.items()}
            )
        return squared_error(y, model.layers[-1](states[0]))

    def loss() -> float:
        return float(compiled())

    for name in names:
        rows = seen.by_time().query("state == @name")["gradient_rms"].to_numpy()
        expected = [rms_by_differences_of_step(loss, moves[name], step) for step in range(time)]
        np.testing.assert_allclose(rows, expected, rtol=1e-6)
    by_kernel = rms_by_differences(loss, layer.cell.recurrent_kernel) * math.sqrt(
        math.prod(layer.cell.recurrent_kernel.shape)
    )
    assert seen.by_layer()["weight_gradient_norm"][0] == pytest.approx(by_kernel, rel=1e-6)


def advance(cell: Any, x: Any, states: list[Any], moves: dict[str, Any]) -> list[Any]:
    """One time step of Keras's equations, with c moved before h is made of it."""
    if not isinstance(cell, L.LSTMCell):
        h, _ = cell(x, states if isinstance(cell, L.SimpleRNNCell) else states[0])
        return [h + moves["h"]]
    i, f, u, o = tf.split(x @ cell.kernel.value + states[0] @ cell.recurrent_kernel.value + cell.bias.value, 4, axis=1)
    c = tf.sigmoid(f) * states[1] + tf.sigmoid(i) * tf.tanh(u) + moves["c"]
    return [tf.sigmoid(o) * tf.tanh(c) + moves["h"], c]


def rms_by_differences_of_step(loss: Callable[[], float], moves: Any, step: int) -> float:
    values = moves.numpy()
    size = 1e-6
    differences = []
    for index in np.ndindex(values.shape[1:]):
        pair = []
        for sign in (1, -1):
            moved = values.copy()
            moved[(step, *index)] += sign * size
            moves.assign(moved)
            pair.append(loss())
        differences.append((pair[0] - pair[1]) / (2 * size))
    moves.assign(values)
    return math.sqrt(np.mean(np.square(differences)))


def test_one_look_of_the_monitor_is_one_step_of_the_program() -> None:
    """The same quantities, by the same code, on the same network and batch."""
    task = gaussian_task(40, 16)
    factors = recipe(depth=4, width=16, activation="tanh", normalization="batch", optimizer="sgd", batch_size=40)
    program = Program(factors, "mlp", task, 1, 1, xla=False)
    weights = draw([value.shape for value in program.network.built], 1.5, 0)
    weights = [w if w.ndim == 2 else start for w, start in zip(weights, program.network.built, strict=True)]
    found = program.run(RunInputs(weights, np.zeros(1, np.float32), np.arange(40, dtype=np.int32)[None], 0)).arrays
    model = keras.Sequential([keras.Input((16,))])
    for _ in range(4):
        model.add(L.Dense(16, use_bias=program.network.model.layers[1].use_bias))
        model.add(L.BatchNormalization(momentum=0.9))
        model.add(L.Activation("tanh"))
    model.add(L.Dense(10))
    model.set_weights(weights)
    table = suite.probe(
        model, task.train.x, task.train.y, keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    ).by_layer()
    for name in ("gradient_rms", "weight_gradient_norm", "activation_mean", "activation_std"):
        np.testing.assert_allclose(table.query("hidden")[name], found[name][0], rtol=1e-4, atol=1e-6, err_msg=name)
