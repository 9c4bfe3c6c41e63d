"""Recurrent networks: Keras's own layers to the last digit, with their states seen through time."""

from __future__ import annotations

import functools
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from suite.catalog.normalizations import build_normalization
from suite.models.network import Network
from suite.models.recurrence import Recurrence
from suite.models.recurrent import build
from suite.models.recurrent_cells import GRUCell, LSTMCell, SimpleRNNCell
from tests.close import assert_close
from tests.probes.cases import level, recipe

TIME, FEATURES, UNITS = 6, 3, 4
X = tf.constant(np.random.default_rng(0).normal(size=(5, TIME, FEATURES)), tf.float32)
CELLS = {"simple_rnn": SimpleRNNCell, "lstm": LSTMCell, "gru": GRUCell}
LAYERS = {"simple_rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


def network(
    outputs: tuple[int, ...] = (2,), *, seed: int = 0, shape: tuple[int, int] = (TIME, FEATURES), **factors: Any
) -> Network:
    factors = {"units": UNITS, **factors}
    levels = recipe("recurrent", **factors)
    found = build(levels, shape, outputs)
    for variable, value in zip(found.model.weights, found.initial_weights(levels, seed), strict=True):
        variable.assign(value)
    return found


def state_gradients(found: Network, x: Any, loss: Any) -> list[np.ndarray]:
    with tf.GradientTape() as tape:
        seen = found.pass_through(x, training=True, tape=tape)
        value = loss(seen.outputs)
    return [gradient.numpy() for gradient in tape.gradient(value, seen.gradient_sources)]


@pytest.mark.parametrize("cell", LAYERS)
@pytest.mark.parametrize("every_step", [False, True])
def test_outputs_and_gradients_are_those_of_keras(cell: str, every_step: bool) -> None:
    found = network((TIME, 2) if every_step else (2,), cell_type=cell, layers=2, activation="softsign")
    keras_layers = [LAYERS[cell](UNITS, activation="softsign", return_sequences=True),
                    LAYERS[cell](UNITS, activation="softsign", return_sequences=every_step), keras.layers.Dense(2)]  # fmt: skip
    theirs = keras.Sequential([keras.Input((TIME, FEATURES)), *keras_layers])
    theirs.set_weights(found.model.get_weights())
    with tf.GradientTape(persistent=True) as tape:
        outputs = found.model(X), found.pass_through(X, training=True, tape=tape).outputs, theirs(X)
        losses = [tf.reduce_sum(tf.sin(y)) for y in outputs]
    for output, loss in zip(outputs[:2], losses[:2], strict=True):
        assert_close(output, outputs[2], 1e-5)
        ours = tape.gradient(loss, [v.value for v in found.model.trainable_variables])
        wanted = tape.gradient(losses[2], [v.value for v in theirs.trainable_variables])
        for a, b in zip(ours, wanted, strict=True):
            assert_close(a, b, 2e-5)


def test_the_tapped_network_has_the_weights_of_the_plain_one_and_no_others() -> None:
    found = network(cell_type="lstm", layers=2, normalization="layer", dropout=0.1)
    assert {id(w) for w in found.tapped.weights} == {id(w) for w in found.model.weights}
    assert found.recurrent == (0, 1)
    assert [tap.name for tap in found.taps] == ["lstm_1", "lstm_2"]


def test_first_biases_are_zero_but_for_the_forget_gate() -> None:
    found = network(cell_type="lstm", forget_bias=2.5, bias=0.5)
    bias = next(w for w in found.model.weights if w.shape == (4 * UNITS,)).numpy().reshape(4, UNITS)
    np.testing.assert_array_equal(bias, np.repeat([[0.5], [2.5], [0.5], [0.5]], UNITS, axis=1))


def test_kernels_are_drawn_by_their_own_factors() -> None:
    found = network(cell_type="gru", initializer="zeros", recurrent_initializer={"name": "constant", "value": 0.25})
    assert sorted(set(found.drawn.values())) == ["initializer", "recurrent_initializer"]
    kernel, recurrent = found.model.weights[:2]
    assert not kernel.numpy().any()
    assert (recurrent.numpy() == 0.25).all()


@pytest.mark.parametrize("rho", [0.9, 1.0, 1.1])
def test_an_orthogonal_linear_rnn_has_a_factor_of_rho_per_time_step(rho: float) -> None:
    level = {"name": "orthogonal", "gain": rho}
    found = network(cell_type="simple_rnn", activation="linear", recurrent_initializer=level, units=16)
    gradients = state_gradients(found, X, tf.reduce_sum)[0]
    rms = np.sqrt((gradients**2).mean(axis=(0, 2)))
    np.testing.assert_allclose(rms[:-1] / rms[1:], rho, rtol=1e-5)


def test_the_gradient_of_a_state_is_total() -> None:
    """Against finite differences: a nudge of h_t at one time step."""
    found = network(cell_type="lstm")
    gradients = state_gradients(found, X, lambda y: tf.reduce_sum(tf.sin(y)))[0]
    nudge = 1e-2
    for t in (0, 3, TIME - 1):
        values = []
        for sign in (1, -1):
            zeros = np.zeros((5, TIME, UNITS), np.float32)
            zeros[2, t, 1] = sign * nudge
            values.append(float(tf.reduce_sum(tf.sin(found.tapped([X, tf.constant(zeros)])[0]))))
        assert gradients[2, t, 1] == pytest.approx((values[0] - values[1]) / (2 * nudge), rel=0.02, abs=2e-4)


def test_what_the_taps_show() -> None:
    found = network(cell_type="simple_rnn", activation="tanh")
    seen = found.pass_through(X, training=False)
    np.testing.assert_allclose(seen.activations[0], np.tanh(seen.pre_activations[0]), rtol=1e-5, atol=1e-6)
    kernel, recurrent, bias = (w.numpy() for w in found.model.weights[:3])
    before = np.concatenate([np.zeros((5, 1, UNITS)), seen.activations[0][:, :-1]], axis=1)
    assert_close(seen.pre_activations[0], X @ kernel + before @ recurrent + bias, 1e-5)


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def normalized(z: np.ndarray, name: str) -> np.ndarray:
    if name == "rms":
        return z / np.sqrt((z**2).mean(axis=-1, keepdims=True) + 1e-6)
    return (z - z.mean(axis=-1, keepdims=True)) / np.sqrt(z.var(axis=-1, keepdims=True) + 1e-3)


@pytest.mark.parametrize("name", ["layer", "rms"])
@pytest.mark.parametrize("cell", LAYERS)
def test_normalization_inside_a_cell_follows_the_formula(cell: str, name: str) -> None:
    found = network(cell_type=cell, normalization=name, norm_position="inside", bias=0.3)
    kernel, recurrent, bias = (weight.numpy() for weight in found.model.weights[:3])
    h = c = np.zeros((5, UNITS))
    for t in range(TIME):
        x, a = np.asarray(X)[:, t] @ kernel, h @ recurrent
        if cell == "simple_rnn":
            h = np.tanh(normalized(x + a, name) + bias)
        elif cell == "lstm":
            i, f, u, o = (
                normalized(z, name) + b for z, b in zip(np.split(x + a, 4, -1), np.split(bias, 4), strict=True)
            )
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(u)
            h = sigmoid(o) * np.tanh(normalized(c, name))
        else:
            (x_g, x_r, x_h), (a_g, a_r, a_h) = np.split(x, 3, -1), np.split(a, 3, -1)
            (b_g, b_r, b_h), (i_g, i_r, i_h) = np.split(bias[0], 3), np.split(bias[1], 3)
            g = sigmoid(normalized(x_g + a_g, name) + b_g + i_g)
            r = sigmoid(normalized(x_r + a_r, name) + b_r + i_r)
            h = g * h + (1 - g) * np.tanh(normalized(x_h + r * (a_h + i_h), name) + b_h)
    np.testing.assert_allclose(found.pass_through(X, training=False).activations[0][:, -1], h, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(found.model(X), found.pass_through(X, training=False).outputs, rtol=1e-5)


@pytest.mark.parametrize("xla", [False, True], ids=["graph", "xla"])
@pytest.mark.parametrize("name", ["none", "layer", "rms"])
@pytest.mark.parametrize("kind", CELLS)
def test_outputs_and_gradients_are_those_of_the_cell_called_step_by_step(kind: str, name: str, xla: bool) -> None:
    keras.utils.set_random_seed(0)  # some draws make the normalization ill-conditioned
    normalize = None if name == "none" else functools.partial(build_normalization, level("normalizations", name))
    cell = CELLS[kind](UNITS, normalize=normalize, bias_initializer="random_normal")
    layer = Recurrence(cell)
    layer.build(X.shape)

    def unrolled(x: Any) -> Any:
        states, outputs = [tf.zeros((5, UNITS))] * (2 if kind == "lstm" else 1), []
        for t in range(TIME):
            output, states = cell(x[:, t], states)
            outputs.append(output)
        return tf.stack(outputs, axis=1)

    def differentiated(forward: Any) -> list[Any]:
        weights = [variable.value for variable in cell.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch(X)
            h = forward(X)
            loss = tf.reduce_sum(tf.sin(h) * tf.range(1.0, TIME + 1)[:, None])
        return [h, *tape.gradient(loss, [X, *weights])]

    ours = tf.function(lambda: differentiated(layer), jit_compile=xla, autograph=False)()
    for a, b in zip(ours, differentiated(unrolled), strict=True):
        assert_close(a, b, 2e-5)


def test_normalization_between_layers_is_keras_s_layer_on_h() -> None:
    found = network((TIME, 2), cell_type="gru", normalization="layer")
    h = found.pass_through(X, training=False).activations[0]
    dense = found.model.get_layer("output")
    assert_close(found.model(X), dense(keras.layers.LayerNormalization()(h)), 1e-5)


def test_a_skip_adds_a_layer_to_its_input() -> None:
    found = network((TIME, 2), cell_type="gru", layers=2, residual={"name": "skip", "every": 1, "alpha": 0.5})
    first, second = found.pass_through(X, training=False).activations
    assert_close(found.model(X), found.model.get_layer("output")(first + 0.5 * second), 1e-5)
