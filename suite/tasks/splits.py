"""Which rows train, validate and test: fixed splits, the first so many, and folds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from suite.tasks.task import TaskError

_SEED = 0
"""Of every split: the same rows for every cell, every replicate, everyone."""


class Rows(NamedTuple):
    """Row numbers of the three splits."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    def limited(self, train_size: int | None, name: str) -> Rows:
        """The same with the first so many training rows only.

        Raises:
            TaskError: There are not so many.
        """
        if train_size is not None and train_size > len(self.train):
            raise TaskError(f"{name} has {len(self.train)} training examples. Received: train_size {train_size}")
        return self._replace(train=self.train[:train_size])


def stratified(y: np.ndarray) -> Rows:
    """60% to train, 20% each to validate and test, with the classes in equal shares."""
    from sklearn.model_selection import train_test_split

    rest, test = train_test_split(np.arange(len(y)), test_size=0.2, stratify=y, random_state=_SEED)
    train, validation = train_test_split(rest, test_size=0.25, stratify=y[rest], random_state=_SEED)
    return Rows(train, validation, test)


def shuffled(count: int) -> Rows:
    """60% to train, 20% each to validate and test, in a fixed random order."""
    order = np.random.default_rng(_SEED).permutation(count)
    train, validation, test = np.split(order, [int(0.6 * count), int(0.8 * count)])
    return Rows(train, validation, test)


def folded(y: np.ndarray, folds: int, fold: int, *, classes: bool) -> Rows:
    """One fold tests, the next validates, the others train.

    Every fold has the same number of rows, and of each class as nearly the same number as can be; rows that are left
    over train in every fold. So all folds have splits of equal size, and one compiled program serves them all.

    Args:
        y: Targets.
        folds: k, at least 3.
        fold: Which one tests, from 0 to k - 1.
        classes: Whether the targets are classes, to be spread evenly.

    Raises:
        TaskError: There are fewer rows than folds.
    """
    if len(y) < folds:
        raise TaskError(f"{len(y)} examples cannot be split into {folds} folds")
    order = np.random.default_rng(_SEED).permutation(len(y))
    if classes:
        order = order[np.argsort(y[order], kind="stable")]  # class by class, each in random order; then dealt out
    whole = len(y) // folds * folds
    dealt = [order[i:whole:folds] for i in range(folds)]
    test, validation = dealt[fold], dealt[(fold + 1) % folds]
    others = [part for i, part in enumerate(dealt) if i not in (fold, (fold + 1) % folds)]
    train = np.concatenate([*others, order[whole:]])
    return Rows(np.random.default_rng(_SEED).permutation(train), validation, test)
