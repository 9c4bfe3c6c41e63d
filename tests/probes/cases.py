"""What the tests of training share: recipes from a few words, programs on real digits, and the feed of a run."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from suite.catalog import KINDS, is_own_component
from suite.models import MODELS
from suite.protocol.records import Cell
from suite.spec.identity import identity, program
from suite.tasks import Task, load_task
from suite.training.experiment import batch_rows
from suite.training.program import Program
from suite.training.run_inputs import RunInputs


def level(kind: str, value: str | Mapping[str, Any]) -> dict[str, Any]:
    """The canonical level of a name, or of a mapping with a name and some arguments."""
    given = {"name": value} if isinstance(value, str) else dict(value)
    if is_own_component(given["name"]):
        return given
    entry = KINDS[kind].find(given["name"])
    assert entry is not None, given
    return {**given, "name": entry.name, **{k: v for k, v in entry.defaults().items() if k not in given}}


def recipe(model: str = "mlp", **factors: Any) -> dict[str, Any]:
    """Every factor of a model family: those given, the defaults of the others."""
    chosen = {}
    for parameter in MODELS[model].parameters:
        value = factors.pop(parameter.name, parameter.default)
        chosen[parameter.name] = level(parameter.catalog, value) if parameter.catalog else value
    assert not factors, f"{model} has no factor {', '.join(factors)}"
    return chosen


def named(cell: Cell) -> Cell:
    """The cell with the name of the program that it is of: cells of one name share what was compiled."""
    return dataclasses.replace(cell, program=program(identity(cell)))


@functools.cache
def digits(train_size: int | None = None) -> Task:
    """The real digits."""
    return load_task({"name": "digits", "train_size": train_size})


def feed(program: Program, factors: Mapping[str, Any], *, rate: float = 0.1, seed: int = 0) -> RunInputs:
    """A run at a constant rate."""
    return RunInputs(
        weights=program.network.initial_weights(factors, seed),
        learning_rates=np.full(program.steps, rate, np.float32),
        batches=batch_rows(len(program.task.train), factors["batch_size"], program.steps, seed),
        seed=seed,
    )
