"""The monitor in `fit`: it changes nothing, and looks when it is due."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

import suite
from tests.monitor.models import LOGITS, MODELS, Subclassed, batch, fit, sequential

pytestmark = pytest.mark.filterwarnings("ignore::suite.monitor.GradientWarning")


@pytest.mark.parametrize("name", MODELS)
def test_a_model_learns_the_same_with_and_without(name: str) -> None:
    """Weights, running statistics, the optimizer, random states and what `fit` reports: bit for bit."""
    build, shape = MODELS[name]
    x, y = batch(*shape, examples=32)
    keras.utils.set_random_seed(3)
    model = build()
    model.compile(keras.optimizers.Adam(1e-3), LOGITS, metrics=["accuracy"], jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    state = [*model.variables, *model.optimizer.variables]
    start = [variable.numpy() for variable in state]
    monitor = suite.GradientMonitor(x[:8], y[:8], every=1)
    ends = []
    for callbacks in ([], [monitor]):
        for variable, value in zip(state, start, strict=True):
            variable.assign(value)
        keras.utils.set_random_seed(4)
        seen = model.fit(x, y, epochs=2, batch_size=16, verbose=0, callbacks=callbacks)
        drawn = float(keras.random.uniform(())), float(np.random.random())
        ends.append(([variable.numpy() for variable in state], seen.history, drawn))
    (before, *others), (after, *others_seen) = ends
    assert (
        sum(not np.array_equal(a, b) for a, b in zip(before, start, strict=True)) > len(model.trainable_variables) // 2
    )
    for variable, value, other in zip(state, before, after, strict=True):
        np.testing.assert_array_equal(value, other, err_msg=variable.path)
    assert others == others_seen
    assert monitor.history.steps == [0, 1, 2, 3, 4]
    assert not monitor.causes


def test_looks_are_made_when_they_are_due() -> None:
    x, y = batch(16)
    by_epoch = suite.GradientMonitor(x, y)
    by_step = suite.GradientMonitor(x, y, every=4)
    fit(sequential(), x, y, by_epoch, by_step, epochs=3)  # 3 steps an epoch
    assert by_epoch.history.steps == [0, 3, 6, 9]
    assert by_epoch.history.epochs == [0, 1, 2, 2]
    assert by_step.history.steps == [0, 4, 8, 9]
    ratios = by_epoch.history.array("update_ratio")
    assert (ratios[:3] > 0).all()
    assert np.isnan(ratios[3]).all(), "nothing follows the last look"


def test_several_steps_in_one_execution_are_no_single_update() -> None:
    x, y = batch(16)
    monitor = suite.GradientMonitor(x, y)
    fit(sequential(), x, y, monitor, steps_per_execution=3)
    assert monitor.history.steps == [0, 3, 6]
    assert np.isnan(monitor.history.array("update_ratio")).all()


def test_the_update_ratio_is_that_of_the_update() -> None:
    x, y = batch(16, examples=16)
    model = sequential(2)
    model.compile(keras.optimizers.SGD(0.5), LOGITS)
    before = model.get_layer("hidden_2").kernel.numpy()
    monitor = suite.GradientMonitor(x, y)
    model.fit(x, y, batch_size=16, verbose=0, callbacks=[monitor])
    after = model.get_layer("hidden_2").kernel.numpy()
    row = monitor.by_layer().query("step == 0 and name == 'hidden_2'").iloc[0]
    assert row["update_ratio"] == pytest.approx(np.linalg.norm(after - before) / np.linalg.norm(before), rel=1e-5)


def test_a_second_fit_starts_afresh() -> None:
    x, y = batch(16)
    model, monitor = sequential(), suite.GradientMonitor(x, y)
    fit(model, x, y, monitor)
    assert monitor.history.steps == [0, 3, 6]
    model.fit(x, y, epochs=1, batch_size=16, verbose=0, callbacks=[monitor])
    assert monitor.history.steps == [0, 3]


def test_a_model_that_is_not_built_is_built_and_learns_the_same() -> None:
    x, y = batch(16)
    ends = []
    for callbacks in ([], [suite.GradientMonitor(x, y)]):
        keras.utils.set_random_seed(0)
        model = Subclassed()
        fit(model, x, y, *callbacks)
        ends.append([variable.numpy() for variable in model.variables])
    for value, other in zip(*ends, strict=True):
        np.testing.assert_array_equal(value, other)


@pytest.mark.parametrize("every", [0, -1, 1.5, "step", True])
def test_when_to_look_must_be_said_right(every: Any) -> None:
    x, y = batch(16)
    with pytest.raises(suite.MonitorError, match="Expected every='epoch' or a whole number of steps"):
        suite.GradientMonitor(x, y, every=every)
