"""Contexts of a claim (settings, in prose): all combinations of the factors that it does not name, with their effects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from suite.claims.answers import Answer
from suite.claims.evidence import Evidence, Levels
from suite.protocol.intervals import Combination, Estimate, combined, scores_of
from suite.protocol.statistics import Interval


class Excluded(StrEnum):
    """Why a context cannot speak about a claim."""

    NOTHING_LEARNS = "nothing learns on either side"
    NO_TARGET = "neither side reaches the target"
    NOTHING_TO_PREVENT = "there is nothing to prevent"
    NO_ROOM = "no room for a difference that counts"


@dataclass(frozen=True)
class Context:
    """The effect in one combination of the factors that a claim does not name.

    Attributes:
        benchmark: Name of the benchmark.
        levels: Label of each factor.
        effect: The effect by replicate, positive in the claimed direction.
        interval: Its mean and 95% interval; NaN if there is none.
        first: Mean of the measure on the first side, or at the low end of a trend.
        second: Mean on the second side, or at the high end of a trend; NaN if there is none.
        cells: Fingerprints of the compared cells.
        replicates: Number of replicates.
        answer: What its own interval says of the claim.
        excluded: Why it cannot speak; None if it can.
        weight: Its part in the mean over contexts.
        of_cell: Whether the measure is a statistic of the cell, which has one value whatever the replicates.
        at_edge: Whether a side's tuned learning rate lies at the edge of the range, so that a better one may lie outside.
    """

    benchmark: str
    levels: Mapping[str, str]
    effect: Combination
    interval: Interval
    first: float
    second: float
    cells: tuple[str, ...]
    replicates: int
    answer: Answer
    excluded: Excluded | None = None
    weight: float = 1.0
    of_cell: bool = False
    at_edge: bool = False

    @property
    def mean(self) -> float:
        return self.interval[0]

    @property
    def low(self) -> float:
        return self.interval[1]

    @property
    def high(self) -> float:
        return self.interval[2]


def mean_effect(contexts: Sequence[Context]) -> Estimate:
    """The mean effect over contexts of one benchmark. They are what was tested, not a sample of more; unless the measure is
    a statistic of the cell, which has one value, and varies over contexts only.
    """
    if all(context.of_cell for context in contexts):
        return scores_of([[context.mean for context in contexts]]).estimate([1])
    total = sum(context.weight for context in contexts)
    return combined([(context.weight / total, context.effect) for context in contexts])


def rows_within(evidence: Evidence, where: Levels) -> list[int]:
    """Rows of the cells that match `where`: one of its labels for each factor."""
    return rows_on(where, evidence, range(len(evidence.cells)))


def rows_on(levels: Levels, evidence: Evidence, rows: Sequence[int]) -> list[int]:
    """The subset of `rows` that matches `levels`."""
    return [row for row in rows if all(evidence.label(row, factor) in labels for factor, labels in levels.items())]


def grouped_rows(evidence: Evidence, named: Sequence[str], where: Levels) -> Iterator[tuple[dict[str, str], list[int]]]:
    """Groups of cells within `where` that agree in all factors not named, each with its labels.

    Factors with a single level within `where` are left out of the labels.
    """
    others = [f for f in evidence.factors if f not in named and len(where.get(f, "many")) > 1]
    groups: dict[tuple[str, ...], list[int]] = {}
    for row in rows_within(evidence, where):
        groups.setdefault(tuple(evidence.label(row, factor) for factor in others), []).append(row)
    for labels, rows in groups.items():
        yield dict(zip(others, labels, strict=True)), rows
