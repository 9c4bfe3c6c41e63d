"""Base class of the forms with an effect in each context: `compare`, `trend`, `spread` and `value`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suite.claims.answers import Question
from suite.claims.claim import Claim, Form
from suite.claims.contexts import Context, Excluded, grouped_rows
from suite.claims.evidence import Evidence, Levels
from suite.claims.expressions import SCORES, parse
from suite.claims.judging import judge_contexts
from suite.claims.phrases import Amounts, measure_text, where_text
from suite.claims.verdicts import Place, Ruling
from suite.protocol.intervals import Combination, Scores, combined

Table = NDArray[np.float64]
"""Values of a measure, shape (cells, replicates)."""


@dataclass(frozen=True)
class Effect:
    """The effect in one context.

    Attributes:
        series: The effect by replicate, shape (replicates,); NaN if a value is missing.
        weights: Derivative of the effect by the mean of each cell, shape (cells,): first side, then second.
    """

    series: Table
    weights: NDArray[np.float64]


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

    @abstractmethod
    def what_is_compared(self, claim: Claim) -> str:
        """The comparison in words, without its measure."""

    @abstractmethod
    def effect_text(self, claim: Claim, place: Place) -> str:
        """The mean effect on one benchmark, in a sentence without its full stop."""

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
        question = self.question(claim)
        found = [context for evidence in seen for context in self._contexts(claim, evidence, question)]
        return judge_contexts(question, found, seen, self.nothing_text())

    def _contexts(self, claim: Claim, evidence: Evidence, question: Question) -> Iterator[Context]:
        scores = evidence.scores(claim.expression, compared=self.compares)
        table = scores.values
        for shared, rows in grouped_rows(evidence, self.factors, claim.where):
            for labels, first, second in self.settings(evidence, rows):
                found = self.effect(claim, evidence, table[first], table[second])
                both = [*first, *second]
                effect = Combination(scores, np.array(both), found.weights, found.series)
                n = int((~np.isnan(found.series)).sum())
                if n:
                    interval = combined([(1.0, effect)]).interval(bounds=question.bounds)
                    yield Context(
                        evidence.benchmark, shared | labels, effect, interval, *self.ends(table[first], table[second]),
                        tuple(evidence.cells[row] for row in both), n, question.answer(interval),
                        self._excluded(claim, evidence, scores, first, second) if self.compares else None,
                        of_cell=claim.expression.is_of_cells,
                        at_edge=claim.is_of_scores and evidence.has_edge(both),
                    )  # fmt: skip

    def _excluded(
        self, claim: Claim, evidence: Evidence, scores: Scores, first: list[int], second: list[int]
    ) -> Excluded | None:
        """Why a context cannot speak; None if it can."""
        both = [*first, *second]
        if claim.can_be_moot and bool(evidence.at_chance[both].all()):
            return Excluded.NOTHING_LEARNS
        if claim.measure == "success_rate" and not np.nanmax(scores.values[both]):
            return Excluded.NO_TARGET
        if "steps_to_target" in claim.expression.names:
            steps, budget = evidence.columns["steps_to_target"][both], evidence.columns["budget"][both]
            if not (steps < budget).any():
                return Excluded.NO_TARGET
        if claim.baseline and second:
            met = evidence.values(parse(claim.baseline), compared=True)[second]
            if not mean_of(met) >= 0.5:
                return Excluded.NOTHING_TO_PREVENT
        if second and self.has_baseline and claim.sign is None and claim.measure in ("success_rate", *SCORES):
            best = 1.0 if claim.measure == "success_rate" else evidence.reference
            reached = mean_of(scores.values[second])
            if best is not None and claim.direction(evidence) * (best - reached) < claim.by:
                return Excluded.NO_ROOM
        return None

    def test_text(self, claim: Claim) -> str:
        baseline = f"; if {claim.baseline} on the second side" if claim.baseline else ""
        return f"{measure_text(claim.measure)}: {self.what_is_compared(claim)}{where_text(claim.where)}{baseline}"

    def because(self, claim: Claim, ruling: Ruling) -> str:
        amounts = Amounts(claim.measure, is_difference=self.compares)
        parts = []
        for place in ruling.places:
            if place.effect is not None:
                on = f" on {place.benchmark}" if len(ruling.places) > 1 else ""
                over = f", on average over {place.settings} settings" if place.settings > 1 else ""
                told = amounts.told(place.answer, claim.by) if self.compares else ""
                parts.append(f"{self.effect_text(claim, place)}{on}{over}{told}.")
        return " ".join([*parts, *amounts.varying(ruling)])


def known(values: Table) -> Table:
    return np.asarray(values[~np.isnan(values)])


def mean_of(table: Table) -> float:
    """Mean of the values that are not NaN; NaN if there are none."""
    found = known(table.ravel())
    return float(found.mean()) if len(found) else float("nan")
