"""A benchmark to its cells, each with the fingerprint of all that its result depends on."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping, Sequence
from typing import Any

from suite.catalog import KINDS, Entry, find, is_own_component
from suite.catalog.factors import FED
from suite.models import MODELS
from suite.protocol.records import PROTOCOL_VERSION, Budget, Cell, to_plain
from suite.spec.benchmark import Benchmark, Label, Level, combinations, matching
from suite.spec.problems import Findings, SpecError, not_found, quote
from suite.spec.quick import quick_budget, quick_slice
from suite.spec.sources import Sources, digest
from suite.tasks import TASKS


def expand(benchmark: Benchmark, *, quick: bool = False, only: Mapping[str, Sequence[str]] | None = None) -> list[Cell]:
    """The cells of a benchmark, in the order of its grid: the last factor varies fastest.

    Args:
        benchmark: As read.
        quick: A small slice with fewer trials and replicates, recorded apart.
        only: Labels (or names) of the levels that are wanted, by factor.

    Raises:
        SpecError: `only` names a factor or level that is not there, or leaves nothing.
    """
    chosen = list(combinations(_narrowed(benchmark, only or {}), benchmark.exclude))
    if not chosen:
        raise SpecError(_complaint(benchmark, [("", "leaves no combination: exclude takes them all out")]))
    sources = Sources([str(benchmark.folder)])
    full = _CellMaker(benchmark, benchmark.budget, sources, quick=False)
    cells = [full.cell(levels) for levels in chosen]
    if not quick:
        return cells
    small = _CellMaker(benchmark, quick_budget(benchmark.budget), sources, quick=True)
    return [small.cell(chosen[i]) for i in quick_slice(cells)]


def _narrowed(benchmark: Benchmark, only: Mapping[str, Sequence[str]]) -> dict[str, tuple[Level, ...]]:
    """The grid with the wanted levels alone."""
    grid = dict(benchmark.grid)
    complaints = []
    for factor, wanted in only.items():
        if factor not in grid:
            reason = "is fixed, not varied" if factor in benchmark.fixed else "unknown factor of the grid"
            complaints.append((factor, f"{reason}: {not_found(factor, list(grid))}"))
            continue
        levels = grid[factor]
        parameter = benchmark.parameter(factor)
        found: list[Level] = []
        for text in wanted:
            matches = [level for value in _readings(text) for level in matching(levels, value, parameter)]
            found += matches
            if not matches:
                known = [str(level.label) for level in levels]
                complaints.append((factor, not_found(text, known)))
        grid[factor] = tuple(level for level in levels if level in found)
    if complaints:
        raise SpecError(_complaint(benchmark, complaints))
    return grid


def _readings(text: str) -> list[Label]:
    """What a text of the command line may mean: itself, a boolean or a number."""
    readings: list[Label] = [text]
    if text.lower() in ("true", "false"):
        readings.append(text.lower() == "true")
    with contextlib.suppress(ValueError):
        readings.append(float(text))
    return readings


def _complaint(benchmark: Benchmark, complaints: Sequence[tuple[str, str]]) -> Any:
    findings = Findings(str(benchmark.file))
    for factor, message in complaints:
        findings.add(None, f"only {quote(factor)}".strip(), message)
    return findings.problems


class _CellMaker:
    """Makes the cells of one benchmark under one budget."""

    def __init__(self, benchmark: Benchmark, budget: Budget, sources: Sources, *, quick: bool) -> None:
        self._benchmark, self._budget, self._sources, self._quick = benchmark, budget, sources, quick
        self._folder = str(benchmark.folder)
        self._of_component = functools.cache(self._source_of_component)
        code = (TASKS[benchmark.task["name"]], MODELS[benchmark.model])
        self._code = [self._source_of(entry) for entry in code]
        self._shared = {
            "budget": to_plain(budget),
            "seed": benchmark.seed,
            "target": benchmark.target,
            "quick": quick,
            "protocol_version": PROTOCOL_VERSION,
        }

    def cell(self, levels: Mapping[str, Level]) -> Cell:
        """The cell of one combination of the grid."""
        benchmark = self._benchmark
        task, recipe = benchmark.task_and_recipe(levels)
        baked = {factor: level for factor, level in recipe.items() if factor not in FED}
        length = {"steps": self._budget.steps, "evaluations": self._budget.evaluations}
        return Cell(
            benchmark=benchmark.name,
            fingerprint=digest({**self._shared, **self._content(task, recipe)}),
            factors={factor: level.label for factor, level in levels.items()},
            recipe=recipe,
            task=task,
            model=benchmark.model,
            budget=self._budget,
            seed=benchmark.seed,
            target=benchmark.target,
            quick=self._quick,
            search_path=(self._folder,),
            program=digest({**length, **self._content(task, baked)}),
        )

    def _content(self, task: Mapping[str, Any], recipe: Mapping[str, Any]) -> dict[str, Any]:
        """What is trained: names, arguments, data files, and the source of all that is not Keras's own."""
        paths = [p.name for p in TASKS[task["name"]].parameters if p.type == "path" and task[p.name] is not None]
        named = ((factor, level["name"]) for factor, level in recipe.items() if isinstance(level, Mapping))
        sources = {factor: source for factor, name in named if (source := self._of_component(factor, name))}
        return {
            "task": task,
            "model": self._benchmark.model,
            "recipe": recipe,
            "sources": {**sources, "task and model": self._code},
            "files": {name: self._sources.of_file(task[name]) for name in paths},
        }

    def _source_of_component(self, factor: str, name: str) -> str | None:
        if is_own_component(name):
            return self._sources.of_module(name.split(":")[0])
        parameter = MODELS[self._benchmark.model].parameter(factor)
        if parameter is None or parameter.catalog is None:
            return None
        entry = find(KINDS[parameter.catalog], name)
        assert entry is not None, name
        if not entry.target:  # its catalog's module says what it does
            return self._sources.of_module(f"suite.catalog.{parameter.catalog}")
        return self._source_of(entry) if entry.target.startswith("suite.") else None

    def _source_of(self, entry: Entry) -> str:
        return self._sources.of_module(entry.target.split(":")[0])
