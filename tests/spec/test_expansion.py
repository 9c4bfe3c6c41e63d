"""Cells: all combinations in order, fingerprints that change with what matters alone, programs that are shared."""

from __future__ import annotations

import dataclasses
import itertools
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

import suite
from suite.catalog import Parameter
from suite.catalog.activations import ACTIVATIONS
from suite.catalog.optimizers import OPTIMIZERS
from suite.models import MODELS
from suite.protocol.records import Cell, cell_from_plain, to_plain
from suite.spec import Benchmark, expand, find_spec, read_benchmarks
from suite.spec.identity import identity, may_answer
from suite.tasks import TASKS
from tests.spec.specs import GRID, TINY, one


def only_cell(folder: Path, **changes: str) -> Cell:
    (cell,) = expand(one(folder, **{"grid": "grid: {activation: [relu]}", **changes}))
    return cell


def test_cells_are_all_combinations_the_last_factor_fastest(benchmark_of_twelve: Benchmark) -> None:
    cells = expand(benchmark_of_twelve)
    expected = itertools.product(["relu", "tanh", "swish"], ["he_normal", "glorot_uniform"], ["sgd", "adam"])
    assert [tuple(cell.factors.values()) for cell in cells] == list(expected)
    assert all(list(cell.factors) == ["activation", "initializer", "optimizer"] for cell in cells)
    assert len({cell.fingerprint for cell in cells}) == 12


def test_a_cell_carries_its_whole_recipe(benchmark_of_twelve: Benchmark, tmp_path: Path) -> None:
    cell = expand(benchmark_of_twelve)[-1]
    assert cell.recipe["activation"] == {"name": "swish"}
    assert cell.recipe["depth"] == 4
    assert cell.recipe["optimizer"] == {"name": "adam", "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
    assert cell.task == {"name": "digits", **TASKS["digits"].defaults()}
    assert cell.search_path == (str(tmp_path),)
    assert (cell.benchmark, cell.seed, cell.target, cell.quick) == ("tiny", 3, 0.9, False)
    assert cell_from_plain(to_plain(cell)) == cell


def test_excluded_combinations_are_no_cells(tmp_path: Path) -> None:
    exclude = "exclude: [{activation: relu, optimizer: [sgd, adam], initializer: he}, {activation: silu}]"
    cells = expand(one(tmp_path, grid=GRID, exclude=exclude))
    assert len(cells) == 12 - 2 - 4
    assert {cell.factors["activation"] for cell in cells} == {"relu", "tanh"}


def test_a_factor_of_the_task_goes_into_the_task(tmp_path: Path) -> None:
    cells = expand(one(tmp_path, grid="grid: {train_size: [80, 100], activation: [relu]}"))
    assert [cell.task["train_size"] for cell in cells] == [80, 100]
    assert all("train_size" not in cell.recipe for cell in cells)
    assert cells[0].program != cells[1].program


def fingerprints_of(spec: str, package: Path = Path(suite.__file__).parent, **environment: str) -> list[str]:
    """Of the first benchmark of a spec that ships, with its programs, as another process makes them."""
    code = f"""
import suite
from suite.spec import *
print(suite.__file__)
print(*(cell.fingerprint + cell.program for cell in expand(read_benchmarks(find_spec({spec!r}))[0])))
"""
    environment = {"PYTHONPATH": ":".join([str(package.parent), *sys.path]), **environment}
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    imported, found = done.stdout.splitlines()
    assert Path(imported).parent == package
    return found.split()


def test_fingerprints_do_not_depend_on_the_process() -> None:
    here = [cell.fingerprint + cell.program for cell in expand(read_benchmarks(find_spec("deep_mlp"))[0])]
    assert fingerprints_of("deep_mlp", PYTHONHASHSEED="1") == fingerprints_of("deep_mlp", PYTHONHASHSEED="2") == here


def test_a_comment_edited_anywhere_in_our_source_changes_nothing(tmp_path: Path) -> None:
    copy = tmp_path / "suite"
    shutil.copytree(Path(suite.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(find_spec("deep_mlp").parent, tmp_path / "benchmarks")
    for file in copy.rglob("*.py"):
        file.write_text(f'{file.read_text()}\n"""Said otherwise."""  # and commented\n')
    assert fingerprints_of("rnn_sequences", copy) == fingerprints_of("rnn_sequences")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "name: other"},
        {"seed": "seed: 3\ntitle: a title\nreference: 0.98\ndescription: text"},
        {"grid": "grid: {activation: [{name: relu, label: mine}]}"},
        {"grid": "grid: {activation: [tanh, relu]}", "exclude": "exclude: [{activation: tanh}]"},
        {"fixed": "fixed: {width: 8, depth: 4, activation: relu}", "grid": "grid: {batch_size: [64]}"},
        {"fixed": "fixed: {depth: 4, width: 8, dropout: 0, normalization: {name: none}}"},
        {"task": "task: {scaling: standard, name: digits}"},
    ],
)
def test_a_fingerprint_is_blind_to_names_order_and_spelling(tmp_path: Path, changes: dict[str, str]) -> None:
    before, after = only_cell(tmp_path), only_cell(tmp_path, **changes)
    assert after.fingerprint == before.fingerprint
    assert after.program == before.program


@pytest.mark.parametrize(
    ("changes", "shared"),
    [
        ({"seed": "seed: 4"}, True),
        ({"fixed": "fixed: {depth: 4, width: 8, initializer: he}"}, True),
        ({"fixed": "fixed: {depth: 4, width: 8, schedule: cosine}"}, True),
        ({"fixed": "fixed: {depth: 5, width: 8}"}, False),
        ({"fixed": "fixed: {depth: 4, width: 8, optimizer: {name: adam, beta_1: 0.8}}"}, False),
        ({"grid": "grid: {activation: [tanh]}"}, False),
        ({"task": "task: {name: digits, scaling: unit}"}, False),
    ],
)
def test_a_fingerprint_sees_what_the_result_depends_on(tmp_path: Path, changes: dict[str, str], shared: bool) -> None:
    """And a program is shared by cells that differ in what is fed to it alone."""
    before, after = only_cell(tmp_path), only_cell(tmp_path, **changes)
    assert after.fingerprint != before.fingerprint
    assert (after.program == before.program) is shared


def budgeted(folder: Path, was: str, becomes: str) -> Cell:
    """The only cell, with other words in its spec."""
    text = one(folder, grid="grid: {activation: [relu]}").text
    assert was in text
    (cell,) = expand(one(folder, text.replace(was, becomes)))
    return cell


@pytest.mark.parametrize(
    ("was", "becomes", "shared"),
    [("high: 1.0", "high: 2.0", True), ("steps: 30", "steps: 31", False), ("evaluations: 5", "evaluations: 6", False)],
)
def test_a_fingerprint_sees_what_of_the_budget_changes_a_training(
    tmp_path: Path, was: str, becomes: str, shared: bool
) -> None:
    before, after = only_cell(tmp_path), budgeted(tmp_path, was, becomes)
    assert after.fingerprint != before.fingerprint
    assert (after.program == before.program) is shared


@pytest.mark.parametrize(
    ("was", "becomes", "answered"),
    [
        ("trials: 2", "trials: 3", False),
        ("trials: 2", "trials: 1", True),
        ("replicates: 2", "replicates: 3", False),
        ("replicates: 2", "replicates: 1", True),
        ("target: 0.9", "target: 0.8", True),
    ],
)
def test_what_is_asked_of_a_training_is_no_part_of_its_fingerprint(
    tmp_path: Path, was: str, becomes: str, answered: bool
) -> None:
    """But a record of one answers the other only if it holds what that asks."""
    before, after = only_cell(tmp_path), budgeted(tmp_path, was, becomes)
    assert (after.fingerprint, after.program) == (before.fingerprint, before.program)
    assert may_answer(identity(before), before)
    assert may_answer(identity(before), after) is answered


@pytest.mark.parametrize(
    ("sections", "expected"),
    [({"grid": "grid: {steps: [3, 30, 60]}"}, [3, 30, 60]), ({"fixed": "fixed: {steps: 40}"}, [40])],
)
def test_steps_that_are_a_factor_need_no_budget(sections: dict[str, str], expected: list[int], tmp_path: Path) -> None:
    benchmark = one(tmp_path, budget=TINY["budget"].replace("steps: 30, ", ""), **sections)
    assert sorted({cell.budget.steps for cell in expand(benchmark)}) == expected
    assert benchmark.budget.steps == expected[-1]


def test_steps_may_be_a_factor(tmp_path: Path) -> None:
    short, usual, long = expand(one(tmp_path, grid="grid: {steps: [3, 30, 60]}"))
    assert [cell.budget.steps for cell in (short, usual, long)] == [3, 30, 60]
    assert [cell.budget.evaluations for cell in (short, usual, long)] == [3, 5, 5], "no more looks than steps"
    assert len({cell.program for cell in (short, usual, long)}) == 3
    assert len({cell.fingerprint for cell in (short, usual, long)}) == 3


def test_a_fixed_rate_has_no_trials_and_may_be_a_factor(tmp_path: Path) -> None:
    cells = expand(one(tmp_path, grid="grid: {learning_rate: [0.1, 1.0], activation: [relu]}"))
    assert [cell.budget.trials for cell in cells] == [0, 0]
    assert cells[0].program == cells[1].program
    assert cells[0].fingerprint != cells[1].fingerprint


def entries_changed(monkeypatch: pytest.MonkeyPatch, table: Mapping[str, Any], name: str, **changes: Any) -> None:
    monkeypatch.setitem(cast("dict[str, Any]", table), name, dataclasses.replace(table[name], **changes))


def test_a_new_factor_or_argument_at_its_default_changes_no_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = only_cell(tmp_path)
    more = Parameter("more", "of it", "number", 0.5)
    for table, name in ((MODELS, "mlp"), (TASKS, "digits"), (ACTIVATIONS, "relu"), (OPTIMIZERS, "adam")):
        entries_changed(monkeypatch, table, name, parameters=(more, *table[name].parameters))
    after = only_cell(tmp_path)
    assert after.recipe["more"] == after.recipe["activation"]["more"] == after.task["more"] == 0.5
    assert (after.fingerprint, after.program) == (before.fingerprint, before.program)
    changed = only_cell(tmp_path, fixed="fixed: {depth: 4, width: 8, more: 0.6}")
    assert changed.fingerprint != before.fingerprint


@pytest.mark.parametrize(
    ("table", "name"), [(MODELS, "mlp"), (TASKS, "digits"), (ACTIVATIONS, "relu"), (OPTIMIZERS, "adam")]
)
def test_a_revision_changes_the_cells_that_its_entry_takes_part_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: Mapping[str, Any], name: str
) -> None:
    """At its default or not."""
    other = {"grid": "grid: {activation: [tanh], optimizer: [sgd]}"}
    before, apart = only_cell(tmp_path), only_cell(tmp_path, **other)
    entries_changed(monkeypatch, table, name, revision=2)
    assert only_cell(tmp_path).fingerprint != before.fingerprint
    assert (only_cell(tmp_path, **other).fingerprint == apart.fingerprint) is (table in (ACTIVATIONS, OPTIMIZERS))


def test_a_fingerprint_is_blind_to_where_our_code_is_and_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Modules of ours may be moved, renamed and commented."""
    before = only_cell(tmp_path)
    for table, name in ((MODELS, "mlp"), (TASKS, "digits"), (OPTIMIZERS, "adam")):
        entries_changed(monkeypatch, table, name, target="suite.elsewhere:other", summary="in other words")
    assert only_cell(tmp_path) == before


def test_a_fingerprint_sees_the_data_in_a_file(tmp_path: Path) -> None:
    data = tmp_path / "mine.npz"
    cells = []
    for content in (b"one", b"two", b"one"):
        data.write_bytes(content)
        cells.append(only_cell(tmp_path, task="task: {name: arrays, path: mine.npz}"))
    assert cells[0] == cells[2]
    assert cells[0].fingerprint != cells[1].fingerprint
    assert cells[0].program != cells[1].program


def test_initializers_share_programs(benchmark_of_twelve: Benchmark) -> None:
    assert len({cell.program for cell in expand(benchmark_of_twelve)}) == 6


def test_reading_and_expanding_loads_nothing_heavy() -> None:
    code = """
import sys
from suite.spec import *
expand(read_benchmarks(find_spec('deep_mlp'))[0], quick=True)
print([m for m in ('tensorflow', 'keras', 'numpy', 'mlflow', 'optuna', 'pandas') if m in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_none_is_a_level_where_it_stands_for_something(tmp_path: Path) -> None:
    varied = one(tmp_path, grid="grid: {train_size: [none, 80], activation: [relu]}")
    assert [(level.label, level.value) for level in varied.grid["train_size"]] == [("none", None), (80, 80)]
    plain = one(tmp_path, grid="grid: {activation: [relu]}")
    assert expand(varied)[0].fingerprint == expand(plain)[0].fingerprint, "all examples are the default"


def test_a_landscape_is_another_training_program(tmp_path: Path) -> None:
    asked, plain = (
        expand(one(tmp_path, budget=TINY["budget"].removesuffix("}") + more + "}"))[0]
        for more in (", landscape: true", "")
    )
    assert (asked.budget.landscape, plain.budget.landscape) == (True, False)
    assert asked.fingerprint != plain.fingerprint
    assert asked.program != plain.program
