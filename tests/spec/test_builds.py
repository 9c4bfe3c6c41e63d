"""What `check` accepts builds: levels of the catalog together, every two factors of a family, on tasks of every form."""

from __future__ import annotations

import functools
import itertools
import random
from typing import Any

import numpy as np
import pytest

from suite.catalog import KINDS, Parameter
from suite.models import MODELS
from suite.spec.levels import complete, default_of
from suite.spec.parameter_types import accepts
from suite.spec.rules import conflicts
from suite.tasks import TASKS, Task, load_task

SMALL = {"depth": 2, "width": 8, "channels": 8, "units": 8, "kernel_size": 3, "batch_size": 8}
"""Sizes that build fast; levels of these factors are drawn near them."""

TASKS_OF_EVERY_FORM: list[dict[str, Any]] = [
    {"name": "digits", "train_size": 60},
    {"name": "digits", "train_size": 60, "layout": "rows"},
    {"name": "adding", "train_size": 60, "length": 6},
    {"name": "copy_memory", "train_size": 60, "length": 2},
    {"name": "xor"},
    {"name": "saturated_neuron"},
]


def levels_of(parameter: Parameter) -> list[Any]:
    """Every level of a component or choice; of a number a few, its bounds among them."""
    if parameter.type == "component":
        return [{"name": e.name, **complete(e, {})} for e in KINDS[parameter.catalog or ""].values()]
    if parameter.type == "choice":
        return list(parameter.choices)
    middle = SMALL.get(parameter.name, default_of(parameter))
    numbers = [middle, 0.1, 0.0, 0.9] if parameter.type == "number" else [middle, 0, 1, 2, 3, 5]
    return [number for number in numbers if accepts(parameter, number)]


@functools.cache
def task_of(index: int) -> Task:
    return load_task(TASKS_OF_EVERY_FORM[index])


def drawn(model: str, chance: random.Random) -> tuple[int, dict[str, Any], set[str]]:
    """A task and a recipe that go together, and the factors that are not at their default in it."""
    while True:
        index = chance.randrange(len(TASKS_OF_EVERY_FORM))
        task = {**TASKS[TASKS_OF_EVERY_FORM[index]["name"]].defaults(), **TASKS_OF_EVERY_FORM[index]}
        plain = {p.name: SMALL.get(p.name, default_of(p)) for p in MODELS[model].parameters}
        varied = {p.name: chance.choice(levels_of(p)) for p in MODELS[model].parameters if chance.random() < 0.6}
        for _ in range(10):
            found = conflicts(task, model, {**plain, **varied})
            if not found:
                return index, {**plain, **varied}, set(varied)
            told = [factor for factor, _ in found if factor in varied]
            for factor in told or list(varied)[:1]:
                varied.pop(factor, None)


def build(index: int, model: str, recipe: dict[str, Any]) -> None:
    from suite.catalog.schedules import schedule_factors
    from suite.training.program import Program

    program = Program(recipe, model, task_of(index), steps=4, evaluations=2)
    weights = program.network.initial_weights(recipe, 0)
    assert [value.shape for value in weights] == [tuple(v.shape) for v in program.network.model.weights]
    assert np.shape(schedule_factors(recipe["schedule"], 4)) == (4,)


@pytest.mark.parametrize("model", MODELS)
def test_levels_that_go_together_build(model: str) -> None:
    chance = random.Random(0)
    unseen = set(itertools.combinations(sorted(p.name for p in MODELS[model].parameters), 2))
    for _ in range(40):
        index, recipe, varied = drawn(model, chance)
        unseen -= set(itertools.combinations(sorted(varied), 2))
        try:
            build(index, model, recipe)
        except Exception as error:
            raise AssertionError(f"{TASKS_OF_EVERY_FORM[index]} {recipe}") from error
    assert not unseen, "no recipe had both of these away from what is plain"
