"""Swings: by how much the difference between two levels changes with a second factor, the biggest of all put right.

The difference between levels a and b of one factor under level c of a second, minus that under d, taken within every
context of the other factors and replicate by replicate: one number per context, as a pair of cells has one in
`suite.protocol.effects`. A swing has no direction of its own: what `he` does more for ReLU than for tanh is what ReLU
does more under `he` than under `glorot`. A board has hundreds of them and shows the biggest, so the only interval
they have is the one that holds for all of them together.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from suite.protocol.effects import Label, pairs_compared
from suite.protocol.multiplicity import Sample, interval_of_all, sample_of
from suite.protocol.statistics import UNBOUNDED


@dataclass(frozen=True)
class InteractionContrast:
    """The difference between two levels under one level of a second factor, minus that under another.

    Attributes:
        factor: Whose levels are compared.
        level: The level looked at.
        other: The level it is held against.
        second: The factor that the difference hangs on.
        here: Its level where the difference is greater.
        there: Its level where the difference is less.
        mean: By how much it is greater, never negative.
        low: End of the interval that holds together with those of all swings of the board; NaN where there is none.
        high: The other end.
        contexts: Of the other factors, that it was taken in.
        of: Swings of the board.
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
    of: int

    @property
    def significant(self) -> bool:
        """Whether the interval leaves zero out."""
        return bool(self.low > 0)

    def reversed(self) -> InteractionContrast:
        """The same of the two levels the other way round: where the one does more, the other does less."""
        return replace(self, level=self.other, other=self.level, here=self.there, there=self.here)

    def turned(self) -> InteractionContrast:
        """The same, read from the other of its two factors."""
        return replace(
            self, factor=self.second, level=self.here, other=self.there, second=self.factor, here=self.level,
            there=self.other,
        )  # fmt: skip


def swings(
    factors: Mapping[str, Sequence[Label]], scores: ArrayLike, *, bounds: tuple[float, float] = UNBOUNDED
) -> list[InteractionContrast]:
    """Of every two factors, every two levels of each.

    Args:
        factors: Each factor with its level in every cell.
        scores: (cells, replicates) test scores; NaN is missing.
        bounds: What the difference of two scores cannot leave; a swing cannot leave twice that.
    """
    table = np.asarray(scores, dtype=float)
    asked: list[tuple[str, Label, Label, str, Label, Label, Sample]] = []
    of = 0
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
        of += found + passed_over
    return [_swing(*question, of, (2 * bounds[0], 2 * bounds[1])) for question in asked]


def _cube(
    factors: Mapping[str, Sequence[Label]], table: NDArray[np.float64], factor: str, second: str
) -> tuple[tuple[Label, ...], tuple[Label, ...], NDArray[np.float64]]:
    """The levels of both factors, and the scores by (context of the others, level, second's level, replicate)."""
    places = {name: {level: at for at, level in enumerate(dict.fromkeys(factors[name]))} for name in (factor, second)}
    rest = [name for name in factors if name not in places]
    contexts: dict[tuple[Label, ...], int] = {}
    keys = zip(*(factors[name] for name in rest), strict=True) if rest else [()] * len(table)
    rows = [contexts.setdefault(key, len(contexts)) for key in keys]
    columns = ([places[name][level] for level in factors[name]] for name in places)
    cube = np.full((len(contexts), *(len(found) for found in places.values()), table.shape[1]), np.nan)
    cube[rows, *columns] = table
    return tuple(places[factor]), tuple(places[second]), cube


def _swing(
    factor: str, level: Label, other: Label, second: str, here: Label, there: Label, sample: Sample, of: int,
    bounds: tuple[float, float],
) -> InteractionContrast:  # fmt: skip
    mean, (low, high) = float(sample.values.mean()), interval_of_all(sample, of, bounds)
    if mean < 0:
        here, there, mean, low, high = there, here, -mean, -high, -low
    return InteractionContrast(factor, level, other, second, here, there, mean, low, high, sample.pairs, of)
