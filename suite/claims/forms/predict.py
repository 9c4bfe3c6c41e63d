"""`predict`: of the cells that meet a condition, at least a given share meets a consequence.

A cell meets a condition if at least half of its known replicates do. Cells are counted, not runs, since the replicates
of a cell are not independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from suite.claims.claim import Claim, Form
from suite.claims.contexts import rows_within
from suite.claims.evidence import Evidence
from suite.claims.expressions import Expression, parse
from suite.claims.phrases import sentence, where_text
from suite.claims.verdicts import Prediction, Ruling, Verdict

if TYPE_CHECKING:
    from suite.claims.given import Given


class PredictDocument(BaseModel):
    """A condition, its consequence and the least share of recipes that meet it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    when: str | None = Field(
        None, description="condition on a recipe, such as abs(gradient_ratio_init) > 3; default: all recipes"
    )
    then: str = Field(description="consequence for these recipes, such as outcome != trained")
    at_least: float = Field(gt=0, le=1, description="least share of these recipes with the consequence, such as 0.9")


@dataclass(frozen=True)
class Predict(Form):
    """A condition on cells and its consequence.

    Attributes:
        when: Condition; None for all cells.
        then: Consequence.
        share: Least share of the cells with the consequence.
    """

    when: str | None
    then: str
    share: float

    key = "predict"
    field = (
        PredictDocument | None,
        Field(
            None,
            description="a condition and its consequence, such as {when: dead_fraction > 0.5, then: outcome != trained, at_least: 0.9}",
        ),
    )
    excludes = dict.fromkeys(("measure", "by", "first", "holds"), "counts cells")
    has_delta = False
    compares = False

    @classmethod
    def read(cls, given: Given) -> Self | None:
        node, parts = given.node.value[cls.key], given.shape.predict
        for key in ("when", "then"):
            if key in node.value and node.value[key].value is not None:
                expression = given.expression(key, node)
                if expression is None:
                    return None
                if not expression.is_condition:
                    text = expression.text
                    given.note(node.value[key], f"got {given.quote(text)}, expected a condition, such as {text} > 0.5")
        return cls(parts.when, parts.then, parts.at_least)

    def names(self, measure: Expression) -> frozenset[str]:
        return frozenset().union(*(parse(part).names for part in (self.when, self.then) if part))

    def judge(self, claim: Claim, seen: Sequence[Evidence]) -> Ruling:
        """Supported if the share is high enough and higher than without the condition; contradicted if one is refuted."""
        counts = self.counts(claim, seen)
        if not counts.cells:
            reason = "no recipe meets the condition"
            return Ruling(Verdict.NOT_DECIDED, reason, prediction=counts)
        share, lift = counts.share.interval(), counts.lift
        enough, too_few = share[1] >= self.share, share[2] < self.share
        if enough and (lift is None or lift[1] > 0):
            return Ruling(Verdict.SUPPORTED, effect=share, prediction=counts)
        if too_few or (lift is not None and lift[2] <= 0):
            return Ruling(Verdict.CONTRADICTED, effect=share, prediction=counts)
        reason = "it is as frequent without the condition" if enough else "not enough data: too few recipes"
        needed = None if enough else counts.share.replicates_needed(self.share)
        return Ruling(Verdict.NOT_DECIDED, reason, effect=share, prediction=counts, needed=needed)

    def counts(self, claim: Claim, seen: Sequence[Evidence]) -> Prediction:
        """Counts the cells of all benchmarks of a claim."""
        found = np.zeros(5, dtype=int)
        misses: list[tuple[str, str]] = []
        for evidence in seen:
            rows = rows_within(evidence, claim.where)
            when = np.ones(len(rows)) if self.when is None else _met(evidence.values(parse(self.when))[rows])
            then = _met(evidence.values(parse(self.then))[rows])
            known = ~np.isnan(when) & ~np.isnan(then)
            meets, rest, holds = known & (when == 1), known & (when == 0), then == 1
            found += [part.sum() for part in (meets, meets & holds, rest, rest & holds, ~known)]
            misses += [(evidence.benchmark, evidence.cells[rows[i]]) for i in np.flatnonzero(meets & ~holds).tolist()]
        cells, hits, others, other_hits, unknown = found.tolist()
        return Prediction(cells, hits, others, other_hits, unknown, tuple(misses))

    def test_text(self, claim: Claim) -> str:
        when = f"where {self.when}, " if self.when else ""
        return f"{when}{self.then}, in at least {100 * self.share:g}% of recipes{where_text(claim.where)}"

    def because(self, claim: Claim, ruling: Ruling) -> str:
        counts = ruling.prediction
        if counts is None or not counts.cells:
            return sentence(ruling.reason)
        _, low, high = counts.share.interval()
        told = f"Holds for {counts.hits} of {counts.cells} recipes ({100 * low:.0f} to {100 * high:.0f}%)"
        if self.when and counts.others:
            told += f"; without the condition for {counts.other_hits} of {counts.others}"
        told += f". Claimed: {100 * self.share:g}%."
        if ruling.verdict is Verdict.NOT_DECIDED:
            told += f" {sentence(ruling.reason)}"
        if ruling.needed:
            told += f" About {ruling.needed} recipes with this share would decide it."
        return told


def _met(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 for each row with at least half of its known values true, else 0; NaN if none is known."""
    known = ~np.isnan(table)
    counts = known.sum(axis=1)
    share = np.where(known, table, 0.0).sum(axis=1) / np.maximum(counts, 1)
    return np.where(counts > 0, (share >= 0.5).astype(float), np.nan)
