"""A spec to benchmarks: its shape by pydantic, its names and values by the catalog, every mistake with its place."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from suite.catalog import Entry, Parameter, find
from suite.models import MODELS
from suite.protocol.records import Budget
from suite.spec.benchmark import Benchmark, Level, combinations
from suite.spec.design import DesignReader, Rule, section
from suite.spec.document import BenchmarkDocument, check_shape
from suite.spec.levels import LevelReader, default_of, wants
from suite.spec.problems import Findings, Problem, SpecError, not_found, one_of, quote
from suite.spec.rules import conflicts
from suite.spec.wording import mismatch
from suite.spec.yaml_reader import Node, read
from suite.tasks import TASKS, form_of

MAX_PROBLEMS = 100
"""Problems of a file that are told; what is beyond is counted."""

_REASONS = 3
"""Conflicts of one factor that are told in full."""


def read_benchmarks(path: Path) -> list[Benchmark]:
    """Reads a spec.

    Args:
        path: A YAML file; each of its documents is a benchmark.

    Raises:
        SpecError: It has problems: all of them, in the order of the file (of more than `MAX_PROBLEMS`, the first).
    """
    source = read(path)
    findings = Findings(str(path))
    benchmarks = []
    names: dict[str, int] = {}
    for document in source.documents:
        if not isinstance(document.value, dict):
            findings.add(document.place, "", mismatch(document, "a mapping with name, task, model, grid and budget"))
            continue
        benchmark = _Reading(document, path, source.text, findings).benchmark()
        name = document.value.get("name")
        if name is not None and isinstance(name.value, str) and names.setdefault(name.value, name.line) != name.line:
            findings.add(name.place, "name", f"got {quote(name.value)} again; the first is on line {names[name.value]}")
        if benchmark is not None:
            benchmarks.append(benchmark)
    told = {(p.line, p.column) for p in source.problems}
    problems = [*source.problems, *(p for p in findings.problems if (p.line, p.column) not in told)]
    if problems:
        problems.sort(key=lambda p: (p.line or 0, p.column or 0))
        if len(problems) > MAX_PROBLEMS:
            rest = f"and {len(problems) - MAX_PROBLEMS:,} more problems"
            problems[MAX_PROBLEMS:] = [Problem(str(path), None, None, "", rest)]
        raise SpecError(problems)
    return benchmarks


class _Reading:
    """One document on its way to a benchmark. Each method reads a section and notes what is wrong with it."""

    def __init__(self, document: Node, path: Path, text: str, findings: Findings) -> None:
        self._document, self._path, self._text, self._findings = document, path, text, findings
        self._levels = LevelReader(findings, [str(path.resolve().parent)])

    def benchmark(self) -> Benchmark | None:
        """The benchmark, or None where it has problems."""
        noted = len(self._findings.problems)
        shape = check_shape(self._document, self._findings)
        self._check_budget()
        model = self._entry("model", MODELS)
        task = self._entry("task", TASKS)
        arguments = self._levels.arguments(self._document.value["task"], task, "task") if task and self._given() else {}
        design = DesignReader(self._document, _parameters(model, task), self._findings, self._levels)
        fixed, grid = design.fixed(), design.grid()
        design.check_twice(self._given())
        exclude = design.exclude(grid)
        if shape is None or model is None or task is None:
            return None
        self._check_required(model, task)
        if len(self._findings.problems) > noted:
            return None
        given = {**arguments, **fixed}
        benchmark = _benchmark(shape, self._path, self._text, (model, task), given, grid, exclude)
        self._check_scores(benchmark)
        self._check_combinations(benchmark)
        return benchmark if len(self._findings.problems) == noted else None

    def _given(self) -> dict[str, Node]:
        """The task's mapping, with its name and arguments, if it is one."""
        return section(self._document, "task")

    def _entry(self, key: str, table: Mapping[str, Entry]) -> Entry | None:
        node = self._document.value.get(key)
        if node is None:
            return None
        name = node.value.get("name") if key == "task" and isinstance(node.value, dict) else node
        within = key if name is node else f"{key}.name"
        if name is None:
            self._findings.add(node.place, within, f"is missing, expected {one_of(list(table))}")
        elif not isinstance(name.value, str):
            if key == "task":
                self._findings.add(name.place, within, mismatch(name, one_of(list(table)), "text"))
        elif (entry := find(table, name.value)) is not None:
            return entry
        else:
            self._findings.add(name.place, within, not_found(name.value, list(table)))
        return None

    def _check_required(self, model: Entry, task: Entry) -> None:
        given = {*self._given(), *section(self._document, "fixed"), *section(self._document, "grid")}
        for entry, key in ((model, "model"), (task, "task")):
            for parameter in entry.parameters:
                if parameter.required and parameter.name not in given:
                    self._findings.add(self._document.keys[key], key, wants(entry, parameter))

    def _check_budget(self) -> None:
        budget = section(self._document, "budget")
        steps, evaluations = budget.get("steps"), budget.get("evaluations")
        if steps and evaluations and _numbers(steps, evaluations) and 2 <= steps.value < evaluations.value:
            message = f"got {evaluations.text}, expected at most the {steps.text} steps of a run"
            self._findings.add(evaluations.place, "budget.evaluations", message)
        rates = budget.get("learning_rate")
        if rates is not None and isinstance(rates.value, dict):
            low, high = rates.value.get("low"), rates.value.get("high")
            if low and high and _numbers(low, high) and low.value >= high.value:
                message = f"got {low.text}, expected a number below high, which is {high.text}"
                self._findings.add(low.place, "budget.learning_rate.low", message)

    def _check_scores(self, benchmark: Benchmark) -> None:
        """Target and reference are values that the task's metric can take, and better than a constant answer's."""
        form = form_of(benchmark.task)
        accuracy, chance = form.targets == "classes", form.chance
        expected = "an accuracy from 0 to 1" if accuracy else "a mean squared error of at least 0"
        if "targets" in benchmark.grid:
            place = self._document.value["grid"].keys["targets"]
            message = "changes the metric, so that cells could not be ranked together; expected a document for each"
            self._findings.add(place, "grid.targets", message)
        for key in ("target", "reference"):
            node = self._document.value.get(key)
            if node is None or node.value is None:
                continue
            if not 0 <= node.value <= (1 if accuracy else math.inf):
                self._findings.add(node.place, key, mismatch(node, expected))
            elif chance is not None and (node.value <= chance if accuracy else node.value >= chance):
                better = f"{'above' if accuracy else 'below'} {chance:.3g}, which a constant answer scores"
                self._findings.add(node.place, key, mismatch(node, better))

    def _check_combinations(self, benchmark: Benchmark) -> None:
        """Something must be left of the grid, and what is left must go together."""
        found: dict[str, dict[str, list[Mapping[str, Level]]]] = {}
        total = 0
        for levels in combinations(benchmark.grid, benchmark.exclude):
            total += 1
            task, recipe = benchmark.task_and_recipe(levels)
            for factor, reason in conflicts(task, benchmark.model, recipe):
                found.setdefault(factor, {}).setdefault(reason, []).append(levels)
        if not total:
            message = "takes out every combination, expected some to be left"
            self._findings.add(self._document.keys["exclude"], "exclude", message)
        for factor, reasons in found.items():
            key, place = self._place_of(factor, benchmark)
            for reason, cells in list(reasons.items())[:_REASONS]:
                self._findings.add(place, key, reason + _where(cells, total))
            if len(reasons) > _REASONS:
                self._findings.add(place, key, f"and {len(reasons) - _REASONS} more conflicts like these")

    def _place_of(self, factor: str, benchmark: Benchmark) -> tuple[str, tuple[int, int]]:
        """Key and place of a factor: where it is given, or else of what has it as a default."""
        for where in ("grid", "fixed", "task"):
            if factor in section(self._document, where):
                return f"{where}.{factor}", self._document.value[where].keys[factor]
        owner = "task" if factor in benchmark.task else "model"
        return factor, self._document.keys.get(factor, self._document.keys[owner])


def _where(cells: Sequence[Mapping[str, Level]], total: int) -> str:
    """Which combinations a conflict is in, where it is not in all of them."""
    if len(cells) == total:
        return ""
    first = ", ".join(f"{factor}: {quote(str(level.label))}" for factor, level in cells[0].items())
    return f" (in {len(cells):,} of {total:,} combinations, first {{{first}}}; exclude takes them out)"


def _benchmark(
    shape: BenchmarkDocument,
    path: Path,
    text: str,
    entries: tuple[Entry, Entry],
    given: Mapping[str, Any],
    grid: Mapping[str, tuple[Level, ...]],
    exclude: tuple[Rule, ...],
) -> Benchmark:
    model, task = entries

    def complete(entry: Entry) -> dict[str, Any]:
        return {p.name: given.get(p.name, default_of(p)) for p in entry.parameters if p.name not in grid}

    budget, rates = shape.budget, shape.budget.learning_rate
    return Benchmark(
        name=shape.name,
        title=shape.title,
        description=shape.description,
        file=path,
        text=text,
        seed=shape.seed,
        task={"name": task.name, **complete(task)},
        model=model.name,
        target=shape.target,
        reference=shape.reference,
        fixed=complete(model),
        grid=grid,
        exclude=exclude,
        budget=Budget(budget.steps, budget.trials, budget.replicates, budget.evaluations, rates.low, rates.high),
    )


def _parameters(model: Entry | None, task: Entry | None) -> dict[str, Parameter]:
    """What may be fixed or varied; of an unknown model or task, what any of them takes."""
    entries = [*([model] if model else MODELS.values()), *([task] if task else TASKS.values())]
    found: dict[str, Parameter] = {}
    for parameter in (p for entry in entries for p in entry.parameters):
        found.setdefault(parameter.name, parameter)
    return found


def _numbers(*nodes: Node) -> bool:
    return all(isinstance(node.value, (int, float)) and not isinstance(node.value, bool) for node in nodes)
