"""Draws of the data: sizes, shares of the classes, what is kept apart, and what is the same for whom."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from suite.tasks import Draw, load_task
from suite.tasks.splits import drawn

Y = np.repeat(np.arange(10), 60)
TUNING, REPLICATES = Draw(0, 1), [Draw(0, 1, replicate) for replicate in range(4)]


def rows_of(draw: Draw, validation: int = 100, test: int = 100) -> list[set[int]]:
    found = drawn(np.arange(600), Y, draw, validation=validation, test=test, classes=True)
    return [set(part.tolist()) for part in found]


def test_splits_are_of_the_same_size_share_nothing_and_leave_nothing_out() -> None:
    for draw in (TUNING, *REPLICATES):
        train, validation, test = rows_of(draw)
        assert (len(train), len(validation), len(test)) == (400, 100, 100)
        assert len(train | validation | test) == 600


def test_what_chose_the_rate_is_neither_validated_nor_tested_on_again() -> None:
    _, chose, _ = rows_of(TUNING)
    for draw in REPLICATES:
        train, validation, test = rows_of(draw)
        assert chose <= train
        assert not chose & (validation | test)


def test_draws_differ_by_replicate_tuning_and_benchmark() -> None:
    draws = [TUNING, *REPLICATES, Draw(0, 0), Draw(1, 1), Draw(0, 0, 0)]
    for one, other in itertools.combinations([rows_of(draw)[2] for draw in draws], 2):
        assert 5 < len(one & other) < 45, "of a hundred of six hundred about a sixth"
    assert rows_of(Draw(0, 1, 2)) == rows_of(Draw(0, 1, 2))


@pytest.mark.parametrize("count", [20, 57, 100])
def test_every_beginning_has_the_classes_in_the_shares_of_the_whole(count: int) -> None:
    found = drawn(np.arange(600), Y, REPLICATES[0], validation=100, test=100, classes=True)
    for part in found:
        shares = np.bincount(Y[part[:count]], minlength=10)
        assert shares.max() - shares.min() <= 2


def test_generated_data_are_new_in_every_draw_and_a_smaller_set_is_the_beginning_of_a_larger() -> None:
    few, many = ({"name": "adding", "length": 9, "train_size": size} for size in (50, 200))
    first, second = (load_task(many, draw=Draw(0, 0, replicate)) for replicate in range(2))
    assert not np.array_equal(first.test.x, second.test.x)
    np.testing.assert_array_equal(load_task(few, draw=Draw(0, 0, 0)).train.x, first.train.x[:50])
    np.testing.assert_array_equal(load_task(few, draw=Draw(0, 0, 0)).test.x, first.test.x)
