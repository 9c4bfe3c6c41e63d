"""The evidence that claims are judged on: the grid of a benchmark, and every measure by cell and replicate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from suite.claims.expressions import SCORES, Expression
from suite.protocol.statistics import no_worse_than_chance

CHANCE = 0.05
"""A score this near to chance is chance."""

Levels = Mapping[str, tuple[str, ...]]
"""A part of a grid: for each factor that it names, the labels that belong to it."""


@dataclass(frozen=True)
class Evidence:
    """The exported tables of one benchmark, as arrays.

    Attributes:
        benchmark: Name of the benchmark.
        factors: The grid, with the labels of each factor in order.
        fixed: Factors held constant, each with what its label would be.
        levels: The labels of every cell that has a result, in the order of `factors`.
        cells: Their fingerprints.
        columns: (cells, replicates) numbers or texts by name; (cells, 1) of a figure that a cell has one of.
            NaN, or None of a text, where there is none.
        higher_is_better: Whether higher scores are better.
        missing: Cells of the grid without a result.
        digest: Digest of the tables.
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
        """The label of a cell's level of a factor, held constant or not."""
        place = self._places.get(factor)
        return self.fixed[factor] if place is None else self.levels[row][place]

    def known_labels(self, factor: str) -> tuple[str, ...]:
        """Every label of a factor, held constant or not; none of an unknown factor."""
        return self.factors.get(factor) or ((self.fixed[factor],) if factor in self.fixed else ())

    @cached_property
    def _places(self) -> dict[str, int]:
        return {factor: place for place, factor in enumerate(self.factors)}

    def values(self, expression: Expression, *, compared: bool = False) -> NDArray[np.float64]:
        """A measure of every cell and replicate, shape (cells, replicates), or (cells, 1) where a cell has one value.

        Args:
            expression: The measure.
            compared: Whether differences are taken, for which scores below chance count as chance.
        """
        return expression.of(self._compared if compared else self.columns)

    @cached_property
    def _compared(self) -> Mapping[str, NDArray]:
        chance, there = self.columns["chance_score"], [name for name in SCORES if name in self.columns]
        better = self.higher_is_better
        floored = {name: no_worse_than_chance(self.columns[name], chance, higher_is_better=better) for name in there}
        return {**self.columns, **floored}

    @cached_property
    def at_chance(self) -> NDArray[np.bool_]:
        """Which cells score, in the mean of their replicates, no better than the best constant predictor."""
        scores, chance = self._compared["test_score"], self.columns["chance_score"]
        known = ~np.isnan(scores)
        mean = np.where(known, scores, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        return np.asarray(np.abs(mean - chance[:, 0]) <= CHANCE)
