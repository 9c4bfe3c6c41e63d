"""Truths, the verdict that each deserves, and how often the judge gives it, a wrong one, or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from suite.claims.claim import Claim, Holds
from suite.claims.evaluation import Judgement, evaluate_claim
from suite.claims.forms.predict import Predict
from suite.claims.verdicts import Verdict
from tests.claims.truths import claim, table

DELTA = 0.02


@dataclass(frozen=True)
class Scenario:
    """A truth.

    Attributes:
        truth: In words.
        right: The verdict that it deserves.
        mean: Of a cell, by its levels.
        claim: What is claimed.
        options: Of the table.
        factor: That the effect depends on, if it does.
    """

    truth: str
    right: Verdict
    mean: Callable[[Mapping[str, str]], float]
    claim: Claim = field(default_factory=claim)
    options: Mapping[str, Any] = field(default_factory=dict)
    factor: str = ""


def plus(effect: float, base: float = 0.8) -> Callable[[Mapping[str, str]], float]:
    """ReLU is better by so much in every context; contexts differ in level."""
    return lambda levels: base + effect * (levels["activation"] == "relu") - 0.05 * (levels["initializer"] == "small")


def crossed(levels: Mapping[str, str]) -> float:
    """ReLU is better by a tenth under He, worse by a tenth under the others."""
    return 0.7 + (0.1 if levels["initializer"] == "he" else -0.1) * (levels["activation"] == "relu")


def chance_of(first: float, second: float) -> Callable[[Mapping[str, str]], float]:
    return lambda levels: first if levels["activation"] == "relu" else second


_RATE = {"measure": "success_rate", "by": 0.3}
_AVERAGE = {"holds": Holds.ON_AVERAGE}
_PREDICT = claim(Predict("depth > 5", "test_score > 0.5", 0.9), by=0.0)

SCENARIOS = (
    Scenario("no effect anywhere", Verdict.CONTRADICTED, plus(0.0)),
    Scenario("exactly delta everywhere", Verdict.SUPPORTED, plus(DELTA)),
    Scenario("delta and a tenth of it everywhere", Verdict.SUPPORTED, plus(1.1 * DELTA)),
    Scenario("three times delta everywhere", Verdict.SUPPORTED, plus(3 * DELTA)),
    Scenario("five times delta everywhere", Verdict.SUPPORTED, plus(5 * DELTA)),
    Scenario("harm of three times delta everywhere", Verdict.CONTRADICTED, plus(-3 * DELTA)),
    Scenario("five times delta up or down, by one factor", Verdict.DEPENDS, crossed, factor="initializer"),
    Scenario("no effect, one run in five fails", Verdict.CONTRADICTED, plus(0.0), options={"erratic": 0.2}),
    Scenario("five times delta, one run in five fails", Verdict.SUPPORTED, plus(5 * DELTA), options={"erratic": 0.2}),
    Scenario("half of the runs train on both sides", Verdict.CONTRADICTED, chance_of(0.5, 0.5), claim(**_RATE), {"binary": True}),
    Scenario("nine in ten runs train against one in ten", Verdict.SUPPORTED, chance_of(0.9, 0.1), claim(**_RATE), {"binary": True}),
    Scenario("no effect, on average", Verdict.CONTRADICTED, plus(0.0), claim(**_AVERAGE)),
    Scenario("twice delta, on average", Verdict.SUPPORTED, plus(2 * DELTA), claim(**_AVERAGE)),
)  # fmt: skip


def is_right(scenario: Scenario, found: Judgement) -> bool:
    """Whether the verdict is the one deserved, and names the factor where it has to."""
    hangs_on = found.moderator.factor if found.moderator else ""
    return found.verdict is scenario.right and (not scenario.factor or hangs_on == scenario.factor)


def rates(scenario: Scenario, tables: int) -> tuple[float, float, float]:
    """Share of right verdicts, of wrong ones and of none."""
    right = open_ = 0
    for seed in range(tables):
        found = evaluate_claim(scenario.claim, {"made": table(scenario.mean, seed=seed, **scenario.options)})
        right += is_right(scenario, found)
        open_ += found.verdict is Verdict.NOT_DECIDED
    return right / tables, (tables - right - open_) / tables, open_ / tables
