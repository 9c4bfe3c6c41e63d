"""Plain SGD and heavy ball share a program, and nothing of what they give shows it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from suite.training.feed import Feed
from suite.training.program import Program
from tests.probes.cases import digits, feed, recipe

STEPS = 40
MOMENTA = {"sgd": 0.0, "momentum": 0.9}


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
            patch.setattr(
                "suite.training.program.build_optimizer",
                lambda *_, m=momentum: keras.optimizers.SGD(momentum=m, weight_decay=1e-3),
            )
            keras_own = program_of(name, xla=xla, weight_decay=1e-3)
        for rate in (0.03, 300.0):  # the second diverges
            fed = feed(shared, factors(optimizer=name), rate=rate)
            ours = shared.run(Feed(**{**vars(fed), "momentum": momentum}))
            theirs = keras_own.run(fed)
            assert ours.finite == theirs.finite == (rate < 1)
            assert (ours.steps, ours.nonfinite_layer) == (theirs.steps, theirs.nonfinite_layer)
            for trace, values in theirs.arrays.items():
                np.testing.assert_array_equal(ours.arrays[trace], values, err_msg=f"{name} at {rate}: {trace}")
            if ours.finite:
                for found, wanted in zip(shared.network.model.weights, keras_own.network.model.weights, strict=True):
                    np.testing.assert_array_equal(found.numpy(), wanted.numpy(), err_msg=f"{name}: {found.path}")


def test_velocities_begin_anew_in_every_run() -> None:
    program = program_of("sgd", xla=True)
    fed = feed(program, factors(), rate=0.03)
    alone = program.run(fed).arrays["loss"]
    pushed = program.run(Feed(**{**vars(fed), "momentum": 0.9})).arrays["loss"]
    assert not np.array_equal(alone, pushed)
    np.testing.assert_array_equal(program.run(fed).arrays["loss"], alone)
