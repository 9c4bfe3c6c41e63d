"""Every level of the factors that all families share trains, and does what plain Keras does on the same batches."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from suite.catalog import KINDS
from suite.catalog.optimizers import build_optimizer
from suite.catalog.schedules import schedule_factors
from suite.training.program import Program
from suite.training.run_inputs import RunInputs
from tests.families.plain import RATE, STEPS, assert_alike, cnn, cnn_model, mlp, mlp_layers, plain_keras, small, train
from tests.probes.cases import feed, level

KERAS_ACTIVATIONS: dict[str, Any] = {
    "swish": "silu",
    "hard_swish": "hard_silu",
    "centred_sigmoid": lambda z: 1 / (1 + keras.ops.exp(-z)) - 0.5,
}


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


def test_optimizers_in_a_compiled_loop() -> None:
    """As a run compiles them, but all at once: their states are what XLA has most to do with."""
    generator = np.random.default_rng(0)
    start = [generator.standard_normal(shape).astype(np.float32) for shape in ((6, 5), (5,))]
    gradients = [tf.constant(generator.standard_normal((STEPS, *value.shape)), tf.float32) for value in start]

    def made() -> dict[str, tuple[Any, list[keras.Variable]]]:
        found = {}
        for name in KINDS["optimizers"]:
            variables = [
                keras.Variable(value, name=kind) for value, kind in zip(start, ("kernel", "bias"), strict=True)
            ]
            optimizer = build_optimizer(level("optimizers", name), level("clippings", "none"), None)
            optimizer.build(variables)
            optimizer.learning_rate.assign(RATE)
            found[name] = optimizer, variables
        return found

    def step(which: Any, index: Any) -> Any:
        for optimizer, variables in which.values():
            optimizer.apply([gradient[index] for gradient in gradients], variables)
        return index + 1

    ours, theirs = made(), made()

    def loop() -> None:
        tf.while_loop(lambda index: index < STEPS, lambda index: step(ours, index), [tf.constant(0)])

    tf.function(loop, jit_compile=True, autograph=False)()
    for index in range(STEPS):
        step(theirs, index)
    for name in ours:
        for compiled, plain, first in zip(ours[name][1], theirs[name][1], start, strict=True):
            assert not np.array_equal(plain, first), name
            np.testing.assert_allclose(compiled, plain, rtol=1e-4, atol=2e-6, err_msg=name)


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


@functools.cache
def shared_program() -> Program:
    return Program(mlp(), "mlp", small(), STEPS, 1, probes=False, xla=False)


@pytest.mark.parametrize("name", KINDS["schedules"])
def test_schedules_are_fed_to_one_program(name: str) -> None:
    program = shared_program()
    fed = feed(program, mlp())
    factors = schedule_factors(level("schedules", name), STEPS)
    fed = RunInputs(fed.weights, (RATE * factors).astype(np.float32), fed.batches, fed.seed)
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


def test_dropout_is_drawn_anew_at_every_step_and_under_every_seed() -> None:
    program, fed, ours = train("mlp", small(), mlp(dropout=0.5))
    without = plain_keras(mlp_layers(), small(), fed)
    assert not np.allclose(ours[0], without[0])
    ends = []
    for seed in (1, 1, 2):
        program.run(RunInputs(fed.weights, fed.learning_rates, fed.batches, seed))
        ends.append(np.asarray(program.network.model.weights[0]))
    np.testing.assert_array_equal(ends[0], ends[1])
    assert not np.array_equal(ends[0], ends[2])


def test_every_level_is_tested_here() -> None:
    assert set(OPTIMIZERS) == set(KINDS["optimizers"])
    assert set(KERAS_INITIALIZERS) == set(KINDS["initializers"])
    assert {loss if isinstance(loss, str) else loss["name"] for loss, _ in LOSSES} | {"huber"} == set(KINDS["losses"])
