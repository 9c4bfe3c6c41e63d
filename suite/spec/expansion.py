"""A benchmark to its cells, each with the fingerprint of all that its result depends on."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace

from suite.protocol.records import Budget, Cell
from suite.spec.behaviour import digest_of_component
from suite.spec.benchmark import Benchmark, Level
from suite.spec.identity import named, own_names
from suite.spec.quick import quick_budget, quick_slice
from suite.spec.selection import Part, wanted_combinations
from suite.spec.sources import digest_of_file, find_file


def expand(benchmark: Benchmark, *, quick: bool = False, only: Sequence[Part] = ()) -> list[Cell]:
    """The cells of a benchmark, in the order of its grid: the last factor varies fastest.

    Args:
        benchmark: As read.
        quick: A small slice with fewer trials and replicates, recorded apart.
        only: Parts of the grid that are wanted; none stands for all of it.

    Raises:
        SpecError: A part names a factor or level that is not there, or leaves nothing.
    """
    chosen = wanted_combinations(benchmark, only)
    make = _CellMaker(benchmark)
    cells = [make.cell(levels, benchmark.budget, quick=False) for levels in chosen]
    if not quick:
        return cells
    budget = quick_budget(benchmark.budget)
    return [make.cell(chosen[i], budget, quick=True) for i in quick_slice(cells)]


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
        if recipe["steps"] is not None:
            budget = replace(budget, steps=recipe["steps"], evaluations=min(budget.evaluations, recipe["steps"]))
        if recipe["learning_rate"] is not None:
            budget = replace(budget, trials=0)
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
        return named(replace(cell, sources=sources))
