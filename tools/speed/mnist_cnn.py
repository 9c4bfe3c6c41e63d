"""benchmarks/mnist/cnn.yaml: what its time is made of, from short runs of its own cells."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from suite.protocol.records import VALIDATED, Cell
from suite.spec import expand, read_benchmarks
from suite.tasks import Task, load_task
from suite.training.program import Program
from suite.training.run_inputs import RunInputs
from tests.probes.cases import feed
from tools.speed.timing import interleave

SPEC = Path(__file__).parents[2] / "benchmarks" / "mnist" / "cnn.yaml"
SHORT, LONG, ROUNDS = 10, 30, 3
"""Steps of two runs, whose difference is of steps alone."""

TRIALS, REPLICATES = 12, 5
"""Trainings of a cell that the goal was set for; the board has more replicates since."""

RATE, TINY = 1e-3, 1e-7
"""A learning rate of the spec, and what weights are scaled by so that activations and gradients leave the normal floats."""


def measure() -> dict[str, Any]:
    """Processor milliseconds of each part, by normalization, and what the whole benchmark takes at `TRIALS` and `REPLICATES`.

    Raises:
        TaskError: MNIST is not there.
    """
    task = load_task({"name": "mnist"})
    (benchmark,) = read_benchmarks(SPEC)
    cells = [cell for cell in expand(benchmark) if cell.factors["residual"] == "plain"]
    found: dict[str, Any] = {str(cell.factors["normalization"]): _of(cell, task) for cell in cells}
    # Skip connections add a sum a layer: half of the cells have them.
    found["seconds"] = 2 * sum(found[str(cell.factors["normalization"])]["cell_seconds"] for cell in cells)
    return found


def _of(cell: Cell, task: Task) -> dict[str, float]:
    short, more_steps, more_looks = (_program(cell, task, *asked) for asked in ((SHORT, 2), (LONG, 2), (SHORT, 4)))
    fed = {program: feed(program, cell.recipe, rate=RATE) for program in (short, more_steps, more_looks)}
    tiny = dataclasses.replace(fed[more_steps], weights=[weight * TINY for weight in fed[more_steps].weights])
    fit = _fit(task, cell)

    def runs(program: Program, given: RunInputs) -> Callable[[], None]:
        return lambda: program.run(given) and None

    times = interleave(
        {
            "short": runs(short, fed[short]),
            "steps": runs(more_steps, fed[more_steps]),
            "tiny": runs(more_steps, tiny),
            "looks": runs(more_looks, fed[more_looks]),
            "evaluation": lambda: short.evaluate("validation") and None,
            "fit_short": lambda: fit(SHORT),
            "fit_steps": lambda: fit(LONG),
        },
        ROUNDS,
    )
    step = (times["steps"] - times["short"]) / (LONG - SHORT)
    look = (times["looks"] - times["short"]) / 2
    budget, examples = cell.budget, len(task.validation)
    trainings = TRIALS + REPLICATES
    parts = {
        "training": trainings * budget.steps * step,
        "along": trainings * budget.evaluations * look,
        # On 10,000 images each: validation and training split after every training, the test split after replicates.
        "ends": (2 * trainings + REPLICATES) * times["evaluation"],
    }
    forward = _multiplications(short) * 2
    return {
        "step": 1000 * step,
        "fit_step": 1000 * (times["fit_steps"] - times["fit_short"]) / (LONG - SHORT),
        "look": 1000 * look,
        "evaluation": 1000 * times["evaluation"],
        "tiny_ratio": times["tiny"] / times["steps"],
        # Forward and backward: three times the forward pass's arithmetic, but for the first layer's input.
        "step_gflops": 3 * forward * cell.recipe["batch_size"] / step / 1e9,
        "evaluation_gflops": forward * examples / times["evaluation"] / 1e9,
        "look_gflops": forward * VALIDATED / look / 1e9,
        "cell_seconds": sum(parts.values()),
        "cell_gflop": forward
        * (
            trainings * (3 * budget.steps * cell.recipe["batch_size"] + budget.evaluations * VALIDATED)
            + (2 * trainings + REPLICATES) * examples
        )
        / 1e9,
        **{f"{name}_share": seconds / sum(parts.values()) for name, seconds in parts.items()},
    }


def _program(cell: Cell, task: Task, steps: int, looks: int) -> Program:
    return Program(cell.recipe, cell.model, task, steps, looks)


def _multiplications(program: Program) -> int:
    """Of one image's way through all convolutions."""
    layers = [layer for layer in program.network.model.layers if isinstance(layer, keras.layers.Conv2D)]
    return sum(int(np.prod(layer.kernel.shape)) * int(np.prod(layer.output.shape[1:3])) for layer in layers)


def _fit(task: Task, cell: Cell) -> Callable[[int], None]:
    """`Model.fit` of the same model for so many steps of an epoch, without validation."""
    batch = cell.recipe["batch_size"]
    model = Program(cell.recipe, cell.model, task, 1, 1).network.model
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(RATE), loss=loss, jit_compile=False)

    def run(steps: int) -> None:
        rows = slice(steps * batch)
        model.fit(task.train.x[rows], task.train.y[rows], batch_size=batch, verbose=0)

    return run
