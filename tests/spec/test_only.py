"""Part of a grid: the same cells as in the whole, and a word on what is not found."""

from __future__ import annotations

from pathlib import Path

import pytest

from suite.spec import Benchmark, SpecError, expand
from tests.spec.specs import GRID, alike, one


def test_only_takes_part_of_the_grid(benchmark_of_twelve: Benchmark) -> None:
    everything = {cell.fingerprint: cell for cell in expand(benchmark_of_twelve)}
    part = expand(benchmark_of_twelve, only=[{"activation": ["swish", "relu"], "initializer": ["kaiming_normal"]}])
    assert [tuple(cell.factors.values()) for cell in part] == [
        ("relu", "he_normal", "sgd"),
        ("relu", "he_normal", "adam"),
        ("swish", "he_normal", "sgd"),
        ("swish", "he_normal", "adam"),
    ]
    assert all(everything[cell.fingerprint] == cell for cell in part)


def test_parts_are_taken_together_each_cell_once(benchmark_of_twelve: Benchmark) -> None:
    parts = [{"activation": ["swish"], "optimizer": ["sgd"]}, {"initializer": ["he"], "optimizer": ["sgd"]}]
    cells = expand(benchmark_of_twelve, only=parts)
    assert [tuple(cell.factors.values()) for cell in cells] == [
        ("relu", "he_normal", "sgd"),
        ("tanh", "he_normal", "sgd"),
        ("swish", "he_normal", "sgd"),
        ("swish", "glorot_uniform", "sgd"),
    ]


def test_only_reads_numbers_and_labels_as_they_are_typed(tmp_path: Path) -> None:
    grid = "grid: {l2: [0, 1e-3], batch_size: [8, 16], initializer: [{name: random_normal, stddev: 2}, he]}"
    benchmark = one(tmp_path, grid=grid)
    wanted = {"l2": ["0.001"], "batch_size": ["16"], "initializer": ["random_normal stddev=2"]}
    (cell,) = expand(benchmark, only=[wanted])
    assert tuple(cell.factors.values()) == (0.001, 16, "random_normal stddev=2")
    assert len(expand(benchmark, only=[{"l2": ["0"], "initializer": ["random_normal"]}])) == 2


def test_only_names_what_it_does_not_find(benchmark_of_twelve: Benchmark) -> None:
    wanted = {"activation": ["rellu", "tanh"], "optimiser": ["sgd"], "depth": ["4"]}
    with pytest.raises(SpecError) as caught:
        expand(benchmark_of_twelve, only=[wanted])
    found = [(problem.key, problem.message) for problem in caught.value.problems]
    assert found[0] == ("only activation", "got rellu, expected one of relu, tanh, swish; did you mean relu?")
    assert found[1][0] == "only optimiser"
    assert alike(found[1][1], "unknown factor of the grid: got optimiser, …; did you mean optimizer?")
    assert alike(found[2][1], "is fixed, not varied: got depth, …")


def test_only_must_leave_something(tmp_path: Path) -> None:
    benchmark = one(tmp_path, grid=GRID, exclude="exclude: [{activation: relu, optimizer: sgd}]")
    with pytest.raises(SpecError, match="selects no combination"):
        expand(benchmark, only=[{"activation": ["relu"], "optimizer": ["sgd"]}])
