"""Draws of the data: which examples train, validate and test in one run.

Whoever repeats a benchmark gets other examples in each split, so every replicate does too, and the intervals include
it. Splits are drawn independently of each other. Folds of one partition would be steadier and their spread would say
less about a repetition: each fold trains on what the others test on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from suite.tasks.draw import Draw
from suite.tasks.task import TaskError


class Rows(NamedTuple):
    """Row numbers of the three splits."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    def limited(self, train_size: int | None, name: str) -> Rows:
        """The same with the first `train_size` training rows only.

        Raises:
            TaskError: There are fewer.
        """
        if train_size is not None and train_size > len(self.train):
            raise TaskError(f"{name} has {len(self.train)} training examples. Received: train_size {train_size}")
        return self._replace(train=self.train[:train_size])


def drawn(rows: np.ndarray, y: np.ndarray, draw: Draw, *, validation: int, test: int, classes: bool) -> Rows:
    """Splits of one draw; their sizes are the same for every draw, so one compiled program serves all.

    The validation examples of a tuning are set apart first. Its replicates train on them, and validate and test on
    others, so that neither their scores nor their steps to the target are read where the learning rate was chosen.

    Args:
        rows: Numbers of the rows to split.
        y: Targets of all rows.
        draw: The draw.
        validation: Number of validation examples.
        test: Number of test examples.
        classes: Whether targets are classes. Every beginning of each split then has them in the shares of the whole.
    """
    labels = y if classes else np.zeros(len(y), np.int32)
    mixed = _mixed(rows, labels, draw.selection())
    choosing, rest = mixed[:validation], mixed[validation:]
    tested, others = np.split(_mixed(rest, labels, draw.own()), [test])
    if draw.replicate is None:
        return Rows(others, choosing, tested)
    validated, others = np.split(others, [validation])
    return Rows(_mixed(np.concatenate([others, choosing]), labels, draw.own(1)), validated, tested)


def _mixed(rows: np.ndarray, labels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Rows in random order, with the classes evenly spread over it."""
    rows = generator.permutation(rows)
    known, found, counts = np.unique(labels[rows], return_inverse=True, return_counts=True)
    by_class = np.argsort(found, kind="stable")
    rank = np.empty(len(rows))
    rank[by_class] = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    return rows[np.argsort((rank + generator.random(len(known))[found]) / counts[found], kind="stable")]
