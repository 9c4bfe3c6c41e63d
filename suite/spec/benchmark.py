"""A benchmark with its task, model, grid and budget in canonical form."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from suite.catalog import KINDS, Parameter
from suite.models import MODELS
from suite.protocol.records import Budget
from suite.spec.problems import Problem
from suite.tasks import TASKS

Label = str | int | float | bool


@dataclass(frozen=True)
class Level:
    """One value on an axis of the grid.

    Attributes:
        label: Label in tables and charts.
        value: Canonical value: a number, boolean or name, or a mapping `{"name": ..., **arguments}` with all defaults for
            a component.
        place: Line and column in the spec.
    """

    label: Label
    value: Any
    place: tuple[int, int] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Benchmark:
    """One document of a spec.

    Attributes:
        name: Name in records, exports and pages.
        title: Question of the benchmark.
        description: Free text.
        file: Path of the spec.
        text: Complete text of the spec.
        seed: Seed of all random numbers.
        task: Task as `{"name": ..., **arguments}`, without arguments that are factors of the grid.
        model: Name of the model family.
        target: Validation metric at which a run counts as trained.
        reference: Score that is normalized to 1 when tasks are compared; None if there is none.
        fixed: Canonical values of the family's factors outside the grid, including defaults.
        grid: Levels of the factors that vary, in the order of the spec.
        exclude: Excluded combinations: labels by factor.
        budget: Budget of every cell.
        places: Key, line and column of each factor, or of the task or model that defines its default.
    """

    name: str
    title: str
    description: str
    file: Path
    text: str
    seed: int
    task: Mapping[str, Any]
    model: str
    target: float
    reference: float | None
    fixed: Mapping[str, Any]
    grid: Mapping[str, tuple[Level, ...]]
    exclude: tuple[Mapping[str, tuple[Label, ...]], ...]
    budget: Budget
    places: Mapping[str, tuple[str, int, int]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def folder(self) -> Path:
        """Folder of the spec, which is searched first for custom components."""
        return self.file.resolve().parent

    def task_and_recipe(self, levels: Mapping[str, Level]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The task with all arguments, and the recipe with all factors, for one combination of the grid."""
        varied = {factor: level.value for factor, level in levels.items()}
        task, model = TASKS[self.task["name"]], MODELS[self.model]
        arguments = {p.name: varied[p.name] if p.name in varied else self.task[p.name] for p in task.parameters}
        recipe = {p.name: varied[p.name] if p.name in varied else self.fixed[p.name] for p in model.parameters}
        return {"name": task.name, **arguments}, recipe

    def problem(self, factor: str, message: str, value: Any = None) -> Problem:
        """A problem at the position of a factor (or of `task` or `model`).

        Args:
            factor: Name of the factor.
            message: Received and expected value.
            value: Value of the level, if the factor varies.
        """
        key, *place = self.places[factor]
        places = [level.place for level in self.grid.get(factor, ()) if level.value == value and level.place]
        line, column = places[0] if places else place
        return Problem(str(self.file), line, column, key, message)

    def parameter(self, factor: str) -> Parameter | None:
        """The parameter of the model family or of the task behind a factor."""
        return MODELS[self.model].parameter(factor) or TASKS[self.task["name"]].parameter(factor)


def combinations(
    grid: Mapping[str, Sequence[Level]], exclude: Sequence[Mapping[str, Sequence[Label]]]
) -> Iterator[dict[str, Level]]:
    """All combinations of levels that are not excluded; the last factor varies fastest."""
    for levels in itertools.product(*grid.values()):
        chosen = dict(zip(grid, levels, strict=True))
        if not any(all(chosen[factor].label in labels for factor, labels in rule.items()) for rule in exclude):
            yield chosen


def matching(levels: Sequence[Level], wanted: Label, parameter: Parameter | None) -> list[Level]:
    """The levels that match a value: by label, number, or name or alias of a component."""
    boolean = isinstance(wanted, bool)
    by_label = [level for level in levels if level.label == wanted and isinstance(level.label, bool) == boolean]
    if by_label or parameter is None or parameter.catalog is None or not isinstance(wanted, str):
        return by_label
    entry = KINDS[parameter.catalog].find(wanted)
    name = entry.name if entry else wanted
    return [level for level in levels if level.value["name"] == name]
