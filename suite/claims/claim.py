"""The data of a claim, and the interface of its forms."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, SkipValidation

from suite.claims.answers import Question
from suite.claims.evidence import Evidence, Levels
from suite.claims.expressions import BETTER, LEARNT, SCORES, Expression, parse
from suite.claims.verdicts import Ruling
from suite.protocol.statistics import UNBOUNDED

if TYPE_CHECKING:
    from suite.claims.given import Given


class Form(ABC):
    """A kind of comparison, one module of `suite.claims.forms` each.

    Attributes:
        key: Key of a claim of this form.
        field: Type and description of the key, for pydantic.
        beside: Keys of other forms that may be combined with it.
        excludes: Keys of a claim that cannot be combined with it, with the reason.
        has_sides: Whether one of two sides should be better, so that `first` may say higher or lower.
        has_baseline: Whether the second side is what the first is held against, so that `baseline` may ask for a figure of it.
        has_delta: Whether the claim has a smallest difference that counts (`by`).
        compares: Whether it compares differences, which excludes settings where nothing trains.
    """

    key: ClassVar[str]
    field: ClassVar[tuple[Any, Any]]
    beside: ClassVar[tuple[str, ...]] = ()
    excludes: ClassVar[Mapping[str, str]] = {}
    has_sides: ClassVar[bool] = False
    has_baseline: ClassVar[bool] = False
    has_delta: ClassVar[bool] = True
    compares: ClassVar[bool] = True

    @classmethod
    @abstractmethod
    def read(cls, given: Given) -> Self | None:
        """Reads the form of a claim; returns None after adding problems."""

    @property
    def factors(self) -> tuple[str, ...]:
        """Factors that the claim names."""
        return ()

    @property
    def sides(self) -> tuple[Levels, ...]:
        """Sides that the claim compares."""
        return ()

    def names(self, measure: Expression) -> frozenset[str]:
        """Columns that the claim reads."""
        return measure.names

    def question(self, claim: Claim) -> Question:
        """What counts as an effect."""
        return Question(claim.by, bounds=(-1.0, 1.0) if claim.expression.is_share else UNBOUNDED)

    def impossible(self, recipes: int, replicates: int) -> str:
        """Why no outcome of so many recipes could support it; empty if one could."""
        return ""

    def faults(self, evidence: Evidence) -> list[str]:
        """Reasons why it cannot be judged on a benchmark, other than missing factors, labels or columns."""
        return []

    def has_cells(self, evidence: Evidence, where: Levels) -> bool:
        """Whether the benchmark has cells to compare."""
        return True

    @abstractmethod
    def judge(self, claim: Claim, seen: Sequence[Evidence]) -> Ruling:
        """Judges a claim of this form on benchmarks that have everything it names."""

    @abstractmethod
    def test_text(self, claim: Claim) -> str:
        """The test in one line, such as `test score: relu better than tanh by 0.02, everywhere`."""

    @abstractmethod
    def because(self, claim: Claim, ruling: Ruling) -> str:
        """What was found, in a few sentences; empty if there is no effect."""


class ClaimWords(BaseModel):
    """Texts of a claim, in its file and in published verdicts."""

    id: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]*$",
        max_length=40,
        description="identifier: at most 40 lower-case letters, digits and -",
    )
    says: str = Field(max_length=300, description="the claim in one sentence")
    source: str = Field("", description="source of the claim")
    dissent: str = Field("", max_length=400, description="published evidence against it")
    note: str = Field("", max_length=400, description="remark for readers of the verdict")
    topic: str = Field("", max_length=60, description="heading that the claim is listed under")


class Claim(ClaimWords):
    """A statement as a comparison that can be judged.

    Attributes:
        benchmarks: Names of the benchmarks that answer it.
        form: The comparison; None if it cannot be tested (yet).
        measure: Expression of the measured quantity, see `suite.claims.expressions`.
        by: delta, the smallest difference that counts.
        sign: 1 if the first side should be higher, -1 if lower; None if it should be better.
        where: Part of the grid: labels by factor.
        baseline: Condition that the second side meets in settings that count.
        test: Description of a future test, for a claim without a form.
        needs: Requirement of a claim that cannot be judged yet.
        untestable: Reason why a claim will not be judged.
        digest: Hash of its text, 16 hex digits.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    benchmarks: tuple[str, ...] = ()
    form: SkipValidation[Form | None] = None
    measure: str = "test_score"
    by: float = 0.0
    sign: int | None = None
    where: Levels = {}
    baseline: str = ""
    test: str = ""
    needs: str = ""
    untestable: str = ""
    digest: str = ""

    @property
    def test_text(self) -> str:
        """The test in one line."""
        return self.form.test_text(self) if self.form else self.test

    @property
    def expression(self) -> Expression:
        return parse(self.measure)

    @property
    def names(self) -> frozenset[str]:
        """Columns that the claim reads."""
        if self.form is None:
            return frozenset()
        return self.form.names(self.expression) | (parse(self.baseline).names if self.baseline else frozenset())

    @property
    def is_of_scores(self) -> bool:
        """Whether its measure depends on how well learning rates were tuned."""
        return bool(self.names & {*SCORES, "success_rate", "steps_to_target", "train_loss", "outcome"})

    @property
    def can_be_moot(self) -> bool:
        """Whether contexts in which nothing trains are excluded."""
        return self.form is not None and self.form.compares and bool(self.expression.names & {*LEARNT})

    def direction(self, evidence: Evidence) -> int:
        """1 if the first side should be higher (or higher is better), -1 if lower."""
        if self.sign is not None:
            return self.sign
        return BETTER[self.measure] if self.measure not in SCORES else 1 if evidence.higher_is_better else -1


def digest_of(text: Mapping[str, object]) -> str:
    """Hash of a claim's text, 16 hex digits."""
    plain = json.dumps(text, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()[:16]
