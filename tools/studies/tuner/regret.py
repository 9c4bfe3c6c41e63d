"""Regret: what the chosen rate scores less than the best one would, on seeds that saw neither choice."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from tools.studies.tuner.dense import Table

WIDTHS = (0.0, 0.125, 0.25)
"""Decades over which an oracle averages neighbouring rates before it picks, 0 for not at all."""


SEEDS = 3
"""Tuning seeds that a simulated tuner may use."""

Tuning = tuple[int, ...]
"""The columns of its tuning seeds, in the order in which they are used."""


def tunings(table: Table) -> list[Tuning]:
    """Every seed that was trained at all rates is the first tuning seed once, and those after it are the next."""
    return [tuple(np.roll(table.full, -start)[:SEEDS].tolist()) for start in range(len(table.full))]


class Oracle:
    """The best rate of a cell, its luck taken out.

    For each seed in turn it picks the rate that is best on all others, and is scored on the one. Where seeds differ
    much, the best of 33 noisy means is a poor pick, so an oracle may average neighbouring rates first. Of the oracles of
    `WIDTHS` the one that scores highest over all seeds of the cell counts: the strictest for the tuners.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._scores = filled(table.test)

    def score(self, seeds: list[int]) -> float:
        """Mean over some seeds (columns) of what it scores on each."""
        return float(np.mean(self._by_seed[seeds]))

    @cached_property
    def _by_seed(self) -> np.ndarray:
        columns = range(self._scores.shape[1])
        found = [np.array([self._scores[self._pick(s, width), s] for s in columns]) for width in WIDTHS]
        return max(found, key=lambda scores: float(np.mean(scores)))

    def _pick(self, left_out: int, width: float) -> int:
        means = means_of(np.delete(self._table.test, left_out, axis=1))
        if width:
            apart = self._table.log_rates[:, None] - self._table.log_rates[None, :]
            weights = np.exp(-0.5 * (apart / width) ** 2)
            means = weights @ means / weights.sum(axis=1)
        return int(np.argmax(means))


def regrets(table: Table, oracle: Oracle, tuning: Tuning) -> np.ndarray:
    """Of choosing each of the rates, shape (R,), on the seeds that this tuning did not see.

    Below 0 where the luck of few seeds favours a rate over the oracle's.
    """
    fresh = [column for column in range(table.test.shape[1]) if column not in tuning]
    return oracle.score(fresh) - filled(table.test)[:, fresh].mean(axis=1)


def filled(scores: np.ndarray) -> np.ndarray:
    """Scores, where a rate that was not worth all seeds stands with the mean of those it has."""
    return np.where(np.isnan(scores), means_of(scores)[:, None], scores)


def means_of(scores: np.ndarray) -> np.ndarray:
    """Mean of each rate over the seeds it has; 0, the best constant's, if it has none."""
    count = np.sum(~np.isnan(scores), axis=1)
    return np.nansum(scores, axis=1) / np.maximum(count, 1)
