"""How often two ways to measure put recipes in different orders, on tables whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from suite.protocol.claims import Compare, Order, Verdict
from suite.protocol.orders import turned
from suite.protocol.verdict_words import because, compared_text
from tests.protocol.truths import claim, judged, table

FOLDS = Order(Compare({"folds": ("none",)}, {"folds": ("8",)}))
GRID = {"folds": ("none", "8"), "recipe": tuple(f"r{i:02}" for i in range(24))}


def scores(means: np.ndarray, noise: float, replicates: int = 8, seed: int = 0) -> np.ndarray:
    return means[:, None] + np.random.default_rng(seed).normal(0, noise, (len(means), replicates))


def test_of_pairs_that_are_told_apart_those_are_counted_that_turn() -> None:
    means = np.array([0.9, 0.8, 0.7, 0.6])
    swapped = np.array([0.8, 0.9, 0.7, 0.6])
    assert turned(scores(means, 1e-3), scores(means, 1e-3, seed=1)).interval()[0] == 0
    assert turned(scores(means, 1e-3), scores(-means, 1e-3, seed=1)).interval()[0] == 1
    found = turned(scores(means, 1e-3), scores(swapped, 1e-3, replicates=5, seed=1))
    assert found.interval()[0] == pytest.approx(1 / 6)
    assert found.n == 4, "six pairs are of four recipes"


def test_pairs_that_nobody_tells_apart_do_not_count() -> None:
    equal = np.array([0.8, 0.8, 0.8])
    few = [turned(scores(equal, 0.02, seed=s), scores(equal, 0.02, seed=s + 1000)) for s in range(200)]
    told = sum(found.n > 0 for found in few)
    assert told < 50, "three pairs at 5% each"
    one = np.array([[0.5, 0.6, 0.7, 0.8], [0.1, 0.2, 0.3, 0.4]])
    assert turned(one, one[::-1]).interval()[0] == 1, "a difference without spread is told apart"
    assert turned(np.zeros((0, 3)), np.zeros((0, 3))).n == 0


@pytest.mark.parametrize(
    ("agree", "verdict"), [(True, Verdict.CONTRADICTED), (False, Verdict.SUPPORTED)], ids=["alike", "at random"]
)
def test_the_judge_of_two_orders(agree: bool, verdict: Verdict) -> None:
    place = np.random.default_rng(3).permutation(24)

    def mean(levels: dict[str, str]) -> float:
        index = int(levels["recipe"][1:])
        return 0.5 + 0.01 * (index if agree or levels["folds"] == "none" else place[index])

    found = judged(table(mean, grid=GRID, noise=0.005), claim(FOLDS, by=0.2))
    assert found.verdict is verdict
    assert len(found.contexts) == 1
    assert found.effect is not None
    assert found.effect[0] == pytest.approx(0.0 if agree else 0.5, abs=0.01 if agree else 0.15)
    assert because(found).startswith("Of the pairs told apart ")
    assert "of pairs of recipes that folds none tells apart, at least 20%" in compared_text(found.claim)


def test_of_recipes_all_alike_nothing_is_said() -> None:
    evidence = table(lambda _: 0.8, grid={**GRID, "recipe": ("a", "b")}, noise=0.02)
    found = judged(evidence, claim(FOLDS, by=0.1))
    assert found.verdict is Verdict.NOT_DECIDED
    assert found.reason == "its first side tells no two recipes apart"
