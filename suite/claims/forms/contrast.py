"""Base class of the forms with an effect in each context: `compare`, `trend`, `spread` and `value`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suite.claims.claim import Claim, Form, Holds
from suite.claims.contexts import Context, Status, grouped_rows
from suite.claims.decisions import Differences, Share, Shares
from suite.claims.evidence import Evidence, Levels
from suite.claims.judging import judge_contexts
from suite.claims.phrases import between, figure, measure_text, sentence, signed, where_text
from suite.claims.verdicts import Ruling, Verdict
from suite.protocol.intervals import Combination, combined
from suite.protocol.written import counted

Table = NDArray[np.float64]
"""Values of a measure, shape (cells, replicates)."""


@dataclass(frozen=True)
class Effect:
    """The effect in one context.

    Attributes:
        series: The effect by replicate, shape (replicates,); NaN if a value is missing.
        weights: Derivative of the effect by the mean of each cell, shape (cells,): first side, then second.
        shares: The effect as shares of runs, if the measure is 1 or 0 for each run.
    """

    series: Table
    weights: NDArray[np.float64]
    shares: Shares | Share | None = None


Setting = tuple[dict[str, str], list[int], list[int]]
"""Labels of a context, and the rows of the cells on its two sides."""


class Contrast(Form):
    """A form with an effect in each context."""

    @abstractmethod
    def settings(self, evidence: Evidence, rows: list[int]) -> Iterator[Setting]:
        """The contexts among cells that agree in all factors not named, each with the labels that distinguish it."""

    @abstractmethod
    def effect(self, claim: Claim, evidence: Evidence, first: Table, second: Table) -> Effect:
        """The effect in one context, positive in the claimed direction."""

    @property
    def can_be_opposite(self) -> bool:
        """Whether the effect can have the opposite sign."""
        return True

    @abstractmethod
    def what_is_compared(self, claim: Claim) -> str:
        """The comparison in words, without its measure."""

    def nothing_text(self) -> str:
        """The reason to report if there are no contexts."""
        return f"no two finished recipes differ only in {' and '.join(self.factors)}"

    def ends(self, first: Table, second: Table) -> tuple[float, float]:
        """Means of the two sides."""
        return mean_of(first), mean_of(second)

    def has_cells(self, evidence: Evidence, where: Levels) -> bool:
        groups = grouped_rows(evidence, self.factors, where)
        return any(True for _, rows in groups for _ in self.settings(evidence, rows))

    def judge(self, claim: Claim, seen: Sequence[Evidence]) -> Ruling:
        found = [context for evidence in seen for context in self._contexts(claim, evidence)]
        return judge_contexts(claim, self, found, self.nothing_text())

    def _contexts(self, claim: Claim, evidence: Evidence) -> Iterator[Context]:
        scores = evidence.scores(claim.expression, compared=self.compares)
        table = scores.values
        for shared, rows in grouped_rows(evidence, self.factors, claim.where):
            for labels, first, second in self.settings(evidence, rows):
                found = self.effect(claim, evidence, table[first], table[second])
                both = [*first, *second]
                effect = Combination(scores, np.array(both), found.weights, found.series)
                n = int((~np.isnan(found.series)).sum())
                if n:
                    decision = found.shares or Differences(combined([(1.0, effect)]), n)
                    moot = claim.can_be_moot and bool(evidence.at_chance[both].all())
                    yield Context(
                        evidence.benchmark, shared | labels, decision, effect, *self.ends(table[first], table[second]),
                        tuple(evidence.cells[row] for row in both), Status.MOOT if moot else Status.UNDECIDED,
                    )  # fmt: skip

    def test_text(self, claim: Claim) -> str:
        held = f", {claim.holds}" if self.compares else ""
        return f"{measure_text(claim.measure)}: {self.what_is_compared(claim)}{held}{where_text(claim.where)}"

    def because(self, claim: Claim, ruling: Ruling) -> str:
        if ruling.verdict is Verdict.DEPENDS and ruling.moderator is not None:
            return f"{self._counts(claim, ruling)} {self._levels(claim, ruling)}"
        return f"{self._average(ruling)} {self._counts(claim, ruling)}{_undecided(ruling)}"

    def _average(self, ruling: Ruling) -> str:
        if ruling.effect is None:
            return ""
        lead = ("Mean effect" if ruling.live > 1 else "Effect") if self.compares else "Our value"
        return f"{lead}: {self._with_interval(*ruling.effect)}."

    def _with_interval(self, mean: float, low: float, high: float) -> str:
        if self.compares:
            return f"{signed(mean)} ({between(low, high)})"
        return f"{figure(mean)} ({figure(low)} to {figure(high)})"

    def _counts(self, claim: Claim, ruling: Ruling) -> str:
        """Numbers of contexts by result."""
        if not ruling.contexts:
            return ""
        moot = ruling.count(Status.MOOT)
        excluded = f" ({moot} more excluded: nothing trained)" if moot else ""
        if ruling.live < 2 or claim.holds is Holds.ON_AVERAGE:
            return f"{counted(ruling.live, 'setting')}{excluded}."
        opposite = ruling.count(Status.AGAINST) if self.can_be_opposite else 0
        counts = {
            "not in": ruling.count(Status.BELOW, Status.AGAINST) - opposite,
            "opposite in": opposite,
            "undecided in": ruling.count(Status.UNDECIDED),
        }
        parts = [
            f"holds in {ruling.count(Status.FOR)}",
            *(f"{words} {count}" for words, count in counts.items() if count),
        ]
        return f"Of {ruling.live} settings: {', '.join(parts)}{excluded}."

    def _levels(self, claim: Claim, ruling: Ruling) -> str:
        assert ruling.moderator is not None
        levels = ruling.moderator.levels
        parts = [f"{self._with_interval(v.mean, v.low, v.high)} for {v.label}" for v in levels]
        told = f"Depends on {ruling.moderator.factor.replace('_', ' ')}: {', '.join(parts)}."
        # A few contexts are enough for this verdict, so readers need to know if the claim holds on average at all levels.
        low, high = self.band(claim.by)
        enough = all(low <= level.low and level.high <= high for level in levels)
        return f"{told} It holds on average at each of these levels." if enough else told


def _undecided(ruling: Ruling) -> str:
    """The reason why nothing is decided, and the number of replicates that would decide it."""
    if ruling.verdict is not Verdict.NOT_DECIDED:
        return ""
    told = f" {sentence(ruling.reason)}"
    if ruling.needed:
        now = max((context.replicates for context in ruling.contexts), default=0)
        told += f" About {ruling.needed} replicates would decide it (now {now})."
    return told


def known(values: Table) -> Table:
    return np.asarray(values[~np.isnan(values)])


def mean_of(table: Table) -> float:
    """Mean of the values that are not NaN; NaN if there are none."""
    found = known(table.ravel())
    return float(found.mean()) if len(found) else float("nan")


def shares_of(higher: Table, lower: Table) -> Shares | None:
    """The difference of two shares of runs; None if a side has no runs.

    Args:
        higher: 1 or 0 for each run of the side that should be higher.
        lower: The same for the other side.
    """
    a, b = known(higher.ravel()), known(lower.ravel())
    return Shares(float(a.sum()), len(a), float(b.sum()), len(b)) if len(a) and len(b) else None
