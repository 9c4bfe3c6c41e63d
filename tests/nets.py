"""Networks with hand-made weights, looked at in two ways: by a compiled program's probes, and by the monitor's look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import keras
import numpy as np

from suite.monitor.batches import read_batch
from suite.monitor.history import History
from suite.monitor.looking import Observer
from suite.tasks import Split, Task
from suite.training.program import Program
from suite.training.run_inputs import RunInputs
from tests.probes.cases import recipe

CLASSES = 10


class Net(Protocol):
    """A network that can be looked at under any weights."""

    shapes: Sequence[tuple[int, ...]]

    def look(self, weights: Sequence[np.ndarray]) -> Mapping[str, np.ndarray]:
        """Traces of the first step, one row, hidden layers only."""


def made_task(x: np.ndarray, y: np.ndarray, classes: int | None = CLASSES) -> Task:
    """A task whose three splits are the same examples."""
    split = Split(np.asarray(x, np.float32), np.asarray(y, np.float32 if classes is None else np.int32))
    return Task("made", split, split, split, classes)


def gaussian_task(examples: int, features: int, seed: int = 0) -> Task:
    """Inputs of variance 1, classes at random."""
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((examples, features))
    return made_task(x, generator.integers(0, CLASSES, examples))


class ByProgram:
    """The compiled program, for one step on the whole task, at a rate of 0; in graph mode and under the optimizer with the
    shortest update, since it is compiled for a few runs only."""

    def __init__(self, task: Task, model: str = "mlp", **factors: Any) -> None:
        self._task = task
        levels = recipe(model, optimizer="sgd", batch_size=len(task.train), **factors)
        self._program = Program(levels, model, task, 1, 1, xla=False)
        self.shapes = [value.shape for value in self._program.network.built]

    def look(self, weights: Sequence[np.ndarray]) -> Mapping[str, np.ndarray]:
        """As of a `Net`."""
        rows = np.arange(len(self._task.train), dtype=np.int32)[None]
        return self._program.run(RunInputs(weights, np.zeros(1, np.float32), rows, 0)).arrays


class ByMonitor:
    """What `suite.probe` and the monitor do, on the same network as a user would write it."""

    def __init__(self, task: Task, *, depth: int, width: int, activation: str) -> None:
        self._model = keras.Sequential([keras.Input(task.train.x.shape[1:])])
        for _ in range(depth):
            self._model.add(keras.layers.Dense(width, activation=activation))
        self._model.add(keras.layers.Dense(CLASSES))
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self._observer = Observer(self._model, read_batch(task.train.x, task.train.y), loss)
        self.shapes = [tuple(variable.shape) for variable in self._model.weights]

    def look(self, weights: Sequence[np.ndarray]) -> Mapping[str, np.ndarray]:
        """As of a `Net`."""
        self._model.set_weights(weights)
        history = History(self._observer.places)
        history.add(0, 0, self._observer())
        return history.traces()


def draw(shapes: Sequence[tuple[int, ...]], variance: float, seed: int, *, first: float = 1.0) -> list[np.ndarray]:
    """W ~ N(0, variance / fan_in), b = 0; the first layer's variance is given apart, so that q_1 is known."""
    generator = np.random.default_rng(seed)
    weights = []
    for index, shape in enumerate(shapes):
        scale = first if index == 0 else variance
        deviation = np.sqrt(scale / shape[0]) if len(shape) == 2 else 0.0
        weights.append((deviation * generator.standard_normal(shape)).astype(np.float32))
    return weights


def orthogonal(shapes: Sequence[tuple[int, ...]], seed: int, scale: float = 1.0) -> list[np.ndarray]:
    """Square matrices orthogonal times a scale, the others as drawn."""
    generator = np.random.default_rng(seed)
    weights = draw(shapes, 1.0, seed)
    for index, shape in enumerate(shapes):
        if len(shape) == 2 and shape[0] == shape[1]:
            weights[index] = (scale * np.linalg.qr(generator.standard_normal(shape))[0]).astype(np.float32)
    return weights
