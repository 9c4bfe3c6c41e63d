"""What is advised to real models: what helps, nothing that they are already, and the true culprit first."""

from __future__ import annotations

import re
from typing import Any

import keras
import numpy as np
import pytest

import suite
from suite.protocol.outcomes import gradient_factor
from suite.protocol.records import Cause, Outcome
from tests.monitor.models import LOGITS, L, batch


def tries(seen: Any) -> str:
    return repr(seen).partition("Try for ")[2].partition("\n\n")[0]


def stack(
    activation: str, initializer: Any, depth: int = 6, *, normalized: bool = False, last: str = "he_normal"
) -> Any:
    keras.utils.set_random_seed(0)
    hidden = []
    for number in range(1, depth + 1):
        hidden.append(L.Dense(16, kernel_initializer=initializer, name=f"hidden_{number}"))
        hidden += [L.BatchNormalization()] if normalized else []
        hidden.append(L.Activation(activation))
    return keras.Sequential([keras.Input((16,)), *hidden, L.Dense(10, kernel_initializer=last, name="output")])


def test_the_forget_bias_that_is_advised_to_an_lstm_ends_the_vanishing() -> None:
    """Over 120 steps; the code is taken from the advice and run."""
    keras.utils.set_random_seed(0)
    x, y = batch(120, 2, examples=8)
    layer = L.LSTM(16)
    model = keras.Sequential([keras.Input((120, 2)), layer, L.Dense(10)])
    before = suite.probe(model, x, y, LOGITS)
    assert before.causes == (Cause.VANISHING,)
    advice = tries(before)
    assert "orthogonal" not in advice, "Keras's own choice already"
    assert "an LSTM" not in advice
    assert advice.splitlines()[1].startswith("  by its arithmetic: a forget bias of 5"), "it comes first"
    exec(re.findall(r"`(layer\..*?)`", advice)[0], {"keras": keras, "layer": layer})
    after = suite.probe(model, x, y, LOGITS)
    factors = [
        gradient_factor(seen.by_time().query("state == 'h'")["gradient_rms"].to_numpy()) for seen in (before, after)
    ]
    assert factors[0] < 0.9 < 0.97 < factors[1]
    assert after.causes == ()


def test_a_gru_is_not_told_to_try_a_gru() -> None:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((60, 2)), L.GRU(8), L.Dense(10)])
    advice = tries(suite.probe(model, *batch(60, 2, examples=8), LOGITS))
    assert "an LSTM with a forget bias of 5" in advice
    assert "GRU" not in advice


def test_a_normalization_and_an_initializer_are_not_advised_to_who_has_them() -> None:
    x, y = batch(16)
    small = keras.initializers.RandomNormal(stddev=0.02)
    assert "`kernel_initializer='he_normal'`: " in tries(suite.probe(stack("relu", small), x, y, LOGITS)), "measured"
    unnormalized = tries(suite.probe(stack("tanh", "glorot_uniform", 3), 30 * x, y, LOGITS))
    assert unnormalized.startswith("saturated:")
    assert "BatchNormalization" in unnormalized
    assert "glorot" not in unnormalized
    saturated = stack("tanh", "glorot_normal", normalized=True)
    for layer in saturated.layers:
        if isinstance(layer, L.BatchNormalization):
            layer.gamma.assign(layer.gamma * 20.0)
    advice = tries(suite.probe(saturated, x, y, LOGITS))
    assert "inputs scaled" in advice
    assert "Normalization" not in advice
    assert "glorot" not in advice


@pytest.mark.parametrize("last", ["he_normal", "zeros"])
def test_weights_that_are_all_zero_are_the_initializers_fault(last: str) -> None:
    seen = suite.probe(stack("tanh", "zeros", last=last), *batch(16), LOGITS)
    assert seen.causes == (Cause.VANISHING,)
    assert seen.verdict.endswith("of 6 layers: all weights of hidden_6 are 0")
    assert tries(seen).splitlines()[1:] == [
        "  weights of hidden_6 that do not start at 0, as of `kernel_initializer='glorot_normal'`"
    ]


def test_an_output_layer_that_starts_at_zero_is_no_fault() -> None:
    assert suite.probe(stack("tanh", "glorot_normal", last="zeros"), *batch(16), LOGITS).causes == ()


def fitted(model: Any, **settings: Any) -> suite.GradientMonitor:
    x, y = batch(16)
    model.compile(keras.optimizers.SGD(1e-3), LOGITS, jit_compile=False, **settings)
    monitor = suite.GradientMonitor(x, y, warn=False)
    model.fit(x, y, verbose=0, callbacks=[monitor])
    return monitor


@pytest.mark.parametrize(("size", "cause"), [(1.0, Cause.EXPLODING), (1e9, Outcome.NONFINITE)])
def test_what_explodes_before_the_first_step_is_not_the_learning_rates_fault(
    size: float, cause: Cause | Outcome
) -> None:
    monitor = fitted(stack("relu", keras.initializers.RandomNormal(stddev=size), 10))
    found = monitor.findings[0]
    assert found.cause is cause
    if cause is Outcome.NONFINITE:
        assert monitor.causes[0] == "nonfinite"
        assert monitor.verdict.startswith("nonfinite at step 1")
    assert "`kernel_initializer='he_normal'`: " in found.remedy
    assert re.findall(r"^  (\S+)", found.remedy, re.M)[0].startswith("`kernel_initializer="), "what is at fault"
    assert "learning rate" not in found.remedy.replace("at their best learning rate", "")


class TestMixedPrecision:
    """The pass that trains multiplies the loss, so that float16 holds what comes back."""

    def sigmoids(self, depth: int) -> Any:
        keras.utils.set_random_seed(0)
        keras.config.set_dtype_policy("mixed_float16")
        try:
            hidden = [L.Dense(16, "sigmoid", name=f"hidden_{number}") for number in range(1, depth + 1)]
            return keras.Sequential([keras.Input((16,)), *hidden, L.Dense(10, dtype="float32")])
        finally:
            keras.config.set_dtype_policy("float32")

    def zeros(self, model: Any) -> int:
        return int((suite.probe(model, *batch(16), LOGITS).by_layer()["gradient_rms"] == 0).sum())

    def test_the_optimizers_scale_is_applied_and_taken_off_again(self) -> None:
        model = self.sigmoids(12)
        model.compile(keras.optimizers.SGD(loss_scale_factor=1.0), LOGITS, auto_scale_loss=False)
        unscaled = suite.probe(model, *batch(16)).by_layer()["gradient_rms"]
        model.compile("sgd", LOGITS)
        scaled = suite.probe(model, *batch(16)).by_layer()["gradient_rms"]
        assert (unscaled == 0).sum() > 0
        assert (scaled > 0).all()
        np.testing.assert_allclose(scaled[-4:], unscaled[-4:], rtol=0.01)

    def test_what_is_below_the_range_is_said_so(self) -> None:
        model = self.sigmoids(20)
        zeros = self.zeros(model)
        assert 0 < zeros < 8, "as `compile` would scale it"
        verdict = suite.probe(model, *batch(16), LOGITS).verdict
        assert verdict.endswith(f" per layer, below float16's range in {zeros} of 20 layers")

    def test_a_scale_under_which_gradients_overflow_is_halved_as_in_training(self) -> None:
        model = self.sigmoids(2)
        model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(), initial_scale=2.0**40), LOGITS)
        seen = suite.probe(model, *batch(16))
        assert seen.causes == ()
        assert np.isfinite(seen.by_layer()["gradient_rms"]).all()
