"""Our own layers compute what their formulas say."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from suite.catalog import KINDS
from suite.catalog.normalizations import build_normalization, wrap_layer
from suite.models.layers import PatchConv2D, WeightStandardization
from tests.close import assert_close

RANDOM = np.random.default_rng(0)


def level(name: str, **arguments: object) -> dict[str, object]:
    return {"name": name, **KINDS["normalizations"][name].defaults(), **arguments}


@pytest.mark.parametrize("size", [(8, 8), (5, 7)])
@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 5])
def test_a_convolution_by_patches_is_a_convolution(size: tuple[int, int], strides: int, kernel_size: int) -> None:
    x = tf.constant(RANDOM.normal(size=(3, *size, 2)), tf.float32)
    ours = PatchConv2D(4, kernel_size, strides=strides, padding="same")
    theirs = keras.layers.Conv2D(4, kernel_size, strides=strides, padding="same")
    for layer in (ours, theirs):
        layer.build(x.shape)
    theirs.set_weights(ours.get_weights())
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        outputs = [layer(x) for layer in (ours, theirs)]
        losses = [tf.reduce_sum(tf.sin(y)) for y in outputs]
    assert_close(outputs[0], outputs[1], 1e-5)
    for of in (x, None):
        gradients = [
            tape.gradient(loss, x if of is not None else layer.kernel.value)
            for loss, layer in zip(losses, (ours, theirs), strict=True)
        ]
        assert_close(gradients[0], gradients[1])


@pytest.mark.parametrize(
    ("layer", "shape"),
    [(keras.layers.Dense(6), (4, 5)), (keras.layers.Conv2D(6, 3, padding="same"), (2, 4, 4, 5)),
     (PatchConv2D(6, 3, padding="same"), (2, 4, 4, 5))],
)  # fmt: skip
def test_weight_standardization_runs_the_layer_on_the_standardized_kernel(
    layer: keras.Layer, shape: tuple[int, ...]
) -> None:
    x = RANDOM.normal(size=shape).astype(np.float32)
    wrapped = WeightStandardization(layer, gain=1.7)
    wrapped.build(x.shape)
    kernel = RANDOM.normal(2, 3, layer.kernel.shape).astype(np.float32)
    layer.kernel.assign(kernel)
    found = wrapped(x)
    np.testing.assert_array_equal(layer.kernel, kernel)
    flat = kernel.reshape(-1, 6).astype(np.float64)
    standardized = 1.7 * (flat - flat.mean(axis=0)) / (flat.std(axis=0) * np.sqrt(len(flat)))
    assert standardized.var(axis=0) == pytest.approx(1.7**2 / len(flat))
    layer.kernel.assign(standardized.reshape(kernel.shape))
    assert_close(found, layer(x), 1e-5)


def test_the_gradient_of_a_standardized_kernel_has_no_mean_and_no_scale() -> None:
    layer = WeightStandardization(keras.layers.Dense(3))
    x = tf.constant(RANDOM.normal(size=(8, 5)), tf.float32)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.sin(layer(x)))
    kernel = layer.layer.kernel
    gradient = tape.gradient(loss, kernel.value).numpy()
    np.testing.assert_allclose(gradient.sum(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose((gradient * kernel.numpy()).sum(axis=0), 0, atol=1e-5)


IMAGES = RANDOM.normal(1, 2, (3, 4, 5, 6))


@pytest.mark.parametrize(
    ("name", "axes", "groups"), [("instance", (1, 2), 6), ("layer", (1, 2, 3), 1), ("group", (1, 2), 3)]
)
def test_normalizations_of_images_are_over_what_they_say(name: str, axes: tuple[int, ...], groups: int) -> None:
    layer = build_normalization(level(name, **({"groups": 3} if name == "group" else {})), "normalization", axes=4)
    assert layer is not None
    parts = np.split(IMAGES, groups, axis=-1)
    wanted = np.concatenate(
        [
            (p - p.mean(axis=(1, 2, 3), keepdims=True)) / np.sqrt(p.var(axis=(1, 2, 3), keepdims=True) + 1e-3)
            for p in parts
        ],
        axis=-1,
    )
    np.testing.assert_allclose(layer(IMAGES.astype(np.float32)), wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["layer", "rms", "group"])
def test_normalizations_of_units(name: str) -> None:
    x = RANDOM.normal(1, 2, (7, 6))
    layer = build_normalization(level(name, **({"groups": 1} if name == "group" else {})), "normalization", axes=2)
    assert layer is not None
    centre = 0 if name == "rms" else x.mean(axis=-1, keepdims=True)
    epsilon = level(name)["epsilon"]
    wanted = (x - centre) / np.sqrt(((x - centre) ** 2).mean(axis=-1, keepdims=True) + epsilon)
    np.testing.assert_allclose(layer(x.astype(np.float32)), wanted, rtol=1e-3, atol=1e-4)


def test_spectral_normalization_brings_the_largest_singular_value_to_one() -> None:
    dense = keras.layers.Dense(5)
    wrapped = wrap_layer(level("spectral", power_iterations=50), dense)
    x = RANDOM.normal(size=(4, 6)).astype(np.float32)
    wrapped(x, training=True)
    assert np.linalg.svd(dense.kernel.numpy(), compute_uv=False)[0] == pytest.approx(1, rel=1e-3)


def test_noisy_batch_normalization_moves_its_output_while_training_only() -> None:
    x = tf.constant(RANDOM.normal(3.0, 2.0, size=(512, 6)), tf.float32)
    noisy = build_normalization(level("noisy_batch", shift=0.5, scale=2.0, spread=0.1), "noisy")
    plain = build_normalization(level("batch"), "plain")
    assert noisy is not None
    assert plain is not None
    normalized = plain(x, training=True)
    first, second = noisy(x, training=True), noisy(x, training=True)
    np.testing.assert_array_equal(noisy(x, training=False), noisy(x, training=False))
    moved = [np.polyfit(np.ravel(normalized), np.ravel(y), 1) for y in (first, second)]
    assert not np.allclose(moved[0], moved[1], atol=1e-3)  # each step draws anew
    for factor, shift in moved:
        assert 0.95 < factor < 2.05
        assert abs(shift) < 0.55
    rest = np.ravel(first) - np.polyval(moved[0], np.ravel(normalized))
    assert 0.05 < rest.std() < 0.2  # sqrt(0.1^2 + 0.1^2 / 3): each unit and example its own
    still = build_normalization(level("noisy_batch", shift=0.0, scale=1.0, spread=0.0), "still")
    assert still is not None
    np.testing.assert_allclose(still(x, training=True), normalized, rtol=1e-5, atol=1e-6)
