"""Verdicts on claims and the evidence behind them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from suite.claims.contexts import Context, Status
from suite.claims.decisions import Share, Shares
from suite.claims.moderators import Moderator
from suite.protocol.statistics import Interval


class Verdict(StrEnum):
    """Possible verdicts on a claim."""

    SUPPORTED = "supported"
    DEPENDS = "depends"
    CONTRADICTED = "contradicted"
    NOT_DECIDED = "not decided"
    NOT_JUDGED = "cannot be judged yet"
    NOT_TESTABLE = "not testable here"


@dataclass(frozen=True)
class Prediction:
    """Counts behind a prediction: cells that meet its condition, and those that meet its consequence too.

    Attributes:
        cells: Number of cells that meet the condition.
        hits: Number of those that meet the consequence.
        others: Number of cells that do not meet the condition.
        other_hits: Number of those that meet the consequence.
        unknown: Number of cells left out because a value is missing.
        misses: Benchmark and fingerprint of each counterexample.
    """

    cells: int
    hits: int
    others: int
    other_hits: int
    unknown: int
    misses: tuple[tuple[str, str], ...]

    @property
    def share(self) -> Share:
        """Share of hits among the cells that meet the condition."""
        return Share(self.hits, self.cells)

    @property
    def lift(self) -> Interval | None:
        """Share of hits minus that of the other cells, with Newcombe's interval; None without other cells."""
        return Shares(self.hits, self.cells, self.other_hits, self.others).interval() if self.others else None


@dataclass(frozen=True)
class Ruling:
    """A verdict with the evidence behind it.

    Attributes:
        verdict: The verdict.
        reason: Why nothing is decided; empty otherwise.
        effect: Mean over the contexts that are not excluded, or the share of a prediction, with its 95% interval.
        contexts: All contexts, excluded ones too.
        moderator: Factor that explains most of the variation of the effect; None if there is none.
        prediction: Counts of a prediction.
        needed: Number of replicates (cells, for a prediction) that would decide it; None if unknown or too large.
    """

    verdict: Verdict
    reason: str = ""
    effect: Interval | None = None
    contexts: tuple[Context, ...] = ()
    moderator: Moderator | None = None
    prediction: Prediction | None = None
    needed: int | None = None

    def count(self, *statuses: Status) -> int:
        """Number of contexts with one of these statuses."""
        return sum(context.status in statuses for context in self.contexts)

    @property
    def live(self) -> int:
        """Number of contexts that are not excluded."""
        return len(self.contexts) - self.count(Status.MOOT)
