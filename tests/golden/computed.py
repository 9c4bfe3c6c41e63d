"""A few numbers of everything a spec may name, such that another formula gives others: tiny nets, three steps, no compiling.

Programs are run eagerly, which takes a fifth of a second each where compiling takes two. Inputs are normal numbers: no
gradient is exactly zero, whose sign another processor might round the other way. Networks with a normalization are
trained by SGD: Adam divides each gradient by its size, and so makes whole steps of what is little more than rounding.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from suite.catalog import KINDS, Entry
from suite.catalog.activations import build_activation
from suite.catalog.initializers import initial_value
from suite.catalog.losses import baseline_loss
from suite.catalog.schedules import schedule_factors
from suite.models import MODELS
from suite.protocol.measurements import MEASUREMENTS
from suite.protocol.outcomes import THRESHOLDS
from suite.protocol.records import Budget
from suite.tasks import TASKS, Draw, Task, load_task
from suite.tasks.splits import drawn
from suite.training.experiment import batch_rows, run_seed
from suite.training.program import Program
from suite.training.rows import probed_steps
from suite.training.tuning import TrialResult, tune
from tests.families.plain import eagerly
from tests.nets import CLASSES, made_task
from tests.probes.cases import feed, level, recipe

Numbers = list[float]
RATE, STEPS, EXAMPLES = 0.05, 3, 16

FAMILIES: Mapping[str, tuple[tuple[int, ...], dict[str, Any]]] = {
    "mlp": ((6,), {"depth": 4, "width": 8, "batch_size": 8}),
    "cnn": ((6, 6, 2), {"depth": 4, "channels": 8, "batch_size": 8}),
    "recurrent": ((4, 3), {"units": 8, "layers": 2, "batch_size": 8}),
}
"""The shape of an example of each model family, and the factors of a small one."""

OFF_DEFAULT = {"number": 0.1, "integer": 3}
"""Values that no factor or argument has by default."""


def cases() -> Mapping[str, tuple[Entry, Callable[[Path], Numbers]]]:
    """Every entry by kind and name, with what computes its numbers, given a folder for data files."""
    found: dict[str, tuple[Entry, Callable[[Path], Numbers]]] = {}
    for kind, entries in {**KINDS, "models": MODELS, "tasks": TASKS}.items():
        for name, entry in entries.items():
            found[f"{kind}.{name}"] = entry, functools.partial(_BY_KIND[kind], name)
    return found


def of_the_protocol() -> Numbers:
    """Of what belongs to no entry and needs no training: seeds, batches, probed steps, tuning and thresholds."""
    budget = Budget(steps=9, trials=18, replicates=1, evaluations=4, learning_rate_low=1e-3, learning_rate_high=1.0)

    def score(rate: float, repeat: int) -> TrialResult:
        return TrialResult(-abs(np.log10(rate) + 1.2) - 0.1 * repeat, rate, rate, None, "slow")

    draws, y = (Draw(3, 1), Draw(3, 1, 2)), np.arange(20) % 3
    tuning = tune(score, budget, higher_is_better=True, chance_score=-4.0)
    return _numbers(
        run_seed(3, 0, 0, 1), run_seed(3, 1, 2), batch_rows(10, 4, 4, 7), probed_steps(50, 6),
        *(part for draw in draws for part in drawn(np.arange(20), y, draw, validation=4, test=4, classes=True)),
        [trial.learning_rate for trial in tuning.trials], tuning.learning_rate, *THRESHOLDS.as_mapping().values(),
    )  # fmt: skip


def _activation(name: str, _: Path) -> Numbers:
    z = tf.linspace(-8.0, 8.0, 17)
    with tf.GradientTape() as tape:
        tape.watch(z)
        values = build_activation(level("activations", name))(z)
    return _numbers(values, tape.gradient(values, z)) + _trained("mlp", activation=name)


def _initializer(name: str, _: Path) -> Numbers:
    shapes = ((8, 6), (6, 8), (3, 3, 4, 2))
    return _numbers(*(_signature(initial_value(level("initializers", name), shape, 11)) for shape in shapes))


def _normalization(name: str, _: Path) -> Numbers:
    families = ("cnn",) if name == "instance" else ("mlp", "cnn")
    return [n for family in families for n in _trained(family, normalization=name, optimizer="sgd")]


def _optimizer(name: str, _: Path) -> Numbers:
    return _trained("mlp", optimizer=name)


def _clipping(name: str, _: Path) -> Numbers:
    """Where gradients are large enough for each to act."""
    wide = {"name": "random_normal", "stddev": 3.0}
    return _trained("mlp", clipping=name, optimizer="sgd", initializer=wide)


def _residual(name: str, _: Path) -> Numbers:
    return _trained("mlp", residual=name)


def _schedule(name: str, _: Path) -> Numbers:
    return _numbers(schedule_factors(level("schedules", name), 20))


def _loss(name: str, _: Path) -> Numbers:
    found: Numbers = []
    for classes in (CLASSES, None):
        if name != ("huber" if classes else "cross_entropy"):
            task = _task("mlp", classes)
            found.append(baseline_loss(level("losses", name), task.train.y, classes))
            found += _trained("mlp", task, loss=name)
    return found


def _cell(name: str, _: Path) -> Numbers:
    return _trained("recurrent", cell_type=name, layers=1)


def _model(name: str, _: Path) -> Numbers:
    """Of the family as it is small, with all its numbers off their default, and with every other choice it has; with
    what each family puts in a place of its own: normalizations and skip connections."""
    factors = [parameter for parameter in MODELS[name].parameters if parameter.name not in FAMILIES[name][1]]
    moved = {p.name: OFF_DEFAULT[p.type] for p in factors if p.type in OFF_DEFAULT}
    chosen = [{p.name: choice} for p in factors for choice in p.choices if choice != p.default]
    return [
        number
        for varied in ({}, moved, *chosen)
        for number in _trained(name, probes=True, optimizer="sgd", normalization="layer", residual="skip", **varied)
    ]


def _task_numbers(name: str, folder: Path) -> Numbers:
    """Of the task as it is, and with every argument of its own changed that fits the same data."""
    given = _data(name, folder)
    varied: list[dict[str, Any]] = [{}]
    for parameter in TASKS[name].parameters:
        if parameter.name not in given:
            others = {"integer": [24], "boolean": [not parameter.default]}.get(parameter.type, parameter.choices)
            varied += [{parameter.name: value} for value in others if value != parameter.default]
    found = [load_task({"name": name, **TASKS[name].defaults(), **given, **arguments}) for arguments in varied]
    return [number for task in found for number in _task_signature(task)]


def _data(name: str, folder: Path) -> dict[str, Any]:
    """The arguments that a task needs, after what it reads was put into the folder."""
    generator = np.random.default_rng(list(name.encode()))
    if name == "arrays":
        np.savez(folder / "own.npz", x=generator.standard_normal((200, 3)), y=np.arange(200) % 4)
        return {"path": str(folder / "own.npz"), "examples": "table", "targets": "classes"}
    if name in ("mnist", "fashion_mnist", "cifar10"):  # as they are served, but small
        shape = (4, 4, 3) if name == "cifar10" else (4, 4)
        x, y = generator.integers(0, 256, (20_150, *shape), dtype=np.uint8), np.arange(20_150) % 10
        np.savez(folder / f"{name}.npz", x_train=x[:-50], y_train=y[:-50], x_test=x[-50:], y_test=y[-50:])
    return {}


def _task_signature(task: Task) -> Numbers:
    splits = (task.train, task.validation, task.test)
    arrays = (_signature(array) for split in splits for array in (split.x, split.y))
    return _numbers(*arrays, task.chance_score, task.score_from, task.classes or 0)


_BY_KIND: Mapping[str, Callable[[str, Path], Numbers]] = {
    "activations": _activation,
    "initializers": _initializer,
    "normalizations": _normalization,
    "optimizers": _optimizer,
    "schedules": _schedule,
    "clippings": _clipping,
    "residuals": _residual,
    "losses": _loss,
    "cells": _cell,
    "models": _model,
    "tasks": _task_numbers,
}


@functools.cache
def _task(family: str, classes: int | None = CLASSES) -> Task:
    generator = np.random.default_rng(0)
    x = generator.standard_normal((EXAMPLES, *FAMILIES[family][0]))
    y = generator.integers(0, CLASSES, EXAMPLES) if classes else generator.random((EXAMPLES, 2))
    return made_task(x, y, classes)


def _trained(family: str, task: Task | None = None, *, probes: bool = False, **factors: Any) -> Numbers:
    """What three steps leave behind: the whole of it with probes, else what the losses and the gradient are."""
    task, chosen = task or _task(family), recipe(family, **{**FAMILIES[family][1], **factors})
    with eagerly():
        program = Program(chosen, family, task, STEPS, STEPS, probes=probes, xla=False)
        arrays = program.run(feed(program, chosen, rate=RATE)).arrays
    if probes:
        later = {measurement.name for measurement in MEASUREMENTS if measurement.optional}  # tells nothing of the entry
        known = (np.nan_to_num(values) for name, values in sorted(arrays.items()) if name not in later)
        return _numbers(*map(_signature, known))
    return _numbers(*(arrays[name] for name in ("loss", "gradient_norm", "validation_loss")))


def _signature(values: np.ndarray) -> Iterator[float]:
    """Size, mean square, and a sum in which every place counts differently."""
    flat = np.asarray(values, np.float64).ravel()
    return iter(
        (float(flat.size), float(np.mean(flat**2)), float(flat @ np.cos(np.arange(flat.size)) / flat.size**0.5))
    )


def _numbers(*parts: Any) -> Numbers:
    arrays = (np.asarray(list(part) if isinstance(part, Iterator) else part, np.float64).ravel() for part in parts)
    return [float(f"{number:.7g}") for number in np.concatenate(list(arrays))]
