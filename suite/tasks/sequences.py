"""Generated sequences with long-range dependencies, of any length, as their papers define them.

Each array of random numbers has a stream of its own, so that a smaller training set is the beginning of a larger one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from suite.tasks.draw import FIRST, Draw
from suite.tasks.task import Split, Task

VALIDATION, TEST = 1_000, 2_000
"""Sequences that validate and test."""


Streams = list[np.random.Generator]


def adding(length: int = 100, train_size: int = 20_000, draw: Draw = FIRST) -> Task:
    """The adding problem (Hochreiter and Schmidhuber 1997), as Le, Jaitly and Hinton (2015) state it.

    x[t] = (a number drawn from U[0, 1], a mark); the mark is 1 at two different times and 0 else; y is the sum of the
    two marked numbers. The constant 1 has an MSE of 1/6. Solved: MSE below 0.01. (Hochreiter and Schmidhuber scale y
    to 0.5 + sum / 4 of numbers from [-1, 1] and ask for absolute errors below 0.04.)
    """

    def make(count: int, streams: Streams) -> Split:
        numbers = streams[0].random((count, length), np.float32)
        first = streams[1].integers(0, length, count)
        second = streams[2].integers(0, length - 1, count)
        second += second >= first
        rows = np.arange(count)
        marks = np.zeros((count, length), np.float32)
        marks[rows, first] = marks[rows, second] = 1
        y = numbers[rows, first] + numbers[rows, second]
        return Split(np.stack([numbers, marks], axis=-1), y[:, None].astype(np.float32))

    return _task("adding", 0, make, train_size, draw, classes=None)


def copy_memory(length: int = 100, train_size: int = 20_000, draw: Draw = FIRST) -> Task:
    """The copy memory problem (Hochreiter and Schmidhuber 1997), as Arjovsky, Shah and Bengio (2016) state it.

    Symbols 0 to 9, one-hot. x: ten symbols drawn from 0 to 7, then T - 1 blanks (8), the delimiter (9), ten blanks:
    T + 20 in all. y: T + 10 blanks, then the ten symbols. Who knows the time but remembers nothing has a cross-entropy
    of 10 ln 8 / (T + 20). The metric is the accuracy on the last ten; chance is 1/8.
    """
    blank, delimiter = 8, 9

    def make(count: int, streams: Streams) -> Split:
        symbols = streams[0].integers(0, 8, (count, 10))
        x = np.full((count, length + 20), blank)
        x[:, :10] = symbols
        x[:, length + 9] = delimiter
        y = np.full((count, length + 20), blank, np.int32)
        y[:, -10:] = symbols
        return Split(_one_hot(x, 10), y)

    return _task("copy_memory", 1, make, train_size, draw, classes=10, score_from=length + 10)


def temporal_order(length: int = 100, train_size: int = 20_000, draw: Draw = FIRST) -> Task:
    """The temporal order problem, experiment 6a of Hochreiter and Schmidhuber (1997), for any T as Pascanu et al. (2013).

    x: T symbols, one-hot of six; four distractors, and one of A and B at a time in [T/10, 2T/10] and once more in
    [4T/10, 5T/10], each drawn uniformly. y: which of AA, AB, BA, BB. Chance has a cross-entropy of ln 4. Solved: fewer
    than 1% wrong. (In experiment 6a T is 100 to 110, and a start and an end symbol stand around the sequence.)
    """

    def make(count: int, streams: Streams) -> Split:
        x = streams[0].integers(2, 6, (count, length))
        first, second = (streams[i].integers(0, 2, count) for i in (1, 2))
        rows = np.arange(count)
        x[rows, streams[3].integers(length // 10, 2 * length // 10 + 1, count)] = first
        x[rows, streams[4].integers(4 * length // 10, 5 * length // 10 + 1, count)] = second
        return Split(_one_hot(x, 6), (2 * first + second).astype(np.int32))

    return _task("temporal_order", 2, make, train_size, draw, classes=4)


def parity(length: int = 10, train_size: int = 20_000, draw: Draw = FIRST) -> Task:
    """Parity of T uniformly drawn bits, shown as -1 and 1: class 1 where the ones are odd in number.

    Two states suffice to solve it, yet gradients say nearly nothing about the way there (Shalev-Shwartz, Shamir and
    Shammah 2017). Chance has a cross-entropy of ln 2.
    """

    def make(count: int, streams: Streams) -> Split:
        bits = streams[0].integers(0, 2, (count, length))
        return Split((2 * bits[..., None] - 1).astype(np.float32), (bits.sum(axis=1) % 2).astype(np.int32))

    return _task("parity", 3, make, train_size, draw, classes=2)


def _task(
    name: str,
    number: int,
    make: Callable[[int, Streams], Split],
    train_size: int,
    draw: Draw,
    classes: int | None,
    score_from: int = 0,
) -> Task:
    """Three splits of one draw, each with its own random streams."""

    def split(part: int, count: int) -> Split:
        return make(count, [draw.own(number, part, stream) for stream in range(5)])

    return Task(
        name, split(0, train_size), split(1, VALIDATION), split(2, TEST), classes=classes, score_from=score_from
    )


def _one_hot(symbols: np.ndarray, count: int) -> np.ndarray:
    return np.eye(count, dtype=np.float32)[symbols]
