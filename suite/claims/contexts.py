"""The contexts of a claim: every combination of the factors that it does not name, with the effect found there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suite.claims.decisions import Decision
from suite.claims.evidence import Evidence, Levels


@dataclass(frozen=True)
class Context:
    """An effect in one combination of the factors that a claim does not name.

    Attributes:
        benchmark: Name of the benchmark.
        levels: The combination: a label for each factor.
        decision: The effect, positive in the claimed direction, with its interval and tests.
        values: The effect by replicate, shape (replicates,).
        first: Mean of the measure on the first side, or at the low end of a trend.
        second: Mean on the second side, or at the high end; NaN where there is none.
        cells: Fingerprints of the cells behind it.
        moot: Whether nothing learns in any of them.
    """

    benchmark: str
    levels: Mapping[str, str]
    decision: Decision
    values: NDArray[np.float64]
    first: float
    second: float
    cells: tuple[str, ...]
    moot: bool = False

    @property
    def mean(self) -> float:
        """Mean effect."""
        return self.decision.interval()[0]


def rows_within(evidence: Evidence, where: Levels) -> list[int]:
    """The rows of the cells that have one of the given labels of each factor."""
    return rows_on(where, evidence, range(len(evidence.cells)))


def rows_on(levels: Levels, evidence: Evidence, rows: Sequence[int]) -> list[int]:
    """Those of some rows."""
    return [row for row in rows if all(evidence.label(row, factor) in labels for factor, labels in levels.items())]


def grouped_rows(evidence: Evidence, named: Sequence[str], where: Levels) -> Iterator[tuple[dict[str, str], list[int]]]:
    """The cells within `where` that agree in every factor that is not named, with their labels of those factors.

    A factor of which `where` leaves a single level is not among the labels.
    """
    others = [f for f in evidence.factors if f not in named and len(where.get(f, "many")) > 1]
    groups: dict[tuple[str, ...], list[int]] = {}
    for row in rows_within(evidence, where):
        groups.setdefault(tuple(evidence.label(row, factor) for factor in others), []).append(row)
    for labels, rows in groups.items():
        yield dict(zip(others, labels, strict=True)), rows
