"""Whether two ways to measure order recipes differently, on tables whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from scipy import stats

from suite.protocol.claims import Compare, Order, Verdict
from suite.protocol.orders import turned
from suite.protocol.verdict_words import because, compared_text
from tests.protocol.truths import claim, judged, table

FOLDS = Order(Compare({"folds": ("none",)}, {"folds": ("8",)}))
GRID = {"folds": ("none", "8"), "recipe": tuple(f"r{i:02}" for i in range(24))}
UP = 0.5 + 0.01 * np.arange(10)


def scores(means: np.ndarray, noise: float, replicates: int = 8, seed: int = 0) -> np.ndarray:
    return means[:, None] + np.random.default_rng(seed).normal(0, noise, (len(means), replicates))


def shares(first: np.ndarray, second: np.ndarray) -> tuple[float, float, int]:
    found = turned(first, second)
    assert found is not None
    return found.other, found.again, found.n


def test_of_pairs_that_are_told_apart_those_are_counted_that_turn() -> None:
    swapped = UP.copy()
    swapped[:2] = UP[1::-1]
    assert shares(scores(UP, 1e-4), scores(UP, 1e-4, seed=1)) == (0, 0, 10)
    assert shares(scores(UP, 1e-4), scores(-UP, 1e-4, seed=1)) == (1, 0, 10)
    assert shares(scores(UP, 1e-4), scores(swapped, 1e-4, seed=1)) == (pytest.approx(1 / 45), 0, 10)


def test_what_turns_under_other_seeds_as_well_is_no_matter_of_the_way() -> None:
    """The first four runs have the one order, the last four the other: so the first way itself turns every pair."""
    first = np.hstack([scores(UP, 1e-4, 4), scores(UP[::-1], 1e-4, 4)])
    assert shares(first, scores(UP[::-1], 1e-4, seed=1)) == (1, 1, 10)
    assert shares(first, scores(UP, 1e-4, seed=1)) == (0, 1, 10)


def test_the_interval_is_that_of_leaving_recipes_out() -> None:
    """Against a count by hand over the pairs of all recipes but one."""
    first, second = scores(UP, 0.02, seed=2), scores(UP, 0.02, seed=3)

    def excess(kept: list[int]) -> float:
        pairs = [(i, j) for i in kept for j in kept if j < i and stats.ttest_rel(first[i, :4], first[j, :4])[1] < 0.05]
        order = [first[i, :4].mean() - first[j, :4].mean() for i, j in pairs]
        ways = [[way[i, 4:].mean() - way[j, 4:].mean() for i, j in pairs] for way in (second, first)]
        other, again = (np.mean(np.multiply(order, way) < 0) for way in ways)
        return float(other - again)

    found = turned(first, second)
    assert found is not None
    everyone = list(range(10))
    assert found.n == 10
    assert found.other - found.again == pytest.approx(excess(everyone))
    without = [excess([i for i in everyone if i != left_out]) for left_out in everyone]
    np.testing.assert_allclose(found.values, 10 * excess(everyone) - 9 * np.array(without), atol=1e-12)


def test_of_few_recipes_and_of_pairs_that_nobody_tells_apart_nothing_is_said() -> None:
    assert turned(scores(UP[:7], 1e-4), scores(UP[:7], 1e-4)) is None
    assert turned(np.zeros((0, 4)), np.zeros((0, 4))) is None
    assert turned(np.zeros((12, 1)), np.zeros((12, 1))) is None
    equal = np.full(12, 0.3)[:, None] + np.array([0.0, 1e-17, -1e-17, 0.0])
    assert turned(equal, equal) is None, "rounding tells nothing apart"


def test_a_recipe_without_runs_on_a_side_is_left_out() -> None:
    first, second = scores(UP, 1e-4), scores(UP, 1e-4, seed=1)
    second[3] = np.nan
    assert shares(first, second) == (0, 0, 9)


@pytest.mark.parametrize("agree", [True, False], ids=["alike", "at random"])
def test_the_judge_of_two_orders(agree: bool) -> None:
    place = np.random.default_rng(3).permutation(24)

    def mean(levels: Mapping[str, str]) -> float:
        index = int(levels["recipe"][1:])
        return 0.5 + 0.01 * (index if agree or levels["folds"] == "none" else place[index])

    found = judged(table(mean, grid=GRID, noise=0.005, replicates=8), claim(FOLDS, by=0.2))
    assert found.verdict is (Verdict.CONTRADICTED if agree else Verdict.SUPPORTED)
    (context,) = found.contexts
    assert context.first == pytest.approx(0.0 if agree else 0.5, abs=0.01 if agree else 0.15)
    assert context.second < 0.01
    assert found.effect is not None
    assert found.effect[0] == pytest.approx(context.first - context.second, abs=0.01), (
        "but for the jackknife's correction"
    )
    assert because(found).startswith("Of the pairs that half of the runs tell apart, ")
    assert "more the other way round under folds 8 than under folds none and other seeds, by 0.2" in compared_text(
        found.claim
    )


def test_noise_alone_is_seldom_told_to_turn_an_order() -> None:
    """Recipes that hardly differ: many pairs turn, and as many under other seeds."""

    def mean(levels: Mapping[str, str]) -> float:
        return 0.8 + 0.001 * int(levels["recipe"][1:])

    found = [
        judged(table(mean, grid=GRID, noise=0.02, replicates=16, seed=s), claim(FOLDS, by=0.1)).verdict
        for s in range(100)
    ]
    assert found.count(Verdict.SUPPORTED) <= 5


def test_of_recipes_all_alike_nothing_is_said() -> None:
    evidence = table(lambda _: 0.8, grid={**GRID, "recipe": ("a", "b")}, noise=0.02)
    found = judged(evidence, claim(FOLDS, by=0.1))
    assert found.verdict is Verdict.NOT_DECIDED
    assert found.reason == "its first side tells fewer than 8 recipes apart"
