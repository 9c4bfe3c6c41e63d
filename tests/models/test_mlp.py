"""What an MLP makes of the factors that are not the same in all of its layers, and of its first biases."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from suite.models import MODELS
from suite.spec.rules import conflicts
from tests.probes.cases import recipe

DIGITS = {"name": "digits", "layout": "image"}


def network(**factors: Any) -> Any:
    return MODELS["mlp"].load()(recipe("mlp", width=8, **factors), (6,), (3,))


@pytest.mark.parametrize(("which", "sigmoids"), [("none", set()), ("first", {*range(5)}), ("last", {*range(7, 12)})])
def test_the_other_activation_is_of_five_layers_at_one_end(which: str, sigmoids: set[int]) -> None:
    taps = network(depth=12, activation="relu", other_layers=which).taps
    assert {i for i, tap in enumerate(taps) if float(tap.function(np.float32(-9.0))) > 0} == sigmoids
    layers = [tap.activation._keras_history.operation.activation for tap in taps]
    assert layers == [tap.function for tap in taps]


def test_five_of_four_layers_are_refused() -> None:
    (found,) = conflicts(DIGITS, "mlp", recipe("mlp", depth=4, other_layers="last"))
    assert found == ("other_layers", "are 5, and depth is 4")


def test_biases_with_a_scale_are_drawn_about_their_value_and_not_penalized() -> None:
    factors: dict[str, Any] = {"depth": 3, "bias": 2.0, "bias_scale": 0.5}
    drawn, plain = network(**factors), network(**{**factors, "bias_scale": 0.0})
    weights, same = (net.initial_weights(recipe("mlp", width=8, **factors), 7) for net in (drawn, plain))
    biases = np.concatenate([value for value in weights if value.ndim == 1])
    assert abs(biases.mean() - 2.0) < 0.4
    assert 0.3 < biases.std() < 0.7
    for with_scale, without in zip(weights, same, strict=True):  # kernels are what they are without
        np.testing.assert_array_equal(with_scale if without.ndim > 1 else 2.0, without)
    assert drawn.penalized_indices == plain.penalized_indices
    assert [drawn.model.trainable_variables[i].shape[-1] for i in drawn.penalized_indices] == [8, 8, 8, 3]
