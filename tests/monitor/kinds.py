"""Models of the kinds that people have, each with what the monitor must say of it; the table in docs/monitor.md lists them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import tensorflow as tf

import suite
from suite.protocol.records import Cause
from tests.monitor.models import LOGITS, L, batch


@dataclass(frozen=True)
class Kind:
    """A kind of model.

    Attributes:
        how: `seen`, `approximated` or `refused`.
        what: The kind, as the table names it.
        says: What the monitor says of it, as the table has it.
        test: Asserts that.
    """

    how: str
    what: str
    says: str
    test: Callable[[], None]


KINDS: list[Kind] = []


def kind(how: str, what: str, says: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def add(test: Callable[[], None]) -> Callable[[], None]:
        KINDS.append(Kind(how, what, says, test))
        return test

    return add


def stack(*layers: Any, inputs: Any = (16,), dtype: Any = None) -> Any:
    return keras.Sequential([keras.Input(inputs, dtype=dtype), *layers])


def healthy(model: Any, x: Any, y: Any = None, loss: Any = LOGITS) -> suite.monitor.Probe:
    seen = suite.probe(model, x, y, loss)
    assert seen.verdict.startswith("no fault seen"), seen.verdict
    return seen


def trained(
    model: Any, x: Any, y: Any = None, optimizer: Any = "sgd", loss: Any = LOGITS, look: Any = (), **fit: Any
) -> Any:
    """A monitor that has seen a short `fit`."""
    if optimizer is not None:
        model.compile(optimizer, loss, jit_compile=False, run_eagerly=fit.pop("run_eagerly", False))
    monitor = suite.GradientMonitor(*(look or (x, y)), every=fit.pop("every", "epoch"), warn=False)
    model.fit(x, y, verbose=0, callbacks=[monitor], **fit)
    return monitor


def tower() -> Any:
    return keras.Sequential([keras.Input((16,)), *(L.Dense(16, "sigmoid") for _ in range(8)), L.Dense(8)], name="tower")


@kind("seen", "one tower, two inputs (siamese)", "the gradient of both calls together, layer by layer")
def siamese() -> None:
    one, left, right = tower(), keras.Input((16,)), keras.Input((16,))
    distance = keras.ops.sum(keras.ops.square(one(left) - one(right)), axis=-1, keepdims=True)
    x, _ = batch(16)
    seen = suite.probe(keras.Model([left, right], distance), [x, x[::-1]], np.zeros((48, 1)), "mse")
    assert seen.causes[-1] is Cause.VANISHING
    assert "vanishing, 0.2" in seen.verdict
    assert "mlp, sigmoid" in repr(seen), "advice of its own kind"


@kind("seen", "one layer called again on its own output", "each call, as a layer of its own")
def recurrent_in_depth() -> None:
    inputs, layer = keras.Input((16,)), L.Dense(16, "sigmoid", name="again")
    x = inputs
    for _ in range(8):
        x = layer(x)
    assert "vanishing, 0.2" in suite.probe(keras.Model(inputs, L.Dense(10)(x)), *batch(16), LOGITS).verdict


@kind("seen", "one linear layer among sigmoids", "vanishing, with advice for sigmoids")
def bottleneck() -> None:
    model = stack(
        *(L.Dense(16, "sigmoid") for _ in range(6)),
        L.Dense(4),
        *(L.Dense(16, "sigmoid") for _ in range(4)),
        L.Dense(10),
    )
    assert "mlp, sigmoid" in repr(suite.probe(model, *batch(16), LOGITS))


@kind("seen", "average pooling over 2,000 tokens", "no fault: pooling is no vanishing")
def tokens() -> None:
    x = np.random.default_rng(0).integers(0, 50, (8, 2000))
    model = stack(
        L.Embedding(50, 16), L.GlobalAveragePooling1D(), L.Dense(16, "relu"), L.Dense(10), inputs=(2000,), dtype="int32"
    )
    healthy(model, x, np.arange(8) % 10)


@kind("seen", "average pooling over 96 x 96 positions", "no fault")
def large_images() -> None:
    layers = [L.Conv2D(4, 3, activation="relu", kernel_initializer="he_normal") for _ in range(3)]
    x, y = batch(96, 96, 1, examples=2)
    healthy(stack(*layers, L.GlobalAveragePooling2D(), L.Dense(16, "relu"), L.Dense(10), inputs=(96, 96, 1)), x, y)


@kind("seen", "patches folded into the batch, pooled again", "no fault")
def patches() -> None:
    inputs = keras.Input((256, 8))
    x = L.Dense(16, "relu")(keras.ops.reshape(inputs, (-1, 8)))
    x = keras.ops.mean(keras.ops.reshape(L.Dense(16, "relu")(x), (-1, 256, 16)), axis=1)
    healthy(keras.Model(inputs, L.Dense(10)(L.Dense(16, "relu")(x))), *batch(256, 8, examples=8))


def padded(front: bool) -> None:
    generator = np.random.default_rng(0)
    x, y = generator.integers(1, 50, (16, 40)), np.arange(16) % 2
    real = generator.integers(8, 24, (16, 1))
    places = np.arange(40)[None]
    x[(places < 40 - real) if front else (places >= real)] = 0
    model = stack(L.Embedding(50, 8, mask_zero=True), L.LSTM(8), L.Dense(2), inputs=(40,), dtype="int32")
    table = healthy(model, x, y).by_time().query("state == 'h'")["gradient_rms"]
    assert table.isna().sum() == 40 - real.max()
    assert (table.dropna() > 1e-8).all()


@kind("seen", "padding in front, masked, LSTM", "real time steps only")
def padding_in_front() -> None:
    padded(front=True)


@kind("seen", "padding behind, masked, LSTM", "real time steps only")
def padding_behind() -> None:
    padded(front=False)


@kind("seen", "masked positions before a dense layer", "real positions only")
def masked_dense() -> None:
    x, y = batch(40, 16, examples=8)
    x[:, 4:] = 0.0
    model = stack(
        L.Masking(),
        L.Dense(16, "relu", bias_initializer=keras.initializers.Constant(-0.5)),
        L.GlobalAveragePooling1D(),
        L.Dense(10),
        inputs=(40, 16),
    )
    seen = suite.probe(model, x, y, LOGITS)
    short = keras.Sequential([keras.Input((4, 16)), *model.layers[1:]])
    expected = suite.probe(short, x[:, :4], y, LOGITS)
    for name in ("gradient_rms", "activation_mean", "dead_fraction"):
        np.testing.assert_allclose(seen.by_layer()[name], expected.by_layer()[name], rtol=1e-4, err_msg=name)


@kind("seen", "bidirectional recurrent layers", "both directions, each in its own time")
def bidirectional() -> None:
    seen = healthy(stack(L.Bidirectional(L.GRU(8)), L.Dense(10), inputs=(20, 4)), *batch(20, 4, examples=8))
    assert len(seen.by_time()) == 40


@kind("seen", "long sequences, GRU", "vanishing, its factor per time step")
def long_sequences() -> None:
    seen = suite.probe(stack(L.GRU(8), L.Dense(10), inputs=(100, 2)), *batch(100, 2, examples=8), LOGITS)
    assert seen.causes == (Cause.VANISHING,)
    assert "per time step" in seen.verdict


@kind("seen", "encoder and decoder, LSTM", "both, with c and h")
def seq2seq() -> None:
    source, target = keras.Input((7, 3)), keras.Input((7, 2))
    _, h, c = L.LSTM(5, return_state=True)(source)
    out = L.LSTM(5, return_sequences=True)(target, initial_state=[h, c])
    x = [batch(7, 3, examples=6)[0], batch(7, 2, examples=6)[0]]
    seen = suite.probe(keras.Model([source, target], L.Dense(2)(out)), x, x[1], "mse")
    assert seen.by_time().groupby(["name", "state"]).size().tolist() == [7] * 4


@kind("seen", "transformer blocks", "every projection of the attention")
def transformer() -> None:
    inputs = keras.Input((8, 16))
    x = L.LayerNormalization()(inputs + L.MultiHeadAttention(2, 8)(inputs, inputs))
    x = L.LayerNormalization()(x + L.Dense(16)(L.Dense(32, "gelu")(x)))
    seen = healthy(keras.Model(inputs, L.Dense(10)(L.GlobalAveragePooling1D()(x))), *batch(8, 16, examples=8))
    assert len(seen.by_layer()) == 7


def residual(end: Any, head: Any, blocks: int = 2) -> Any:
    inputs = keras.Input((16,))
    x = L.Dense(32)(inputs)
    for _ in range(blocks):
        x = L.Add()([x, L.Dense(32, kernel_initializer=end)(L.Dense(32, "gelu")(L.LayerNormalization()(x)))])
    return keras.Model(inputs, L.Dense(10, kernel_initializer=head)(x))


@kind("seen", "residual branches that end in zeros, a head that starts at zero", "no fault, before and in training")
def zero_start() -> None:
    x, y = batch(16)
    for end, head in (("zeros", "glorot_uniform"), ("glorot_uniform", "zeros")):
        healthy(residual(end, head), x, y)
    monitor = trained(residual("zeros", "zeros"), x, y, "adam", epochs=1, every=1, batch_size=24)
    assert monitor.findings == []


class Scaled(keras.layers.Layer):
    """ReZero: a branch times a scalar that starts at 0."""

    def build(self, shape: Any) -> None:
        self.scale = self.add_weight(shape=(), initializer="zeros")

    def call(self, x: Any) -> Any:
        return x * self.scale


@kind("seen", "branches times a scalar that starts at zero (ReZero)", "no fault")
def rezero() -> None:
    inputs = keras.Input((16,))
    x = inputs
    for _ in range(6):
        x = x + Scaled()(L.Dense(16, "relu")(x))
    healthy(keras.Model(inputs, L.Dense(10)(x)), *batch(16))


@kind("seen", "a last BatchNormalization of zeros in each residual block", "no fault")
def zero_gamma() -> None:
    inputs = keras.Input((8, 8, 4))
    x = inputs
    for _ in range(3):
        branch = L.BatchNormalization(gamma_initializer="zeros")(L.Conv2D(4, 3, padding="same")(x))
        x = L.ReLU()(L.Add()([x, branch]))
    healthy(keras.Model(inputs, L.Dense(10)(L.GlobalAveragePooling2D()(x))), *batch(8, 8, 4, examples=16))


@kind("seen", "all weights of the hidden layers zero", "vanishing, and which layer's weights are 0")
def all_zero() -> None:
    model = stack(*(L.Dense(8, "tanh", kernel_initializer="zeros", name=f"h{n}") for n in (1, 2)), L.Dense(10))
    assert "all weights of h2 are 0" in suite.probe(model, *batch(16), LOGITS).verdict


def channels(data_format: str) -> float:
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6, 6, 1))
    x = inputs if data_format == "channels_last" else L.Permute((3, 1, 2))(inputs)
    x = L.Conv2D(20, 3, activation="relu", data_format=data_format, name="c")(x)
    model = keras.Model(inputs, L.Dense(10)(L.GlobalAveragePooling2D(data_format=data_format)(x)))
    model.get_layer("c").bias.assign(np.r_[0.0, np.full(19, -100.0)])
    seen = suite.probe(model, *batch(6, 6, 1, examples=8), LOGITS)
    assert "dead, 95% of c" in seen.verdict
    return float(seen.by_layer()["dead_fraction"][0])


@kind("seen", "channels_first", "units are channels, as in channels_last")
def channels_first() -> None:
    assert channels("channels_first") == channels("channels_last") == pytest.approx(0.95)


@kind("seen", "PReLU with shared axes", "the activation of the layer before")
def prelu() -> None:
    x, y = batch(6, 6, 1, examples=8)
    model = stack(
        L.Conv2D(4, 3),
        L.PReLU(shared_axes=[1, 2]),
        L.Conv2D(4, 3),
        L.PReLU(),
        L.Flatten(),
        L.Dense(10),
        inputs=(6, 6, 1),
    )
    assert healthy(model, x, y).by_layer()["activation"].tolist() == ["PReLU", "PReLU", "linear"]


@kind("seen", "a normalization over several axes", "no layer of its own")
def wide_normalization() -> None:
    x, y = batch(6, 6, 1, examples=8)
    model = stack(
        L.Conv2D(4, 3),
        L.LayerNormalization(axis=[1, 2, 3]),
        L.Activation("relu"),
        L.Flatten(),
        L.Dense(10),
        inputs=(6, 6, 1),
    )
    assert healthy(model, x, y).by_layer()["activation"].tolist() == ["relu", "linear"]


class Functions(keras.Model):
    """Activations called as functions."""

    def __init__(self, dead: float) -> None:
        super().__init__()
        bias = keras.initializers.Constant(dead)
        self.parts = [L.Dense(8, name="a"), L.Dense(8, bias_initializer=bias, name="b"), L.Dense(8, name="c")]
        self.head = L.Dense(10, name="head")

    def call(self, x: Any) -> Any:
        for part in self.parts:
            x = tf.nn.relu(part(x))
        return self.head(x)


@kind("seen", "`run_eagerly=True`, activations called as functions", "as in graph mode")
def eagerly() -> None:
    x, y = batch(16)
    for run_eagerly in (False, True):
        model = Functions(-100.0)
        model(x[:1])
        model.compile("sgd", LOGITS, run_eagerly=run_eagerly)
        seen = suite.probe(model, x, y)
        assert seen.by_layer()["activation"].tolist() == ["relu", "relu", "relu", "linear"]
        assert "dead, 100% of b" in seen.verdict


class Compiled(Functions):
    """A `call` that is a `tf.function`."""

    @tf.function
    def call(self, x: Any) -> Any:
        for part in self.parts:
            x = tf.nn.sigmoid(part(x))
        return self.head(x)


@kind("seen", "`@tf.function` on the model's `call`", "its layers")
def tf_function() -> None:
    x, y = batch(16)
    model = Compiled(0.0)
    monitor = trained(model, x, y)
    assert monitor.by_layer()["name"].unique().tolist() == ["a", "b", "c", "head"]
    assert monitor.blind is None
    assert suite.probe(model, x, y).causes == ()


@kind("seen", "several outputs, losses by name", "as `evaluate` pairs them")
def several_outputs() -> None:
    inputs = keras.Input((6,))
    h = L.Dense(8, "tanh")(inputs)
    model = keras.Model(inputs, [L.Dense(2, name="z_out")(h), L.Dense(2, name="a_out")(h)])
    x = batch(6)[0]
    y = {"z_out": 100 + x[:, :2], "a_out": x[:, 2:4]}
    losses = {"z_out": "mae", "a_out": "mse"}
    model.compile("sgd", losses)
    expected = model.evaluate(x, y, verbose=0, batch_size=48)[0]
    assert suite.probe(model, x, y, losses).loss == pytest.approx(expected, rel=1e-5)
    assert suite.probe(model, x, y).loss == pytest.approx(expected, rel=1e-5)


class Divergence(keras.layers.Layer):
    """Adds its loss itself."""

    def call(self, parts: Any) -> Any:
        given, made = parts
        self.add_loss(keras.ops.mean((given - made) ** 2))
        return made


@kind("seen", "`compile('adam')` and `add_loss` only, no targets", "the losses that are added")
def added_loss() -> None:
    inputs = keras.Input((16,))
    model = keras.Model(inputs, Divergence()([inputs, L.Dense(16)(L.Dense(4, "relu")(inputs))]))
    x = batch(16)[0]
    model.compile("adam")
    assert healthy(model, x, None, None).loss == pytest.approx(
        float(np.mean((x - model.predict(x, verbose=0)) ** 2)), rel=1e-4
    )
    assert trained(model, x, optimizer=None).causes == ()


@kind("seen", "`ignore_class` in the loss", "the loss as Keras has it")
def ignore_class() -> None:
    x, y = batch(6, 6, 1, examples=8)[0], np.random.default_rng(0).integers(0, 3, (8, 6, 6))
    y[:, 0] = 255
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)
    model = stack(L.Conv2D(4, 3, padding="same", activation="relu"), L.Conv2D(3, 1), inputs=(6, 6, 1))
    assert healthy(model, x, y, loss).loss == pytest.approx(float(loss(y, model(x))), rel=1e-5)


@kind("seen", "metric learning (`Circle`), targets of another shape than outputs", "the loss as Keras has it")
def circle() -> None:
    x, y = batch(16)
    suite.probe(stack(L.Dense(16, "relu"), L.Dense(8), L.UnitNormalization()), x, y, keras.losses.Circle())


@kind("seen", "text, as tensor or object array, vectorized in the model", "the layers behind")
def text() -> None:
    texts, y = ["good film", "bad film", "good", "bad bad"] * 4, np.array([1.0, 0.0] * 8)
    vectorize = L.TextVectorization(max_tokens=20, output_sequence_length=5)
    vectorize.adapt(texts)
    model = stack(
        vectorize,
        L.Embedding(20, 8),
        L.GlobalAveragePooling1D(),
        L.Dense(8, "relu"),
        L.Dense(1, "sigmoid"),
        inputs=(),
        dtype="string",
    )
    for x in (tf.constant(texts), np.array(texts, object)):
        assert trained(model, x, y, loss="binary_crossentropy").blind is None


@kind("seen", "SciPy's sparse matrices", "as `fit` reads them")
def sparse() -> None:
    x = scipy.sparse.random(48, 100, 0.1, "csr", dtype="float32", random_state=0)
    model = stack(L.Dense(16, "relu"), L.Dense(10), inputs=(100,))
    healthy(model, x, batch(1)[1])
    assert trained(model, x, batch(1)[1]).blind is None


@kind("seen", "pandas", "as `fit` reads it")
def data_frame() -> None:
    x, y = batch(3)
    healthy(stack(L.Dense(8, "relu"), L.Dense(10), inputs=(3,)), pd.DataFrame(x, columns=["a", "b", "c"]), pd.Series(y))


@kind("seen", "a `tf.data.Dataset`, a generator or an element of one", "its first batch")
def dataset() -> None:
    x, y = batch(16)
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(12)
    for look in ((data,), (next(iter(data)),), (x, y)):
        monitor = trained(stack(L.Dense(8, "relu"), L.Dense(10)), data, look=look)
        assert monitor.blind is None


@kind(
    "seen",
    "class weights and sample weights",
    "the weighted gradient, if the monitor has the weights; else that it lacks them",
)
def weights() -> None:
    x, y = batch(16, classes=2)
    model = stack(L.Dense(8, "tanh"), L.Dense(1, "sigmoid"))
    model.compile("sgd", "binary_crossentropy")
    weighted = np.where(y == 1, 500.0, 1.0)
    with tf.GradientTape() as tape:
        loss = model.compute_loss(x=x, y=tf.constant(y[:, None], tf.float32), y_pred=model(x), sample_weight=weighted)
    expected = float(tf.linalg.global_norm(tape.gradient(loss, [v.value for v in model.trainable_variables])))
    by_class = suite.probe(model, x, y, class_weight={0: 1.0, 1: 500.0})
    by_sample = suite.probe(model, x, y, sample_weight=weighted)
    for seen in (by_class, by_sample):
        assert seen.history.observations[0].gradient_norm == pytest.approx(expected, rel=1e-4)
    with pytest.warns(suite.monitor.GradientWarning, match="weights its examples .*from 1 to 500"):
        model.fit(x, y, class_weight={0: 1.0, 1: 500.0}, verbose=0, callbacks=[suite.GradientMonitor(x, y)])


@kind("seen", "gradient accumulation", "steps and update ratios of the updates")
def accumulation() -> None:
    x, y = batch(16, examples=64)
    model = stack(L.Dense(8, "relu"), L.Dense(10))
    before = model.layers[0].kernel.numpy()
    monitor = trained(model, x, y, keras.optimizers.SGD(0.1, gradient_accumulation_steps=4), batch_size=16, every=1)
    assert monitor.history.steps == [0, 1]
    moved = np.linalg.norm(model.layers[0].kernel.numpy() - before) / np.linalg.norm(before)
    assert monitor.history.array("update_ratio")[0, 0] == pytest.approx(moved, rel=1e-4)


@kind("seen", "mixed precision", "gradients under the optimizer's loss scale")
def mixed() -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = stack(L.Dense(8, "relu"), L.Dense(10, dtype="float32"))
    finally:
        keras.config.set_dtype_policy("float32")
    model.compile("adam", LOGITS)
    healthy(model, *batch(16), None)


@kind("seen", "spectral normalization", "the wrapped layer")
def spectral() -> None:
    model = stack(L.SpectralNormalization(L.Dense(16, "tanh", name="d")), L.Dense(10))
    before = [variable.numpy() for variable in model.weights]
    healthy(model, *batch(16))
    assert all(np.array_equal(value, variable.numpy()) for value, variable in zip(before, model.weights, strict=True))


@kind("seen", "a frozen base below a new head", "no fault; the head's layers")
def transfer() -> None:
    base = stack(L.Dense(16, "relu"), L.BatchNormalization())
    base.trainable = False
    assert len(healthy(stack(base, L.Dense(8, "relu"), L.Dense(10)), *batch(16)).by_layer()) == 2


@kind("seen", "a layer switched off in the midst of others", "that nothing trains it")
def frozen_layer() -> None:
    model = stack(L.Dense(16, "relu"), L.Dense(16, "relu", name="off"), L.Dense(10))
    model.get_layer("off").trainable = False
    assert "nothing trains" in suite.check_model(model, *batch(16), LOGITS).problems[0]


@kind("seen", "an output layer that is dead", "that nothing reaches any weight")
def dead_output() -> None:
    x = batch(16)[0]
    model = stack(
        L.Dense(8, "relu"),
        L.Dense(8, "relu"),
        L.Dense(1, "relu", name="o", bias_initializer=keras.initializers.Constant(-50.0)),
    )
    assert (
        "dead, 100% of o, the output layer: no gradient reaches any weight"
        in suite.probe(model, x, abs(x[:, :1]), "mse").verdict
    )


@kind("seen", "a rate at which nothing moves", "how far the weights move in how many updates")
def tiny_rate() -> None:
    monitor = trained(stack(L.Dense(8, "relu"), L.Dense(10)), *batch(16), keras.optimizers.SGD(1e-10), epochs=2)
    assert monitor.causes == ("still",)
    assert monitor.verdict.endswith("move in 4 updates: the learning rate is 1.0e-10")


@kind("seen", "BatchNormalization with `batch_size=1`", "that weights do not move, and why")
def batch_of_one() -> None:
    model = stack(L.Dense(8), L.BatchNormalization(), L.Activation("relu"), L.Dense(10, name="o"))
    monitor = trained(model, *batch(16), batch_size=1)
    assert "not move in 48 updates: `fit` trains on batches of 1 example" in monitor.verdict
    assert "BatchNormalization" in monitor.verdict


@kind("seen", "a NaN in a row that the monitor has not", "that the data hold it, and where")
def nan_elsewhere() -> None:
    x, y = batch(16)
    x[5, 2] = np.nan
    monitor = trained(stack(L.Dense(8, "relu"), L.Dense(10)), x, y, look=(x[16:], y[16:]), shuffle=False, batch_size=16)
    assert monitor.causes == ("data",)
    assert monitor.verdict == "the data hold a NaN: inputs, row 5, feature 2 of the batch of step 1"


@kind(
    "seen",
    "a start at a minimum of the monitor's batch, other targets",
    "no fault: the gradient comes back to its usual size",
)
def from_a_minimum() -> None:
    x = batch(16)[0]
    model = stack(L.Dense(16, "tanh"), L.Dense(16, "tanh"), L.Dense(1))
    y = model.predict(x, verbose=0)
    monitor = trained(model, x, y + 0.1 * np.sin(3 * x[:, :1]), "adam", "mse", look=(x, y + 1e-5 * x[:, :1]), epochs=3)
    norms = monitor.curves()["gradient_norm"]
    assert norms.max() > 1000 * norms[0]
    assert monitor.causes == ()


@kind("seen", "a distribution strategy", "the model's own copy; updates as they are")
def distributed() -> None:
    with tf.distribute.OneDeviceStrategy("CPU:0").scope():
        model = stack(L.Dense(8, "relu"), L.Dense(10))
    assert trained(model, *batch(16)).blind is None


@kind("approximated", "`TimeDistributed`", "as a whole, by its output")
def time_distributed() -> None:
    model = stack(
        L.LSTM(8, return_sequences=True),
        L.TimeDistributed(L.Dense(1, "relu", bias_initializer=keras.initializers.Constant(-9.0)), name="td"),
        inputs=(5, 4),
    )
    x = batch(5, 4, examples=8)[0]
    assert "dead, td, the output layer: its output is constant" in suite.probe(model, x, abs(x[..., :1]), "mse").verdict


class Mapped(keras.layers.Layer):
    """A layer in a loop over the batch."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.inner = L.Dense(8, "relu")

    def build(self, shape: Any) -> None:
        self.inner.build((None, shape[-1]))

    def call(self, x: Any) -> Any:
        return tf.map_fn(self.inner, x)


@kind("approximated", "layers inside `tf.map_fn` and other loops", "the layer around them, by its output")
def in_a_loop() -> None:
    inputs = keras.Input((5, 4))
    model = keras.Model(inputs, L.Dense(10, name="o")(L.Flatten()(Mapped(name="mapped")(inputs))))
    assert healthy(model, *batch(5, 4, examples=8)).by_layer()["name"].tolist() == ["mapped", "o"]


@kind("approximated", "stacked and convolutional recurrent cells", "the layer, without its states")
def other_cells() -> None:
    seen = healthy(stack(L.RNN([L.LSTMCell(5), L.LSTMCell(4)]), L.Dense(10), inputs=(6, 4)), *batch(6, 4, examples=8))
    assert seen.by_time().empty


class WithNumPy(Functions):
    """Cannot be traced."""

    def call(self, x: Any) -> Any:
        h = self.parts[0](x)
        return self.head(tf.nn.relu(self.parts[1](h * float(np.sign(1.0 + np.mean(h.numpy()) ** 2)))))


@kind("approximated", "NumPy inside a model that runs eagerly", "all but activations called as functions")
def untraceable() -> None:
    x, y = batch(16)
    model = WithNumPy(0.0)
    model(x[:1])
    model.compile("sgd", LOGITS, run_eagerly=True)
    assert suite.probe(model, x, y).by_layer()["activation"].tolist() == ["linear"] * 3


@kind("refused", "a Model without `call` (a GAN with a `train_step`)", "one line, and `fit` goes on")
def without_call() -> None:
    class Gan(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.judge = stack(L.Dense(1))

        def train_step(self, data: Any) -> Any:
            return {"loss": tf.reduce_mean(self.judge(data))}

    model, x = Gan(), batch(16)[0]
    model.compile("sgd")
    with pytest.warns(suite.monitor.GradientWarning, match="cannot look at this model; training goes on.*`call`"):
        model.fit(x, verbose=0, callbacks=[monitor := suite.GradientMonitor(x)])
    assert monitor.verdict.startswith("not looked at: ")
    with pytest.raises(suite.MonitorError, match=r"give its parts to `suite\.probe`"):
        suite.probe(model, x)


@kind(
    "refused", "data that `fit` does not take, a loss that raises", "Keras's own words on one line, and `fit` goes on"
)
def wrong_batch() -> None:
    x, y = batch(16)
    model = stack(L.Dense(10))
    model.compile("sgd", LOGITS)
    with pytest.warns(suite.monitor.GradientWarning, match="cannot look at this model; training goes on"):
        model.fit(x, y, verbose=0, callbacks=[suite.GradientMonitor(x[:, :3], y)])
