"""What the judge does not decide: what is not there, too little of it, or nothing that it could be judged by."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from suite.claims.claim import Claim
from suite.claims.evaluation import evaluate_claim
from suite.claims.forms.compare import Compare
from suite.claims.verdicts import Verdict
from tests.claims.truths import claim, judged, table
from tools.studies.judge.scenarios import plus


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (claim(Compare({"activaton": ("relu",)}, {"activaton": ("tanh",)})), "activaton is not a factor of made; its factors: activation,"),
        (claim(Compare({"width": ("64",)}, {"width": ("32",)})), "width is always 64 in made"),
        (claim(Compare({"activation": ("swish",)}, {"activation": ("tanh",)})), "activation swish is not in made; its levels: tanh, relu"),
        (claim(where={"depth": ("7",)}), "depth 7 is not in made"),
        (claim(where={"width": ("32",)}), "width 32 is not in made; its levels: 64"),
        (claim(where={"colour": ("red",)}), "colour is not a factor of made"),
        (claim(measure="dead_fraction", sign=-1), "dead_fraction is not a column of the tables of made"),
        (claim(benchmarks=("made", "other")), "other has no results"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_and_not_judged(asked: Claim, reason: str) -> None:
    found = judged(table(plus(0.2)), asked)
    assert found.verdict is Verdict.NOT_DECIDED
    assert reason in found.reason


def test_levels_that_never_meet_are_not_compared() -> None:
    evidence = table(plus(0.2), grid={"activation": ("tanh", "relu"), "initializer": ("he", "glorot")})
    apart = [row for row, labels in enumerate(evidence.levels) if (labels[0] == "relu") == (labels[1] == "he")]
    left = replace(
        evidence,
        levels=tuple(evidence.levels[row] for row in apart),
        cells=tuple(evidence.cells[row] for row in apart),
        columns={name: column[apart] for name, column in evidence.columns.items()},
    )
    assert judged(left).reason == "no two finished recipes differ only in activation"


def test_one_replicate_decides_nothing() -> None:
    found = judged(table(plus(0.5), replicates=1))
    assert found.verdict is Verdict.NOT_DECIDED
    assert math.isnan(found.contexts[0].low)


def test_missing_replicates_are_left_out_in_pairs() -> None:
    evidence = table(plus(0.2))
    evidence.columns["test_score"][0, :3] = np.nan
    assert min(context.replicates for context in judged(evidence).contexts) == 2


def test_what_cannot_be_judged_says_why() -> None:
    untestable = Claim(id="gan", says="GANs are hard.", source="B", untestable="no GAN here")
    needs = Claim(id="saddle", says="Saddles.", source="B", needs="a probe of curvature")
    assert (evaluate_claim(untestable, {}).verdict, evaluate_claim(untestable, {}).reason) == (
        Verdict.NOT_TESTABLE,
        "no GAN here",
    )
    assert (evaluate_claim(needs, {}).verdict, evaluate_claim(needs, {}).reason) == (
        Verdict.NOT_JUDGED,
        "a probe of curvature",
    )
