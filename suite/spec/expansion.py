"""A benchmark to its cells, each with the fingerprint of all that its result depends on."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from suite.protocol.records import Budget, Cell
from suite.spec.behaviour import digest_of_component
from suite.spec.benchmark import Benchmark, Label, Level, combinations, matching
from suite.spec.identity import fingerprint, identity, own_names, program
from suite.spec.problems import Findings, SpecError, not_found, quote
from suite.spec.quick import quick_budget, quick_slice
from suite.spec.sources import digest_of_file, find_file


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
    make = _CellMaker(benchmark)
    cells = [make.cell(levels, benchmark.budget, quick=False) for levels in chosen]
    if not quick:
        return cells
    budget = quick_budget(benchmark.budget)
    return [make.cell(chosen[i], budget, quick=True) for i in quick_slice(cells)]


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
    """Makes the cells of one benchmark."""

    def __init__(self, benchmark: Benchmark) -> None:
        self._benchmark, self._folders = benchmark, (str(benchmark.folder),)
        self._of_component = functools.cache(lambda name: digest_of_component(name, self._folders))
        self._of_file = functools.cache(lambda path: digest_of_file(find_file(path, self._folders)))

    def cell(self, levels: Mapping[str, Level], budget: Budget, *, quick: bool) -> Cell:
        """The cell of one combination of the grid."""
        benchmark = self._benchmark
        task, recipe = benchmark.task_and_recipe(levels)
        cell = Cell(
            benchmark=benchmark.name,
            fingerprint="",
            factors={factor: level.label for factor, level in levels.items()},
            recipe=recipe,
            task=task,
            model=benchmark.model,
            budget=budget,
            seed=benchmark.seed,
            target=benchmark.target,
            quick=quick,
            search_path=self._folders,
            program="",
        )
        components, files = own_names(cell)
        sources = {name: self._of_component(name) for name in components} | {
            path: self._of_file(path) for path in files
        }
        found = identity(replace(cell, sources=sources))
        return replace(cell, sources=sources, fingerprint=fingerprint(found), program=program(found))
