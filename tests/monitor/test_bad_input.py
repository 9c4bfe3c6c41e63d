"""What a look at a model cannot be made of is told clearly, before anything is looked at."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import suite
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
    "not built": (unbuilt, X, Y, LOGITS, r"Expected a built model: call it on a batch first.*'sequential.*'first'"),
    "nothing to train": (frozen, X, Y, LOGITS, r"Expected a model with a trainable layer\. Received: 'sequential"),
    "no loss": (sequential, X, Y, None, r"Expected a loss, or a model that is compiled with one\. Received: neither"),
    "no such loss": (sequential, X, Y, "crossentropy", r"Expected a loss that Keras knows\. Received: 'crossentropy'"),
    "inputs of another shape": (
        sequential, X[:, :3], Y, LOGITS,
        r"Expected inputs that the model takes, of shape \(None, 16\)\. Received: inputs of shape \(8, 3\)",
    ),
    "inputs and targets of other lengths": (
        sequential, X, Y[:5], LOGITS,
        r"of one length\. Received: inputs of shape \(8, 16\), targets of shape \(5,\)",
    ),
    "an empty batch": (
        sequential, X[:0], Y[:0], LOGITS, r"at least one example\. Received: inputs of shape \(0, 16\)",
    ),
    "a number": (sequential, 3.0, Y, LOGITS, r"Expected arrays whose first axis is the batch"),
    "objects": (sequential, np.array([{}, None]), Y, LOGITS, r"Expected arrays of numbers"),
    "classes that there are not": (sequential, X, Y + 100, LOGITS, r"Expected classes from 0 to 9"),
    "targets of another rank": (
        sequential, X, np.tile(Y[:, None], (1, 3)), LOGITS,
        r"Expected targets of shape \(8,\) for sparse_categorical_crossentropy\. Received: shape \(8, 3\)",
    ),
    "targets that would be broadcast": (
        sequential, X, np.ones((8, 1)), "mse",
        r"Expected targets of the outputs' shape \(8, 10\) for mean_squared_error\. Received: shape \(8, 1\)",
    ),
    "classes for one-hot": (
        SOFTMAX, X, Y, "categorical_crossentropy", r"Expected targets of the outputs' shape \(8, 10\)",
    ),
    "logits for probabilities": (
        sequential, X, Y, "sparse_categorical_crossentropy",
        r"Expected probabilities for sparse_categorical_crossentropy: end the model in a softmax.*from_logits=True",
    ),
    "a loss too many": (sequential, X, Y, [LOGITS, "mse"], r"Expected a target and a loss for each of 1 outputs"),
    "a loss that raises": (
        sequential, X, Y, lambda y, p: tf.reshape(p, [-1, 7]), r"Expected a loss that takes outputs of shape \(8, 10\)",
    ),
    "a loss of nothing": (
        sequential, X, Y, lambda y, p: tf.constant(1.0), r"Expected a loss that depends on a layer with weights",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_told_clearly(name: str) -> None:
    build, x, y, loss, message = BAD[name]
    model = build if isinstance(build, (keras.Model, keras.layers.Layer)) else build()
    with pytest.raises(suite.MonitorError, match=message):
        suite.probe(model, x, y, loss)


@pytest.mark.parametrize("name", ["an empty batch", "inputs of another shape", "logits for probabilities"])
def test_the_monitor_says_the_same_when_training_begins(name: str) -> None:
    _, x, y, loss, message = BAD[name]
    model = compiled(LOGITS if loss is LOGITS else loss)
    with pytest.raises(suite.MonitorError, match=message):
        model.fit(X, Y, verbose=0, callbacks=[suite.GradientMonitor(x, y)])


def test_fitting_losses_of_probabilities_pass() -> None:
    assert suite.probe(SOFTMAX, X, Y, "sparse_categorical_crossentropy").loss > 0
    assert suite.probe(SOFTMAX, X, np.eye(10)[Y], "categorical_crossentropy").loss > 0
    sigmoid = keras.Sequential([keras.Input((16,)), L.Dense(1, "sigmoid")])
    assert suite.probe(sigmoid, X, Y % 2, "binary_crossentropy").loss > 0
