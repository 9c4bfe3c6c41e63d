"""Every level of every factor trains, and does what plain Keras does on the same batches where Keras has it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from suite.catalog import KINDS
from suite.catalog.schedules import schedule_factors
from suite.experiment import run_cell
from suite.models import MODELS
from suite.records import Budget, Cell
from suite.tasks import TASKS, Task, load_task
from suite.training.program import Feed, Program
from tests.training.cases import feed, level, recipe

STEPS, BATCH = 3, 8
RATE = 0.05


@functools.cache
def small(name: str = "digits", **arguments: Any) -> Task:
    return load_task({"name": name, "train_size": 40, **arguments})


def train(model: str, task: Task, factors: Mapping[str, Any]) -> tuple[Program, Feed, list[np.ndarray]]:
    """A few steps of a program without probes: what was fed, and the weights it ends with."""
    program = Program(factors, model, task, STEPS, 1, probes=False, xla=False)
    fed = feed(program, factors, rate=RATE)
    trace = program.run(fed)
    assert trace.finite
    return program, fed, [np.asarray(weight) for weight in program.network.model.weights]


def plain_keras(
    layers: Sequence[Any] | keras.Model,
    task: Task,
    fed: Feed,
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
    ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray], fed: Feed, *, rtol: float = 1e-4, atol: float = 2e-6
) -> None:
    assert any(not np.array_equal(a, b) for a, b in zip(ours, fed.weights, strict=True))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)


def mlp_layers(
    activation: Any = "tanh", normalization: Callable[[], Any] | None = None, *, after: bool = False
) -> list[Any]:
    layers: list[Any] = [keras.layers.Flatten()]
    for _ in range(2):
        norm = [normalization()] if normalization else []
        layers += [
            keras.layers.Dense(8),
            *(() if after else norm),
            keras.layers.Activation(activation),
            *(norm if after else ()),
        ]
    return [*layers, keras.layers.Dense(10)]


def mlp(**factors: Any) -> dict[str, Any]:
    given = {"depth": 2, "width": 8, "activation": "tanh", "optimizer": "sgd", "batch_size": BATCH, **factors}
    return recipe("mlp", **given)


KERAS_ACTIVATIONS = {"swish": "silu", "hard_swish": "hard_silu"}


@pytest.mark.parametrize("name", KINDS["activations"])
def test_activations(name: str) -> None:
    _, fed, ours = train("mlp", small(), mlp(activation=name))
    assert_alike(ours, plain_keras(mlp_layers(KERAS_ACTIVATIONS.get(name, name)), small(), fed), fed)


OPTIMIZERS: dict[str, Callable[..., Any]] = {
    "sgd": keras.optimizers.SGD,
    "momentum": functools.partial(keras.optimizers.SGD, momentum=0.9),
    "nesterov": functools.partial(keras.optimizers.SGD, momentum=0.9, nesterov=True),
    "rmsprop": keras.optimizers.RMSprop,
    "adagrad": keras.optimizers.Adagrad,
    "adadelta": keras.optimizers.Adadelta,
    "adam": keras.optimizers.Adam,
    "amsgrad": functools.partial(keras.optimizers.Adam, amsgrad=True),
    "adamw": keras.optimizers.AdamW,
    "adamax": keras.optimizers.Adamax,
    "nadam": keras.optimizers.Nadam,
    "adafactor": keras.optimizers.Adafactor,
    "lamb": keras.optimizers.Lamb,
    "ftrl": keras.optimizers.Ftrl,
    "lion": keras.optimizers.Lion,
    "muon": keras.optimizers.Muon,
}


@pytest.mark.parametrize("name", KINDS["optimizers"])
def test_optimizers(name: str) -> None:
    _, fed, ours = train("mlp", small(), mlp(optimizer=name))
    assert_alike(ours, plain_keras(mlp_layers(), small(), fed, optimizer=OPTIMIZERS[name](learning_rate=RATE)), fed)


def test_weight_decay_and_arguments_of_an_optimizer() -> None:
    _, fed, ours = train(
        "mlp", small(), mlp(optimizer={"name": "adam", "beta_1": 0.5, "epsilon": 1e-3}, weight_decay=0.1)
    )
    adam = keras.optimizers.Adam(RATE, beta_1=0.5, epsilon=1e-3, weight_decay=0.1)
    assert_alike(ours, plain_keras(mlp_layers(), small(), fed, optimizer=adam), fed)


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_weight_decay_takes_the_place_of_the_optimizers_own(decay: float) -> None:
    _, fed, ours = train("mlp", small(), mlp(optimizer="adamw", weight_decay=decay))
    adamw = keras.optimizers.AdamW(RATE, weight_decay=decay)
    assert_alike(ours, plain_keras(mlp_layers(), small(), fed, optimizer=adamw), fed)
    _, fed, ours = train("cnn", small(), cnn(optimizer="muon", weight_decay=decay))
    muon = keras.optimizers.Muon(RATE, weight_decay=decay, adam_weight_decay=decay)
    # Its orthogonalization magnifies the last digit of a gradient; a decay that went missing would be off by a hundredth.
    assert_alike(ours, plain_keras(cnn_model(), small(), fed, optimizer=muon), fed, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("clipping", "arguments"),
    [
        ("none", {}),
        ({"name": "global_norm", "norm": 0.1}, {"global_clipnorm": 0.1}),
        ({"name": "norm", "norm": 0.1}, {"clipnorm": 0.1}),
        ({"name": "value", "value": 0.01}, {"clipvalue": 0.01}),
    ],
)
def test_clippings(clipping: Any, arguments: dict[str, float]) -> None:
    _, fed, ours = train("mlp", small(), mlp(clipping=clipping))
    assert_alike(ours, plain_keras(mlp_layers(), small(), fed, optimizer=keras.optimizers.SGD(RATE, **arguments)), fed)


LOSSES: list[tuple[Any, Callable[[Any, Any], Any]]] = [
    ("auto", keras.losses.SparseCategoricalCrossentropy(from_logits=True)),
    ("cross_entropy", keras.losses.SparseCategoricalCrossentropy(from_logits=True)),
    ("binary_cross_entropy", lambda y, z: keras.losses.BinaryCrossentropy(from_logits=True)(tf.one_hot(y, 10), z)),
    ("mse", lambda y, z: keras.losses.MeanSquaredError()(tf.one_hot(y, 10), tf.nn.softmax(z))),
    (
        {"name": "mse", "output": "sigmoid"},
        lambda y, z: keras.losses.MeanSquaredError()(tf.one_hot(y, 10), tf.sigmoid(z)),
    ),
]


@pytest.mark.parametrize(("loss", "theirs"), LOSSES)
def test_losses_of_classes(loss: Any, theirs: Any) -> None:
    _, fed, ours = train("mlp", small(), mlp(loss=loss))
    assert_alike(ours, plain_keras(mlp_layers(), small(), fed, loss=theirs), fed)


def test_the_huber_loss_of_numbers() -> None:
    task = small("adding", length=5)
    _, fed, ours = train("mlp", task, mlp(loss={"name": "huber", "delta": 0.3}))
    layers = [*mlp_layers()[:-1], keras.layers.Dense(1)]
    assert_alike(ours, plain_keras(layers, task, fed, loss=keras.losses.Huber(0.3)), fed)


def test_label_smoothing() -> None:
    smooth = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2)
    _, fed, ours = train("mlp", small(), mlp(label_smoothing=0.2))
    assert_alike(ours, plain_keras(mlp_layers(), small(), fed, loss=lambda y, z: smooth(tf.one_hot(y, 10), z)), fed)


def test_penalties_are_of_kernels() -> None:
    def penalty(model: keras.Model) -> Any:
        kernels = [v.value for v in model.trainable_variables if v.name == "kernel"]
        return sum(0.01 * tf.reduce_sum(abs(k)) + 0.02 * tf.reduce_sum(k**2) for k in kernels)

    _, fed, ours = train("mlp", small(), mlp(l1=0.01, l2=0.02))
    assert_alike(ours, plain_keras(mlp_layers(), small(), fed, penalty=penalty), fed)


K = keras.layers
NORMALIZATIONS: dict[str, Callable[[], Any] | None] = {
    "none": None,
    "batch": functools.partial(K.BatchNormalization, momentum=0.9),
    "layer": K.LayerNormalization,
    "rms": K.RMSNormalization,
    "group": functools.partial(K.GroupNormalization, 4),
}


def norm_level(name: str) -> dict[str, Any]:
    return level("normalizations", {"name": name, "groups": 4} if name == "group" else name)


@pytest.mark.parametrize("position", ["before", "after"])
@pytest.mark.parametrize("name", NORMALIZATIONS)
def test_normalizations_of_an_mlp(name: str, position: str) -> None:
    _, fed, ours = train("mlp", small(), mlp(normalization=norm_level(name), norm_position=position))
    layers = mlp_layers(normalization=NORMALIZATIONS[name], after=position == "after")
    assert_alike(ours, plain_keras(layers, small(), fed), fed)


def test_spectral_normalization_of_an_mlp_under_the_seed_of_the_run() -> None:
    def layers() -> list[Any]:
        found = []
        for _ in range(2):
            found += [K.SpectralNormalization(K.Dense(8)), K.Activation("tanh")]
        return [K.Flatten(), *found, K.Dense(10)]

    program, fed, ours = train("mlp", small(), mlp(normalization="spectral"))
    assert_alike(ours, plain_keras(layers(), small(), fed), fed)
    again = Program(mlp(normalization="spectral"), "mlp", small(), STEPS, 1, probes=False, xla=False)
    for a, b in zip(program.network.initial_weights(mlp(), 5), again.network.initial_weights(mlp(), 5), strict=True):
        np.testing.assert_array_equal(a, b)


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
    normalization: Callable[[], Any] | None = None, pooling: str = "max", alpha: float | None = None
) -> keras.Model:
    """Convolutions 1 and 2, half the resolution, convolution 3; with alpha, 2 and 3 are residual blocks."""

    def convolution(x: Any, strides: int = 1) -> Any:
        x = K.Conv2D(8, 3, strides=strides, padding="same")(x)
        return K.Activation("tanh")(normalization()(x) if normalization else x)

    def block(x: Any) -> Any:
        return convolution(x) if alpha is None else x + alpha * convolution(x)

    pool = {"max": K.MaxPooling2D(2), "average": K.AveragePooling2D(2)}
    inputs = keras.Input((8, 8, 1))
    x = block(convolution(inputs))
    x = convolution(x, strides=2) if pooling == "stride" else block(pool[pooling](x))
    return keras.Model(inputs, K.Dense(10)(K.GlobalAveragePooling2D()(x)))


@pytest.mark.parametrize("name", ["none", "batch", "layer", "rms", "group", "instance"])
def test_normalizations_of_a_cnn(name: str) -> None:
    images = {
        "layer": functools.partial(K.GroupNormalization, 1),
        "instance": functools.partial(K.GroupNormalization, -1),
    }
    _, fed, ours = train("cnn", small(), cnn(normalization=norm_level(name)))
    assert_alike(ours, plain_keras(cnn_model({**NORMALIZATIONS, **images}[name]), small(), fed), fed)


@pytest.mark.parametrize("pooling", ["max", "average", "stride"])
def test_pooling_of_a_cnn(pooling: str) -> None:
    _, fed, ours = train("cnn", small(), cnn(pooling=pooling))
    assert_alike(ours, plain_keras(cnn_model(pooling=pooling), small(), fed), fed)


@pytest.mark.parametrize("channels", [8, 12])
def test_a_cnn_is_the_same_by_patches_and_by_convolution(channels: int) -> None:
    """Up to 512 numbers an image a CNN takes the one, beyond it the other."""
    program, fed, ours = train("cnn", small(), cnn(channels=channels))
    assert program.network.xla == (channels == 8)
    if channels == 8:
        assert_alike(ours, plain_keras(cnn_model(), small(), fed), fed)


def test_residual_connections() -> None:
    skip = {"name": "skip", "every": 1, "alpha": 0.5}
    _, fed, ours = train("cnn", small(), cnn(residual=skip))
    assert_alike(ours, plain_keras(cnn_model(alpha=0.5), small(), fed), fed)

    inputs = keras.Input((8, 8, 1))
    first, second = (K.Dense(8, activation="tanh") for _ in range(2))
    x = first(K.Flatten()(inputs))
    _, fed, ours = train("mlp", small(), mlp(residual=skip))
    assert_alike(ours, plain_keras(keras.Model(inputs, K.Dense(10)(x + 0.5 * second(x))), small(), fed), fed)


@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_weight_standardization(model: str) -> None:
    """Keras has none: here only that it trains. The formula is tested with the layers."""
    factors = {"mlp": mlp, "cnn": cnn}[model](normalization="weight_standardization")
    _, fed, ours = train(model, small(), factors)
    assert any(not np.array_equal(a, b) for a, b in zip(ours, fed.weights, strict=True))


KERAS_CELLS = {"simple_rnn": K.SimpleRNN, "lstm": K.LSTM, "gru": K.GRU}


def recurrent(**factors: Any) -> dict[str, Any]:
    return recipe("recurrent", **{"units": 6, "optimizer": "sgd", "batch_size": BATCH, **factors})


@pytest.mark.parametrize("cell", KINDS["cells"])
def test_cells_on_rows_of_digits(cell: str) -> None:
    task = small(layout="rows")
    _, fed, ours = train("recurrent", task, recurrent(cell_type=cell, layers=2, normalization="layer"))
    layer = KERAS_CELLS[cell]
    layers = [layer(6, return_sequences=True), K.LayerNormalization(), layer(6, return_sequences=True),
              K.LayerNormalization(), K.Lambda(lambda x: x[:, -1]), K.Dense(10)]  # fmt: skip
    assert_alike(ours, plain_keras(layers, task, fed), fed)


def test_an_answer_at_every_time_step() -> None:
    task = small("copy_memory", length=3)
    _, fed, ours = train("recurrent", task, recurrent(cell_type="gru"))
    assert_alike(ours, plain_keras([K.GRU(6, return_sequences=True), K.Dense(10)], task, fed), fed)


def test_gates_and_candidates_have_activations_of_their_own() -> None:
    task = small("adding", length=5)
    _, fed, ours = train("recurrent", task, recurrent(activation="softsign", recurrent_activation="hard_sigmoid"))
    layers = [K.LSTM(6, activation="softsign", recurrent_activation="hard_sigmoid"), K.Dense(1)]
    assert_alike(ours, plain_keras(layers, task, fed), fed)


@pytest.mark.parametrize("cell", KINDS["cells"])
def test_normalization_inside_a_cell_trains(cell: str) -> None:
    _, fed, ours = train(
        "recurrent",
        small("temporal_order", length=10),
        recurrent(cell_type=cell, normalization="rms", norm_position="inside"),
    )
    assert any(not np.array_equal(a, b) for a, b in zip(ours, fed.weights, strict=True))


@functools.cache
def shared_program() -> Program:
    return Program(mlp(), "mlp", small(), STEPS, 1, probes=False, xla=False)


@pytest.mark.parametrize("name", KINDS["schedules"])
def test_schedules_are_fed_to_one_program(name: str) -> None:
    program = shared_program()
    fed = feed(program, mlp())
    factors = schedule_factors(level("schedules", name), STEPS)
    fed = Feed(fed.weights, (RATE * factors).astype(np.float32), fed.batches, fed.seed)
    program.run(fed)
    ours = [np.asarray(weight) for weight in program.network.model.weights]
    assert_alike(ours, plain_keras(mlp_layers(), small(), fed, rates=fed.learning_rates), fed)


KERAS_INITIALIZERS: dict[str, Callable[..., Any]] = {
    "random_normal": keras.initializers.RandomNormal,
    "random_uniform": functools.partial(keras.initializers.RandomUniform, -0.05, 0.05),
    "truncated_normal": keras.initializers.TruncatedNormal,
    "uniform_fan_in": functools.partial(keras.initializers.VarianceScaling, 1 / 3, "fan_in", "uniform"),
    "variance_scaling": functools.partial(keras.initializers.VarianceScaling, 1.0, "fan_in", "untruncated_normal"),
    "glorot_uniform": keras.initializers.GlorotUniform,
    "glorot_normal": keras.initializers.GlorotNormal,
    "he_uniform": keras.initializers.HeUniform,
    "he_normal": keras.initializers.HeNormal,
    "lecun_uniform": keras.initializers.LecunUniform,
    "lecun_normal": keras.initializers.LecunNormal,
    "orthogonal": keras.initializers.Orthogonal,
    "identity": lambda seed: keras.initializers.Identity(),
    "constant": lambda seed: keras.initializers.Constant(1.0),
    "zeros": lambda seed: keras.initializers.Zeros(),
}


@pytest.mark.parametrize("name", KINDS["initializers"])
def test_initializers_are_fed_to_one_program(name: str) -> None:
    program, factors = shared_program(), mlp(initializer=name)
    fed = feed(program, factors, rate=RATE)
    seeds = np.random.SeedSequence(0).generate_state(len(fed.weights))
    for index, weight in enumerate(fed.weights):
        if weight.ndim == 2:
            wanted = KERAS_INITIALIZERS[name](seed=int(seeds[index] >> 1))(weight.shape)
            np.testing.assert_array_equal(weight, wanted)
        else:
            assert not weight.any()
    program.run(fed)
    ours = [np.asarray(weight) for weight in program.network.model.weights]
    assert_alike(ours, plain_keras(mlp_layers(), small(), fed), fed)


def test_the_identity_of_a_convolution_hands_its_input_on() -> None:
    factors = cnn(initializer="identity", activation="linear", depth=2, stages=1, channels=8)
    program = Program(factors, "cnn", small(), STEPS, 1, probes=False, xla=False)
    for variable, value in zip(program.network.model.weights, program.network.initial_weights(factors, 0), strict=True):
        variable.assign(value)
    x = small().train.x[:2]
    z = program.network.look(tf.constant(x), training=False).activations[-1].numpy()
    np.testing.assert_allclose(z[..., 0], x[..., 0], atol=1e-6)
    assert not z[..., 1:].any()


def test_dropout_is_drawn_anew_at_every_step_and_under_every_seed() -> None:
    _, fed, ours = train("mlp", small(), mlp(dropout=0.5))
    without = plain_keras(mlp_layers(), small(), fed)
    assert not np.allclose(ours[0], without[0])
    factors = mlp(dropout=0.5)
    program = Program(factors, "mlp", small(), STEPS, 1, probes=False, xla=False)
    ends = []
    for seed in (1, 1, 2):
        program.run(Feed(fed.weights, fed.learning_rates, fed.batches, seed))
        ends.append(np.asarray(program.network.model.weights[0]))
    np.testing.assert_array_equal(ends[0], ends[1])
    assert not np.array_equal(ends[0], ends[2])


def cell_of(task: dict[str, Any], model: str, **factors: Any) -> Cell:
    arguments = {**TASKS[task["name"]].defaults(), **task}
    budget = Budget(steps=4, trials=2, replicates=3, evaluations=2, learning_rate_low=1e-3, learning_rate_high=1e-2)
    return Cell("tiny", "0" * 16, {}, recipe(model, **factors), arguments, model, budget, 0, 0.5, False, (), "program")


@pytest.mark.parametrize(
    ("task", "model", "factors"),
    [
        ({"name": "digits", "train_size": 40}, "mlp", {"depth": 0}),
        ({"name": "digits", "train_size": 40}, "cnn", {"depth": 2, "channels": 2, "normalization": "batch"}),
        ({"name": "adding", "length": 6, "train_size": 40}, "recurrent", {"units": 3, "layers": 2}),
    ],
)
def test_a_cell_of_each_family_from_tuning_to_record(task: dict[str, Any], model: str, factors: dict[str, Any]) -> None:
    record = run_cell(cell_of(task, model, **factors))
    layers = len(record.layers)
    assert layers == factors.get("depth", 2)
    for replicate in record.replicates:
        assert replicate.test_score is not None
        assert replicate.traces["gradient_rms"].shape == (2, layers)
        if model == "recurrent":
            assert replicate.traces["gradient_rms_through_time"].shape == (2, 2, 6)
            assert replicate.traces["cell_gradient_rms_through_time"].shape == (2, 2, 6)
            assert (replicate.traces["gradient_rms_through_time"][:, 1, -1] > 0).all()


def test_each_replicate_of_a_cross_validated_cell_has_a_fold_of_its_own() -> None:
    record = run_cell(cell_of({"name": "digits", "folds": 3}, "mlp", depth=1, width=4, batch_size=599))
    plain = run_cell(cell_of({"name": "digits", "folds": 3}, "mlp", depth=1, width=4, batch_size=599))
    assert [r.test_score for r in record.replicates] == [r.test_score for r in plain.replicates]
    assert len({r.test_score for r in record.replicates}) == 3
    assert record.task_facts["train_size"] == record.task_facts["test_size"] == 599


def test_every_level_of_every_kind_is_tested_here() -> None:
    assert set(OPTIMIZERS) == set(KINDS["optimizers"])
    assert set(KERAS_INITIALIZERS) == set(KINDS["initializers"])
    assert {*NORMALIZATIONS, "spectral", "weight_standardization", "instance"} == set(KINDS["normalizations"])
    assert set(KERAS_CELLS) == set(KINDS["cells"])
    assert {loss if isinstance(loss, str) else loss["name"] for loss, _ in LOSSES} | {"huber"} == set(KINDS["losses"])
    assert set(MODELS) == {"mlp", "cnn", "recurrent"}
