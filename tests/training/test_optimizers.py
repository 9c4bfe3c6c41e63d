"""The optimizer that SGD and momentum share, so that programs are fewer; nothing of what it gives shows it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from suite.catalog.heavy_ball import HeavyBall
from suite.training.program import Program
from suite.training.run_inputs import RunInputs
from tests.probes.cases import digits, feed, recipe

STEPS = 40
MOMENTA = {"sgd": 0.0, "momentum": 0.9}
BUILT = "suite.training.program.build_optimizer"


def factors(**others: Any) -> dict[str, Any]:
    return recipe(depth=4, width=16, activation="relu", initializer="he_normal", batch_size=32, **others)


def program_of(name: str, *, xla: bool, **others: Any) -> Program:
    return Program(factors(optimizer=name, **others), "mlp", digits(), STEPS, 4, xla=xla)


@pytest.mark.parametrize("xla", [True, False])
def test_program_built_for_one_trains_the_other_as_keras_does_bit_for_bit(
    xla: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = program_of("momentum", xla=xla, weight_decay=1e-3)
    for name, momentum in MOMENTA.items():
        with monkeypatch.context() as patch:
            patch.setattr(BUILT, lambda *_, m=momentum: keras.optimizers.SGD(momentum=m, weight_decay=1e-3))
            keras_own = program_of(name, xla=xla, weight_decay=1e-3)
        for rate in (0.03, 300.0):  # the second diverges
            fed = feed(shared, factors(optimizer=name), rate=rate)
            trained_alike(shared, RunInputs(**{**vars(fed), "momentum": momentum}), keras_own, fed, finite=rate < 1)


def trained_alike(program: Program, fed: RunInputs, other: Program, fed_to_other: RunInputs, *, finite: bool) -> None:
    """Both runs and the weights they end with, to the last bit."""
    ours, theirs = program.run(fed), other.run(fed_to_other)
    assert ours.finite == theirs.finite == finite
    assert (ours.steps, ours.nonfinite_layer) == (theirs.steps, theirs.nonfinite_layer)
    for trace, values in theirs.arrays.items():
        np.testing.assert_array_equal(ours.arrays[trace], values, err_msg=trace)
    if finite:
        for found, wanted in zip(program.network.model.weights, other.network.model.weights, strict=True):
            np.testing.assert_array_equal(found.numpy(), wanted.numpy(), err_msg=found.path)


def test_it_builds_itself_as_keras_s_own_does() -> None:
    moved = []
    for optimizer in (HeavyBall(0.1), keras.optimizers.SGD(0.1)):
        weight = keras.Variable([1.0, 2.0])
        for _ in range(2):
            optimizer.apply_gradients([(tf.constant([0.5, -0.5]), weight)])
        moved.append(weight.numpy())
    np.testing.assert_array_equal(*moved)


def test_velocities_begin_anew_in_every_run() -> None:
    program = program_of("sgd", xla=True)
    fed = feed(program, factors(), rate=0.03)
    alone = program.run(fed).arrays["loss"]
    pushed = program.run(RunInputs(**{**vars(fed), "momentum": 0.9})).arrays["loss"]
    assert not np.array_equal(alone, pushed)
    np.testing.assert_array_equal(program.run(fed).arrays["loss"], alone)
