"""`value`: the measure is a published value, within a tolerance on both sides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from suite.claims.claim import Claim
from suite.claims.decisions import Share
from suite.claims.evidence import Evidence
from suite.claims.forms.contrast import Contrast, Effect, Setting, Table, known
from suite.claims.phrases import figure

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

    @property
    def can_be_opposite(self) -> bool:
        return False

    def band(self, by: float) -> tuple[float, float]:
        return self.figure - self.within, self.figure + self.within

    def settings(self, evidence: Evidence, rows: list[int]) -> Iterator[Setting]:
        yield from (({}, [row], []) for row in rows)

    def effect(self, claim: Claim, evidence: Evidence, first: Table, second: Table) -> Effect:
        values = known(first[0])
        share = Share(float(values.sum()), len(values)) if claim.expression.is_share and len(values) else None
        return Effect(first[0], np.ones(1), share)

    def nothing_text(self) -> str:
        return "no finished recipe matches the claim"

    def what_is_compared(self, claim: Claim) -> str:
        return f"{figure(self.figure)} within {figure(self.within)}"
