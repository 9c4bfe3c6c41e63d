"""Classes that a network gives: examples without end, of which nothing is known but that a network can tell them apart."""

from __future__ import annotations

import functools

import numpy as np

from suite.tasks.draw import FIRST, Draw
from suite.tasks.task import Split, Task

FEATURES, UNITS, CLASSES = 20, 20, 10
VALIDATION, TEST = 1_000, 2_000
"""Examples that validate and test."""

_SEED = 0
_NUMBER = 4
"""Of the random streams of a draw; those of `suite.tasks.sequences` are below."""

_BALANCED_ON, _ROUNDS = 20_000, 200


def teacher(train_size: int = 4_000, draw: Draw = FIRST) -> Task:
    """Twenty Gaussian features, and the answer of a fixed network to them: ten classes, equally frequent.

    The teacher is W2 tanh(W1 x) with 20 hidden units and Gaussian weights of variance 2 / 20 and 1 / 20; its class is the
    largest of ten outputs, each shifted so that every class is met as often. Learning from a teacher is the standard
    model of statistical physics for generalization (Gardner and Derrida 1989, "Three unfinished works on the optimal
    storage capacity of networks"; Saad and Solla 1995).

    Args:
        train_size: Number of training examples.
        draw: Draw of the examples; the teacher is always the same.
    """

    def split(part: int, count: int) -> Split:
        x = draw.own(_NUMBER, part).standard_normal((count, FEATURES))
        return Split(x.astype(np.float32), _outputs(x).argmax(axis=1).astype(np.int32))

    return Task("teacher", split(0, train_size), split(1, VALIDATION), split(2, TEST), classes=CLASSES)


def _outputs(x: np.ndarray) -> np.ndarray:
    first, second, shift = _weights()
    return np.asarray(np.tanh(x @ first) @ second + shift)


@functools.cache
def _weights() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both layers, and the shifts with which the classes are equally frequent among fixed examples."""
    rng = np.random.default_rng(_SEED)
    first = rng.normal(0, np.sqrt(2 / FEATURES), (FEATURES, UNITS))
    second = rng.normal(0, np.sqrt(1 / UNITS), (UNITS, CLASSES))
    outputs = np.tanh(rng.standard_normal((_BALANCED_ON, FEATURES)) @ first) @ second
    shift = -outputs.mean(axis=0)
    for _ in range(_ROUNDS):
        shares = np.bincount((outputs + shift).argmax(axis=1), minlength=CLASSES) / _BALANCED_ON
        shift -= 0.5 * (shares - 1 / CLASSES)
    return first, second, shift
