"""Convolutional networks, and residual connections of any."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from suite.training.program import Program
from tests.families.plain import STEPS, K, assert_alike, cnn, cnn_model, mlp, plain_keras, small, train


@pytest.mark.parametrize("pooling", ["max", "average", "stride"])
def test_pooling_of_a_cnn(pooling: str) -> None:
    """By patches, as up to 512 numbers an image."""
    program, fed, ours = train("cnn", small(), cnn(pooling=pooling))
    assert program.network.xla
    assert_alike(ours, plain_keras(cnn_model(pooling=pooling), small(), fed), fed)


def test_a_larger_cnn_is_the_same_by_convolution() -> None:
    program, fed, ours = train("cnn", small(), cnn(channels=12))
    assert not program.network.xla
    assert_alike(ours, plain_keras(cnn_model(channels=12), small(), fed), fed)


def test_residual_connections() -> None:
    skip = {"name": "skip", "every": 1, "alpha": 0.5}
    _, fed, ours = train("cnn", small(), cnn(residual=skip))
    assert_alike(ours, plain_keras(cnn_model(alpha=0.5), small(), fed), fed)

    inputs = keras.Input((8, 8, 1))
    first, second = (K.Dense(8, activation="tanh") for _ in range(2))
    x = first(K.Flatten()(inputs))
    _, fed, ours = train("mlp", small(), mlp(residual=skip))
    assert_alike(ours, plain_keras(keras.Model(inputs, K.Dense(10)(x + 0.5 * second(x))), small(), fed), fed)


def test_the_identity_of_a_convolution_hands_its_input_on() -> None:
    factors = cnn(initializer="identity", activation="linear", depth=2, stages=1, channels=8)
    program = Program(factors, "cnn", small(), STEPS, 1, probes=False, xla=False)
    for variable, value in zip(program.network.model.weights, program.network.initial_weights(factors, 0), strict=True):
        variable.assign(value)
    x = small().train.x[:2]
    z = program.network.pass_through(tf.constant(x), training=False).activations[-1].numpy()
    np.testing.assert_allclose(z[..., 0], x[..., 0], atol=1e-6)
    assert not z[..., 1:].any()
