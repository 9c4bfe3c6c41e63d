"""Normalizations: Keras's own on the same batches, where it has them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from suite.catalog import KINDS
from suite.training.program import Program
from tests.families.plain import STEPS, K, assert_alike, cnn, cnn_model, mlp, mlp_layers, plain_keras, small, train
from tests.probes.cases import level

NORMALIZATIONS: dict[str, Callable[[], Any]] = {
    "batch": functools.partial(K.BatchNormalization, momentum=0.9),
    "layer": K.LayerNormalization,
    "rms": K.RMSNormalization,
    "group": functools.partial(K.GroupNormalization, 4),
}


def norm_level(name: str) -> dict[str, Any]:
    return level("normalizations", {"name": name, "groups": 4} if name == "group" else name)


@pytest.mark.parametrize("position", ["before", "after"])
@pytest.mark.parametrize("name", NORMALIZATIONS)
def test_normalizations_of_an_mlp(name: str, position: str) -> None:
    _, fed, ours = train("mlp", small(), mlp(normalization=norm_level(name), norm_position=position))
    layers = mlp_layers(normalization=NORMALIZATIONS[name], after=position == "after")
    assert_alike(ours, plain_keras(layers, small(), fed), fed)


def test_spectral_normalization_of_an_mlp_under_the_seed_of_the_run() -> None:
    def layers() -> list[Any]:
        found = []
        for _ in range(2):
            found += [K.SpectralNormalization(K.Dense(8)), K.Activation("tanh")]
        return [K.Flatten(), *found, K.Dense(10)]

    program, fed, ours = train("mlp", small(), mlp(normalization="spectral"))
    assert_alike(ours, plain_keras(layers(), small(), fed), fed)
    again = Program(mlp(normalization="spectral"), "mlp", small(), STEPS, 1, probes=False, xla=False)
    for a, b in zip(program.network.initial_weights(mlp(), 5), again.network.initial_weights(mlp(), 5), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["batch", "layer", "rms", "group", "instance"])
def test_normalizations_of_a_cnn(name: str) -> None:
    images = {
        "layer": functools.partial(K.GroupNormalization, 1),
        "instance": functools.partial(K.GroupNormalization, -1),
    }
    _, fed, ours = train("cnn", small(), cnn(normalization=norm_level(name)))
    assert_alike(ours, plain_keras(cnn_model({**NORMALIZATIONS, **images}[name]), small(), fed), fed)


def test_weight_standardization_of_an_mlp() -> None:
    """Keras has none: here only that it trains. The formula is tested with the layers."""
    _, fed, ours = train("mlp", small(), mlp(normalization="weight_standardization"))
    assert any(not np.array_equal(a, b) for a, b in zip(ours, fed.weights, strict=True))


def test_every_level_is_tested_here() -> None:
    assert {*NORMALIZATIONS, "none", "spectral", "weight_standardization", "instance", "noisy_batch"} == set(
        KINDS["normalizations"]
    )
