"""The judge on tables of a known truth: right where it can tell, silent where it cannot, and never a made-up verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from suite.claims.claim import Holds
from suite.claims.contexts import Status
from suite.claims.forms.compare import Compare
from suite.claims.forms.predict import Predict
from suite.claims.forms.spread import Spread
from suite.claims.forms.trend import Trend
from suite.claims.forms.value import Value
from suite.claims.verdicts import Verdict
from tests.claims.truths import GRID, RELU_OVER_TANH, claim, judged, table
from tools.studies.judge.scenarios import crossed, plus


def plus_of(effect: float) -> Callable[[Mapping[str, str]], float]:
    return lambda levels: 0.8 + effect * (levels["activation"] == "relu")


def test_contexts_are_all_combinations_of_what_the_claim_does_not_name() -> None:
    found = judged(table(plus(0.2)))
    assert found.verdict is Verdict.SUPPORTED
    assert len(found.contexts) == found.count(Status.FOR) == 3 * 2 * 3
    assert found.contexts[0].levels == {"initializer": "small", "optimizer": "sgd", "depth": "5"}
    assert found.contexts[0].first - found.contexts[0].second == pytest.approx(found.contexts[0].mean)
    assert len(found.contexts[0].cells) == 2
    assert found.effect is not None
    assert found.effect[1] < 0.2 < found.effect[2]


def test_where_leaves_a_part_and_its_single_levels_are_not_told_again() -> None:
    within = claim(where={"initializer": ("he",), "depth": ("5", "20")})
    found = judged(table(plus(0.2)), within)
    assert [context.levels for context in found.contexts[:2]] == [
        {"optimizer": "sgd", "depth": "5"},
        {"optimizer": "sgd", "depth": "20"},
    ]
    assert judged(table(plus(0.2)), claim(where={"width": ("64",)})).verdict is Verdict.SUPPORTED


def test_an_effect_that_turns_with_a_factor_is_said_to_depend_on_it() -> None:
    found = judged(table(crossed, noise=0.01))
    assert found.verdict is Verdict.DEPENDS
    assert found.moderator is not None
    assert (found.moderator.factor, found.moderator.most) == ("initializer", "he")
    assert found.moderator.interaction == pytest.approx((0.2, 0.2, 0.2), abs=0.05)
    assert found.moderator.levels[0].label == "he"
    assert found.count(Status.FOR) == 6
    assert found.count(Status.AGAINST) == 12


def test_where_only_a_few_contexts_fail_the_words_say_that_every_level_holds_on_average() -> None:
    def mean(levels: Mapping[str, str]) -> float:
        effect = 0.5 if levels["initializer"] == "small" else 0.3
        lone = (levels["initializer"], levels["optimizer"], levels["depth"]) == ("he", "sgd", "5")
        return 0.4 + (0.0 if lone else effect) * (levels["activation"] == "relu")

    found = judged(table(mean, noise=0.01))
    assert found.verdict is Verdict.DEPENDS
    assert found.because.endswith(" It holds on average at each of these levels.")
    assert "It holds on average" not in judged(table(crossed, noise=0.01)).because


def test_an_effect_below_delta_everywhere_is_contradicted_as_too_small() -> None:
    found = judged(table(plus(0.005), noise=0.001))
    assert found.verdict is Verdict.CONTRADICTED
    assert found.count(Status.BELOW) == len(found.contexts)


def test_noise_is_not_decided_and_says_how_many_replicates_would() -> None:
    found = judged(table(plus(0.03), noise=0.03, seed=1))
    assert found.verdict is Verdict.NOT_DECIDED
    assert found.needed is None or found.needed > 5
    by_half_again = {"grid": {"activation": ("tanh", "relu")}, "noise": 0.03, "shared": 0.0, "seed": 4}
    open_ = judged(table(plus_of(0.05), **by_half_again))
    assert open_.verdict is Verdict.NOT_DECIDED
    assert open_.needed is not None
    assert open_.needed > 5
    more = judged(table(plus_of(0.05), replicates=4 * open_.needed, **by_half_again))
    assert more.verdict is Verdict.SUPPORTED


def test_where_nothing_learns_nothing_is_said() -> None:
    def mean(levels: Mapping[str, str]) -> float:
        return 0.1 if levels["initializer"] == "small" else 0.7 + 0.2 * (levels["activation"] == "relu")

    found = judged(table(mean, noise=0.005))
    assert found.verdict is Verdict.SUPPORTED
    assert found.count(Status.MOOT) == 6
    nothing = judged(table(lambda _: 0.1, noise=0.005))
    assert nothing.verdict is Verdict.NOT_DECIDED
    assert "nothing trained" in nothing.reason


def test_a_measure_that_is_not_of_learning_is_never_moot() -> None:
    ratio = np.where(np.array([a == "relu" for a in _column("activation")])[:, None], -1.0, -4.0) + np.zeros((36, 5))
    evidence = table(lambda _: 0.1, noise=0.005, gradient_ratio_init=ratio)
    found = judged(evidence, claim(measure="gradient_ratio_init", by=1.0, sign=1))
    assert (found.verdict, found.count(Status.MOOT)) == (Verdict.SUPPORTED, 0)
    wrong_way = judged(evidence, claim(measure="gradient_ratio_init", by=1.0, sign=-1))
    assert wrong_way.verdict is Verdict.CONTRADICTED


def test_errors_are_better_where_lower() -> None:
    evidence = table(plus(-0.2))
    worst = {"chance_score": np.ones_like(evidence.columns["chance_score"])}
    lower = replace(evidence, columns=evidence.columns | worst, higher_is_better=False)
    assert judged(lower).verdict is Verdict.SUPPORTED


def test_a_side_may_be_several_levels_and_several_factors() -> None:
    several = claim(Compare({"initializer": ("glorot", "he")}, {"initializer": ("small",)}))
    found = judged(table(lambda levels: 0.8 - 0.1 * (levels["initializer"] == "small"), noise=0.01), several)
    assert found.verdict is Verdict.SUPPORTED
    assert len(found.contexts) == 2 * 12
    assert {context.levels["initializer"] for context in found.contexts} == {"glorot over small", "he over small"}
    both = Compare(
        {"activation": ("relu",), "initializer": ("he",)}, {"activation": ("tanh",), "initializer": ("glorot",)}
    )
    assert len(judged(table(plus(0.1)), claim(both)).contexts) == 6


def test_a_run_that_never_reaches_the_target_counts_as_later_than_the_budget() -> None:
    """The budget stands for it, as in the restricted mean: the sign is right, and the difference at least as large."""
    steps = np.where(np.array([a == "relu" for a in _column("activation")])[:, None], 100.0, 340.0) + np.zeros((36, 5))
    evidence = table(plus(0.2), steps_to_target=steps)
    found = judged(evidence, claim(measure="steps_to_target", by=100))
    assert found.verdict is Verdict.SUPPORTED
    assert found.effect == pytest.approx((240.0, 240.0, 240.0))


def test_success_rates_are_compared_as_shares() -> None:
    def trains(levels: Mapping[str, str]) -> float:
        return 1.0 if levels["activation"] == "relu" else 0.0

    found = judged(table(trains, binary=True), claim(measure="success_rate", by=0.3))
    assert found.verdict is Verdict.SUPPORTED
    assert 0.3 < found.contexts[0].low < 0.4
    assert (
        judged(table(lambda _: 1.0, binary=True), claim(measure="success_rate", by=0.3)).verdict is Verdict.CONTRADICTED
    )


def test_on_average_is_judged_by_the_mean_over_contexts() -> None:
    def mean(levels: Mapping[str, str]) -> float:
        return 0.6 + {"5": 0.01, "10": 0.15, "20": 0.2}[levels["depth"]] * (levels["activation"] == "relu")

    evidence = table(mean, noise=0.01)
    assert judged(evidence, claim(by=0.05)).verdict is Verdict.DEPENDS
    assert judged(evidence, claim(by=0.05, holds=Holds.ON_AVERAGE)).verdict is Verdict.SUPPORTED
    assert judged(evidence, claim(by=0.18, holds=Holds.ON_AVERAGE)).verdict is Verdict.CONTRADICTED
    assert judged(evidence, claim(by=0.12, holds=Holds.ON_AVERAGE)).verdict is Verdict.NOT_DECIDED


def test_trends_follow_a_factor_of_numbers() -> None:
    falling = table(lambda levels: 0.9 - 0.01 * float(levels["depth"]), noise=0.005)
    assert judged(falling, claim(Trend("depth", -1), by=0.05)).verdict is Verdict.SUPPORTED
    found = judged(falling, claim(Trend("depth", 1), by=0.05))
    assert found.verdict is Verdict.CONTRADICTED
    assert len(found.contexts) == 12
    assert len(found.contexts[0].cells) == 3
    assert found.contexts[0].first == pytest.approx(0.85, abs=0.03)
    words = judged(falling, claim(Trend("initializer", 1)))
    assert words.verdict is Verdict.NOT_DECIDED
    assert "initializer small is not a number" in words.reason


def test_the_spread_of_equal_levels_is_nothing_and_of_others_their_range() -> None:
    spread = claim(Spread("initializer"), by=0.05)
    equal = judged(table(lambda _: 0.8, noise=0.05, seed=3), spread)
    assert equal.effect is not None
    assert abs(equal.effect[0]) < 0.03, "the range of three noisy means would be 0.05"
    found = judged(table(lambda levels: 0.8 + 0.1 * (levels["initializer"] == "he"), noise=0.01), spread)
    assert found.verdict is Verdict.SUPPORTED
    assert found.effect is not None
    assert found.effect[0] == pytest.approx(0.1, abs=0.01)


def test_the_spread_may_be_less_on_one_side() -> None:
    def mean(levels: Mapping[str, str]) -> float:
        return 0.8 + (0.15 if levels["activation"] == "tanh" else 0.01) * (levels["initializer"] == "he")

    found = judged(table(mean, noise=0.01), claim(Spread("initializer", RELU_OVER_TANH), by=0.05))
    assert found.verdict is Verdict.SUPPORTED
    assert len(found.contexts) == 6
    assert found.effect is not None
    assert found.effect[0] == pytest.approx(0.14, abs=0.02)


def test_a_prediction_counts_cells_and_has_to_tell_something() -> None:
    def mean(levels: Mapping[str, str]) -> float:
        return 0.3 if levels["depth"] == "20" else 0.95

    depth = np.array([float(d) for d in _column("depth")])[:, None]
    evidence = table(mean, gradient_ratio_init=-depth / 5 + np.zeros((36, 5)))
    vanishes = claim(Predict("gradient_ratio_init < -3", "test_score < 0.5", 0.7), by=0.0)
    found = judged(evidence, vanishes)
    assert found.verdict is Verdict.SUPPORTED
    assert found.prediction is not None
    assert (found.prediction.cells, found.prediction.hits, found.prediction.others) == (12, 12, 24)
    assert found.prediction.misses == ()
    trivial = judged(evidence, claim(Predict("gradient_ratio_init < -1.5", "test_score < 2", 0.5), by=0.0))
    assert trivial.verdict is Verdict.NOT_DECIDED
    assert "as frequent" in trivial.reason
    few = judged(evidence, claim(Predict("gradient_ratio_init < -3", "test_score < 0.5", 0.8), by=0.0))
    assert few.verdict is Verdict.NOT_DECIDED
    assert few.because.endswith("Not enough data: too few recipes. About 16 recipes with this share would decide it.")
    never = judged(evidence, claim(Predict("gradient_ratio_init > 99", "test_score < 0.5", 0.7), by=0.0))
    assert never.reason == "no recipe meets the condition"
    wrong = judged(evidence, claim(Predict("gradient_ratio_init < -1.5", "test_score < 0.5", 0.9), by=0.0))
    assert wrong.verdict is Verdict.CONTRADICTED
    assert wrong.prediction is not None
    assert len(wrong.prediction.misses) == 12


def test_a_published_value_is_inside_outside_or_open() -> None:
    one = {"activation": ("relu",)}
    evidence = table(lambda _: 0.82, noise=0.004, shared=0.0, grid=one)
    assert judged(evidence, claim(Value(0.8227, 0.02))).verdict is Verdict.SUPPORTED
    assert judged(evidence, claim(Value(0.871, 0.02))).verdict is Verdict.CONTRADICTED
    found = judged(evidence, claim(Value(0.80, 0.0205)))
    assert found.verdict is Verdict.NOT_DECIDED
    assert found.reason.startswith("not enough data")


def test_a_published_value_that_is_met_in_one_context_and_not_in_another_depends() -> None:
    evidence = table(lambda levels: 0.82 if levels["initializer"] == "he" else 0.4)
    found = judged(
        evidence,
        claim(Value(0.82, 0.1), where={factor: GRID[factor][:1] for factor in ("activation", "optimizer", "depth")}),
    )
    assert found.verdict is Verdict.DEPENDS
    assert found.moderator is not None
    assert found.moderator.factor == "initializer"
    assert (found.count(Status.FOR), found.count(Status.AGAINST)) == (1, 2)
    assert "Depends on initializer: 0.825 (0.806 to" in found.because  # a figure, and no difference with a sign


def test_a_figure_is_what_it_is_where_differences_stop_at_chance() -> None:
    one, worse = {"activation": ("tanh", "relu")}, 0.04
    evidence = table(lambda _: worse, noise=0.001, shared=0.0, grid=one)
    within = {"activation": ("relu",)}
    assert judged(evidence, claim(Value(worse, 0.01), where=within)).verdict is Verdict.SUPPORTED
    assert judged(evidence, claim(Value(0.1, 0.01), where=within)).verdict is Verdict.CONTRADICTED
    (context,) = judged(evidence).contexts
    assert context.first == context.second == 0.1


def test_a_figure_of_the_cell_is_judged_on_average_alone() -> None:
    wide = np.where(np.array([a == "relu" for a in _column("activation")])[:, None], 2.0, 1.0)
    rng = np.random.default_rng(0)
    evidence = table(plus(0.0), basin_decades=wide + rng.normal(0, 0.1, wide.shape))
    found = judged(evidence, claim(measure="basin_decades", by=0.5, holds=Holds.ON_AVERAGE))
    assert found.verdict is Verdict.SUPPORTED
    assert judged(evidence, claim(measure="basin_decades", by=0.5)).verdict is Verdict.NOT_DECIDED


def _column(factor: str) -> list[str]:
    evidence = table(plus(0.0))
    return [labels[list(GRID).index(factor)] for labels in evidence.levels]
