"""Data is looked at before anything trains, and only where the spec alone does not say enough."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from suite.spec import SpecError, check_data, expand
from tests.spec.specs import one

ARRAYS = "task: {name: arrays, path: mine.npz}"
NUMBERS = "task: {name: arrays, path: mine.npz, targets: numbers}"


def faults(folder: Path, **changes: str) -> list[str]:
    try:
        check_data(expand(one(folder, **changes)), "spec.yaml")
    except SpecError as error:
        return list(map(str, error.problems))
    return []


def save(folder: Path, y: np.ndarray) -> None:
    np.savez(folder / "mine.npz", x=np.random.default_rng(0).normal(size=(len(y), 3)), y=y)


def test_good_data_is_told_nothing_of(tmp_path: Path) -> None:
    save(tmp_path, np.arange(50) % 2)
    assert not faults(tmp_path)
    assert not faults(tmp_path, task="task: {name: digits, train_size: 100}")
    assert not faults(tmp_path, task=ARRAYS, fixed="fixed: {batch_size: 30}")
    assert not faults(tmp_path, task="task: xor")


def test_unusable_file_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "mine.npz").touch()
    (fault,) = faults(tmp_path, task=ARRAYS)
    assert fault.startswith("spec.yaml: task: mine.npz is not readable")


@pytest.mark.parametrize(
    ("task", "batch_size", "fault"),
    [
        ("{name: digits, train_size: 5000}", 8, "task: digits has 1077 training examples. Received: train_size 5000"),
        ("digits", 2000, "batch_size: got 2000, expected at most the 1,077 examples to train on"),
        ("{name: digits, train_size: 50}", 64, "batch_size: got 64, expected at most the 50 examples to train on"),
        ("{name: digits, folds: 3}", 600, "batch_size: got 600, expected at most the 599 examples to train on"),
    ],
)
def test_too_few_examples(tmp_path: Path, task: str, batch_size: int, fault: str) -> None:
    assert faults(tmp_path, task=f"task: {task}", fixed=f"fixed: {{batch_size: {batch_size}}}") == [
        f"spec.yaml: {fault}"
    ]


def test_answers_out_of_bounds(tmp_path: Path) -> None:
    save(tmp_path, np.linspace(0, 3, 50))
    changes = {"task": NUMBERS, "target": "target: 0.1", "fixed": "fixed: {batch_size: 8, loss: binary_cross_entropy}"}
    (fault,) = faults(tmp_path, **changes)
    assert fault.startswith(
        "spec.yaml: loss: got binary_cross_entropy for answers in [0, 1], and the targets go from 0"
    )
    save(tmp_path, np.linspace(0, 1, 50))
    assert not faults(tmp_path, **changes)
