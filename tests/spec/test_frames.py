"""Cells made by a frame are those that are made one by one, down to their names."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, cast

import pytest

from suite.catalog.activations import ACTIVATIONS
from suite.models import MODELS
from suite.spec import Benchmark, expand, read_benchmarks, shipped_specs
from suite.spec.benchmark import combinations
from suite.spec.frames import Frames
from suite.spec.identity import identity, named
from tests.spec.specs import one

GRIDS = {
    "plain": "grid: {activation: [relu, tanh], optimizer: [sgd, momentum, adam, {name: adam, beta_1: 0.8}]}",
    "at every default": "grid: {activation: [relu, tanh], width: [64, 8]}\nfixed: {}",
    "fed": "grid: {initializer: [he, glorot, zeros], schedule: [constant, cosine], activation: [elu]}",
    "of the task": "grid: {train_size: [90, 100], width: [1, 2], scaling: [unit, standard]}",
    "of the budget": "grid: {steps: [3, 30], width: [1, 2], learning_rate: [0.1, 1]}",
    "own": "grid: {activation: ['mine:one', tanh, 'mine:two'], other_activation: [relu, 'mine:one'], width: [1, 2]}",
    "around": "grid: {bias: [0, 0.5], depth: [2, 3], width: [10, 9], dropout: [0.5], l2: [0, 1e-4]}",
}
"""Whose levels change a recipe alone, or a task, a budget, sources; in orders that are not the alphabet's."""


def alone(benchmark: Benchmark) -> None:
    """Asserts that every cell is what it is by itself."""
    cells = expand(benchmark)
    for cell, levels in zip(cells, combinations(benchmark.grid, benchmark.exclude), strict=True):
        assert named(dataclasses.replace(cell, fingerprint="", program="")) == cell
        assert (cell.task, cell.recipe) == benchmark.task_and_recipe(levels)
        assert list(cell.recipe) == [parameter.name for parameter in MODELS[cell.model].parameters]
        assert cell.factors == {factor: level.label for factor, level in levels.items()}
    assert len({cell.fingerprint for cell in cells}) == len(cells)


@pytest.mark.parametrize("grid", GRIDS)
def test_a_cell_of_a_frame_is_what_it_is_alone(tmp_path: Path, grid: str) -> None:
    (tmp_path / "mine.py").write_text("def one(z):\n    return z\n\ndef two(z):\n    return 2 * z\n")
    fixed = {"fixed": ""} if "fixed" in GRIDS[grid] else {"fixed": "fixed: {batch_size: 8}"}
    alone(one(tmp_path, **fixed, grid=GRIDS[grid]))


@pytest.mark.parametrize("spec", shipped_specs())
def test_every_shipped_cell_is_what_it_is_alone(spec: str) -> None:
    for benchmark in read_benchmarks(shipped_specs()[spec]):
        alone(benchmark)


def test_a_revision_that_two_factors_bring_is_in_each_of_their_cells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = cast("dict[str, Any]", ACTIVATIONS)
    monkeypatch.setitem(table, "relu", dataclasses.replace(table["relu"], revision=2))
    grid = "grid: {activation: [relu, tanh], other_activation: [tanh, relu], bias: [0, 1]}"
    benchmark = one(tmp_path, grid=grid)
    alone(benchmark)
    revised = ["activations.relu" in identity(cell)["revisions"] for cell in expand(benchmark)]
    assert revised == 4 * [True] + 2 * [False] + 2 * [True]


def test_a_large_plain_grid_is_named_by_one_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("suite.spec.frames.identity", lambda cell: asked.append(cell) or identity(cell))
    grid = f"grid: {{width: {list(range(1, 41))}, depth: {list(range(1, 41))}, train_size: [90, 100]}}"
    benchmark = one(tmp_path, fixed="fixed: {batch_size: 8}", grid=grid)
    assert Frames(benchmark).framing == ["train_size"]
    assert len(expand(benchmark)) == 3200
    assert len(asked) == 2
