"""`value`: the measure is a published value, within a tolerance on both sides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from suite.claims.answers import Question
from suite.claims.claim import Claim
from suite.claims.evidence import Evidence
from suite.claims.forms.contrast import Contrast, Effect, Setting, Table
from suite.claims.phrases import Amounts, figure
from suite.claims.verdicts import Place
from suite.protocol.statistics import UNBOUNDED

if TYPE_CHECKING:
    from suite.claims.given import Given


class ValueDocument(BaseModel):
    """A published value and its tolerance."""

    model_config = ConfigDict(extra="forbid", strict=True)

    figure: Annotated[float, Field(allow_inf_nan=False)] = Field(description="published value")
    within: float = Field(gt=0, allow_inf_nan=False, description="tolerance on both sides")


@dataclass(frozen=True)
class Value(Contrast):
    """The measure is `figure`, plus or minus `within`."""

    figure: float
    within: float

    key = "value"
    field = (
        ValueDocument | None,
        Field(None, description="a published value and its tolerance, such as {figure: 0.87, within: 0.01}"),
    )
    excludes: ClassVar[Mapping[str, str]] = {"by": "has within"}
    has_delta = False
    compares = False

    @classmethod
    def read(cls, given: Given) -> Self:
        return cls(given.shape.value.figure, given.shape.value.within)

    def question(self, claim: Claim) -> Question:
        bounds = (0.0, 1.0) if claim.expression.is_share else UNBOUNDED
        return Question(self.figure - self.within, self.figure + self.within, is_difference=False, bounds=bounds)

    def settings(self, evidence: Evidence, rows: list[int]) -> Iterator[Setting]:
        yield from (({}, [row], []) for row in rows)

    def effect(self, claim: Claim, evidence: Evidence, first: Table, second: Table) -> Effect:
        return Effect(first[0], np.ones(1))

    def nothing_text(self) -> str:
        return "no finished recipe matches the claim"

    def what_is_compared(self, claim: Claim) -> str:
        return f"{figure(self.figure)} within {figure(self.within)}"

    def effect_text(self, claim: Claim, place: Place) -> str:
        assert place.effect is not None
        amounts = Amounts(claim.measure, is_difference=False)
        ours = f"{amounts.amount(place.effect[0])} {amounts.interval(place.effect)}"
        return f"Found {ours}; claimed {figure(self.figure)}, give or take {figure(self.within)}"
