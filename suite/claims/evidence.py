"""Evidence for claims: the grid of a benchmark and every measure by cell and replicate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from suite.claims.expressions import SCORES, Expression
from suite.protocol.intervals import Scores, scores_of
from suite.protocol.statistics import no_worse_than_chance

CHANCE = 0.05
"""Largest distance of a score from chance that counts as chance."""

Levels = Mapping[str, tuple[str, ...]]
"""A part of a grid: the included labels of each factor."""


@dataclass(frozen=True)
class Evidence:
    """The exported tables of one benchmark, as arrays.

    Attributes:
        benchmark: Name of the benchmark.
        factors: Labels of each factor of the grid, in order.
        fixed: Label of each constant factor.
        levels: Labels of every cell with a result, in the order of `factors`.
        cells: Fingerprints of these cells.
        columns: Numbers or texts by name, shape (cells, replicates), or (cells, 1) for a statistic of the cell; missing
            values are NaN, or None for texts.
        higher_is_better: Whether higher scores are better.
        task: Name of its task.
        reference: Score of a good network, from the spec; None if there is none.
        missing: Number of cells without a result.
        digest: Digest of the tables.
        tunings: Index of the tuning of each replicate; empty if there is one tuning.
        alike: Class of each cell by what its runs do, see `suite.protocol.ranks.alike`; empty if all are alike.
    """

    benchmark: str
    factors: Mapping[str, tuple[str, ...]]
    fixed: Mapping[str, str]
    levels: tuple[tuple[str, ...], ...]
    cells: tuple[str, ...]
    columns: Mapping[str, NDArray]
    higher_is_better: bool = True
    task: str = ""
    reference: float | None = None
    missing: int = 0
    digest: str = ""
    tunings: tuple[int, ...] = ()
    alike: tuple[int, ...] = ()

    def label(self, row: int, factor: str) -> str:
        """The label of a cell's level of a factor, varied or constant."""
        place = self._places.get(factor)
        return self.fixed[factor] if place is None else self.levels[row][place]

    def known_labels(self, factor: str) -> tuple[str, ...]:
        """All labels of a factor, varied or constant; empty for an unknown factor."""
        return self.factors.get(factor) or ((self.fixed[factor],) if factor in self.fixed else ())

    @cached_property
    def _places(self) -> dict[str, int]:
        return {factor: place for place, factor in enumerate(self.factors)}

    def values(self, expression: Expression, *, compared: bool = False) -> NDArray[np.float64]:
        """Values of a measure, shape (cells, replicates), or (cells, 1) for a statistic of the cell.

        Args:
            expression: The measure.
            compared: Whether scores worse than chance are replaced by chance, as comparisons need.
        """
        return expression.of(self._compared if compared else self.columns)

    def scores(self, expression: Expression, *, compared: bool = False) -> Scores:
        """As `values`, with how much they vary."""
        values = self.values(expression, compared=compared)
        tunings = self.tunings if len(self.tunings) == values.shape[1] else None
        return scores_of(values, tunings, self.alike or None, shares=expression.is_share)

    def has_edge(self, rows: Sequence[int]) -> bool:
        """Whether a tuned learning rate of these cells lies at the edge of the range that was searched."""
        found = self.columns.get("at_edge")
        return found is not None and bool(np.any(found[list(rows)] == 1))

    @cached_property
    def _compared(self) -> Mapping[str, NDArray]:
        chance, there = self.columns["chance_score"], [name for name in SCORES if name in self.columns]
        better = self.higher_is_better
        floored = {name: no_worse_than_chance(self.columns[name], chance, higher_is_better=better) for name in there}
        return {**self.columns, **floored}

    @cached_property
    def at_chance(self) -> NDArray[np.bool_]:
        """Whether each cell's mean score is at chance, shape (cells,)."""
        scores, chance = self._compared["test_score"], self.columns["chance_score"]
        known = ~np.isnan(scores)
        mean = np.where(known, scores, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        return np.asarray(np.abs(mean - chance[:, 0]) <= CHANCE)
