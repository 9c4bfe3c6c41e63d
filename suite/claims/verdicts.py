"""Verdicts on claims and the evidence behind them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from suite.claims.answers import Answer
from suite.claims.contexts import Context, Excluded
from suite.claims.moderators import Moderator
from suite.protocol.statistics import Interval


class Verdict(StrEnum):
    """Possible verdicts on a claim."""

    HOLDS = "holds"
    DEPENDS = "depends"
    NO_DIFFERENCE = "makes no difference"
    OPPOSITE = "the opposite holds"
    FAILS = "does not hold"
    OPEN = "open"
    NOT_JUDGED = "cannot be judged yet"
    NOT_TESTABLE = "not testable here"


OF_ANSWER = {
    Answer.ENOUGH: Verdict.HOLDS,
    Answer.BETTER: Verdict.HOLDS,
    Answer.NONE: Verdict.NO_DIFFERENCE,
    Answer.OPPOSITE: Verdict.OPPOSITE,
    Answer.LACKING: Verdict.FAILS,
    Answer.OPEN: Verdict.OPEN,
}
"""The verdict of the average over contexts, where it depends on nothing."""


@dataclass(frozen=True)
class Prediction:
    """Counts behind a prediction: networks that meet its condition, and those that meet its consequence too.

    Attributes:
        networks: Number of networks that meet the condition; recipes that are one network at the first step count once.
        hits: Number of those that meet the consequence.
        others: Number of networks that do not meet the condition.
        other_hits: Number of those that meet the consequence.
        unknown: Number of recipes left out because a value is missing.
        misses: Benchmark and fingerprint of each counterexample.
    """

    networks: int
    hits: int
    others: int
    other_hits: int
    unknown: int
    misses: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Place:
    """A claim on one benchmark.

    Attributes:
        benchmark: Name of the benchmark.
        task: Name of its task.
        verdict: The verdict there.
        answer: Answer of the average.
        effect: Average over the contexts that are not excluded, with its 95% interval; None if there are none.
        has_sign: Whether the effect is a difference, which has one.
        detectable: Smallest difference from zero that it had an 80% chance to see; NaN if unknown.
        settings: Number of contexts that are not excluded.
        moderator: What the verdict depends on or, if on nothing, what the effect varies with most; None if with nothing.
    """

    benchmark: str
    task: str
    verdict: Verdict
    answer: Answer = Answer.OPEN
    effect: Interval | None = None
    has_sign: bool = True
    detectable: float = math.nan
    settings: int = 0
    moderator: Moderator | None = None


class Replication(StrEnum):
    """Whether a second task says the same."""

    NOT_TRIED = "not tried"
    REPLICATED = "replicated"
    SAME_SIGN = "same sign"
    NOT_REPLICATED = "not replicated"


@dataclass(frozen=True)
class Ruling:
    """A verdict with the evidence behind it.

    Attributes:
        verdict: The verdict.
        reason: Why nothing is decided; empty otherwise.
        contexts: All contexts, excluded ones too; none for a prediction.
        places: The claim on each of its benchmarks.
        moderator: What the verdict depends on, or the effect varies with; None if there is nothing.
        prediction: Counts of a prediction.
    """

    verdict: Verdict
    reason: str = ""
    contexts: tuple[Context, ...] = ()
    places: tuple[Place, ...] = ()
    moderator: Moderator | None = None
    prediction: Prediction | None = None

    @property
    def first(self) -> Place | None:
        """The first benchmark that decides it or, if none does, that has an effect."""
        return deciding(self.places)

    @property
    def replication(self) -> Replication:
        """What benchmarks of other tasks say than the first that decides."""
        if self.first is None:
            return Replication.NOT_TRIED
        return replication(self.first, self.places)

    def count(self, *answers: Answer) -> int:
        """Number of contexts, not excluded, with one of these answers."""
        return sum(context.answer in answers for context in self.live)

    @property
    def live(self) -> list[Context]:
        """Contexts that are not excluded."""
        return [context for context in self.contexts if context.excluded is None]

    def excluded(self, why: Excluded) -> int:
        """Number of contexts that are excluded for a reason."""
        return sum(context.excluded is why for context in self.contexts)


class _Decides(Protocol):
    @property
    def verdict(self) -> Verdict: ...
    @property
    def effect(self) -> object: ...


_P = TypeVar("_P", bound=_Decides)


def deciding(places: Sequence[_P]) -> _P | None:
    """The first benchmark that decides a claim or, if none does, that has an effect; None if none has."""
    with_effect = [place for place in places if place.effect is not None]
    return next((p for p in with_effect if p.verdict is not Verdict.OPEN), with_effect[0] if with_effect else None)


def replication(first: Place, places: Sequence[Place]) -> Replication:
    """What benchmarks of other tasks say than a first one."""
    others = [place for place in places if place.task != first.task and place.effect is not None]
    if not others or first.effect is None:
        return Replication.NOT_TRIED
    if all(place.verdict is first.verdict and _factor(place) == _factor(first) for place in others):
        return Replication.REPLICATED
    if first.has_sign and all(place.effect[0] * first.effect[0] > 0 for place in others if place.effect):
        return Replication.SAME_SIGN
    return Replication.NOT_REPLICATED


def _factor(place: Place) -> str:
    """The factor that a verdict depends on; empty if it depends on none."""
    return place.moderator.factor if place.moderator and place.verdict is Verdict.DEPENDS else ""
