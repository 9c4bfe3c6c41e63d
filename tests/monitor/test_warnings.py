"""What goes wrong is seen, named with its layer or step, and said once."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np
import pytest

import suite
from suite.monitor import GradientWarning
from suite.protocol.records import Cause
from tests.monitor.models import L, batch, deep, fit

pytestmark = pytest.mark.filterwarnings("ignore::suite.monitor.GradientWarning")


def test_vanishing_is_warned_of_at_once_and_once() -> None:
    x, y = batch(16)
    monitor = suite.GradientMonitor(x, y)
    with pytest.warns(
        GradientWarning,
        match=r"^vanishing, 0\.2\d* per layer \(seen before the first update\)\. Similar .* trained\. Try `BatchNorm[^\n]*\.$",
    ) as caught:
        fit(deep("sigmoid"), x, y, monitor)
    assert len([w for w in caught if w.category is GradientWarning]) == 1
    assert monitor.causes == (Cause.VANISHING,)
    assert [(found.cause, found.step) for found in monitor.findings] == [(Cause.VANISHING, 0)]
    assert monitor.verdict.startswith("vanishing, 0.2")


def test_it_can_be_told_not_to_warn() -> None:
    x, y = batch(16)
    monitor = suite.GradientMonitor(x, y, warn=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error", GradientWarning)
        fit(deep("sigmoid"), x, y, monitor)
    assert monitor.findings


def test_a_network_built_to_die_is_named_with_its_layer() -> None:
    x, y = batch(16)
    layers = [L.Dense(16, "relu", name=f"hidden_{n}", bias_initializer="ones") for n in (1, 2, 3, 4)]
    model = keras.Sequential([keras.Input((16,)), *layers, L.Dense(10)])
    model.get_layer("hidden_3").bias.assign(np.full(16, -100.0))
    monitor = suite.GradientMonitor(x, y)
    fit(model, x, y, monitor, epochs=1)
    assert "dead, 100% of hidden_3" in [found.text for found in monitor.findings]
    assert "dead, 100% of hidden_3" in monitor.verdict


def test_a_network_built_to_saturate_is_named_with_its_layer() -> None:
    keras.utils.set_random_seed(0)
    x, y = batch(16)
    model = keras.Sequential(
        [keras.Input((16,)), *(L.Dense(16, "tanh", name=f"hidden_{n}") for n in (1, 2, 3)), L.Dense(10)]
    )
    model.get_layer("hidden_2").kernel.assign(model.get_layer("hidden_2").kernel * 500.0)
    monitor = suite.GradientMonitor(x, y)
    fit(model, x, y, monitor, epochs=1)
    assert Cause.SATURATED in monitor.causes
    assert any(
        found.text.startswith("saturated, ") and found.text.endswith(" of hidden_2") for found in monitor.findings
    )


class RateAt(keras.callbacks.Callback):
    """Sets the learning rate for one step."""

    def __init__(self, step: int, rate: float) -> None:
        super().__init__()
        self.step, self.rate, self.seen = step, rate, 0

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.seen += 1
        self.model.optimizer.learning_rate.assign(self.rate if self.seen == self.step else 1e-3)


def linears() -> Any:
    return keras.Sequential([keras.Input((16,)), *(L.Dense(16, name=f"hidden_{n}") for n in (1, 2, 3)), L.Dense(10)])


def test_a_network_that_overflows_is_named_with_its_step_and_layer() -> None:
    """Step 4 at a rate of 1e30: at step 5, z_1 of about 1e29 still fits into a float32, z_2 does not."""
    x, y = batch(16)
    monitor = suite.GradientMonitor(x, y, every=1)
    with pytest.warns(GradientWarning, match="not finite at step 5, and began in hidden_2"):
        fit(linears(), x, y, monitor, RateAt(4, 1e30), optimizer=keras.optimizers.SGD(1e-3))
    assert (monitor.history.nonfinite_step, monitor.history.nonfinite_layer) == (5, "hidden_2")
    assert monitor.verdict.startswith("nonfinite at step 5, in hidden_2")


def test_between_looks_only_the_step_is_known_and_it_says_how_to_know_more() -> None:
    x, y = batch(16)
    monitor = suite.GradientMonitor(x, y, every=100)
    with pytest.warns(GradientWarning, match=r"not finite at step 5; with `every=1` the layer"):
        fit(linears(), x, y, monitor, RateAt(4, 1e30), optimizer=keras.optimizers.SGD(1e-3))
    assert (monitor.history.nonfinite_step, monitor.history.nonfinite_layer) == (5, None)


def test_recurrent_layers_are_seen_through_time() -> None:
    keras.utils.set_random_seed(0)
    x, y = batch(60, 2, examples=16)
    model = keras.Sequential(
        [keras.Input((60, 2)), L.SimpleRNN(8, recurrent_initializer=keras.initializers.Orthogonal(0.8)), L.Dense(10)]
    )
    monitor = suite.GradientMonitor(x, y)
    fit(model, x, y, monitor, epochs=1)
    table = monitor.by_time().query("step == 0")
    assert table["time"].tolist() == list(range(1, 61))
    assert monitor.causes == (Cause.VANISHING,)
    assert "per time step" in monitor.verdict
