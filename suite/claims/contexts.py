"""Contexts of a claim (settings, in prose): all combinations of the factors that it does not name, with their effects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from suite.claims.decisions import Decision
from suite.claims.evidence import Evidence, Levels
from suite.protocol.intervals import Combination, Estimate, combined, scores_of


class Status(StrEnum):
    """Result of a claim in one context."""

    FOR = "for"
    BELOW = "below"
    AGAINST = "against"
    UNDECIDED = "undecided"
    MOOT = "moot"

    @property
    def words(self) -> str:
        """The status as pages and the terminal show it."""
        return {"for": "holds", "below": "too small", "against": "opposite", "moot": "excluded"}.get(self, str(self))


@dataclass(frozen=True)
class Context:
    """The effect in one combination of the factors that a claim does not name.

    Attributes:
        benchmark: Name of the benchmark.
        levels: Label of each factor.
        decision: The effect, positive in the claimed direction, with its interval and tests.
        effect: The effect by replicate.
        first: Mean of the measure on the first side, or at the low end of a trend.
        second: Mean on the second side, or at the high end of a trend; NaN if there is none.
        cells: Fingerprints of the compared cells.
        status: Result of the claim here; MOOT (excluded) if none of the cells trains.
    """

    benchmark: str
    levels: Mapping[str, str]
    decision: Decision
    effect: Combination
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
        """Lower end of the 95% interval; NaN if there is none."""
        return self.decision.interval()[1]

    @property
    def high(self) -> float:
        """Upper end of the 95% interval; NaN if there is none."""
        return self.decision.interval()[2]

    @property
    def replicates(self) -> int:
        """Number of replicates."""
        return self.decision.n


def mean_effect(contexts: Sequence[Context]) -> Estimate:
    """The mean effect over contexts. They are what was tested, not a sample of more; unless the measure is a statistic of
    the cell, which has one value, and varies over contexts only.
    """
    if all(len(context.effect.series) == 1 for context in contexts):
        return scores_of([[context.mean for context in contexts]]).estimate([1])
    return combined([(1 / len(contexts), context.effect) for context in contexts])


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
