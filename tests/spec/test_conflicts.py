"""What is right by itself and wrong beside something else is told where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from suite.spec.design import MAX_CELLS
from tests.spec.specs import alike, problems, tiny, unmark


def test_a_factor_of_the_task_is_given_once(tmp_path: Path) -> None:
    text, place = unmark(tiny(task="task: {name: digits, train_size: 9}", grid="grid: {§train_size: [3, 4]}"))
    (problem,) = problems(tmp_path, text)
    assert (problem.line, problem.column) == place
    assert problem.message == "is an argument of the task too, on line 3, expected one of them"


def test_a_grid_too_large_is_refused_before_it_is_walked(tmp_path: Path) -> None:
    grid = f"grid:\n  depth: {list(range(1, 801))}\n  width: {list(range(1, 801))}"
    (problem,) = problems(tmp_path, tiny(fixed="fixed: {}", grid=grid))
    assert problem.message == f"got 640,000 combinations, expected at most {MAX_CELLS:,}"
    assert (problem.line, problem.column) == (7, 1)


def test_what_does_not_go_together_is_told_at_its_factor(tmp_path: Path) -> None:
    grid = "grid: {width: [16, 12], §normalization: [none, {name: group, groups: 8}]}"
    text, place = unmark(tiny(fixed="fixed: {depth: 4}", grid=grid))
    (problem,) = problems(tmp_path, text)
    assert (problem.line, problem.column) == place
    where = "in 1 of 4 combinations, first {width: 12, normalization: group groups=8}; use exclude to leave them out"
    assert alike(problem.message, f"groups 8 does not divide …12… ({where})")
    assert not problems(tmp_path, text.replace("exclude: []", "exclude: [{width: 12, normalization: group}]"))


def test_a_conflict_of_fixed_factors_is_told_where_they_are_fixed(tmp_path: Path) -> None:
    text, place = unmark(tiny(fixed="fixed: {depth: 2, §residual: {name: skip, every: 2}}"))
    (problem,) = problems(tmp_path, text)
    assert (problem.line, problem.column, problem.key) == (*place, "fixed.residual")


def test_many_conflicts_are_told_as_a_few(tmp_path: Path) -> None:
    grid = f"grid: {{width: {list(range(9, 16))}, normalization: [group]}}"
    found = problems(tmp_path, tiny(fixed="fixed: {depth: 4}", grid=grid))
    assert len(found) == 4
    assert found[-1].message == "and 4 more conflicts like these"


def test_a_data_file_is_looked_for_beside_the_spec(tmp_path: Path) -> None:
    (tmp_path / "mine.npz").write_bytes(b"")
    assert not problems(tmp_path, tiny(task="task: {name: arrays, path: mine.npz}"))
    text, place = unmark(tiny(task="task: {name: arrays, path: §min.npz}"))
    (problem,) = problems(tmp_path, text)
    assert (problem.line, problem.column, problem.key) == (*place, "task.path")
    expected = "got min.npz, expected an existing file, relative to the spec's folder; did you mean mine.npz?"
    assert problem.message == expected


def test_a_task_of_numbers_is_judged_by_its_error(tmp_path: Path) -> None:
    changes = {"task": "task: adding", "model": "model: recurrent", "fixed": "fixed: {units: 8}"}
    text, place = unmark(tiny(**changes, target="target: §-1"))
    (problem,) = problems(tmp_path, text)
    assert (problem.line, problem.column) == place
    assert problem.message == "got -1, expected a mean squared error of at least 0"
    assert not problems(tmp_path, text.replace("-1", "0.01"))


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({}, "target: §0.1"),
        ({"task": "task: parity", "model": "model: recurrent", "fixed": "fixed: {units: 8}"}, "target: §0.5"),
        ({"task": "task: adding", "model": "model: recurrent", "fixed": "fixed: {units: 8}"}, "target: §0.2"),
    ],
)
def test_a_target_that_a_constant_reaches_is_none(tmp_path: Path, changes: dict[str, str], target: str) -> None:
    text, place = unmark(tiny(**changes, target=target))
    (problem,) = problems(tmp_path, text)
    assert (problem.line, problem.column) == place
    assert problem.message.endswith("the score of a constant prediction")


def test_targets_cannot_vary_within_a_table(tmp_path: Path) -> None:
    (tmp_path / "mine.npz").write_bytes(b"")
    task, grid = "task: {name: arrays, path: mine.npz}", "grid: {§targets: [classes, numbers]}"
    text, place = unmark(tiny(task=task, grid=grid))
    (problem,) = problems(tmp_path, text)
    assert (problem.line, problem.column, problem.key) == (*place, "grid.targets")


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"model": "§model: cnn", "task": "task: adding", "target": "target: 0.01"}, "model"),
        ({"model": "model: recurrent", "task": "§task: digits"}, "layout"),
        ({"model": "model: recurrent", "task": "task: {name: digits, §layout: image}"}, "task.layout"),
        ({"model": "model: cnn", "fixed": "fixed: {§layout: rows}"}, "fixed.layout"),
        ({"model": "model: recurrent", "grid": "grid: {§layout: [rows, image]}"}, "grid.layout"),
    ],
)
def test_a_task_that_the_family_cannot_read_is_a_mistake(tmp_path: Path, changes: dict[str, str], key: str) -> None:
    text, place = unmark(tiny(**{"fixed": "fixed: {}", **changes}))
    (problem,) = problems(tmp_path, text)
    assert (problem.line, problem.column, problem.key) == (*place, key)
    assert changes["model"].split()[-1] in problem.message


def test_what_a_task_cannot_do_without_is_asked_for(tmp_path: Path) -> None:
    text, place = unmark(tiny(task="§task: arrays"))
    (problem,) = problems(tmp_path, text)
    assert (problem.line, problem.column) == place
    assert alike(problem.message, "is missing: arrays needs path …, expected a path")
