"""Generated sequences are what their papers say, and their baselines are the published ones."""

from __future__ import annotations

import math

import numpy as np
import pytest

from suite.catalog.losses import baseline_loss
from suite.tasks import Task, form_of, load_task

AUTO = {"name": "auto"}


def task(name: str, length: int, train_size: int = 4000) -> Task:
    return load_task({"name": name, "length": length, "train_size": train_size})


def baseline(found: Task) -> float:
    return baseline_loss(AUTO, found.baseline_targets, found.classes)


def symbols(split_x: np.ndarray) -> np.ndarray:
    """Of one-hot inputs, checked to be one-hot."""
    assert (split_x.sum(axis=-1) == 1).all()
    return split_x.argmax(axis=-1)


def test_adding_sums_the_two_marked_numbers() -> None:
    found = task("adding", 30)
    numbers, marks = found.train.x[..., 0], found.train.x[..., 1]
    assert (marks.sum(axis=1) == 2).all()
    assert set(np.unique(marks)) == {0, 1}
    np.testing.assert_allclose(found.train.y[:, 0], (numbers * marks).sum(axis=1), rtol=1e-6)
    assert 0 <= numbers.min() < 0.01 < 0.99 < numbers.max() <= 1
    first = marks.argmax(axis=1)
    assert first.min() == 0  # marks may stand anywhere
    assert (marks[:, -1] == 1).any()


def test_the_baseline_of_adding_is_a_sixth() -> None:
    found = task("adding", 10, 20_000)
    assert baseline(found) == pytest.approx(1 / 6, rel=0.02)
    assert found.chance_score == pytest.approx(1 / 6, rel=0.05)


@pytest.mark.parametrize("length", [1, 5, 100])
def test_copy_memory_repeats_the_first_ten_symbols_after_the_delimiter(length: int) -> None:
    found = task("copy_memory", length, 200)
    x, y = symbols(found.train.x), found.train.y
    assert x.shape == y.shape == (200, length + 20)
    np.testing.assert_array_equal(x[:, :10], y[:, -10:])
    assert x[:, :10].max() <= 7
    assert (x[:, 10 : length + 9] == 8).all()
    assert (x[:, length + 9] == 9).all()
    assert (x[:, length + 10 :] == 8).all()
    assert (y[:, : length + 10] == 8).all()
    assert found.score_from == length + 10


@pytest.mark.parametrize("length", [10, 100])
def test_the_baseline_of_copy_memory_is_to_know_the_time_and_nothing_else(length: int) -> None:
    found = task("copy_memory", length, 8000)
    assert baseline(found) == pytest.approx(10 * math.log(8) / (length + 20), rel=2e-3)
    assert found.chance_score == pytest.approx(1 / 8, abs=0.01)
    assert found.output_shape == (length + 20, 10)


@pytest.mark.parametrize("length", [10, 20, 100])
def test_temporal_order_asks_for_the_two_symbols_in_their_order(length: int) -> None:
    found = task("temporal_order", length)
    x, y = symbols(found.train.x), found.train.y
    relevant = x < 2
    assert (relevant.sum(axis=1) == 2).all()
    first = relevant.argmax(axis=1)
    second = length - 1 - relevant[:, ::-1].argmax(axis=1)
    assert {first.min(), first.max()} == {length // 10, 2 * length // 10}
    assert {second.min(), second.max()} == {4 * length // 10, 5 * length // 10}
    rows = np.arange(len(x))
    np.testing.assert_array_equal(y, 2 * x[rows, first] + x[rows, second])
    assert set(x[~relevant]) == {2, 3, 4, 5}
    assert baseline(found) == pytest.approx(math.log(4), rel=1e-3)


def test_parity_counts_the_ones() -> None:
    found = task("parity", 8)
    np.testing.assert_array_equal(found.train.y, (found.train.x[..., 0] == 1).sum(axis=1) % 2)
    assert set(np.unique(found.train.x)) == {-1, 1}
    assert baseline(found) == pytest.approx(math.log(2), rel=1e-3)


@pytest.mark.parametrize("name", ["adding", "copy_memory", "temporal_order", "parity"])
def test_seeds_are_fixed_splits_differ_and_less_data_is_the_beginning_of_more(name: str) -> None:
    small, again, large = task(name, 12, 100), task(name, 12, 100), task(name, 12, 150)
    np.testing.assert_array_equal(small.train.x, again.train.x)
    np.testing.assert_array_equal(small.train.x, large.train.x[:100])
    np.testing.assert_array_equal(small.train.y, large.train.y[:100])
    np.testing.assert_array_equal(small.test.x, large.test.x)
    assert not np.array_equal(small.train.x, small.validation.x[:100])
    assert not np.array_equal(small.test.x[:100], small.validation.x[:100])
    assert small.train.x.dtype == np.float32
    form = form_of({"name": name})
    assert form.examples == "sequence"
    assert form_of({"name": name, "length": 12}).steps == 12
    assert form.held_out == len(small.validation)
    assert (form.targets == "numbers") == (small.classes is None)
    assert form.every_step == (small.classes is not None and small.train.y.ndim == 2)
