"""Reads the benchmarks of a spec; pydantic checks its structure and the catalog checks names and values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from suite.catalog import Catalog, Entry, Parameter
from suite.models import MODELS
from suite.protocol.records import Budget
from suite.spec.benchmark import Benchmark, Level, combinations
from suite.spec.design import DesignReader
from suite.spec.document import BenchmarkDocument, check_model
from suite.spec.findings import Findings
from suite.spec.levels import LevelReader, complete
from suite.spec.problems import Problem, SpecError, quote
from suite.spec.rules import conflicts
from suite.spec.wording import mismatch
from suite.spec.yaml_reader import Node, read
from suite.tasks import TASKS, form_of

MAX_PROBLEMS = 100
"""Largest number of reported problems per file; the rest are counted."""

BENCHMARK_KEYS = ("name", "task", "model", "grid", "budget")
"""Keys of a benchmark; a document without any of them can have claims only."""

_REASONS = 3
"""Largest number of reported conflicts per factor."""


def read_benchmarks(path: Path) -> list[Benchmark]:
    """Reads a YAML file, whose documents are benchmarks or claims.

    Raises:
        SpecError: With all problems in the order of the file, at most `MAX_PROBLEMS`.
    """
    source = read(path)
    findings = Findings(str(path))
    benchmarks = []
    names: dict[str, int] = {}
    for document in source.documents:
        if not isinstance(document.value, dict):
            findings.add(document, mismatch(document, "a mapping with name, task, model, grid and budget"))
            continue
        if is_claims(document):
            continue
        benchmark = _Reading(document, path, source.text, findings).benchmark()
        name = document.value.get("name")
        if name is not None and isinstance(name.value, str) and names.setdefault(name.value, name.line) != name.line:
            findings.add(name, f"got {quote(name.value)} again; the first is on line {names[name.value]}")
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


def names_in(file: Path) -> list[str]:
    """The names of the benchmarks in a file, valid or not, in its order."""
    documents = [d for d in read(file).documents if isinstance(d.value, dict) and not is_claims(d)]
    names = [document.value["name"] for document in documents if "name" in document.value]
    return [name.value for name in names if isinstance(name.value, str)]


def is_claims(document: Node) -> bool:
    """Whether a document has only claims and is not a benchmark."""
    keys = document.value if isinstance(document.value, dict) else {}
    return "claims" in keys and not set(BENCHMARK_KEYS) & set(keys)


class _Reading:
    """Reads one benchmark document; each method reads a section and adds its problems."""

    def __init__(self, document: Node, path: Path, text: str, findings: Findings) -> None:
        self._document, self._path, self._text, self._findings = document, path, text, findings
        self._levels = LevelReader(findings, [str(path.resolve().parent)])

    def benchmark(self) -> Benchmark | None:
        """The benchmark; None after adding problems."""
        noted, document = len(self._findings.problems), self._document
        shape = check_model(document, BenchmarkDocument, self._findings)
        model, task = self._entry("model", MODELS), self._entry("task", TASKS)
        arguments = self._levels.arguments(document.value["task"], task) if task else {}
        design = DesignReader(document, _parameters(model, task), self._findings, self._levels)
        fixed, grid = design.fixed(), design.grid()
        design.check_twice()
        exclude = design.exclude(grid)
        steps = self._steps(shape, fixed, grid) if shape else None
        if shape is None or model is None or task is None or steps is None:
            return None
        given = {**document.section("task"), **document.section("fixed"), **document.section("grid")}
        for key, entry in (("model", model), ("task", task)):
            self._levels.require(document.keys[key], entry, given)
        if len(self._findings.problems) > noted:
            return None

        def constant(entry: Entry) -> dict[str, Any]:
            every = complete(entry, {**arguments, **fixed})
            return {factor: value for factor, value in every.items() if factor not in grid}

        budget, rates = shape.budget, shape.budget.learning_rate
        benchmark = Benchmark(
            **{key: getattr(shape, key) for key in ("name", "title", "description", "seed", "target", "reference")},
            file=self._path,
            text=self._text,
            task={"name": task.name, **constant(task)},
            model=model.name,
            fixed=constant(model),
            grid=grid,
            exclude=exclude,
            budget=Budget(
                steps,
                budget.trials,
                budget.replicates,
                budget.evaluations,
                rates.low,
                rates.high,
                budget.landscape,
                budget.tunings or min(2, budget.replicates),
                budget.sampler,
            ),
            places={
                factor: self._place_of(factor, owner)
                for owner, entry in (("model", model), ("task", task))
                for factor in (owner, *(p.name for p in entry.parameters))
            },
        )
        self._check_scores(benchmark)
        self._check_combinations(benchmark)
        return benchmark if len(self._findings.problems) == noted else None

    def _entry(self, key: str, table: Catalog[Any]) -> Entry | None:
        node = self._document.value.get(key)
        if node is None or (key == "model" and not isinstance(node.value, str)):
            return None  # reported by check_model
        return self._levels.entry(node, table)

    def _steps(
        self, shape: BenchmarkDocument, fixed: Mapping[str, Any], grid: Mapping[str, Sequence[Level]]
    ) -> int | None:
        """The largest number of steps of a run; None if it is missing or invalid."""
        given = {**self._document.section("fixed"), **self._document.section("grid")}
        if "steps" in given and "steps" not in {**fixed, **grid}:
            return None  # its own error has been reported
        levels = [level.value for level in grid["steps"]] if "steps" in grid else [fixed.get("steps")]
        each = [shape.budget.steps if level is None else int(level) for level in levels]
        if None in each:
            budget = self._document.value["budget"]
            self._findings.add(budget, "is missing, expected optimizer steps of one run", "budget.steps")
            return None
        return max(steps for steps in each if steps is not None)

    def _check_scores(self, benchmark: Benchmark) -> None:
        """Checks that target and reference are possible scores and better than a constant prediction."""
        form = form_of(benchmark.task)
        accuracy, chance = form.targets == "classes", form.chance
        expected = "an accuracy from 0 to 1" if accuracy else "a mean squared error of at least 0"
        if "targets" in benchmark.grid:
            message = "changes the metric, so recipes cannot be ranked together; expected one document for each"
            self._findings.add(self._document.value["grid"].keys["targets"], message)
        for key in ("target", "reference"):
            node = self._document.value.get(key)
            if node is None or node.value is None:
                continue
            if not 0 <= node.value <= (1 if accuracy else math.inf):
                self._findings.add(node, mismatch(node, expected))
            elif chance is not None and (node.value <= chance if accuracy else node.value >= chance):
                better = f"{'above' if accuracy else 'below'} {chance:.3g}, the score of a constant prediction"
                self._findings.add(node, mismatch(node, better))

    def _check_combinations(self, benchmark: Benchmark) -> None:
        """Checks that `exclude` leaves some combinations, and that they have no conflicts."""
        found: dict[str, dict[str, list[Mapping[str, Level]]]] = {}
        total = 0
        for levels in combinations(benchmark.grid, benchmark.exclude):
            total += 1
            task, recipe = benchmark.task_and_recipe(levels)
            for factor, reason in conflicts(task, benchmark.model, recipe):
                found.setdefault(factor, {}).setdefault(reason, []).append(levels)
        if not total:
            message = "excludes all combinations, expected some to be left"
            self._findings.add(self._document.keys["exclude"], message)
        for factor, reasons in found.items():
            told = [reason + _where(cells, total) for reason, cells in list(reasons.items())[:_REASONS]]
            if len(reasons) > _REASONS:
                told.append(f"and {len(reasons) - _REASONS} more conflicts like these")
            self._findings.problems += [benchmark.problem(factor, message) for message in told]

    def _place_of(self, factor: str, owner: str) -> tuple[str, int, int]:
        """Key, line and column of a factor, or of the task or model that defines its default."""
        for where in ("grid", "fixed", "task"):
            if factor in self._document.section(where):
                key = self._document.value[where].keys[factor]
                return key.path, key.line, key.column
        key = self._document.keys.get(factor, self._document.keys[owner])
        return factor, key.line, key.column


def _where(cells: Sequence[Mapping[str, Level]], total: int) -> str:
    """The combinations with a conflict in words; empty if all have it."""
    if len(cells) == total:
        return ""
    first = ", ".join(f"{factor}: {quote(str(level.label))}" for factor, level in cells[0].items())
    return f" (in {len(cells):,} of {total:,} combinations, first {{{first}}}; use exclude to leave them out)"


def _parameters(model: Entry | None, task: Entry | None) -> dict[str, Parameter]:
    """The factors that can be fixed or varied; for an unknown model or task, those of all models or tasks."""
    entries = [*([model] if model else MODELS.values()), *([task] if task else TASKS.values())]
    found: dict[str, Parameter] = {}
    for parameter in (p for entry in entries for p in entry.parameters):
        found.setdefault(parameter.name, parameter)
    return found
