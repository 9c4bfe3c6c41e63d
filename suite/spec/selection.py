"""Selects parts of a grid."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from suite.spec.benchmark import Benchmark, Label, Level, combinations, matching
from suite.spec.problems import Problem, SpecError, not_found, quote

Part = Mapping[str, Sequence[str]]
"""Labels or names of the selected levels, by factor."""


def wanted_combinations(benchmark: Benchmark, only: Sequence[Part] = ()) -> list[dict[str, Level]]:
    """The combinations of a benchmark's grid that belong to any of the parts, in the order of the grid.

    Args:
        benchmark: The benchmark.
        only: Parts of the grid; the whole grid if empty.

    Raises:
        SpecError: A part has an unknown factor or level, or contains no combination.
    """
    narrowed = [_narrowed(benchmark, part) for part in only]
    left = list(combinations(benchmark.grid, benchmark.exclude))
    if not only:
        return left
    for grid in narrowed:
        if not any(_lies_in(levels, grid) for levels in left):
            raise SpecError([_problem(benchmark, "", "selects no combination: all of them are in exclude")])
    return [levels for levels in left if any(_lies_in(levels, grid) for grid in narrowed)]


def _lies_in(levels: Mapping[str, Level], grid: Mapping[str, Sequence[Level]]) -> bool:
    return all(level in grid[factor] for factor, level in levels.items() if factor in grid)


def _narrowed(benchmark: Benchmark, part: Part) -> dict[str, list[Level]]:
    """The selected levels of each factor of a part."""
    grid: dict[str, list[Level]] = {}
    problems = []
    for factor, wanted in part.items():
        if factor not in benchmark.grid:
            reason = "is fixed, not varied" if factor in benchmark.fixed else "unknown factor of the grid"
            problems.append(_problem(benchmark, factor, f"{reason}: {not_found(factor, list(benchmark.grid))}"))
            continue
        levels, parameter = benchmark.grid[factor], benchmark.parameter(factor)
        grid[factor] = []
        for text in wanted:
            found = [level for value in _readings(text) for level in matching(levels, value, parameter)]
            grid[factor] += found
            if not found:
                problems.append(_problem(benchmark, factor, not_found(text, [str(level.label) for level in levels])))
    if problems:
        raise SpecError(problems)
    return grid


def _readings(text: str) -> list[Label]:
    """Possible values of a text from the command line: the text, a boolean or a number."""
    readings: list[Label] = [text]
    if text.lower() in ("true", "false"):
        readings.append(text.lower() == "true")
    with contextlib.suppress(ValueError):
        readings.append(float(text))
    return readings


def _problem(benchmark: Benchmark, factor: str, message: str) -> Problem:
    return Problem(str(benchmark.file), None, None, f"only {quote(factor)}".strip(), message)
