"""A user's own arrays: read whole or split, and refused with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from suite.tasks import Task, TaskError, load_task

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(5, 3, (60, 4))
Y = np.arange(60) % 3


def load(folder: Path, arrays: dict[str, Any], fold: int = 0, **arguments: Any) -> Task:
    np.savez(folder / "mine.npz", **arrays)
    return load_task({"name": "arrays", "path": "mine.npz", **arguments}, fold=fold, folders=[str(folder)])


def test_whole_arrays_are_split_stratified_and_scaled_per_feature(tmp_path: Path) -> None:
    found = load(tmp_path, {"x": X * [1, 10, 100, 0], "y": Y})
    assert [len(split) for split in (found.train, found.validation, found.test)] == [36, 12, 12]
    np.testing.assert_array_equal(np.bincount(found.test.y), [4, 4, 4])
    np.testing.assert_allclose(found.train.x.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(found.train.x.std(axis=0), [1, 1, 1, 0], rtol=1e-4)
    assert found.classes == 3
    assert found.train.x.dtype == np.float32
    assert found.train.y.dtype == np.int32


def test_arrays_that_come_split_stay_so(tmp_path: Path) -> None:
    given = {"x_train": X[:40], "y_train": Y[:40], "x_test": X[40:], "y_test": Y[40:]}
    found = load(tmp_path, given, scaling="none")
    assert [len(split) for split in (found.train, found.validation, found.test)] == [32, 8, 20]
    np.testing.assert_allclose(found.test.x, X[40:], rtol=1e-6)
    own = load(tmp_path, {**given, "x_validation": X[:7], "y_validation": Y[:7]}, scaling="none", train_size=30)
    assert [len(split) for split in (own.train, own.validation, own.test)] == [30, 7, 20]


def test_numbers_images_and_sequences(tmp_path: Path) -> None:
    numbers = load(tmp_path, {"x": X, "y": X.sum(axis=1)}, targets="numbers")
    assert numbers.classes is None
    assert numbers.train.y.shape == (36, 1)
    assert load(tmp_path, {"x": X.reshape(60, 2, 2), "y": Y}, examples="image").train.x.shape == (36, 2, 2, 1)
    assert load(tmp_path, {"x": X.reshape(60, 2, 2), "y": Y[:, None]}, examples="sequence").train.x.shape == (36, 2, 2)


def test_folds_test_every_example_once(tmp_path: Path) -> None:
    tested = [load(tmp_path, {"x": X, "y": Y}, fold, folds=4, scaling="none").test.x[:, 0] for fold in range(4)]
    np.testing.assert_array_equal(np.sort(np.concatenate(tested)), np.sort(X[:, 0].astype(np.float32)))


NAN = X.copy()
NAN[3, 1] = np.nan
SPLIT = {"x_train": X[:40], "y_train": Y[:40], "x_test": X[40:], "y_test": Y[40:]}


@pytest.mark.parametrize(
    ("arrays", "arguments", "message"),
    [
        ({"x": X}, {}, "mine.npz holds x. Expected: x and y; or x_train, y_train, x_test, y_test"),
        ({"a": X}, {}, "mine.npz holds no arrays"),
        ({"x": X[:, 0], "y": Y}, {}, r"x in mine.npz: expected shape \(examples, features\). Received: shape \(60,\)"),
        ({"x": X, "y": Y}, {"examples": "sequence"}, r"expected shape \(examples, time, features\)"),
        ({"x": X[:0], "y": Y[:0]}, {}, r"Received: shape \(0, 4\)"),
        ({"x": X.astype(str), "y": Y}, {}, "x in mine.npz: expected numbers. Received: dtype <U"),
        ({"x": X.astype(complex), "y": Y}, {}, "Received: dtype complex128"),
        ({"x": NAN, "y": Y}, {}, "finite numbers of the float32 range. Received: 1 that are not"),
        ({"x": X * 1e200, "y": Y}, {}, "finite numbers of the float32 range"),
        ({"x": X, "y": Y[:50]}, {}, r"y in mine.npz: expected a target for each of the 60 examples of x"),
        (
            {"x": X, "y": Y.astype(float)},
            {},
            "classes as whole numbers .or write targets: numbers.. Received: dtype float64",
        ),
        ({"x": X, "y": Y - 1}, {}, "classes from 0. Received: -1"),
        ({"x": X, "y": np.stack([Y, Y], 1)}, {}, r"y in mine.npz: expected shape \(examples,\)"),
        ({"x": X, "y": Y * 0}, {}, "have a single class"),
        ({"x": X, "y": Y * 2}, {}, "have no example of class 1"),
        ({"x": X, "y": np.arange(60)}, {}, "has 1 examples of class 0. Expected: 5 at least"),
        (
            {**SPLIT, "y_test": Y[40:] + 1},
            {},
            "the test examples of mine.npz have class 3. Expected: the classes 0 to 2",
        ),
        (
            {**SPLIT, "x_test": X[40:, :3]},
            {},
            r"x_test in mine.npz: expected examples of shape \(4,\). Received: \(3,\)",
        ),
        ({**SPLIT, "x_validation": X}, {}, "mine.npz has no y_validation"),
        (SPLIT, {"folds": 4}, "split already"),
        ({"x": X, "y": NAN[:, 1]}, {"targets": "numbers"}, "y in mine.npz: expected finite numbers"),
        ({"x": X, "y": Y}, {"train_size": 37}, "36 training examples. Received: train_size 37"),
        ({"x": X, "y": np.array([{}] * 60, object)}, {}, "not readable as an .npz of plain arrays"),
    ],
)
def test_every_fault_is_told(tmp_path: Path, arrays: dict[str, Any], arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TaskError, match=message):
        load(tmp_path, arrays, **arguments)


def test_files_that_are_no_npz(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"there is no file missing.npz. Looked in: .*"):
        load_task({"name": "arrays", "path": "missing.npz"}, folders=[str(tmp_path)])
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(TaskError, match=r"text.npz is not readable as an .npz of plain arrays"):
        load_task({"name": "arrays", "path": "text.npz"}, folders=[str(tmp_path)])
    (tmp_path / "empty.npz").touch()
    with pytest.raises(TaskError, match=r"empty.npz is not readable as an .npz of plain arrays"):
        load_task({"name": "arrays", "path": "empty.npz"}, folders=[str(tmp_path)])
    np.save(tmp_path / "one.npy", X)
    with pytest.raises(TaskError, match=r"one.npy is a single array"):
        load_task({"name": "arrays", "path": "one.npy"}, folders=[str(tmp_path)])
