"""The rules are asked once for all combinations that agree in what they read, and answer as if asked for each."""

from __future__ import annotations

from pathlib import Path

import pytest

from suite.spec import Benchmark
from suite.spec.benchmark import combinations
from suite.spec.misfits import Misfits
from suite.spec.rules import conflicts
from tests.spec.specs import one

GRIDS = {
    "mlp": "width: [1, 8, 12], normalization: [none, layer, instance, {name: group, groups: 8}, batch, spectral], "
    "depth: [0, 1, 4], residual: [none, skip], initializer: [he, zeros], norm_position: [before, after], "
    "batch_size: [1, 2000], train_size: [50, 5000], other_layers: [none, last]",
    "cnn": "channels: [1, 8], normalization: [none, instance, {name: group, groups: 8}], stages: [1, 4, 5], "
    "depth: [3, 6], residual: [none, skip], layout: [image, rows], pooling: [max, stride]",
    "recurrent": "cell_type: [lstm, gru, simple_rnn], normalization: [none, group, spectral, batch], layers: [1, 3], "
    "norm_position: [inside, between], residual: [none, skip], forget_bias: [0, 1], layout: [image, rows], "
    "recurrent_activation: [sigmoid, relu], label_smoothing: [0, 0.1], loss: [auto, mse]",
}  # fmt: skip


@pytest.fixture(params=GRIDS)
def mixed(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Benchmark:
    """A benchmark of which much does not go together, read all the same."""
    with monkeypatch.context() as patched:
        patched.setattr(Misfits, "of", lambda self, levels: [])
        sections = {"model": f"model: {request.param}", "fixed": "fixed: {}"}
        return one(tmp_path, **sections, grid=f"grid: {{{GRIDS[request.param]}}}")


def test_every_combination_has_the_conflicts_that_it_has_alone(mixed: Benchmark) -> None:
    misfits, some = Misfits(mixed), 0
    for levels in combinations(mixed.grid, mixed.exclude):
        task, recipe = mixed.task_and_recipe(levels)
        alone = conflicts(task, mixed.model, recipe)
        assert misfits.of(levels) == alone
        some += bool(alone)
    assert some > 10


def test_what_no_rule_reads_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("suite.spec.misfits.conflicts", lambda *given: asked.append(given) or conflicts(*given))
    grid = f"grid: {{depth: [2, 3, 4], width: {list(range(1, 101))}, activation: [relu, tanh, elu]}}"
    one(tmp_path, fixed="fixed: {}", grid=grid)
    assert len(asked) == 3, "of 900 combinations, for each depth"
