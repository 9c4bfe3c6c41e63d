"""A right spec is read as it is meant: canonical levels, defaults filled in, labels as tables show them."""

from __future__ import annotations

from pathlib import Path

import pytest

from suite.models import MODELS
from suite.protocol.records import Budget
from suite.spec import Benchmark, find_spec, read_benchmarks, shipped_specs
from suite.tasks import TASKS
from tests.spec.specs import one, read, tiny


def labels(benchmark: Benchmark, factor: str) -> list[object]:
    return [level.label for level in benchmark.grid[factor]]


def test_the_tiny_spec_is_read_as_written(tmp_path: Path) -> None:
    benchmark = one(tmp_path)
    assert (benchmark.name, benchmark.seed, benchmark.model, benchmark.target) == ("tiny", 3, "mlp", 0.9)
    assert benchmark.budget == Budget(30, 2, 2, 5, 1e-3, 1.0, tunings=2)
    assert benchmark.task == {"name": "digits", **TASKS["digits"].defaults()}
    assert list(benchmark.grid) == ["activation", "optimizer"]
    assert (benchmark.fixed["depth"], benchmark.fixed["width"], benchmark.fixed["batch_size"]) == (4, 8, 64)
    assert (benchmark.title, benchmark.description, benchmark.reference) == ("", "", None)
    assert benchmark.file == tmp_path / "spec.yaml"
    assert benchmark.text == tiny()


def test_fixed_and_grid_together_are_every_factor_of_the_family(tmp_path: Path) -> None:
    benchmark = one(tmp_path)
    assert {*benchmark.fixed, *benchmark.grid} == {p.name for p in MODELS["mlp"].parameters}


def test_a_component_gets_its_defaults_and_loses_its_alias(tmp_path: Path) -> None:
    benchmark = one(tmp_path, grid="grid: {activation: [silu, {name: elu, alpha: 2}], residual: [skip]}")
    assert [level.value for level in benchmark.grid["activation"]] == [{"name": "swish"}, {"name": "elu", "alpha": 2.0}]
    assert benchmark.grid["residual"][0].value == {"name": "skip", "every": 2, "alpha": 1.0}
    assert benchmark.fixed["normalization"] == {"name": "none"}


def test_labels_are_names_or_names_with_arguments_or_what_the_spec_says(tmp_path: Path) -> None:
    grid = """grid:
  initializer: [he, {name: random_normal, stddev: 1e-2}, {name: random_normal, stddev: 1, label: large}]
  optimizer: [sgd, {name: adam, beta_1: 0.5, epsilon: 1e-3}, {name: momentum, label: 7}]
  dropout: [0, 1e-1]
  depth: [2, 3]
  norm_position: [before, after]"""
    benchmark = one(tmp_path, fixed="fixed: {width: 8}", grid=grid)
    assert labels(benchmark, "initializer") == ["he_normal", "random_normal stddev=1e-2", "large"]
    assert labels(benchmark, "optimizer") == ["sgd", "adam beta_1=0.5 epsilon=1e-3", 7]
    assert labels(benchmark, "dropout") == [0.0, 0.1]
    assert labels(benchmark, "depth") == [2, 3]
    assert labels(benchmark, "norm_position") == ["before", "after"]


def test_numbers_are_floats_where_a_number_is_wanted(tmp_path: Path) -> None:
    benchmark = one(tmp_path, fixed="fixed: {dropout: 0, l2: 1e-4}", target="target: 1")
    assert repr(benchmark.fixed["dropout"]) == "0.0"
    assert benchmark.fixed["l2"] == 1e-4
    assert repr(benchmark.target) == "1.0"


def test_factors_of_the_task_may_be_fixed_varied_or_given_with_it(tmp_path: Path) -> None:
    assert one(tmp_path, fixed="fixed: {train_size: 80}").task["train_size"] == 80
    assert one(tmp_path, task="task: {name: digits, train_size: 80}").task["train_size"] == 80
    varied = one(tmp_path, grid="grid: {train_size: [80, 100]}")
    assert labels(varied, "train_size") == [80, 100]
    assert "train_size" not in varied.task
    assert "train_size" not in varied.fixed


def test_null_means_not_set_where_nothing_is_the_default(tmp_path: Path) -> None:
    assert one(tmp_path, task="task: {name: digits, train_size: null}").task["train_size"] is None


def test_what_is_excluded_is_found_by_label_name_or_alias(tmp_path: Path) -> None:
    grid = "grid: {activation: [swish, {name: elu, label: E}, relu], initializer: [he, {name: random_normal, label: s}], l2: [0, 1]}"
    exclude = """exclude:
  - {activation: silu, initializer: [kaiming_normal, s]}
  - {activation: [E, elu, relu], initializer: random_normal, l2: 0.0}"""
    benchmark = one(tmp_path, grid=grid, exclude=exclude)
    assert benchmark.exclude == (
        {"activation": ("swish",), "initializer": ("he_normal", "s")},
        {"activation": ("E", "relu"), "initializer": ("s",), "l2": (0.0,)},
    )


def test_an_anchor_saves_writing(tmp_path: Path) -> None:
    text = tiny(fixed="fixed: {activation: &a {name: elu, alpha: 2}}", grid="grid: {optimizer: [sgd]}")
    text += "---\n" + tiny(name="name: other")
    first, second = read(tmp_path, text)
    assert first.fixed["activation"] == {"name": "elu", "alpha": 2.0}
    assert second.name == "other"


@pytest.mark.parametrize("name", shipped_specs())
def test_shipped_benchmarks_are_right(name: str) -> None:
    benchmarks = read_benchmarks(find_spec(name))
    assert benchmarks
    assert all(b.reference is None or isinstance(b.reference, float) for b in benchmarks)


def test_no_family_and_task_share_a_factor() -> None:
    """A key of `fixed` or `grid` belongs to one of them."""
    for model in MODELS.values():
        for task in TASKS.values():
            assert not {p.name for p in model.parameters} & {p.name for p in task.parameters}
