"""Which combinations of a grid do not go together: a rule is asked once for all that agree in what it looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from suite.models.family import Conflict
from suite.spec.benchmark import Benchmark, Level
from suite.spec.rules import conflicts


class Misfits:
    """The conflicts of a benchmark's combinations.

    Rules are pure: which factor they read first is always the same, and which next depends on the levels read so far.
    So their answers stand at the leaves of a tree whose branches are those levels.
    """

    def __init__(self, benchmark: Benchmark) -> None:
        self._benchmark = benchmark
        self._tree: dict[Any, Any] = {}

    def of(self, levels: Mapping[str, Level]) -> list[Conflict]:
        """What of one combination of the grid does not go together."""
        branches, label, depth = self._tree, None, 0
        while isinstance(found := branches.get(label), tuple):
            factor, branches = found
            label, depth = levels[factor].label, depth + 1
        if found is not None:
            return found
        answer, read = self._ask(levels)
        for factor in read[depth:]:
            branches[label] = factor, {}
            branches, label = branches[label][1], levels[factor].label
        branches[label] = answer
        return answer

    def _ask(self, levels: Mapping[str, Level]) -> tuple[list[Conflict], list[str]]:
        """The conflicts of a combination, and the factors of the grid that were read to find them, in order."""
        read: dict[str, None] = {}
        task, recipe = (_Watched(values, read) for values in self._benchmark.task_and_recipe(levels))
        return conflicts(task, self._benchmark.model, recipe), [factor for factor in read if factor in levels]


class _Watched(Mapping[str, Any]):
    """A mapping that notes which keys are read of it."""

    def __init__(self, values: Mapping[str, Any], read: dict[str, None]) -> None:
        self._values, self._read = values, read

    def __getitem__(self, key: str) -> Any:
        self._read.setdefault(key)
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
