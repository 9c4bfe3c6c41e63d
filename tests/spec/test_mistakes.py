"""Every mistake a spec may hold is told with its line, column and key, what was got and what was expected."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from suite.spec import read_benchmarks
from suite.spec.benchmark_reader import MAX_PROBLEMS
from tests.spec.specs import TINY, alike, problems, tiny, unmark, write

BUDGET = (
    "budget: {{steps: 30, trials: {trials}, replicates: 2, evaluations: 5, learning_rate: {{low: {low}, high: 1.0}}}}"
)

# (section, its text with § where the problem is, key, message with … for any text)
MISTAKES = [
    # Names and shapes
    ("name", "name: §Tiny Net", "name", "got Tiny Net, expected at most 64 lower-case letters, …"),
    ("name", "name: §12", "name", "got 12, expected text; write '12' in quotes if you mean this text"),
    ("name", "name: §off", "name", "got off, which YAML reads as false, expected text; write 'off' in quotes …"),
    ("name", f"name: §{'n' * 100}", "name", "got 100 characters, expected at most 64"),
    ("seed", "§sead: 3", "sead", "unknown key, expected one of name, title, …; did you mean seed?"),
    ("seed", "§zzz: 3", "zzz", "unknown key, expected one of name, …, exclude, budget, claims"),
    ("seed", "seed: §-1", "seed", "got -1, expected a number of at least 0"),
    ("seed", "seed: §1_000", "seed", "got 1_000, expected a whole number; write 1000"),
    ("seed", "seed: §12,000", "seed", "got 12,000, expected a whole number; write 12000"),
    ("seed", "seed: §007", "seed", "got 007, expected a whole number; write 7 (some YAML readers …)"),
    ("seed", "seed: §1:30", "seed", "got 1:30, expected a whole number"),
    ("seed", "seed: §2024-01-01", "seed", "got 2024-01-01, expected a whole number"),
    ("seed", "seed: §3.0", "seed", "got 3.0, expected a whole number; write 3"),
    ("seed", "seed: §yes", "seed", "got yes, which YAML reads as true, expected a whole number"),
    ("seed", "seed: §'3'", "seed", "got '3', expected a whole number; remove the quotes"),
    ("seed", "seed: §99999999999999999999999", "seed", "got 99999999999999999999999, expected a number below …"),
    ("seed", f"seed: §{'9' * 5000}", "seed", f"got {'9' * 57}..., expected a whole number"),
    ("target", "target: §.nan", "target", "got .nan, expected a finite number"),
    ("target", "target: §1e999", "target", "got 1e999, expected a finite number"),
    ("target", "target: §90", "target", "got 90, expected an accuracy from 0 to 1"),
    ("seed", "reference: §97", "reference", "got 97, expected an accuracy from 0 to 1"),
    ("target", "target: §high", "target", "got high, expected a number"),
    ("target", "target: §[0.9]", "target", "got a list of 1, expected a number"),
    ("target", "target:§", "target", "got nothing, expected a number"),
    ("seed", "reference: §~x", "reference", "got ~x, expected a number"),
    ("seed", 'description: §"\\ud800"', "description", "contains \\ud800, half of a surrogate pair, expected complete characters"),
    ("seed", f"title: §{'t' * 201}", "title", "got 201 characters, expected at most 200"),
    # Tasks and models
    ("task", "task: §digts", "task", "got digts, expected one of digits, …; did you mean digits?"),
    ("task", "task: §no", "task", "got no, which YAML reads as false, expected one of digits, …"),
    ("task", "task: §[digits]", "task", "got a list of 1, expected one of digits, …"),
    ("task", "task: §{train_size: 3}", "task.name", "is missing, expected one of digits, …"),
    ("task", "task: {name: §mnits}", "task.name", "got mnits, expected one of digits, mnist…; did you mean mnist?"),
    ("task", "task: {name: digits, §trainsize: 3}", "task.trainsize",
     "unknown argument of digits: got trainsize, expected one of train_size, …; did you mean train_size?"),
    ("task", "task: {name: digits, train_size: §0}", "task.train_size", "got 0, expected a whole number at least 1, or none (all of them)"),
    ("task", "task: {name: digits, scaling: §unitt}", "task.scaling",
     "got unitt, expected one of standard, unit; did you mean unit?"),
    ("model", "model: §mpl", "model", "got mpl, expected …mlp…; did you mean mlp?"),
    ("model", "model: §{name: mlp}", "model", "got a mapping with name, expected text"),
    # Fixed factors
    ("fixed", "fixed: §[depth]", "fixed", "got a list of 1, expected a mapping"),
    ("fixed", "fixed: {§dept: 4}", "fixed.dept", "unknown factor: got dept, expected one of …; did you mean depth?"),
    ("fixed", "fixed: {depth: §-4}", "fixed.depth", "got -4, expected a whole number …"),
    ("fixed", "fixed: {depth: §deep}", "fixed.depth", "got deep, expected a whole number …"),
    ("fixed", "fixed: {depth: §[1, 2]}", "fixed.depth", "got a list of 2, expected a whole number …"),
    ("fixed", "fixed: {depth: §1e2}", "fixed.depth", "got 1e2, expected a whole number …; write 100"),
    ("fixed", "fixed: {dropout: §1.0}", "fixed.dropout", "got 1.0, expected a number at least 0 and below 1"),
    ("fixed", "fixed: {dropout: §'0.5'}", "fixed.dropout", "got '0.5', expected …; remove the quotes"),
    ("fixed", "fixed: {dropout: §off}", "fixed.dropout", "got off, which YAML reads as false, expected a number …"),
    ("fixed", "fixed: {norm_position: §no}", "fixed.norm_position",
     "got no, which YAML reads as false, expected one of before, after; write 'no' in quotes …"),
    ("fixed", "fixed: {normalization: §off}", "fixed.normalization",
     "got off, which YAML reads as false, expected one of none, batch, …"),
    ("fixed", "fixed: {normalization: §~}", "fixed.normalization",
     "got ~, which YAML reads as nothing, expected one of none, batch, …"),
    ("fixed", "fixed: {normalization: §[batch]}", "fixed.normalization", "got a list of 1, expected one of none, …"),
    ("fixed", "fixed: {initializer: §hee}", "fixed.initializer",
     "got hee, expected one of …, or your own package.module:attribute; did you mean he?"),
    ("fixed", "fixed: {loss: §'a:b'}", "fixed.loss", "got 'a:b', but losses cannot be custom, expected one of …"),
    # Components with arguments
    ("fixed", "fixed: {residual: §{every: 2}}", "fixed.residual.name", "is missing, expected one of none, skip"),
    ("fixed", "fixed: {residual: {name: §skp}}", "fixed.residual.name", "got skp, expected one of none, skip; did you …"),
    ("fixed", "fixed: {residual: {name: skip, §evry: 2}}", "fixed.residual.evry",
     "unknown argument of skip: got evry, expected one of every, alpha; did you mean every?"),
    ("fixed", "fixed: {residual: {name: skip, every: §0}}", "fixed.residual.every",
     "got 0, expected a whole number at least 1"),
    ("fixed", "fixed: {residual: {name: none, §every: 2}}", "fixed.residual.every",
     "unknown argument of none: got every; none takes no arguments"),
    ("grid", "grid: {optimizer: [{name: rmsprop, centered: §1}]}", "grid.optimizer.centered",
     "got 1, expected true or false"),
    ("grid", "grid: {optimizer: [{name: rmsprop, centered: §'yes'}]}", "grid.optimizer.centered",
     "got 'yes', expected true or false; remove the quotes"),
    # The grid
    ("grid", "grid: §{}", "grid", "got an empty mapping, expected at least one factor"),
    ("grid", "grid: §[activation]", "grid", "got a list of 1, expected a mapping"),
    ("grid", "grid: {activation: §[]}", "grid.activation", "got an empty list, expected at least one level"),
    ("grid", "grid: {activation: §relu}", "grid.activation", "got relu, expected a list, such as [relu]"),
    ("grid", "grid: {§activaton: [relu]}", "grid.activaton", "unknown factor: got activaton, …; did you mean …?"),
    ("grid", "grid: {activation: [relu, §reluu]}", "grid.activation", "got reluu, expected …; did you mean relu?"),
    ("grid", "grid: {activation: [relu, §relu]}", "grid.activation", "got relu twice, expected different levels"),
    ("grid", "grid: {activation: [swish, §silu]}", "grid.activation", "got swish twice, expected different levels"),
    ("grid", "grid: {dropout: [0, §0.0]}", "grid.dropout", "got 0.0 twice, expected different levels"),
    ("grid", "grid: {dropout: [0, §null]}", "grid.dropout", "got null, which YAML reads as nothing, expected …"),
    ("grid", "grid: {train_size: [10, §~]}", "grid.train_size", "got ~, which YAML reads as nothing, expected …"),
    ("grid", "grid: {activation: [relu, §{name: tanh, label: relu}]}", "grid.activation",
     "got the label relu twice, expected different labels"),
    ("grid", "grid: {activation: [{name: tanh, label: 1}, §{name: relu, label: 1.0}]}", "grid.activation",
     "got the label 1.0 and 1, which are the same, expected different labels"),
    ("grid", "grid: {activation: [{name: tanh, label: '5'}, §{name: relu, label: '5.0'}]}", "grid.activation",
     "got the label 5.0 and 5, which are the same, expected different labels"),
    ("grid", "grid: {activation: [{name: tanh, label: 'true'}, §{name: relu, label: 'True'}]}", "grid.activation",
     "got the label True and true, which are the same, expected different labels"),
    ("grid", "grid: {dropout: [0.0, §-0.0]}", "grid.dropout",
     "got the label -0.0 and 0.0, which are the same, expected different labels"),
    ("grid", "grid: {activation: [{name: relu, label: §'a,b'}]}", "grid.activation.label",
     "got 'a,b', expected text of at most 40 characters without commas"),
    ("grid", 'grid: {activation: [{name: relu, label: §"a\\u202eb"}]}', "grid.activation.label",
     "got 'a\\u202eb', expected text of at most 40 characters without commas, and without the invisible U+202E"),
    ("grid", "grid: {activation: [{name: relu, label: §no}]}", "grid.activation.label",
     "got no, which YAML reads as false, expected text of …; write 'no' in quotes if you mean this text"),
    ("grid", "grid: {§depth: [1, 2]}", "grid.depth", "is in the grid and fixed on line 6, expected one of them"),
    ("grid", "grid: {batch_size: [8, §16.5]}", "grid.batch_size", "got 16.5, expected a whole number at least 1"),
    # What is taken out
    ("exclude", "exclude: §{activation: relu}", "exclude", "got a mapping with activation, expected a list"),
    ("exclude", "exclude: [§{}]", "exclude", "got an empty mapping, expected at least one factor"),
    ("exclude", "exclude: [{§activatio: relu}]", "exclude.activatio",
     "unknown factor of the grid: got activatio, expected one of activation, optimizer; did you mean activation?"),
    ("exclude", "exclude: [{§depth: 4}]", "exclude.depth", "is fixed, not varied: got depth, expected one of …"),
    ("exclude", "exclude: [{activation: §relo}]", "exclude.activation",
     "got relo, expected one of relu, tanh; did you mean relu?"),
    ("exclude", "exclude: [{activation: [relu, §swish]}]", "exclude.activation",
     "got swish, expected one of relu, tanh"),
    ("exclude", "exclude: [{activation: §off}]", "exclude.activation",
     "got off, which YAML reads as false, expected one of relu, tanh"),
    ("exclude", "exclude: [{activation: §[]}]", "exclude.activation",
     "got an empty list, expected a level or a list of levels"),
    ("exclude", "§exclude: [{activation: [relu, tanh]}]", "exclude",
     "excludes all combinations, expected some to be left"),
    # The budget
    ("budget", BUDGET.format(trials="§0", low="1e-3"), "budget.trials", "got 0, expected a number of at least 1"),
    ("budget", BUDGET.format(trials="§1.5", low="1e-3"), "budget.trials", "got 1.5, expected a whole number"),
    ("budget", BUDGET.format(trials="2", low="§2.0"), "budget.learning_rate.low",
     "got 2.0, expected a number below high, which is 1.0"),
    ("budget", "budget: {steps: 30, trials: 2, replicates: 2, learning_rate: §[1e-3, 1.0]}", "budget.learning_rate",
     "got a list of 2, expected a mapping, such as {low: 1e-4, high: 1.0}"),
    ("budget", BUDGET.format(trials="2", low="§1.0"), "budget.learning_rate.low", "got 1.0, expected a number below …"),
    ("budget", BUDGET.format(trials="2", low="§0"), "budget.learning_rate.low", "got 0, expected a number above 0"),
    ("budget", BUDGET.format(trials="2", low="§'1e-3'"), "budget.learning_rate.low",
     "got '1e-3', expected a number; remove the quotes"),
    ("budget", TINY["budget"].replace("evaluations: 5", "evaluations: §31"), "budget.evaluations",
     "got 31, expected at most the 30 steps of a run"),
    ("budget", TINY["budget"].replace("replicates: 2", "replicates: §0"), "budget.replicates", "got 0, expected …"),
    ("budget", TINY["budget"].replace("replicates: 2", "replicates: 2, landscape: §sure"), "budget.landscape",
     "got sure, expected true or false"),
    ("budget", TINY["budget"].replace("steps: 30", "steps: §0"), "budget.steps", "got 0, expected …at least 2"),
    ("budget", TINY["budget"].replace("steps: 30", "§step: 30, steps: 30"), "budget.step",
     "unknown key, expected one of steps, …; did you mean steps?"),
    ("budget", TINY["budget"].replace("{steps: 30, ", "§{"), "budget.steps",
     "is missing, expected optimizer steps of one run"),
    ("budget", "budget: §10", "budget", "got 10, expected a mapping"),
]  # fmt: skip


@pytest.mark.parametrize(("section", "text", "key", "message"), MISTAKES, ids=[text for _, text, *_ in MISTAKES])
def test_mistake(tmp_path: Path, section: str, text: str, key: str, message: str) -> None:
    spec, place = unmark(tiny(**{section: text}))
    (problem,) = problems(tmp_path, spec)
    assert (problem.line, problem.column) == place, problem
    assert problem.key == key
    assert alike(problem.message, message), problem.message


@pytest.mark.parametrize("key", ["name", "task", "model", "target", "grid", "budget"])
def test_a_missing_key_is_told_where_the_document_begins(tmp_path: Path, key: str) -> None:
    (problem,) = problems(tmp_path, "# a comment\ndescription: x\n" + tiny(**{key: "# nothing"}))
    assert (problem.line, problem.column, problem.key) == (2, 1, key)
    assert problem.message.startswith("is missing, expected ")


def test_ten_mistakes_are_all_told(tmp_path: Path) -> None:
    text = """\
name: Ten Mistakes
titel: Which recipes train?
task: digts
model: mlp
target: high
fixed: {depth: -4, normalization: off}
grid:
  activation: [relu, rellu, tanh]
  initializer: []
  optimizer: [adam, {name: sgd, momentun: 0.9}]
exclude: [{activation: tanh, optimiser: sgd}]
budget: {steps: 30, trials: 0, replicates: 2, evaluations: 40, learning_rate: {low: 1.0, high: 1e-3}}
budget: 3
"""
    found = {(p.line, p.column): p.key for p in problems(tmp_path, text)}
    assert found == {
        (1, 7): "name",
        (2, 1): "titel",
        (3, 7): "task",
        (5, 9): "target",
        (6, 16): "fixed.depth",
        (6, 35): "fixed.normalization",
        (8, 22): "grid.activation",
        (9, 16): "grid.initializer",
        (10, 33): "grid.optimizer.momentun",
        (11, 30): "exclude.optimiser",
        (12, 29): "budget.trials",
        (12, 60): "budget.evaluations",
        (12, 85): "budget.learning_rate.low",
        (13, 1): "budget",
    }


def test_problems_of_all_documents_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = tiny(seed="seed: x") + "---\n- 1\n---\n" + tiny(task="task: digits\ntask: mnist", model="model: x")
    places = [(p.line, p.column) for p in problems(tmp_path, text)]
    assert places == [(2, 7), (11, 1), (13, 7), (16, 1), (17, 8)]


def test_two_benchmarks_of_one_name_are_a_mistake(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, tiny() + "---\n" + tiny())
    assert (problem.line, problem.key, problem.message) == (11, "name", "got tiny again; the first is on line 1")


def test_a_level_that_was_told_once_is_not_told_again_where_it_is_excluded(tmp_path: Path) -> None:
    changes = {"grid": "grid: {activation: [relu, reluu]}", "exclude": "exclude: [{activation: reluu}]"}
    assert len(problems(tmp_path, tiny(**changes))) == 1


def test_many_documents_cost_as_much_as_they_are_long(tmp_path: Path) -> None:
    """Four times as many take at most six times as long, in processor time."""

    def seconds(count: int) -> float:
        file = write(tmp_path, "---\n".join(tiny(name=f"name: t{i}") for i in range(count)))
        began = time.process_time()
        assert len(read_benchmarks(file)) == count
        return time.process_time() - began

    assert min(seconds(200), seconds(200)) < 6 * min(seconds(50), seconds(50))


def test_problems_without_end_are_counted(tmp_path: Path) -> None:
    found = problems(tmp_path, tiny() + "a: 1\n" * 5_000)
    assert len(found) == MAX_PROBLEMS + 1
    assert found[-1].message == f"and {5_000 - MAX_PROBLEMS:,} more problems"


def test_long_lists_of_names_are_cut(tmp_path: Path) -> None:
    grid = f"grid: {{batch_size: {list(range(1, 501))}}}"
    (problem,) = problems(tmp_path, tiny(grid=grid, exclude="exclude: [{batch_size: 501}]"))
    assert alike(problem.message, "got 501, expected one of 1, 2, …, 40 and 460 more")


def test_a_problem_is_one_line_that_begins_with_its_place(tmp_path: Path) -> None:
    file = write(tmp_path, tiny(seed="seed: 'a\\e[31m\n\n  b'", target='target: "\\e[31m\\n"'))
    with pytest.raises(Exception, match="target") as caught:
        read_benchmarks(file)
    lines = str(caught.value).splitlines()
    assert lines[0].startswith(f"{file}:2:7: seed: got 'a")
    assert all(line.isprintable() for line in lines)
    assert len(lines) == 2
