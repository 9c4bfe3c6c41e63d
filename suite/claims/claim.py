"""A claim as plain data: what is said, of what, by how much; and what a form of claim has to provide."""

from __future__ import annotations

import hashlib
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, SkipValidation

from suite.claims.evidence import Evidence, Levels
from suite.claims.expressions import BETTER, LEARNT, SCORES, Expression, parse
from suite.claims.verdicts import Ruling

if TYPE_CHECKING:
    from suite.claims.given import Given


class Holds(StrEnum):
    """Where a claim is said to hold."""

    EVERYWHERE = "everywhere"
    ON_AVERAGE = "on average"


class Form(ABC):
    """A kind of comparison. Each is one module of `suite.claims.forms`, with its key, its judge and its words.

    Attributes:
        key: The key of a claim that has this form.
        field: Type and description of the key, for pydantic.
        beside: Keys of other forms that may stand beside its own.
        excludes: Keys of a claim that do not go with it, and why.
        has_sides: Whether one side is said to be better, so that `first` may say higher or lower.
        has_delta: Whether `by` says which difference counts.
        compares: Whether it takes differences, which are moot where nothing learns.
    """

    key: ClassVar[str]
    field: ClassVar[tuple[Any, Any]]
    beside: ClassVar[tuple[str, ...]] = ()
    excludes: ClassVar[Mapping[str, str]] = {}
    has_sides: ClassVar[bool] = False
    has_delta: ClassVar[bool] = True
    compares: ClassVar[bool] = True

    @classmethod
    @abstractmethod
    def read(cls, given: Given) -> Self | None:
        """The form of a claim that was written, or None after noting what is wrong with it."""

    @property
    def factors(self) -> tuple[str, ...]:
        """The factors that it names."""
        return ()

    @property
    def sides(self) -> tuple[Levels, ...]:
        """The sides that it compares."""
        return ()

    def names(self, measure: Expression) -> frozenset[str]:
        """The columns that it reads."""
        return measure.names

    def band(self, by: float) -> tuple[float, float]:
        """Between which bounds an effect, or a published figure, counts as claimed."""
        return by, math.inf

    def faults(self, evidence: Evidence) -> list[str]:
        """Why it cannot be judged on a benchmark, besides factors, labels or columns that are not there."""
        return []

    def has_cells(self, evidence: Evidence, where: Levels) -> bool:
        """Whether there are cells that it can be judged on."""
        return True

    @abstractmethod
    def judge(self, claim: Claim, seen: Sequence[Evidence]) -> Ruling:
        """The verdict on a claim of this form, on benchmarks that have all that it names."""

    @abstractmethod
    def test_text(self, claim: Claim) -> str:
        """The test in a line, as `test score: relu better than tanh by 0.02, everywhere`."""

    @abstractmethod
    def because(self, claim: Claim, ruling: Ruling) -> str:
        """What a verdict rests on, in a sentence or two."""


class ClaimWords(BaseModel):
    """What a claim says in words, in its file and in published verdicts alike."""

    id: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]*$",
        max_length=40,
        description="lower-case letters, digits and -, at most 40: what the claim is quoted by",
    )
    says: str = Field(max_length=300, description="the claim in a sentence")
    source: str = Field("", description="who says it")
    dissent: str = Field("", max_length=400, description="published evidence that disagrees")
    note: str = Field("", max_length=400, description="what to keep in mind with the verdict")
    topic: str = Field("", max_length=60, description="what it is listed under")


class Claim(ClaimWords):
    """A sentence of advice as a comparison that a machine makes.

    Attributes:
        benchmarks: Names of the benchmarks that answer it; empty where there is none.
        form: What is compared; None where it cannot be tested (yet).
        measure: The measured quantity, as `suite.claims.expressions` reads it.
        by: delta, the least difference that counts.
        sign: 1 where the first side is said to be higher, -1 lower; None where it is better, as the measure has it.
        where: The part of the grid that it is about: labels by factor.
        holds: Everywhere, or on average.
        test: How it would be tested, where it cannot be yet.
        needs: What must be there before it can be judged.
        untestable: Why it will not be.
        digest: 16 hex digits of its text.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    benchmarks: tuple[str, ...] = ()
    form: SkipValidation[Form | None] = None
    measure: str = "test_score"
    by: float = 0.0
    sign: int | None = None
    where: Levels = {}
    holds: Holds = Holds.EVERYWHERE
    test: str = ""
    needs: str = ""
    untestable: str = ""
    digest: str = ""

    @property
    def test_text(self) -> str:
        """What is tested, in a line."""
        return self.form.test_text(self) if self.form else self.test

    @property
    def expression(self) -> Expression:
        """The measure, read."""
        return parse(self.measure)

    @property
    def names(self) -> frozenset[str]:
        """The columns that it reads."""
        return self.form.names(self.expression) if self.form else frozenset()

    @property
    def is_of_scores(self) -> bool:
        """Whether it rests on how well learning rates were tuned."""
        return bool(self.names & {*SCORES, "success_rate", "steps_to_target", "train_loss", "outcome"})

    @property
    def can_be_moot(self) -> bool:
        """Whether a context in which nothing learns has nothing to say on it."""
        return self.form is not None and self.form.compares and bool(self.expression.names & {*LEARNT})

    def direction(self, evidence: Evidence) -> int:
        """1 where the first side is said to be higher, or higher is better; -1 where lower."""
        if self.sign is not None:
            return self.sign
        return BETTER[self.measure] if self.measure not in SCORES else 1 if evidence.higher_is_better else -1


def digest_of(text: Mapping[str, object]) -> str:
    """16 hex digits of a claim as it is written, so that a verdict shows which text it is on."""
    plain = json.dumps(text, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()[:16]
