"""Interaction contrasts: how much the difference between two levels changes with a second factor.

A contrast is the difference between levels a and b of one factor under level c of a second, minus that under d. It is
taken replicate by replicate within every context of the other factors, one number per context. A contrast is
symmetric: it can be read from either factor. A board shows the largest of hundreds, so all of them have simultaneous
intervals only.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from suite.protocol.effects import Label, pairs_compared
from suite.protocol.multiplicity import Sample, sample_of, simultaneous_interval
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
    factors: Mapping[str, Sequence[Label]], scores: ArrayLike, *, bounds: tuple[float, float] = UNBOUNDED
) -> list[InteractionContrast]:
    """Contrasts of all pairs of levels of all pairs of factors.

    Args:
        factors: Level in every cell, by factor.
        scores: Test scores, shape (cells, replicates); NaN if missing.
        bounds: Smallest and largest possible difference of two scores; a contrast has twice that range.
    """
    table = np.asarray(scores, dtype=float)
    asked: list[tuple[str, Label, Label, str, Label, Label, Sample]] = []
    n_comparisons = 0
    for factor, second in itertools.combinations(factors, 2):
        levels, givens, cube = _cube(factors, table, factor, second)
        ends = pairs_compared(np.moveaxis(cube, 1, 2).reshape(-1, len(levels), table.shape[1]))
        others = pairs_compared(cube.reshape(-1, len(givens), table.shape[1]))
        found = 0
        for (a, b), (c, d) in itertools.product(ends, others):
            change = (cube[:, a, c] - cube[:, b, c]) - (cube[:, a, d] - cube[:, b, d])
            sample = sample_of(change)
            if sample.pairs:
                found += 1
                asked.append((factor, levels[a], levels[b], second, givens[c], givens[d], sample))
        passed_over = math.comb(len(levels), 2) * math.comb(len(givens), 2) - len(ends) * len(others)
        n_comparisons += found + passed_over
    return [_contrast(*question, n_comparisons, (2 * bounds[0], 2 * bounds[1])) for question in asked]


def _cube(
    factors: Mapping[str, Sequence[Label]], table: NDArray[np.float64], factor: str, second: str
) -> tuple[tuple[Label, ...], tuple[Label, ...], NDArray[np.float64]]:
    """Levels of both factors, and scores of shape (contexts, levels, levels of the second, replicates)."""
    places = {name: {level: at for at, level in enumerate(dict.fromkeys(factors[name]))} for name in (factor, second)}
    rest = [name for name in factors if name not in places]
    contexts: dict[tuple[Label, ...], int] = {}
    keys = zip(*(factors[name] for name in rest), strict=True) if rest else [()] * len(table)
    rows = [contexts.setdefault(key, len(contexts)) for key in keys]
    columns = ([places[name][level] for level in factors[name]] for name in places)
    cube = np.full((len(contexts), *(len(found) for found in places.values()), table.shape[1]), np.nan)
    cube[rows, *columns] = table
    return tuple(places[factor]), tuple(places[second]), cube


def _contrast(
    factor: str, level: Label, other: Label, second: str, here: Label, there: Label, sample: Sample, n_comparisons: int,
    bounds: tuple[float, float],
) -> InteractionContrast:  # fmt: skip
    mean, (low, high) = float(sample.values.mean()), simultaneous_interval(sample, n_comparisons, bounds)
    if mean < 0:
        here, there, mean, low, high = there, here, -mean, -high, -low
    return InteractionContrast(factor, level, other, second, here, there, mean, low, high, sample.pairs, n_comparisons)
