"""A claim as plain data: what is said, of what, by how much, and what a verdict on it can be.

The rules by which a verdict falls are in `suite.protocol.verdicts`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from suite.protocol.expressions import Expression, parse

Side = Mapping[str, tuple[str, ...]]
"""One side of a comparison: for each factor that it names, the labels that belong to it."""


class Verdict(StrEnum):
    """What became of a claim."""

    SUPPORTED = "supported"
    DEPENDS = "depends"
    CONTRADICTED = "contradicted"
    NOT_DECIDED = "not decided"
    NOT_JUDGED = "cannot be judged yet"
    NOT_TESTABLE = "not testable here"


class Holds(StrEnum):
    """Where a claim is said to hold."""

    EVERYWHERE = "everywhere"
    ON_AVERAGE = "on average"


@dataclass(frozen=True)
class Compare:
    """The first side differs from the second, alike in all else.

    Attributes:
        first: The levels said to be better (or lower, or higher).
        second: The others; of the same factors.
    """

    first: Side
    second: Side

    @property
    def factors(self) -> tuple[str, ...]:
        """Those that tell the sides apart."""
        return tuple(self.first)


@dataclass(frozen=True)
class Trend:
    """The measure rises (`sign` 1) or falls (-1) from the lowest to the highest level of a factor of numbers."""

    factor: str
    sign: int


@dataclass(frozen=True)
class Spread:
    """How far the levels of a factor lie apart: at least `by`; with `compare`, less on its first side than its second."""

    factor: str
    compare: Compare | None = None


@dataclass(frozen=True)
class Order:
    """The second side has more pairs of recipes the other way round, by a share of at least `by`, than the first side itself
    has under other seeds: see `suite.protocol.orders`."""

    compare: Compare


@dataclass(frozen=True)
class Predict:
    """Of the cells for which one condition holds, another holds for at least a share.

    Attributes:
        when: The condition; None for all cells.
        then: What is said of them.
        share: The least.
    """

    when: str | None
    then: str
    share: float


@dataclass(frozen=True)
class Value:
    """The measure is a published figure, within a tolerance to both sides."""

    figure: float
    within: float


Form = Compare | Trend | Spread | Order | Predict | Value

BETTER = {"success_rate": 1, "basin_decades": 1, "steps_to_target": -1}
"""Measures of which one way is better whatever the task; scores have it from their task."""

SCORES = ("test_score", "train_score", "validation_score")

LEARNT = (*SCORES, *BETTER, "basin_high", "learning_rate", "train_loss")
"""Measures that say nothing where nothing was learnt: contexts near chance are moot for them."""


@dataclass(frozen=True)
class Claim:
    """A sentence of advice as a comparison that a machine makes.

    Attributes:
        id: Fixed, by which it is quoted.
        says: In a sentence.
        source: Who says it.
        topic: Under which it is listed.
        benchmarks: Names of those that answer it; empty where there is none.
        form: What is compared; None where it cannot be tested (yet).
        measure: Of which figure, as `suite.protocol.expressions` reads it.
        by: delta, the least difference that counts.
        sign: 1 where the first side is said to be higher, -1 lower; None where it is better, as the measure has it.
        where: The part of the grid that it is about: labels by factor.
        holds: Everywhere, or on average.
        dissent: Published evidence that disagrees.
        note: What to keep in mind with the verdict.
        test: How it would be tested, where it cannot be yet.
        needs: What must be there before it can be judged.
        untestable: Why it will not be.
        digest: 16 hex digits of its text.
    """

    id: str
    says: str
    source: str
    topic: str = ""
    benchmarks: tuple[str, ...] = ()
    form: Form | None = None
    measure: str = "test_score"
    by: float = 0.0
    sign: int | None = None
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    holds: Holds = Holds.EVERYWHERE
    dissent: str = ""
    note: str = ""
    test: str = ""
    needs: str = ""
    untestable: str = ""
    digest: str = ""

    @property
    def expression(self) -> Expression:
        """The measure, read."""
        return parse(self.measure)

    @property
    def names(self) -> frozenset[str]:
        """The columns that it reads."""
        if isinstance(self.form, Predict):
            parts = [part for part in (self.form.when, self.form.then) if part]
            return frozenset().union(*(parse(part).names for part in parts))
        return self.expression.names

    @property
    def is_of_scores(self) -> bool:
        """Whether it rests on how well rates were tuned."""
        return bool(self.names & {*SCORES, "success_rate", "steps_to_target", "train_loss", "outcome"})

    @property
    def factors(self) -> tuple[str, ...]:
        """Those that it names, but for `where`."""
        if isinstance(self.form, Compare):
            return self.form.factors
        if isinstance(self.form, Order):
            return self.form.compare.factors
        if isinstance(self.form, Trend):
            return (self.form.factor,)
        if isinstance(self.form, Spread):
            return (self.form.factor, *(self.form.compare.factors if self.form.compare else ()))
        return ()

    @property
    def band(self) -> tuple[float, float]:
        """Between which bounds an effect, or a published figure, counts as claimed."""
        if isinstance(self.form, Value):
            return self.form.figure - self.form.within, self.form.figure + self.form.within
        return self.by, math.inf

    @property
    def can_be_moot(self) -> bool:
        """Whether a context in which nothing learns has nothing to say on it."""
        return isinstance(self.form, Compare | Trend | Spread) and bool(self.expression.names & {*LEARNT})


def digest_of(text: Mapping[str, object]) -> str:
    """16 hex digits of a claim as it is written, so that a verdict shows which text it is on."""
    plain = json.dumps(text, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()[:16]
