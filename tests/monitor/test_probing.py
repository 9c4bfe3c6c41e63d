"""One look at a model: what it finds in models of every make, and no change."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import suite
from suite.protocol.records import Cause
from tests.monitor.models import LOGITS, MODELS, L, batch, deep, mobile_blocks, subclassed


def places(model: Any, *shape: int) -> list[tuple[str, str, str]]:
    """Name, activation and place of the gradient of each layer."""
    x, y = batch(*(shape or (16,)), examples=8)
    return [
        tuple(row) for row in suite.probe(model, x, y, LOGITS).by_layer()[["name", "activation", "where"]].to_numpy()
    ]


def test_a_layers_own_activation_and_one_behind_a_normalization_are_found() -> None:
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            L.Conv2D(4, 3, use_bias=False, name="convolution"), L.BatchNormalization(), L.ReLU(), L.MaxPooling2D(),
            L.DepthwiseConv2D(3, activation="tanh", name="depthwise"), L.Flatten(),
            L.Dense(8, activation=L.LeakyReLU(), name="dense"), L.Dropout(0.5),
            L.Dense(8, name="linear"), L.LayerNormalization(), L.Activation("gelu"),
            L.Dense(10, name="output"),
        ]
    )  # fmt: skip
    assert [place[:2] for place in places(model, 8, 8, 3)] == [
        ("convolution", "ReLU"), ("depthwise", "tanh"), ("dense", "LeakyReLU"), ("linear", "gelu"),
        ("output", "linear"),
    ]  # fmt: skip


def test_blocks_of_ones_own_class_and_functions_as_activations() -> None:
    found = places(subclassed())
    assert [activation for _, activation, _ in found] == ["relu", "tanh", "relu", "tanh", "linear"]
    assert [name.split("/")[0] for name, _, _ in found] == ["block_1", "block_1", "block_2", "block_2", "head"]


class Gated(keras.Model):
    """swish and mish written out: sigmoid and tanh are in them, but are not the activation."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = L.Dense(8), L.Dense(8), L.Dense(10)

    def call(self, x: Any) -> Any:
        u = self.first(x)
        z = self.second(u * tf.sigmoid(u))
        return self.last(z * tf.tanh(tf.nn.softplus(z)))


def test_an_activation_is_not_guessed_from_a_part_of_it() -> None:
    model = Gated()
    model(np.zeros((1, 16), "float32"))
    assert [place[1] for place in places(model)] == ["linear"] * 3


def test_nested_models_attention_and_wrappers() -> None:
    inner = keras.Sequential([keras.Input((6, 8)), L.Dense(8, "tanh", name="inside")], name="inner")
    inputs = keras.Input((6, 8))
    x = inner(inputs)
    x = L.MultiHeadAttention(2, 4, name="attention")(x, x)
    x = L.TimeDistributed(L.Dense(4, activation="tanh"), name="each_step")(x)
    x = L.Bidirectional(L.GRU(4, name="gru"), name="both")(x)
    model = keras.Model(inputs, L.SpectralNormalization(L.Dense(10), name="spectral")(x))
    found = places(model, 6, 8)
    names = [name for name, _, _ in found]
    assert names[0] == "inner/inside"
    attention = [name.removeprefix("attention/") for name in names if name.startswith("attention/")]
    assert sorted(attention) == ["attention_output", "key", "query", "value"]
    where = {name: place for name, _, place in found}
    assert where["each_step"] == "output", "a layer that is called once a time step is looked at as a whole"
    assert where["both/forward_gru"] == where["both/backward_gru"] == "state"
    assert names[-1].startswith("spectral/")


@pytest.mark.parametrize("cell", [L.SimpleRNN, L.LSTM, L.GRU])
def test_recurrent_layers_are_looked_at_by_their_states(cell: Any) -> None:
    x, y = batch(7, 2, examples=4)
    model = keras.Sequential([keras.Input((7, 2)), cell(5, return_sequences=True), cell(5), L.Dense(10)])
    seen = suite.probe(model, x, y, LOGITS)
    assert seen.by_layer()["where"].tolist() == ["state", "state", "pre-activation"]
    assert seen.by_layer()["saturated_fraction"][:2].notna().all()
    states = ["h", "c"] if cell is L.LSTM else ["h"]
    assert seen.by_time().groupby(["layer", "state"]).size().to_dict() == {(n, s): 7 for n in (1, 2) for s in states}
    assert (seen.by_time()["gradient_rms"] > 0).all()


def test_a_look_and_a_monitor_have_the_same_columns() -> None:
    x, y = batch(7, 2, examples=4)
    model = keras.Sequential([keras.Input((7, 2)), L.LSTM(5), L.Dense(10)])
    model.compile("sgd", LOGITS)
    seen, monitor = suite.probe(model, x, y), suite.GradientMonitor(x, y)
    model.fit(x, y, verbose=0, callbacks=[monitor])
    assert seen.by_layer().columns.equals(monitor.by_layer().columns)
    assert seen.by_time().columns.equals(monitor.by_time().columns)


@pytest.mark.parametrize("name", MODELS)
def test_the_model_is_left_as_it_was(name: str) -> None:
    build, shape = MODELS[name]
    model = build()
    x, y = batch(*shape, examples=4)
    before = [variable.numpy() for variable in model.variables]
    attributes = [(layer, set(vars(layer))) for layer in model.layers]
    outputs = model(x, training=False)
    seen = suite.probe(model, x, y, LOGITS)
    assert np.isfinite(seen.loss)
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)
    assert all(set(vars(layer)) == names for layer, names in attributes)
    np.testing.assert_array_equal(model(x, training=False), outputs)


def test_weights_that_are_no_keras_variables_are_put_back() -> None:
    class Counting(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.calls = tf.Variable(0.0, trainable=False)

        def call(self, x: Any) -> Any:
            self.calls.assign_add(1.0)
            return x

    model = keras.Sequential([keras.Input((16,)), L.Dense(8), Counting(), L.Dense(10)])
    calls = model.layers[1].calls
    before = float(calls.numpy())
    suite.probe(model, *batch(16), LOGITS)
    assert float(calls.numpy()) == before


def test_a_healthy_modern_network_gets_no_verdict() -> None:
    keras.utils.set_random_seed(0)
    seen = suite.probe(mobile_blocks(), *batch(8, 8, 3, examples=16), LOGITS)
    assert seen.causes == ()
    assert len(seen.by_layer()) == 8
    # Half of what ReLU6 reads is below zero in health: that is not saturation.
    assert seen.by_layer().query("activation == 'ReLU'")["saturated_fraction"].isna().all()
    assert (seen.by_layer()["gradient_rms"] > 0).all()


def test_the_printed_table_and_what_to_try() -> None:
    seen = suite.probe(deep("sigmoid"), *batch(16), LOGITS)
    assert seen.causes == (Cause.VANISHING,)
    verdict, outlook, heading, group, *others = repr(seen).splitlines()
    assert verdict == f"Verdict: {seen.verdict}."
    assert "vanishing, 0.2" in seen.verdict
    assert re.match(
        r"Similar published recipes \(mlp, sigmoid, .*\) that started vanishing: \d+ of \d+ \(.*\) trained", outlook
    )
    assert heading == "Try for vanishing:"
    assert group.startswith("  What rescued similar networks (share that trained after one change; mlp, sigmoid, ")
    assert any(re.fullmatch(r"    `activation='tanh'`: \d+ of \d+ \(\d+% to \d+%\)", line) for line in others)
    table = others[others.index("") + 2 :]
    heads = ["layer", "activation", "gradient", "of", "dLoss/dz", "dLoss/dW", "mean", "std", "saturated", "dead"]
    assert table[0].split() == heads
    assert table[1].split()[:4] == ["1", "hidden_1", "sigmoid", "pre-activation"]
    assert table[-1].split()[0] == "out"


def test_a_look_is_saved_as_a_monitor_is(tmp_path: Path) -> None:
    x, y = batch(7, 2, examples=4)
    model = keras.Sequential([keras.Input((7, 2)), L.LSTM(5, name="lstm"), L.Dense(10)])
    seen = suite.probe(model, x, y, LOGITS)
    assert seen.save(tmp_path / "look.png").read_bytes().startswith(b"\x89PNG")
    page = seen.save(tmp_path / "look.html").read_text()
    assert seen.verdict in page
    assert "gradient by layer" in page
    assert "gradient through time: c of lstm" in page
    assert seen.plot().axes
    with pytest.raises(suite.MonitorError, match=r"ends in \.png or \.html\. Received: .*look\.pdf"):
        seen.save(tmp_path / "look.pdf")


def test_a_layer_that_the_loss_does_not_depend_on_is_named() -> None:
    inputs = keras.Input((16,))
    hidden = L.Dense(8, activation="relu", name="hidden")(inputs)
    aside = L.Dense(4, name="aside")(hidden)
    model = keras.Model(inputs, [L.Dense(10, name="output")(hidden), aside])
    x, y = batch(16)
    seen = suite.probe(model, x, [y, np.zeros((48, 4), "float32")], [LOGITS, lambda _, outputs: 0.0 * tf.zeros(())])
    assert seen.unreached == ("aside",)
    assert seen.by_layer()["name"].tolist() == ["hidden", "output"]
    assert "The loss does not depend on aside." in repr(seen)


def test_several_outputs_and_inputs() -> None:
    inputs = {name: keras.Input((4,), name=name) for name in ("left", "right")}
    x = L.Concatenate()(list(inputs.values()))
    model = keras.Model(
        inputs, {"one": L.Dense(10, name="one")(L.Dense(8, "relu")(x)), "two": L.Dense(1, name="two")(x)}
    )
    x_left, y = batch(4)
    data = {"left": x_left, "right": x_left[::-1]}
    targets = {"one": y, "two": x_left[:, :1]}
    model.compile("sgd", {"one": LOGITS, "two": "mse"})
    by_compiled = suite.probe(model, data, targets)
    by_given = suite.probe(model, data, targets, {"one": LOGITS, "two": "mse"})
    assert by_compiled.loss == pytest.approx(by_given.loss)
    assert (
        by_given.by_layer().query("not hidden")["name"].tolist() == ["two", "one"]
        or len(by_given.by_layer().query("not hidden")) == 2
    )


def test_penalties_count_in_the_loss() -> None:
    model = keras.Sequential(
        [keras.Input((16,)), L.Dense(8, kernel_regularizer=keras.regularizers.L2(10.0)), L.Dense(10)]
    )
    x, y = batch(16)
    penalty = 10 * float(tf.reduce_sum(model.layers[0].kernel ** 2))
    plain = float(LOGITS(y, model(x)))
    assert suite.probe(model, x, y, LOGITS).loss == pytest.approx(plain + penalty, rel=1e-5)


def test_a_model_that_runs_eagerly_is_looked_at_eagerly() -> None:
    class Eager(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = L.Dense(8, "relu"), L.Dense(10)

        def call(self, x: Any) -> Any:
            x = self.first(x)
            return self.last(x * float(np.mean(x.numpy()) >= 0))

    model = Eager()
    model(np.zeros((1, 16), "float32"))
    model.compile("sgd", LOGITS, run_eagerly=True)
    seen = suite.probe(model, *batch(16))
    assert seen.by_layer()["activation"].tolist() == ["relu", "linear"]


def test_mixed_precision() -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = keras.Sequential([keras.Input((16,)), L.Dense(8, "relu"), L.Dense(10, dtype="float32")])
    finally:
        keras.config.set_dtype_policy("float32")
    assert (suite.probe(model, *batch(16), LOGITS).by_layer()["gradient_rms"] > 0).all()
