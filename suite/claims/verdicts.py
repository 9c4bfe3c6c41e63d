"""What can become of a claim, and what that rests on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from suite.claims.contexts import Context, Status
from suite.claims.decisions import Share, Shares
from suite.claims.moderators import Moderator
from suite.protocol.statistics import Interval


class Verdict(StrEnum):
    """What became of a claim."""

    SUPPORTED = "supported"
    DEPENDS = "depends"
    CONTRADICTED = "contradicted"
    NOT_DECIDED = "not decided"
    NOT_JUDGED = "cannot be judged yet"
    NOT_TESTABLE = "not testable here"


@dataclass(frozen=True)
class Prediction:
    """Counts of cells for which a condition holds, and what is said of them.

    Attributes:
        cells: Cells for which the condition holds.
        hits: Those of them for which what is said holds.
        others: Cells for which the condition does not hold.
        other_hits: Those of them for which what is said holds all the same.
        unknown: Cells left out, since one or the other is not known of them.
        misses: (benchmark, fingerprint) of the cells that speak against it.
    """

    cells: int
    hits: int
    others: int
    other_hits: int
    unknown: int
    misses: tuple[tuple[str, str], ...]

    @property
    def share(self) -> Share:
        """Share of hits among the cells for which the condition holds."""
        return Share(self.hits, self.cells)

    @property
    def lift(self) -> Interval | None:
        """By how much the condition raises the share, with Newcombe's interval; None where there are no other cells."""
        return Shares(self.hits, self.cells, self.other_hits, self.others).interval() if self.others else None


@dataclass(frozen=True)
class Ruling:
    """A verdict with what it rests on.

    Attributes:
        verdict: What became of the claim.
        reason: Why nothing is decided; else empty.
        effect: Mean over the contexts that are not moot, with its 95% interval; of a prediction, the share.
        contexts: All contexts.
        moderator: What the effect depends on most, if it was looked for.
        prediction: Counts, where the claim is a prediction.
        needed: Replicates (of a prediction, cells) that would decide it; None where that makes no sense, or too many
            would.
    """

    verdict: Verdict
    reason: str = ""
    effect: Interval | None = None
    contexts: tuple[Context, ...] = ()
    moderator: Moderator | None = None
    prediction: Prediction | None = None
    needed: int | None = None

    def count(self, *statuses: Status) -> int:
        """Number of contexts of these statuses."""
        return sum(context.status in statuses for context in self.contexts)

    @property
    def live(self) -> int:
        """Number of contexts that are not moot."""
        return len(self.contexts) - self.count(Status.MOOT)
