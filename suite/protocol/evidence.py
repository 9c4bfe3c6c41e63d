"""What the judge of claims sees of a benchmark: its grid, and every figure by cell and replicate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from suite.protocol.expressions import Expression

CHANCE = 0.05
"""A score this near to chance is chance."""


@dataclass(frozen=True)
class Evidence:
    """The exported tables of one benchmark, as arrays.

    Attributes:
        benchmark: Its name.
        factors: The grid, with the labels of each factor in order.
        fixed: Factors held constant, each with what its label would be.
        levels: Of every recorded cell: its label of each factor, in the order of `factors`.
        cells: Their fingerprints.
        columns: (cells, replicates) numbers or texts by name; (cells, 1) of a figure that a cell has one of.
            NaN, or None of a text, where there is none.
        higher_is_better: Of the scores.
        missing: Cells of the grid without a result.
        digest: Of the tables.
    """

    benchmark: str
    factors: Mapping[str, tuple[str, ...]]
    fixed: Mapping[str, str]
    levels: tuple[tuple[str, ...], ...]
    cells: tuple[str, ...]
    columns: Mapping[str, NDArray]
    higher_is_better: bool = True
    missing: int = 0
    digest: str = ""

    def label(self, row: int, factor: str) -> str:
        """Of a cell; also of a factor that is held constant."""
        if factor in self.factors:
            return self.levels[row][list(self.factors).index(factor)]
        return self.fixed[factor]

    def values(self, expression: Expression) -> NDArray[np.float64]:
        """Of every cell and replicate, or (cells, 1) of a measure that is one of the cell."""
        return expression.of(self.columns)

    @cached_property
    def at_chance(self) -> NDArray[np.bool_]:
        """Which cells score, in the mean of their replicates, no better than the best constant predictor."""
        scores, chance = self.columns["test_score"], self.columns["chance_score"]
        known = ~np.isnan(scores)
        mean = np.where(known, scores, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        return np.asarray(np.abs(mean - chance[:, 0]) <= CHANCE)
