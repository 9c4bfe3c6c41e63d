"""The teacher: always the same network, other examples in every draw, classes equally frequent and worth learning."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression

from suite.tasks import load_task
from suite.tasks.draw import Draw
from suite.tasks.teacher import CLASSES, FEATURES, TEST, VALIDATION


def test_splits_have_their_sizes_and_equally_frequent_classes() -> None:
    task = load_task({"name": "teacher", "train_size": 20_000})
    assert [len(split) for split in (task.train, task.validation, task.test)] == [20_000, VALIDATION, TEST]
    assert task.train.x.shape == (20_000, FEATURES)
    assert task.train.x.dtype == np.float32
    assert task.train.y.dtype == np.int32
    shares = np.bincount(task.train.y, minlength=CLASSES) / 20_000
    assert np.abs(shares - 1 / CLASSES).max() < 0.01  # four standard errors


def test_draws_have_other_examples_of_the_same_teacher() -> None:
    one, other = (load_task({"name": "teacher", "train_size": 4_000}, draw=Draw(replicate=r)) for r in (0, 1))
    again = load_task({"name": "teacher", "train_size": 4_000}, draw=Draw(replicate=0))
    assert np.array_equal(one.train.x, again.train.x)
    assert not np.isin(one.train.x[:, 0], other.train.x[:, 0]).any()
    assert not np.isin(one.train.x[:, 0], one.test.x[:, 0]).any()
    linear = LogisticRegression(max_iter=300).fit(one.train.x, one.train.y)
    assert 0.6 < linear.score(other.test.x, other.test.y) < 0.9, "what is learnt of one draw holds of another"
