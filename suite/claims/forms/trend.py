"""`trend`: the measure rises or falls along a numeric factor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from pydantic import Field

from suite.claims.claim import Claim
from suite.claims.evidence import Evidence
from suite.claims.forms.contrast import Contrast, Effect, Setting, Table, mean_of
from suite.claims.phrases import Amounts, figure, turned
from suite.claims.verdicts import Place
from suite.protocol.columns import factor_column
from suite.protocol.labels import label_text, number_of

if TYPE_CHECKING:
    from suite.claims.given import Given


@dataclass(frozen=True)
class Trend(Contrast):
    """The measure rises (`sign` 1) or falls (-1) from the lowest to the highest level of a numeric factor."""

    factor: str
    sign: int

    key = "trend"
    field = (
        dict[str, Literal["up", "down"]] | None,
        Field(
            None,
            min_length=1,
            max_length=1,
            description="direction of the measure along a numeric factor, such as {depth: down}",
        ),
    )

    @classmethod
    def read(cls, given: Given) -> Self | None:
        ((factor, way),) = given.shape.trend.items()
        key = given.node.value[cls.key].keys[factor]
        if not given.is_varied(factor, key):
            return None
        labels = [label_text(level.label) for benchmark in given.benchmarks for level in benchmark.grid[factor]]
        words = [label for label in labels if number_of(label) is None]
        if words:
            given.note(key, f"has the level {given.quote(words[0])}, expected a numeric factor")
        return cls(factor_column(factor), 1 if way == "up" else -1)

    @property
    def factors(self) -> tuple[str, ...]:
        return (self.factor,)

    def faults(self, evidence: Evidence) -> list[str]:
        texts = [label for label in evidence.factors.get(self.factor, ()) if number_of(label) is None]
        return [f"{self.factor} {texts[0]} is not a number, so there is no trend along it"] if texts else []

    def settings(self, evidence: Evidence, rows: list[int]) -> Iterator[Setting]:
        """All cells, in ascending order of the factor."""
        along = sorted(rows, key=lambda row: number_of(evidence.label(row, self.factor)) or 0.0)
        if len(along) > 1:
            yield {}, along, []

    def effect(self, claim: Claim, evidence: Evidence, first: Table, second: Table) -> Effect:
        """The linear trend over the levels by replicate, as the change from the lowest to the highest level.

        It is the least-squares slope over the ordered, equally spaced levels times their range.
        """
        places = np.arange(len(first)) - (len(first) - 1) / 2
        weights = self.sign * (len(first) - 1) * places / (places @ places)
        return Effect(weights @ first, weights)

    def ends(self, first: Table, second: Table) -> tuple[float, float]:
        """The means at the lowest and at the highest level."""
        return mean_of(first[:1]), mean_of(first[-1:])

    def what_is_compared(self, claim: Claim) -> str:
        return f"{'up' if self.sign > 0 else 'down'} by {figure(claim.by)} from lowest to highest {self.factor}"

    def effect_text(self, claim: Claim, place: Place) -> str:
        assert place.effect is not None
        amounts = Amounts(claim.measure)
        reversed_ = place.effect[0] < 0
        interval = turned(place.effect) if reversed_ else place.effect
        way = "rises" if (self.sign > 0) != reversed_ else "falls"
        return (
            f"{amounts.title[:1].upper()}{amounts.title[1:]} {way} by {amounts.amount(interval[0])} {amounts.interval(interval)} from the "
            f"lowest to the highest {self.factor.replace('_', ' ')}"
        )
