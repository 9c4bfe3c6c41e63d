"""Data is looked at before anything trains, and only where the spec alone does not say enough."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from suite.spec import SpecError, check_data, expand
from tests.spec.specs import one, tiny, write

ARRAYS = "task: {name: arrays, path: mine.npz}"
NUMBERS = "task: {name: arrays, path: mine.npz, targets: numbers}"


def faults(folder: Path, **changes: str) -> list[str]:
    try:
        benchmark = one(folder, **changes)
        check_data(expand(benchmark), benchmark)
    except SpecError as error:
        return [str(problem).removeprefix(f"{folder}/") for problem in error.problems]
    return []


def save(folder: Path, y: np.ndarray) -> None:
    np.savez(folder / "mine.npz", x=np.random.default_rng(0).normal(size=(len(y), 3)), y=y)


def test_good_data_is_told_nothing_of(tmp_path: Path) -> None:
    save(tmp_path, np.arange(50) % 2)
    assert not faults(tmp_path, task=ARRAYS, fixed="fixed: {batch_size: 30}")


def test_what_ships_is_not_loaded(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from suite.spec import check_data, expand, read_benchmarks\n"
        "b = read_benchmarks(Path(sys.argv[1]))[0]; check_data(expand(b), b, downloads=True); print('sklearn' in sys.modules)"
    )
    file = write(tmp_path, tiny())
    done = subprocess.run([sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_unusable_file_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "mine.npz").touch()
    (fault,) = faults(tmp_path, task=ARRAYS)
    assert fault.startswith("spec.yaml:3:22: task.path: mine.npz is not readable")


def test_a_batch_larger_than_the_arrays(tmp_path: Path) -> None:
    save(tmp_path, np.arange(50) % 2)
    (fault,) = faults(tmp_path, task=ARRAYS, fixed="fixed: {batch_size: 64}")
    assert fault == "spec.yaml:6:9: fixed.batch_size: a batch of 64 is more than the 30 training examples"


def test_answers_out_of_bounds(tmp_path: Path) -> None:
    save(tmp_path, np.linspace(0, 3, 50))
    changes = {"task": NUMBERS, "target": "target: 0.1", "fixed": "fixed: {batch_size: 8, loss: binary_cross_entropy}"}
    (fault,) = faults(tmp_path, **changes)
    assert fault.startswith(
        "spec.yaml:6:24: fixed.loss: got binary_cross_entropy, which needs targets in [0, 1], but they go from 0"
    )
    save(tmp_path, np.linspace(0, 1, 50))
    assert not faults(tmp_path, **changes)
