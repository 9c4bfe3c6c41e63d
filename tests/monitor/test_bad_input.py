"""What a look at a model cannot be made of is told clearly, before anything is looked at."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import suite
from suite.monitor import GradientWarning
from tests.monitor.models import LOGITS, L, batch, sequential

X, Y = batch(16, examples=8)
SOFTMAX = keras.Sequential([keras.Input((16,)), L.Dense(10, "softmax")])


def unbuilt() -> Any:
    return keras.Sequential([L.Dense(10, name="first")])


def frozen() -> Any:
    model = sequential()
    model.trainable = False
    return model


def compiled(loss: Any) -> Any:
    model = sequential()
    model.compile("sgd", loss)
    return model


BAD: dict[str, tuple[Any, Any, Any, Any, str]] = {
    "not a model": (L.Dense(3), X, Y, LOGITS, r"Expected a Keras model\. Received: <Dense"),
    "not built": (unbuilt, X, Y, LOGITS, r"Expected a built model: call it on a batch first.*'sequential.*'"),
    "nothing to train": (frozen, X, Y, LOGITS, r"Expected a model with a trainable layer\. Received: 'sequential"),
    "no loss": (sequential, X, Y, None, r"Keras says: No loss to compute\. Provide a `loss` argument in `compile\(\)`"),
    "no such loss": (sequential, X, Y, "crossentropy", r"Expected a loss that Keras knows\. Received: 'crossentropy'"),
    "inputs of another shape": (
        sequential, X[:, :3], Y, LOGITS, r"that take inputs of shape \(8, 3\), targets of shape \(8,\).*16",
    ),
    "inputs and targets of other lengths": (sequential, X, Y[:5], LOGITS, r"Keras says: .*[Cc]ardinality.*8.*5"),
    "an empty batch": (sequential, X[:0], Y[:0], LOGITS, r"Expected a batch of at least one example"),
    "a number": (sequential, 3.0, Y, LOGITS, r"Expected a batch that `fit` takes\. Keras says: Unrecognized data type"),
    "objects": (sequential, np.array([{}, None]), Y, LOGITS, r"Expected a batch that `fit` takes"),
    "classes that there are not": (sequential, X, Y + 100, LOGITS, r"Expected classes from 0 to 9\. Received: from 10\d"),
    "targets of another rank": (sequential, X, np.tile(Y[:, None], (1, 3)), LOGITS, r"targets of shape \(8, 3\)\. Keras says"),
    "classes for one-hot": (SOFTMAX, X, Y, "categorical_crossentropy", r"targets of shape \(8,\)\. Keras says"),
    "a loss too many": (sequential, X, Y, [LOGITS, "mse"], r"Keras says: .*loss"),
    "a loss that raises": (sequential, X, Y, lambda y, p: tf.reshape(p, [-1, 7]), r"Keras says: Dimension size must be evenly divisible by 7"),
    "a loss of nothing": (
        sequential, X, Y, lambda y, p: tf.constant(1.0), r"Expected a loss that depends on a layer with weights",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_told_clearly(name: str) -> None:
    build, x, y, loss, message = BAD[name]
    model = build if isinstance(build, (keras.Model, keras.layers.Layer)) else build()
    with pytest.raises(suite.MonitorError, match=message) as raised:
        suite.probe(model, x, y, loss)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "name", ["an empty batch", "inputs of another shape", "a number", "classes that there are not"]
)
def test_the_monitor_says_the_same_once_and_training_goes_on(name: str) -> None:
    _, x, y, loss, _ = BAD[name]
    model = compiled(loss)
    monitor = suite.GradientMonitor(x, y)
    with pytest.warns(GradientWarning) as caught:
        seen = model.fit(X, Y, epochs=3, verbose=0, callbacks=[monitor])
    assert len(seen.history["loss"]) == 3
    words = [str(warned.message) for warned in caught if warned.category is GradientWarning]
    assert len(words) == 1
    assert words[0].startswith("GradientMonitor cannot look at this model; training goes on. ")
    assert "\n" not in words[0]
    assert monitor.verdict.startswith("not looked at: ")


def test_fitting_losses_of_probabilities_pass() -> None:
    assert suite.probe(SOFTMAX, X, Y, "sparse_categorical_crossentropy").loss > 0
    assert suite.probe(SOFTMAX, X, np.eye(10)[Y], "categorical_crossentropy").loss > 0
    sigmoid = keras.Sequential([keras.Input((16,)), L.Dense(1, "sigmoid")])
    assert suite.probe(sigmoid, X, Y % 2, "binary_crossentropy").loss > 0
