"""`spread`: the range over the levels of a factor; combined with `compare`, it is smaller on the first side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from suite.claims.claim import Claim
from suite.claims.contexts import rows_on
from suite.claims.evidence import Evidence, Levels
from suite.claims.forms.compare import Compare
from suite.claims.forms.contrast import Contrast, Effect, Setting, Table
from suite.claims.phrases import Amounts, figure, side_text
from suite.claims.verdicts import Place
from suite.protocol.columns import factor_column

if TYPE_CHECKING:
    from suite.claims.given import Given


@dataclass(frozen=True)
class Spread(Contrast):
    """The range over a factor is at least `by`; with `compare`, it is smaller by that on the first side."""

    factor: str
    compare: Compare | None = None

    key = "spread"
    field = (
        str | None,
        Field(None, description="factor whose levels differ; with compare, less on the first side"),
    )
    beside = (Compare.key,)

    @classmethod
    def read(cls, given: Given) -> Self | None:
        factor, node, sides = given.shape.spread, given.node.value[cls.key], given.shape.compare
        compare = Compare.read(given) if sides is not None else None
        known = given.is_varied(factor, node)
        if known and sides is not None and factor in sides:
            given.note(node, f"got {given.quote(factor)}, which compare uses too: expected another factor")
        return cls(factor_column(factor), compare) if known and (compare or sides is None) else None

    @property
    def factors(self) -> tuple[str, ...]:
        return (self.factor, *(self.compare.factors if self.compare else ()))

    @property
    def sides(self) -> tuple[Levels, ...]:
        return self.compare.sides if self.compare else ()

    def settings(self, evidence: Evidence, rows: list[int]) -> Iterator[Setting]:
        first = rows_on(self.compare.first, evidence, rows) if self.compare else rows
        second = rows_on(self.compare.second, evidence, rows) if self.compare else []
        if len(first) > 1 and (self.compare is None or len(second) > 1):
            yield {}, first, second

    def effect(self, claim: Claim, evidence: Evidence, first: Table, second: Table) -> Effect:
        best, worst = _best_and_worst(first)
        if self.compare is None:
            return Effect(best - worst, _ends(first))
        other_best, other_worst = _best_and_worst(second)
        return Effect((other_best - other_worst) - (best - worst), np.concatenate([-_ends(first), _ends(second)]))

    def what_is_compared(self, claim: Claim) -> str:
        lead = f"range over {self.factor}"
        if self.compare is None:
            return f"{lead} at least {figure(claim.by)}"
        first, second = side_text(self.compare.first), side_text(self.compare.second)
        return f"{lead} smaller for {first} than for {second} by {figure(claim.by)}"

    def effect_text(self, claim: Claim, place: Place) -> str:
        assert place.effect is not None
        amounts = Amounts(claim.measure)
        told = f"{amounts.amount(place.effect[0])} {amounts.interval(place.effect)}"
        over = f"over {self.factor.replace('_', ' ')}s"
        if self.compare is None:
            return f"{amounts.title[:1].upper()}{amounts.title[1:]} ranges by {told} {over}"
        first, second = side_text(self.compare.first), side_text(self.compare.second)
        return f"The range of {amounts.title} {over} is smaller by {told} for {first} than for {second}"


def _ends(table: Table) -> NDArray[np.float64]:
    """Weights of the levels in their range: 1 for the highest mean, -1 for the lowest."""
    means, weights = (
        np.nanmean(np.where(np.isnan(table).all(axis=1, keepdims=True), 0.0, table), axis=1),
        np.zeros(len(table)),
    )
    weights[means.argmax()] += 1
    weights[means.argmin()] -= 1
    return weights


def _best_and_worst(table: Table) -> tuple[Table, Table]:
    """The highest and the lowest level by replicate, selected by the other replicates.

    The range of noisy means is positive even if all levels are equal. Selecting the levels by the other replicates makes
    the range zero on average in that case. A measure with one value per cell is used directly.

    Args:
        table: Values, shape (levels, replicates).

    Returns:
        Two arrays of shape (replicates,), NaN where the other replicates lack values.
    """
    if table.shape[1] == 1:
        return table.max(axis=0), table.min(axis=0)
    there = ~np.isnan(table)
    filled = np.where(there, table, 0.0)
    counts = there.sum(axis=1, keepdims=True) - there
    others = np.where(counts > 0, (filled.sum(axis=1, keepdims=True) - filled) / np.maximum(counts, 1), np.nan)
    columns = np.arange(table.shape[1])
    usable = ~np.isnan(others).any(axis=0)
    safe = np.where(np.isnan(others), 0.0, others)
    best, worst = table[safe.argmax(axis=0), columns], table[safe.argmin(axis=0), columns]
    return np.where(usable, best, np.nan), np.where(usable, worst, np.nan)
