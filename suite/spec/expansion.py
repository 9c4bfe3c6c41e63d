"""Expands a benchmark to its cells, each with a fingerprint of everything that its result depends on."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace

from suite.protocol.records import Budget, Cell
from suite.spec.benchmark import Benchmark, Level
from suite.spec.identity import own_names, with_fingerprint
from suite.spec.own_code import digest_of_component
from suite.spec.quick import quick_budget, quick_slice
from suite.spec.selection import Part, wanted_combinations
from suite.spec.sources import digest_of_file, find_file


def expand(benchmark: Benchmark, *, quick: bool = False, only: Sequence[Part] = ()) -> list[Cell]:
    """The cells of a benchmark, in the order of its grid: the last factor varies fastest.

    Args:
        benchmark: The benchmark.
        quick: Whether to select the quick slice, with fewer trials and replicates.
        only: Parts of the grid; the whole grid if empty.

    Raises:
        SpecError: A part has an unknown factor or level, or contains no combination.
    """
    chosen = wanted_combinations(benchmark, only)
    cells = _made(benchmark, chosen, benchmark.budget, quick=False)
    if not quick:
        return cells
    return _made(benchmark, [chosen[i] for i in quick_slice(cells)], quick_budget(benchmark.budget), quick=True)


def _made(benchmark: Benchmark, chosen: Sequence[Mapping[str, Level]], budget: Budget, *, quick: bool) -> list[Cell]:
    folders = (str(benchmark.folder),)
    of_component = functools.cache(lambda name: digest_of_component(name, folders))
    of_file = functools.cache(lambda path: digest_of_file(find_file(path, folders)))

    def cell_of(levels: Mapping[str, Level]) -> Cell:
        task, recipe = benchmark.task_and_recipe(levels)
        steps, rate = recipe["steps"], recipe["learning_rate"]
        own = budget if steps is None else replace(budget, steps=steps, evaluations=min(budget.evaluations, steps))
        cell = Cell(
            benchmark=benchmark.name,
            fingerprint="",
            factors={factor: level.label for factor, level in levels.items()},
            recipe=recipe,
            task=task,
            model=benchmark.model,
            # Without a tuning to share, each replicate has its own draw of the examples that would choose the rate.
            budget=own if rate is None else replace(own, trials=0, tunings=own.replicates),
            seed=benchmark.seed,
            target=benchmark.target,
            quick=quick,
            search_path=folders,
            program="",
        )
        components, files = own_names(cell)
        sources = {name: of_component(name) for name in components} | {path: of_file(path) for path in files}
        return with_fingerprint(replace(cell, sources=sources))

    return [cell_of(levels) for levels in chosen]
