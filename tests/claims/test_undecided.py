"""What the judge does not decide: what is not there, too little of it, or nothing that it could be judged by."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from suite.claims.answers import Answer
from suite.claims.claim import Claim
from suite.claims.evaluation import evaluate_claim
from suite.claims.forms.compare import Compare
from suite.claims.forms.predict import Predict
from suite.claims.verdicts import Verdict
from tests.claims.truths import claim, column, judged, plus, table


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
        (claim(baseline="dead_fraction > 0.5"), "dead_fraction is not a column of the tables of made"),
        (claim(benchmarks=("made", "other")), "other has no results"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_and_not_judged(asked: Claim, reason: str) -> None:
    found = judged(table(plus(0.2)), asked)
    assert found.verdict is Verdict.OPEN
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
    assert found.verdict is Verdict.OPEN


def test_one_replicate_has_no_interval_in_a_context() -> None:
    (context,) = judged(
        table(plus(0.5), replicates=1, grid={"activation": ("tanh", "relu"), "initializer": ("he",)})
    ).contexts
    assert (context.replicates, math.isnan(context.low), context.answer) == (1, True, Answer.OPEN)


def test_missing_replicates_are_left_out_in_pairs() -> None:
    evidence = table(plus(0.2))
    evidence.columns["test_score"][0, :3] = np.nan
    found = judged(evidence)
    assert sorted(context.replicates for context in found.contexts) == [2] + 17 * [5]
    assert found.verdict is Verdict.HOLDS


def test_noise_is_open_and_says_how_small_a_difference_would_have_been_seen() -> None:
    noisy = {"grid": {"activation": ("tanh", "relu"), "initializer": ("he",)}, "noise": 0.03, "shared": 0.0, "seed": 9}
    found = judged(table(plus(0.03), **noisy))
    assert found.verdict is Verdict.OPEN
    assert found.reason == "runs vary too much for this number of replicates"
    (place,) = found.places
    assert place.detectable > 0.03
    assert "not enough data to tell 0.02 from none" in found.because
    more = judged(table(plus(0.03), replicates=100, **noisy))
    assert more.verdict is Verdict.HOLDS
    assert more.places[0].detectable == pytest.approx(2.8 * 0.03 * math.sqrt(2 / 100), rel=0.15)
    assert more.reason == ""


def test_where_no_setting_can_speak_nothing_is_decided() -> None:
    found = judged(table(lambda _: 0.1, noise=0.005))
    assert (found.verdict, found.reason) == (Verdict.OPEN, "no setting can speak about it")
    assert found.because == "No setting can speak about it."
    assert found.counts == "Not counted: 18 settings, nothing learns on either side (18)."
    (place,) = found.places
    assert (place.effect, place.settings) == (None, 0)


def test_predictions_without_networks_on_one_side_say_which() -> None:
    depth = column("depth").astype(float)
    evidence = table(plus(0.0), gradient_ratio_init=depth + np.arange(36)[:, None] / 100 + np.zeros((36, 5)))
    asked = {
        "gradient_ratio_init > 99": "no recipe meets the condition",
        "gradient_ratio_init > 1": "all recipes meet the condition",
    }
    for when, reason in asked.items():
        found = judged(evidence, claim(Predict(when, "test_score > 0.5", more_by=0.2), by=0.0))
        assert (found.verdict, found.reason) == (Verdict.OPEN, reason)


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
