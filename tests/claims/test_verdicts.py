"""The judge on tables of a known truth: right where it can tell, silent where it cannot, and never a made-up verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from suite.claims.answers import Answer
from suite.claims.contexts import Excluded
from suite.claims.forms.compare import Compare
from suite.claims.forms.predict import Predict
from suite.claims.forms.spread import Spread
from suite.claims.forms.trend import Trend
from suite.claims.forms.value import Value
from suite.claims.verdicts import Verdict
from tests.claims.truths import GRID, RELU_OVER_TANH, claim, column, crossed, judged, plus, table

ONE = {"activation": ("tanh", "relu")}
IS_RELU = column("activation") == "relu"


def test_contexts_are_all_combinations_of_what_the_claim_does_not_name() -> None:
    found = judged(table(plus(0.2)))
    assert found.verdict is Verdict.HOLDS
    assert len(found.contexts) == found.count(Answer.ENOUGH) == 3 * 2 * 3
    assert found.contexts[0].levels == {"initializer": "small", "optimizer": "sgd", "depth": "5"}
    assert found.contexts[0].first - found.contexts[0].second == pytest.approx(found.contexts[0].mean)
    assert len(found.contexts[0].cells) == 2
    (place,) = found.places
    assert place == found.first
    assert (place.benchmark, place.settings, place.answer) == ("made", 18, Answer.ENOUGH)
    assert place.effect is not None
    assert place.effect[0] == pytest.approx(np.mean([context.mean for context in found.contexts]))
    assert place.effect[1] < 0.2 < place.effect[2]
    assert 0 < place.detectable < 0.02


def test_where_leaves_a_part_and_its_single_levels_are_not_told_again() -> None:
    within = claim(where={"initializer": ("he",), "depth": ("5", "20")})
    found = judged(table(plus(0.2)), within)
    assert [context.levels for context in found.contexts[:2]] == [
        {"optimizer": "sgd", "depth": "5"},
        {"optimizer": "sgd", "depth": "20"},
    ]
    assert judged(table(plus(0.2)), claim(where={"width": ("64",)})).verdict is Verdict.HOLDS


def test_an_effect_that_turns_with_a_factor_is_said_to_depend_on_it() -> None:
    found = judged(table(crossed, noise=0.01))
    assert found.verdict is Verdict.DEPENDS
    assert found.moderator is not None
    assert (found.moderator.factor, found.moderator.benchmark) == ("initializer", "made")
    assert found.moderator.levels[0].label == "he"
    assert [level.mean for level in found.moderator.levels] == pytest.approx([0.1, -0.1, -0.1], abs=0.02)
    assert [level.contexts for level in found.moderator.levels] == [6, 6, 6]
    assert found.moderator.explained > 0.9
    assert found.count(Answer.ENOUGH) == 6
    assert found.count(Answer.OPPOSITE) == 12
    assert "Depends on initializer: +0.0969 (0.0922 to 0.102) for he, −0.0986" in found.because
    assert found.counts == "Of 18 settings by themselves: holds in 6, opposite in 12."


def test_a_lone_exception_is_counted_and_the_average_has_the_word() -> None:
    def mean(levels: Mapping[str, str]) -> float:
        effect = 0.5 if levels["initializer"] == "small" else 0.3
        lone = (levels["initializer"], levels["optimizer"], levels["depth"]) == ("he", "sgd", "5")
        return 0.4 + (0.0 if lone else effect) * (levels["activation"] == "relu")

    found = judged(table(mean, noise=0.005))
    assert found.verdict is Verdict.HOLDS
    assert (found.count(Answer.ENOUGH), found.count(Answer.NONE)) == (17, 1)
    assert found.counts == "Of 18 settings by themselves: holds in 17, no difference that counts in 1."
    assert found.moderator is not None
    assert found.moderator.factor == "initializer"
    assert "Varies with initializer: +0.5" in found.because


def test_an_effect_below_delta_everywhere_makes_no_difference() -> None:
    found = judged(table(plus(0.005), noise=0.001))
    assert found.verdict is Verdict.NO_DIFFERENCE
    assert found.count(Answer.NONE) == len(found.contexts)
    assert "less than 0.02, which would count" in found.because


def test_harm_is_the_opposite_even_if_it_is_less_than_delta_for_sure() -> None:
    assert judged(table(plus(-0.1))).verdict is Verdict.OPPOSITE
    assert judged(table(plus(-0.02), noise=0.02)).verdict is Verdict.OPPOSITE
    assert judged(table(plus(-0.01), noise=0.001)).verdict is Verdict.NO_DIFFERENCE


def test_a_direction_without_its_amount_holds_and_says_so() -> None:
    found = judged(table(plus(0.03), noise=0.02), claim(by=0.03))
    assert found.verdict is Verdict.HOLDS
    (place,) = found.places
    assert place.answer is Answer.BETTER
    assert place.effect is not None
    assert 0 < place.effect[1] < 0.03 < place.effect[2]
    assert "whether by 0.03, which would count, is open" in found.because


def test_where_nothing_learns_nothing_is_said() -> None:
    def mean(levels: Mapping[str, str]) -> float:
        return 0.1 if levels["initializer"] == "small" else 0.7 + 0.2 * (levels["activation"] == "relu")

    found = judged(table(mean, noise=0.005))
    assert found.verdict is Verdict.HOLDS
    assert found.excluded(Excluded.NOTHING_LEARNS) == 6
    assert (len(found.live), found.places[0].settings) == (12, 12)
    assert found.places[0].effect is not None
    assert found.places[0].effect[0] == pytest.approx(0.2, abs=0.01)


def test_settings_whose_learning_rate_lies_at_the_edge_are_counted() -> None:
    edge = np.zeros((36, 1))
    edge[[0, 35]] = 1
    evidence = table(plus(0.2), at_edge=edge, gradient_ratio_init=np.zeros((36, 5)))
    found = judged(evidence)
    assert [context.at_edge for context in found.contexts] == [True, *16 * [False], True]
    assert "In 2 settings a side's best learning rate lies at the edge" in found.counts
    untuned = judged(evidence, claim(measure="gradient_ratio_init", by=1.0, sign=1))
    assert not any(context.at_edge for context in untuned.contexts)
    assert "edge" not in judged(table(plus(0.2))).counts


def test_a_measure_that_is_not_of_learning_is_never_moot() -> None:
    ratio = np.where(IS_RELU, -1.0, -4.0) + np.zeros((36, 5))
    evidence = table(lambda _: 0.1, noise=0.005, gradient_ratio_init=ratio)
    found = judged(evidence, claim(measure="gradient_ratio_init", by=1.0, sign=1))
    assert (found.verdict, len(found.live)) == (Verdict.HOLDS, 18)
    wrong_way = judged(evidence, claim(measure="gradient_ratio_init", by=1.0, sign=-1))
    assert wrong_way.verdict is Verdict.OPPOSITE


def test_errors_are_better_where_lower() -> None:
    evidence = table(plus(-0.2))
    worst = {"chance_score": np.ones_like(evidence.columns["chance_score"])}
    lower = replace(evidence, columns=evidence.columns | worst, higher_is_better=False)
    assert judged(lower).verdict is Verdict.HOLDS
    assert judged(replace(lower, higher_is_better=True, columns=evidence.columns)).verdict is Verdict.OPPOSITE


def test_a_side_may_be_several_levels_and_several_factors() -> None:
    several = claim(Compare({"initializer": ("glorot", "he")}, {"initializer": ("small",)}))
    found = judged(table(lambda levels: 0.8 - 0.1 * (levels["initializer"] == "small"), noise=0.01), several)
    assert found.verdict is Verdict.HOLDS
    assert len(found.contexts) == 2 * 12
    assert {context.levels["initializer"] for context in found.contexts} == {"glorot over small", "he over small"}
    both = Compare(
        {"activation": ("relu",), "initializer": ("he",)}, {"activation": ("tanh",), "initializer": ("glorot",)}
    )
    assert len(judged(table(plus(0.1)), claim(both)).contexts) == 6


def test_a_claim_may_depend_on_which_of_several_levels_are_compared() -> None:
    several = claim(Compare({"initializer": ("glorot", "he")}, {"initializer": ("small",)}))
    found = judged(table(lambda levels: 0.7 + 0.1 * (levels["initializer"] == "he"), noise=0.005), several)
    assert found.verdict is Verdict.DEPENDS
    assert found.moderator is not None
    assert [level.label for level in found.moderator.levels] == ["he over small", "glorot over small"]


def test_a_run_that_never_reaches_the_target_counts_as_later_than_the_budget() -> None:
    """The budget stands for it, as in the restricted mean: the sign is right, and the difference at least as large."""
    steps = np.where(IS_RELU, 100.0, 340.0) + np.zeros((36, 5))
    evidence = table(plus(0.2), steps_to_target=steps, budget=np.full((36, 1), 340.0))
    found = judged(evidence, claim(measure="steps_to_target", by=100))
    assert found.verdict is Verdict.HOLDS
    assert found.places[0].effect == pytest.approx((240.0, 240.0, 240.0))


def test_success_rates_are_compared_as_shares() -> None:
    def trains(levels: Mapping[str, str]) -> float:
        return 1.0 if levels["activation"] == "relu" else 0.0

    rate = claim(measure="success_rate", by=0.3)
    found = judged(table(trains, binary=True), rate)
    assert found.verdict is Verdict.HOLDS
    assert 0.5 < found.contexts[0].low < 0.6, "five of five against none is no certainty"
    assert found.contexts[0].high == 1.0
    assert judged(table(lambda _: 0.5, binary=True), rate).verdict is Verdict.NO_DIFFERENCE
    alone = judged(table(trains, binary=True, grid=ONE, replicates=2), rate)
    assert alone.verdict is Verdict.HOLDS
    assert alone.contexts[0].low == pytest.approx(1 - 1.96 * np.sqrt(2 * 0.75 * 0.25 / 2), abs=1e-3)


def test_an_effect_that_counts_at_one_level_only_depends_though_the_average_counts() -> None:
    def mean(levels: Mapping[str, str]) -> float:
        return 0.6 + {"5": 0.01, "10": 0.15, "20": 0.2}[levels["depth"]] * (levels["activation"] == "relu")

    evidence = table(mean, noise=0.01)
    found = judged(evidence, claim(by=0.05))
    assert (found.verdict, found.places[0].answer) == (Verdict.DEPENDS, Answer.ENOUGH)
    assert found.moderator is not None
    assert [level.label for level in found.moderator.levels] == ["20", "10", "5"]
    assert judged(evidence, claim(by=0.18)).verdict is Verdict.DEPENDS, "though the average is less"
    assert judged(evidence, claim(by=0.25)).verdict is Verdict.NO_DIFFERENCE, "at no level is it so much"


def test_trends_follow_a_factor_of_numbers() -> None:
    falling = table(lambda levels: 0.9 - 0.01 * float(levels["depth"]), noise=0.005)
    assert judged(falling, claim(Trend("depth", -1), by=0.05)).verdict is Verdict.HOLDS
    found = judged(falling, claim(Trend("depth", 1), by=0.05))
    assert found.verdict is Verdict.OPPOSITE
    assert len(found.contexts) == 12
    assert len(found.contexts[0].cells) == 3
    assert found.contexts[0].first == pytest.approx(0.85, abs=0.03)
    assert found.contexts[0].second == pytest.approx(0.7, abs=0.03)
    assert "falls by 0.149" in found.because
    words = judged(falling, claim(Trend("initializer", 1)))
    assert words.verdict is Verdict.OPEN
    assert "initializer small is not a number" in words.reason


def test_the_spread_of_equal_levels_is_nothing_and_of_others_their_range() -> None:
    spread = claim(Spread("initializer"), by=0.05)
    equal = judged(table(lambda _: 0.8, noise=0.05, seed=3), spread)
    assert equal.verdict is Verdict.NO_DIFFERENCE
    assert equal.places[0].effect is not None
    assert abs(equal.places[0].effect[0]) < 0.03, "the range of three noisy means would be 0.05"
    found = judged(table(lambda levels: 0.8 + 0.1 * (levels["initializer"] == "he"), noise=0.01), spread)
    assert found.verdict is Verdict.HOLDS
    assert found.places[0].effect is not None
    assert found.places[0].effect[0] == pytest.approx(0.1, abs=0.01)


def test_the_spread_may_be_less_on_one_side() -> None:
    def mean(levels: Mapping[str, str]) -> float:
        return 0.8 + (0.15 if levels["activation"] == "tanh" else 0.01) * (levels["initializer"] == "he")

    found = judged(table(mean, noise=0.01), claim(Spread("initializer", RELU_OVER_TANH), by=0.05))
    assert found.verdict is Verdict.HOLDS
    assert len(found.contexts) == 6
    assert found.places[0].effect is not None
    assert found.places[0].effect[0] == pytest.approx(0.14, abs=0.02)


def test_a_prediction_counts_networks() -> None:
    def mean(levels: Mapping[str, str]) -> float:
        return 0.3 if levels["depth"] == "20" else 0.95

    depth = column("depth").astype(float)
    evidence = table(mean, gradient_ratio_init=-depth / 5 + np.arange(36)[:, None] / 100 + np.zeros((36, 5)))
    found = judged(evidence, claim(Predict("gradient_ratio_init < -3", "test_score < 0.5", 0.7), by=0.0))
    assert found.verdict is Verdict.HOLDS
    counts = found.prediction
    assert counts is not None
    assert (counts.networks, counts.hits, counts.others, counts.other_hits, counts.unknown) == (12, 12, 24, 0, 0)
    assert counts.misses == ()
    assert found.because.startswith(
        "In 12 of 12 networks where gradient_ratio_init < -3: test_score < 0.5; in 0 of 24 of the others."
    )
    assert found.because.endswith("Claimed: 70% or more.")
    never = judged(evidence, claim(Predict("gradient_ratio_init > 99", "test_score < 0.5", 0.7), by=0.0))
    assert never.reason == "no recipe meets the condition"
    wrong = judged(evidence, claim(Predict("gradient_ratio_init < 9", "test_score < 0.5", 0.95), by=0.0))
    assert wrong.verdict is Verdict.FAILS
    assert wrong.prediction is not None
    assert (wrong.prediction.networks, wrong.prediction.hits, len(wrong.prediction.misses)) == (36, 12, 24)
    third = judged(evidence, claim(Predict(None, "test_score < 0.5", 0.33), by=0.0))
    assert third.verdict is Verdict.DEPENDS
    assert third.moderator is not None
    assert (third.moderator.factor, third.moderator.levels[0].label) == ("depth", "20")


def test_a_published_value_is_inside_outside_or_open() -> None:
    one = {"activation": ("relu",)}
    evidence = table(lambda _: 0.82, noise=0.004, shared=0.0, grid=one)
    assert judged(evidence, claim(Value(0.8227, 0.02))).verdict is Verdict.HOLDS
    assert judged(evidence, claim(Value(0.871, 0.02))).verdict is Verdict.FAILS
    assert judged(evidence, claim(Value(0.771, 0.02))).verdict is Verdict.FAILS
    found = judged(evidence, claim(Value(0.80, 0.0205)))
    assert found.verdict is Verdict.OPEN
    assert found.reason == "runs vary too much for this number of replicates"


@pytest.mark.parametrize("figure", [0.82, 0.4])
def test_a_published_value_that_is_met_in_some_contexts_and_not_in_others_depends(figure: float) -> None:
    evidence = table(lambda levels: 0.82 if levels["initializer"] == "he" else 0.4)
    where = {factor: GRID[factor][:1] for factor in ("activation", "optimizer", "depth")}
    found = judged(evidence, claim(Value(figure, 0.1), where=where))
    met = 1 if figure == 0.82 else 2
    assert (found.count(Answer.ENOUGH), found.count(Answer.LACKING)) == (met, 3 - met)
    assert found.verdict is Verdict.DEPENDS
    assert found.moderator is not None
    assert found.moderator.factor == "initializer"
    assert "Depends on initializer: 0.825 (0.806 to" in found.because  # a figure, and no difference with a sign


def test_a_figure_is_what_it_is_where_differences_stop_at_chance() -> None:
    worse = 0.04
    evidence = table(lambda _: worse, noise=0.001, shared=0.0, grid=ONE)
    within = {"activation": ("relu",)}
    assert judged(evidence, claim(Value(worse, 0.01), where=within)).verdict is Verdict.HOLDS
    assert judged(evidence, claim(Value(0.1, 0.01), where=within)).verdict is Verdict.FAILS
    (context,) = judged(evidence).contexts
    assert context.first == context.second == 0.1


def test_a_figure_of_the_cell_varies_over_contexts_only() -> None:
    rng = np.random.default_rng(0)
    evidence = table(plus(0.0), basin_decades=np.where(IS_RELU, 2.0, 1.0) + rng.normal(0, 0.1, (36, 1)))
    found = judged(evidence, claim(measure="basin_decades", by=0.5))
    assert found.verdict is Verdict.HOLDS
    assert found.places[0].effect is not None
    means = [context.mean for context in found.contexts]
    half = 2.1098 * np.std(means, ddof=1) / np.sqrt(18)  # Student's t of 17 degrees of freedom
    assert found.places[0].effect == pytest.approx(
        (np.mean(means), np.mean(means) - half, np.mean(means) + half), abs=1e-4
    )
    assert {context.answer for context in found.contexts} == {Answer.OPEN}
    assert np.isnan(found.contexts[0].low)
