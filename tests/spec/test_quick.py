"""The quick slice: small, the same every time, and it shows every factor."""

from __future__ import annotations

from pathlib import Path

import pytest

from suite.spec import expand, find_spec, read_benchmarks, shipped_specs
from tests.spec.specs import one

GRIDS = [
    "grid: {activation: [relu, tanh, swish], initializer: [he, glorot], optimizer: [sgd, adam]}",
    "grid: {initializer: [he, glorot, zeros, orthogonal], schedule: [constant, cosine]}",
    "grid: {batch_size: [8, 16, 32, 64, 128]}",
    "grid: {activation: [relu], optimizer: [adam]}",
    "grid: {activation: [relu, tanh], normalization: [none, batch], optimizer: [sgd, adam], dropout: [0, 0.5]}",
]


@pytest.mark.parametrize("grid", GRIDS)
def test_the_slice_is_small_and_shows_two_levels_of_every_factor(tmp_path: Path, grid: str) -> None:
    benchmark = one(tmp_path, grid=grid)
    cells = expand(benchmark, quick=True)
    assert len(cells) == len({cell.fingerprint for cell in cells}) <= 6
    assert len({cell.program for cell in cells}) <= 3
    for factor, levels in benchmark.grid.items():
        assert len({cell.factors[factor] for cell in cells}) >= min(2, len(levels)), factor
    assert cells == expand(benchmark, quick=True)


def test_the_slice_is_recorded_apart_and_trains_as_long(tmp_path: Path) -> None:
    text = one(tmp_path, grid=GRIDS[0]).text.replace("trials: 2, replicates: 2", "trials: 8, replicates: 5")
    benchmark = one(tmp_path, text)
    full = {tuple(cell.factors.values()): cell for cell in expand(benchmark)}
    for cell in expand(benchmark, quick=True):
        counterpart = full[tuple(cell.factors.values())]
        assert cell.quick
        assert not counterpart.quick
        assert cell.fingerprint != counterpart.fingerprint
        assert cell.program == counterpart.program
        assert (cell.budget.trials, cell.budget.replicates, cell.budget.steps) == (6, 2, 30)


def test_quick_is_recorded_apart_even_where_the_budget_is_no_smaller(tmp_path: Path) -> None:
    benchmark = one(tmp_path)
    assert not {c.fingerprint for c in expand(benchmark)} & {c.fingerprint for c in expand(benchmark, quick=True)}


def test_excluded_and_unwanted_cells_are_not_in_the_slice(tmp_path: Path) -> None:
    benchmark = one(tmp_path, grid=GRIDS[0], exclude="exclude: [{activation: tanh, optimizer: sgd}]")
    cells = expand(benchmark, quick=True, only=[{"activation": ["tanh", "swish"]}])
    assert {cell.factors["activation"] for cell in cells} == {"tanh", "swish"}
    assert ("tanh", "sgd") not in {(cell.factors["activation"], cell.factors["optimizer"]) for cell in cells}


@pytest.mark.parametrize("name", shipped_specs())
def test_shipped_benchmarks_have_a_slice(name: str) -> None:
    for benchmark in read_benchmarks(find_spec(name)):
        cells = expand(benchmark, quick=True)
        assert 1 < len(cells) <= 6
        assert len({cell.program for cell in cells}) <= 3
