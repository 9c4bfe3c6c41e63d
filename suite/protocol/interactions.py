"""Interaction contrasts: how much the difference between two levels changes with a second factor.

A contrast is the difference between levels a and b of one factor under level c of a second, minus that under d, averaged
over the contexts of the other factors. A contrast is symmetric: it can be read from either factor. A board shows the
largest of hundreds, so all of them have simultaneous intervals only (see `suite.protocol.effects`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from suite.protocol.effects import Label, grid_by, pairs_compared
from suite.protocol.intervals import Scores
from suite.protocol.statistics import UNBOUNDED


@dataclass(frozen=True)
class InteractionContrast:
    """The difference between two levels under one level of a second factor, minus that under another.

    Attributes:
        factor: Factor whose levels are compared.
        level: First level.
        other: Second level.
        second: Factor that the difference depends on.
        here: Level of `second` with the larger difference.
        there: Level of `second` with the smaller difference.
        mean: Change of the difference, never negative.
        low: Lower end of the simultaneous 95% interval; NaN if there is none.
        high: Upper end of the simultaneous 95% interval.
        contexts: Number of contexts of the other factors.
        n_comparisons: Number of contrasts that the interval is corrected for.
    """

    factor: str
    level: Label
    other: Label
    second: str
    here: Label
    there: Label
    mean: float
    low: float
    high: float
    contexts: int
    n_comparisons: int

    @property
    def significant(self) -> bool:
        """Whether the interval excludes zero."""
        return bool(self.low > 0)

    def reversed(self) -> InteractionContrast:
        """The contrast with `level` and `other` exchanged."""
        return replace(self, level=self.other, other=self.level, here=self.there, there=self.here)

    def turned(self) -> InteractionContrast:
        """The contrast with its two factors exchanged."""
        return replace(
            self, factor=self.second, level=self.here, other=self.there, second=self.factor, here=self.level,
            there=self.other,
        )  # fmt: skip


def interaction_contrasts(
    factors: Mapping[str, Sequence[Label]], scores: Scores, *, bounds: tuple[float, float] = UNBOUNDED
) -> list[InteractionContrast]:
    """Contrasts of all pairs of levels of all pairs of factors.

    Args:
        factors: Level in every cell, by factor.
        scores: Test scores of the cells.
        bounds: Smallest and largest possible difference of two scores; a contrast has twice that range.
    """
    asked: list[tuple[str, Label, Label, str, Label, Label, NDArray[np.int64]]] = []
    n_comparisons = 0
    for factor, second in itertools.combinations(factors, 2):
        grid = grid_by(factors, scores, factor, second)
        (levels, givens), cube = grid.levels, grid.rows
        ends = pairs_compared(np.moveaxis(cube, 1, 2).reshape(-1, len(levels)), scores)
        others = pairs_compared(cube.reshape(-1, len(givens)), scores)
        found = 0
        for (a, b), (c, d) in itertools.product(ends, others):
            rows = cube[:, [a, b, a, b], [c, c, d, d]]
            rows = rows[(rows >= 0).all(axis=1)]
            if len(rows):
                found += 1
                asked.append((factor, levels[a], levels[b], second, givens[c], givens[d], rows))
        passed_over = math.comb(len(levels), 2) * math.comb(len(givens), 2) - len(ends) * len(others)
        n_comparisons += found + passed_over
    return [_contrast(*question, scores, n_comparisons, (2 * bounds[0], 2 * bounds[1])) for question in asked]


def _contrast(
    factor: str, level: Label, other: Label, second: str, here: Label, there: Label, rows: NDArray[np.int64],
    scores: Scores, n_comparisons: int, bounds: tuple[float, float],
) -> InteractionContrast:  # fmt: skip
    weights = np.tile([1.0, -1.0, -1.0, 1.0], len(rows)) / len(rows)
    mean, low, high = scores.estimate(weights, rows.ravel()).interval(1 - 0.05 / n_comparisons, bounds)
    if mean < 0:
        here, there, mean, low, high = there, here, -mean, -high, -low
    return InteractionContrast(factor, level, other, second, here, there, mean, low, high, len(rows), n_comparisons)
