"""Losses and their baselines: Keras's values, and the best that a constant can do."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest
from scipy.optimize import minimize

from suite.catalog import KINDS
from suite.catalog.losses import baseline_loss, build_loss, output_activation
from tests.probes.cases import level

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 3, 40).astype(np.int32)
NUMBERS = RANDOM.random((40, 1)).astype(np.float32) ** 2
OF_CLASSES = ["auto", "cross_entropy", "binary_cross_entropy", "mse", {"name": "mse", "output": "sigmoid"}]
OF_NUMBERS = [
    "auto",
    "mse",
    "huber",
    {"name": "huber", "delta": 0.1},
    "binary_cross_entropy",
    {"name": "mse", "output": "sigmoid"},
]


def mean_loss(loss: object, targets: np.ndarray, outputs: np.ndarray, classes: int | None) -> float:
    repeated = np.tile(outputs.astype(np.float32), (len(targets), 1))
    return float(np.mean(build_loss(level("losses", loss), classes)(targets, repeated)))


@pytest.mark.parametrize("loss", OF_CLASSES)
def test_the_baseline_of_classes_is_the_best_constant(loss: object) -> None:
    best = minimize(
        lambda z: mean_loss(loss, LABELS, z, 3), np.zeros(3), method="Nelder-Mead", options={"maxiter": 600}
    )
    assert baseline_loss(level("losses", loss), LABELS, 3) == pytest.approx(best.fun, rel=1e-3)


@pytest.mark.parametrize("loss", OF_NUMBERS)
def test_the_baseline_of_numbers_is_the_best_constant(loss: object) -> None:
    best = minimize(lambda z: mean_loss(loss, NUMBERS, z, None), np.zeros(1), method="Nelder-Mead")
    assert baseline_loss(level("losses", loss), NUMBERS, None) == pytest.approx(best.fun, rel=1e-3)


def test_baselines_in_closed_form() -> None:
    assert baseline_loss({"name": "auto"}, np.arange(10, dtype=np.int32), 10) == pytest.approx(math.log(10))
    by_step = np.stack([np.zeros(8, int), np.arange(8)], axis=1)  # at the first time step all are alike
    assert baseline_loss({"name": "auto"}, by_step, 8) == pytest.approx(math.log(8) / 2)
    two_outputs = np.stack([NUMBERS[:, 0], 10 + NUMBERS[:, 0]], axis=1)
    assert baseline_loss({"name": "auto"}, two_outputs, None) == pytest.approx(float(np.var(NUMBERS)), rel=1e-4)
    assert baseline_loss(level("losses", "huber"), np.ones((5, 1)), None) == 0


@pytest.mark.parametrize("loss", [*OF_CLASSES, *OF_NUMBERS])
def test_predictions_belong_to_the_loss(loss: object) -> None:
    classes = 3 if loss in OF_CLASSES else None
    outputs = RANDOM.normal(size=(4, 3)).astype(np.float32)
    predictions = np.asarray(output_activation(level("losses", loss), classes)(outputs))
    if loss == "binary_cross_entropy" or loss == {"name": "mse", "output": "sigmoid"}:
        np.testing.assert_allclose(predictions, keras.ops.sigmoid(outputs), rtol=1e-6)
    elif classes is None:
        np.testing.assert_array_equal(predictions, outputs)
    else:
        np.testing.assert_allclose(predictions, keras.ops.softmax(outputs), rtol=1e-6)


@pytest.mark.parametrize(("kind", "entry"), [(kind, e) for kind, table in KINDS.items() for e in table.values()],
                         ids=lambda value: value if isinstance(value, str) else value.name)  # fmt: skip
def test_every_entry_says_what_it_is_and_its_code_is_there(kind: str, entry: object) -> None:
    assert entry.summary
    assert KINDS[kind].find(entry.name) is entry
    if entry.target:
        assert callable(entry.load())
