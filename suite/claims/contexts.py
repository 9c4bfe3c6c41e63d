"""The contexts of a claim: every combination of the factors that it does not name, with the effect found there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from suite.claims.decisions import Decision
from suite.claims.evidence import Evidence, Levels


class Status(StrEnum):
    """What a context says of its claim."""

    FOR = "for"
    BELOW = "below"
    AGAINST = "against"
    UNDECIDED = "undecided"
    MOOT = "moot"


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
        status: What it says of the claim; moot where nothing learns in any of the cells.
    """

    benchmark: str
    levels: Mapping[str, str]
    decision: Decision
    values: NDArray[np.float64]
    first: float
    second: float
    cells: tuple[str, ...]
    status: Status = Status.UNDECIDED

    @property
    def mean(self) -> float:
        """Mean effect."""
        return self.decision.interval()[0]

    @property
    def low(self) -> float:
        """Low end of its 95% interval; NaN where there is none."""
        return self.decision.interval()[1]

    @property
    def high(self) -> float:
        """High end of its 95% interval; NaN where there is none."""
        return self.decision.interval()[2]

    @property
    def replicates(self) -> int:
        """Number of replicates that it rests on."""
        return self.decision.n


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
