"""`predict`: of the networks that meet a condition, a given share meets a consequence, or more than of the others do.

The unit is a network: recipes whose gradients at the first step are the same to the bit, such as those of several optimizers,
count once. The grid is finite and run whole, so the share is exact but for the runs that were drawn: its interval is that of
replicates and tunings. A recipe meets a condition if at least half of its known replicates do; of the consequence, runs count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from suite.claims.answers import Question, detectable
from suite.claims.claim import Claim, Form
from suite.claims.contexts import Context, rows_within
from suite.claims.evidence import Evidence
from suite.claims.expressions import Expression, parse
from suite.claims.judging import place_of, together
from suite.claims.phrases import Amounts, where_text
from suite.claims.verdicts import OF_ANSWER, Place, Prediction, Ruling, Verdict
from suite.protocol.intervals import Combination, Scores, combined, scores_of

if TYPE_CHECKING:
    from suite.claims.given import Given

FIRST_STEP = "gradient_ratio_init"


class PredictDocument(BaseModel):
    """A condition, its consequence, and how many networks meet it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    when: str | None = Field(
        None, description="condition on a recipe, such as abs(gradient_ratio_init) > 3; default: all recipes"
    )
    then: str = Field(description="consequence for these recipes, such as outcome != trained")
    at_least: float | None = Field(
        None, gt=0, le=1, description="least share of these networks with the consequence, such as 0.5 for most"
    )
    more_by: float | None = Field(
        None, gt=0, le=1, description="instead, how much more frequent it is than without the condition, such as 0.2"
    )


@dataclass(frozen=True)
class _Seen:
    """One benchmark of a prediction: its recipes with a known condition and consequence.

    Attributes:
        evidence: The benchmark.
        rows: Rows of these recipes.
        meets: Whether each meets the condition.
        scores: For each run of the benchmark, 1 if it meets the consequence, else 0.
        weights: 1 divided by the number of recipes that are the same network, which also meet the condition, or do not.
        unknown: Number of recipes with a missing value.
    """

    evidence: Evidence
    rows: NDArray[np.int64]
    meets: NDArray[np.bool_]
    scores: Scores
    weights: NDArray[np.float64]
    unknown: int

    def share(self, *, meets: bool) -> Combination:
        """The share of the networks that meet the condition, or do not."""
        chosen = self.meets == meets
        rows, weights = self.rows[chosen], self.weights[chosen] / self.weights[chosen].sum()
        return Combination(self.scores, rows, weights, weights @ self.scores.values[rows])

    def counted(self, *, meets: bool) -> tuple[int, int]:
        """Number of networks that meet the condition (or do not), and of those with the consequence."""
        chosen = self.meets == meets
        hits = _met(self.scores.values[self.rows[chosen]]) == 1
        return round(self.weights[chosen].sum()), round(float(self.weights[chosen] @ hits))


@dataclass(frozen=True)
class Predict(Form):
    """A condition on networks and its consequence.

    Attributes:
        when: Condition; None for all.
        then: Consequence.
        at_least: Least share of the networks with the consequence; None to compare with the others.
        more_by: How much larger the share is than that of the others.
    """

    when: str | None
    then: str
    at_least: float | None = None
    more_by: float = 0.0

    key = "predict"
    field = (
        PredictDocument | None,
        Field(
            None,
            description="a condition and its consequence, such as {when: dead_fraction > 0.5, then: outcome != trained, more_by: 0.2}",
        ),
    )
    excludes = dict.fromkeys(("measure", "by", "first"), "counts networks")
    has_delta = False
    compares = False

    @classmethod
    def read(cls, given: Given) -> Self | None:
        node, parts = given.node.value[cls.key], given.shape.predict
        for key in ("when", "then"):
            if key in node.value and node.value[key].value is not None:
                expression = given.expression(key, node)
                if expression is None:
                    return None
                if not expression.is_condition:
                    text = expression.text
                    given.note(node.value[key], f"got {given.quote(text)}, expected a condition, such as {text} > 0.5")
        if (parts.at_least is None) == (parts.more_by is None):
            given.note(node, "expected either at_least, the least share, or more_by, how much more frequent it is")
            return None
        if parts.more_by is not None and parts.when is None:
            given.note(node, "has more_by, expected when, the condition without which it is less frequent")
            return None
        return cls(parts.when, parts.then, parts.at_least, parts.more_by or 0.0)

    def names(self, measure: Expression) -> frozenset[str]:
        return frozenset().union(*(parse(part).names for part in (self.when, self.then) if part))

    def question(self, claim: Claim) -> Question:
        if self.at_least is None:
            return Question(self.more_by, bounds=(-1.0, 1.0))
        return Question(self.at_least, is_difference=False, bounds=(0.0, 1.0))

    def impossible(self, recipes: int, replicates: int) -> str:
        if self.at_least is None:
            return ""
        every = scores_of(np.ones((recipes, replicates)), shares=True)
        low = every.estimate(np.full(recipes, 1 / recipes)).interval()[1]
        if not low < self.at_least:
            return ""
        return (
            f"got at_least: {self.at_least:g}, which no outcome could support: if all of {recipes} recipes of {replicates} "
            f"replicates agree, the interval begins at {low:.2f}"
        )

    def judge(self, claim: Claim, seen: Sequence[Evidence]) -> Ruling:
        found = [one for one in (self._seen(claim, evidence) for evidence in seen) if one is not None]
        counts = self._counts(found)
        places = [self._place(claim, one) for one in found]
        verdict, moderator = together(places)
        if not counts.networks:
            reason = "no recipe meets the condition"
        elif all(place.effect is None for place in places):
            reason = "all recipes meet the condition"
        else:
            reason = "too few networks and runs" if verdict is Verdict.OPEN else ""
        return Ruling(verdict, reason, (), tuple(places), moderator, counts)

    def _place(self, claim: Claim, one: _Seen) -> Place:
        evidence, question = one.evidence, self.question(claim)
        open_ = Place(evidence.benchmark, evidence.task, Verdict.OPEN)
        if not one.meets.any():
            return open_
        if self.at_least is not None:
            return place_of(list(self._contexts(one, question)), question, evidence)
        if one.meets.all():
            return open_
        estimate = combined([(1.0, one.share(meets=True)), (-1.0, one.share(meets=False))])
        effect = estimate.interval(bounds=question.bounds)
        answer = question.answer(effect)
        return Place(
            evidence.benchmark,
            evidence.task,
            OF_ANSWER[answer],
            answer,
            effect,
            detectable=detectable(estimate),
            settings=int(one.meets.sum()),
        )

    def _contexts(self, one: _Seen, question: Question) -> list[Context]:
        """Each recipe that meets the condition, as a context."""
        evidence, found = one.evidence, []
        for row, weight in zip(one.rows[one.meets].tolist(), one.weights[one.meets].tolist(), strict=True):
            series = one.scores.values[row]
            interval = one.scores.estimate([1.0], [row]).interval(bounds=question.bounds)
            effect = Combination(one.scores, np.array([row]), np.ones(1), series)
            levels = dict(zip(evidence.factors, evidence.levels[row], strict=True))
            cells, n = (evidence.cells[row],), int((~np.isnan(series)).sum())
            answer = question.answer(interval)
            found.append(
                Context(
                    evidence.benchmark, levels, effect, interval, interval[0], np.nan, cells, n, answer, weight=weight
                )
            )
        return found

    def _seen(self, claim: Claim, evidence: Evidence) -> _Seen | None:
        rows = np.array(rows_within(evidence, claim.where), dtype=int)
        values = evidence.values(parse(self.then))
        if values.shape[1] == 1:
            values = np.broadcast_to(values, (len(values), len(evidence.tunings) or 1))
        scores = scores_of(values, evidence.tunings or None, evidence.alike or None, shares=True)
        when = np.ones(len(rows)) if self.when is None else _met(evidence.values(parse(self.when))[rows])
        known = ~np.isnan(when) & ~np.isnan(_met(scores.values)[rows])
        if not known.any():
            return None
        meets = when[known] == 1
        networks = [*zip(_networks(evidence, rows[known]), meets.tolist(), strict=True)]
        sizes = Counter(networks)
        weights = np.array([1 / sizes[network] for network in networks])
        return _Seen(evidence, rows[known], meets, scores, weights, int((~known).sum()))

    def _counts(self, found: Sequence[_Seen]) -> Prediction:
        networks = hits = others = other_hits = 0
        misses: list[tuple[str, str]] = []
        for one in found:
            n, hit = one.counted(meets=True)
            rest, rest_hit = one.counted(meets=False)
            networks, hits, others, other_hits = networks + n, hits + hit, others + rest, other_hits + rest_hit
            missed = one.rows[one.meets & (_met(one.scores.values[one.rows]) == 0)]
            misses += [(one.evidence.benchmark, one.evidence.cells[row]) for row in missed.tolist()]
        return Prediction(networks, hits, others, other_hits, sum(one.unknown for one in found), tuple(misses))

    def test_text(self, claim: Claim) -> str:
        when = f"where {self.when}, " if self.when else ""
        if self.at_least is None:
            much = f"by {100 * self.more_by:g} percentage points more often than without"
        else:
            much = f"in at least {100 * self.at_least:g}% of networks"
        return f"{when}{self.then}, {much}{where_text(claim.where)}"

    def because(self, claim: Claim, ruling: Ruling) -> str:
        counts = ruling.prediction
        assert counts is not None
        where = f" where {self.when}" if self.when else ""
        others = f"; in {counts.other_hits} of {counts.others} of the others" if self.when and counts.others else ""
        amounts = Amounts("success_rate", is_difference=self.at_least is None)
        told = [f"In {counts.hits} of {counts.networks} networks{where}: {self.then}{others}."]
        for place in ruling.places:
            if place.effect is not None:
                on = f" on {place.benchmark}" if len(ruling.places) > 1 else ""
                more = "" if self.at_least is not None else " more than of the others"
                told.append(
                    f"Of their runs{on} {amounts.amount(place.effect[0])}{more} {amounts.interval(place.effect)}."
                )
        claimed = f"{100 * (self.at_least or self.more_by):g}"
        told.append(
            f"Claimed: {claimed}% or more."
            if self.at_least is not None
            else f"Claimed: {claimed} percentage points more."
        )
        return " ".join([*told, *amounts.varying(ruling)])


def _networks(evidence: Evidence, rows: NDArray[np.int64]) -> list[object]:
    """What tells networks apart: their gradients at the first step, bit by bit; else each recipe is one of its own."""
    table = evidence.columns.get(FIRST_STEP)
    if table is None:
        return rows.tolist()
    return [int(row) if np.isnan(table[row]).all() else table[row].tobytes() for row in rows]


def _met(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 for each row with at least half of its known values true, else 0; NaN if none is known."""
    known = ~np.isnan(table)
    counts = known.sum(axis=1)
    share = np.where(known, table, 0.0).sum(axis=1) / np.maximum(counts, 1)
    return np.where(counts > 0, (share >= 0.5).astype(float), np.nan)
