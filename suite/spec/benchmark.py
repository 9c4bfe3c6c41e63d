"""A benchmark that was read: its task, model, grid and budget in canonical form, ready to be expanded into cells."""

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
        label: What tables and charts call it.
        value: Canonical: a number, a boolean, a name, or of a component a mapping `{"name": ..., **arguments}`
            with every default filled in.
        place: Line and column in the spec.
    """

    label: Label
    value: Any
    place: tuple[int, int] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Benchmark:
    """One document of a spec.

    Attributes:
        name: Names it in the store, in exports and on pages.
        title: The question it answers.
        description: Free text.
        file: The spec.
        text: The whole file.
        seed: From which all seeds are spawned.
        task: `{"name": ..., **arguments}`, without the arguments that are factors of the grid.
        model: Name of the model family.
        target: Validation metric at which a run counts as trained.
        reference: Score that stands for 1 when tasks are compared, if one was frozen here.
        fixed: The family's factors outside the grid, canonical, defaults included.
        grid: The factors that vary, in the order of the spec.
        exclude: Combinations taken out: for each factor named, the labels that it takes out.
        budget: What every cell may spend.
        places: Key, line and column of what sets each factor: itself, or the task or model whose default it is.
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
        """The spec's folder, where a user's own components are looked for first."""
        return self.file.resolve().parent

    def task_and_recipe(self, levels: Mapping[str, Level]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The task with all its arguments, and every factor of the model family, for one combination of the grid."""
        varied = {factor: level.value for factor, level in levels.items()}
        task, model = TASKS[self.task["name"]], MODELS[self.model]
        arguments = {p.name: varied[p.name] if p.name in varied else self.task[p.name] for p in task.parameters}
        recipe = {p.name: varied[p.name] if p.name in varied else self.fixed[p.name] for p in model.parameters}
        return {"name": task.name, **arguments}, recipe

    def problem(self, factor: str, message: str, value: Any = None) -> Problem:
        """A problem with a factor (or `task`, or `model`), at the place that sets it.

        Args:
            factor: Name of the factor.
            message: What was got and what was expected.
            value: Value of the faulty level, where the factor varies.
        """
        key, *place = self.places[factor]
        places = [level.place for level in self.grid.get(factor, ()) if level.value == value and level.place]
        line, column = places[0] if places else place
        return Problem(str(self.file), line, column, key, message)

    def parameter(self, factor: str) -> Parameter | None:
        """What a factor of the grid is: of the model family or of the task."""
        return MODELS[self.model].parameter(factor) or TASKS[self.task["name"]].parameter(factor)


def combinations(
    grid: Mapping[str, Sequence[Level]], exclude: Sequence[Mapping[str, Sequence[Label]]]
) -> Iterator[dict[str, Level]]:
    """Every combination of levels that is not taken out; the last factor varies fastest."""
    for levels in itertools.product(*grid.values()):
        chosen = dict(zip(grid, levels, strict=True))
        if not any(all(chosen[factor].label in labels for factor, labels in rule.items()) for rule in exclude):
            yield chosen


def matching(levels: Sequence[Level], wanted: Label, parameter: Parameter | None) -> list[Level]:
    """The levels that a value means: by label, by component name or alias, or by number."""
    boolean = isinstance(wanted, bool)
    by_label = [level for level in levels if level.label == wanted and isinstance(level.label, bool) == boolean]
    if by_label or parameter is None or parameter.catalog is None or not isinstance(wanted, str):
        return by_label
    entry = KINDS[parameter.catalog].find(wanted)
    name = entry.name if entry else wanted
    return [level for level in levels if level.value["name"] == name]
