"""`compare`: the first of two sides is better than the second, everything else equal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from pydantic import Field, WithJsonSchema

from suite.claims.claim import Claim
from suite.claims.contexts import rows_on
from suite.claims.evidence import Evidence, Levels
from suite.claims.forms.contrast import Contrast, Effect, Setting, Table
from suite.claims.phrases import Amounts, figure, side_text, turned
from suite.claims.verdicts import Place
from suite.protocol.columns import factor_column

if TYPE_CHECKING:
    from suite.claims.given import Given

SCALAR = {"type": ["number", "string", "boolean"]}
LEVELS = {"anyOf": [SCALAR, {"type": "array", "minItems": 1, "items": SCALAR}]}
"""The JSON Schema of a level or a list of levels."""
_SIDES = {"type": "array", "minItems": 2, "maxItems": 2, "items": LEVELS}


@dataclass(frozen=True)
class Compare(Contrast):
    """The first side differs from the second.

    Attributes:
        first: Levels that should be better (or lower, or higher).
        second: Levels of the same factors to compare with.
    """

    first: Levels
    second: Levels

    key = "compare"
    field = (
        Annotated[
            dict[str, Any], WithJsonSchema({"type": "object", "minProperties": 1, "additionalProperties": _SIDES})
        ]
        | None,
        Field(None, description="two levels (or lists of levels) of a factor: the first should be better"),
    )
    has_sides = True
    has_baseline = True

    @classmethod
    def read(cls, given: Given) -> Self | None:
        within = given.node.value[cls.key]
        first: dict[str, tuple[str, ...]] = {}
        second: dict[str, tuple[str, ...]] = {}
        if not within.value:
            given.note(
                within, "got an empty mapping, expected a factor with two levels, such as {activation: [relu, tanh]}"
            )
            return None
        for factor, node in within.value.items():
            if not isinstance(node.value, tuple) or len(node.value) != 2:
                given.mismatch(node, "two levels, first the one that should be better, such as [relu, tanh]")
                return None
            if not given.is_varied(factor, within.keys[factor]):
                return None
            sides = [given.labels(factor, side, within) for side in node.value]
            if not all(sides):
                return None
            first[factor_column(factor)], second[factor_column(factor)] = sides
            both = [label for label in sides[0] if label in sides[1]]
            if both and len(within.value) == 1:
                given.note(node, f"got {given.quote(both[0])} on both sides, expected different levels")
                return None
        if first == second:
            given.note(within, "got the same levels on both sides, expected different ones")
            return None
        return cls(first, second)

    @property
    def factors(self) -> tuple[str, ...]:
        return tuple(self.first)

    @property
    def sides(self) -> tuple[Levels, ...]:
        return self.first, self.second

    def settings(self, evidence: Evidence, rows: list[int]) -> Iterator[Setting]:
        """Pairs of every cell of the first side with every cell of the second."""
        several = [f for f in self.factors if len(self.first[f]) > 1 or len(self.second[f]) > 1]
        for a in rows_on(self.first, evidence, rows):
            for b in rows_on(self.second, evidence, rows):
                yield {f: f"{evidence.label(a, f)} over {evidence.label(b, f)}" for f in several}, [a], [b]

    def effect(self, claim: Claim, evidence: Evidence, first: Table, second: Table) -> Effect:
        sign = claim.direction(evidence)
        return Effect(sign * (first[0] - second[0]), np.array([sign, -sign], float))

    def what_is_compared(self, claim: Claim) -> str:
        way = {None: "better", 1: "higher", -1: "lower"}[claim.sign]
        return f"{side_text(self.first)} {way} than {side_text(self.second)} by {figure(claim.by)}"

    def effect_text(self, claim: Claim, place: Place) -> str:
        assert place.effect is not None
        amounts = Amounts(claim.measure)
        reversed_ = place.effect[0] < 0
        ways = {None: ("better", "worse"), 1: ("higher", "lower"), -1: ("lower", "higher")}[claim.sign]
        interval = turned(place.effect) if reversed_ else place.effect
        return (
            f"{amounts.title[:1].upper()}{amounts.title[1:]} is {ways[reversed_]} by {amounts.amount(interval[0])} "
            f"{amounts.interval(interval)} with {side_text(self.first)} than with {side_text(self.second)}"
        )
