"""Effects of a factorial design: hand-computed cases, missing cells, and simulated coverage."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from suite.protocol.effects import EVERY_PAIR, Effect, factor_effects, frontier, interactions, level_effects
from suite.protocol.intervals import scores_of

NAN = float("nan")


def grid(**levels: list) -> dict[str, list]:
    """The columns of the full grid."""
    rows = list(itertools.product(*levels.values()))
    return {name: [row[index] for row in rows] for index, name in enumerate(levels)}


def find(effects: list[Effect], *key: object) -> Effect:
    return next(e for e in effects if (e.factor, e.level, e.other, *(e.given or ())) == key)


FACTORS = grid(activation=["relu", "tanh"], initializer=["he", "glorot"])
SCORES = [[0.9, 0.9], [0.5, 0.7], [0.6, 0.6], [0.8, 0.8]]  # relu/he, relu/glorot, tanh/he, tanh/glorot


def test_main_effects_by_hand() -> None:
    effects = factor_effects(FACTORS, scores_of(SCORES))
    relu = find(effects, "activation", "relu", "tanh")
    assert relu.mean == pytest.approx((0.3 - 0.2) / 2)
    assert (relu.pairs, relu.wins) == (2, 1)
    assert relu.low < 0 < relu.high
    assert not relu.significant
    assert find(effects, "initializer", "he", "glorot").mean == pytest.approx((0.3 - 0.2) / 2)


def test_interactions_by_hand() -> None:
    effects = interactions(FACTORS, scores_of(SCORES))
    under_relu = find(effects, "initializer", "he", "glorot", "activation", "relu")
    assert (under_relu.mean, under_relu.pairs) == (pytest.approx(0.3), 1)
    assert (under_relu.low, under_relu.high) == scores_of(SCORES).estimate([1, -1], [0, 1]).interval()[1:]
    under_tanh = find(effects, "initializer", "he", "glorot", "activation", "tanh")
    assert under_tanh.mean == pytest.approx(-0.2)


def test_a_missing_cell_takes_its_pair_out_and_nothing_else() -> None:
    scores = [[0.9, 0.9], [NAN, NAN], [0.6, 0.6], [0.8, 0.8]]
    effects = factor_effects(FACTORS, scores_of(scores))
    assert find(effects, "activation", "relu", "tanh").pairs == 1
    assert find(effects, "activation", "relu", "tanh").mean == pytest.approx(0.3)
    absent = {name: column[1:] for name, column in FACTORS.items()}
    assert factor_effects(absent, scores_of([[NAN], [NAN], [NAN]])) == []


def test_a_single_factor_is_compared_over_its_replicates() -> None:
    effects = factor_effects({"activation": ["relu", "tanh"]}, scores_of([[0.9, 0.8, 0.85], [0.5, 0.5, 0.5]]))
    effect = find(effects, "activation", "relu", "tanh")
    assert (effect.mean, effect.pairs) == (pytest.approx(0.35), 1)
    assert effect.significant


def test_intervals_of_differences_stay_within_what_is_possible() -> None:
    (effect,) = factor_effects({"a": ["x", "y"]}, scores_of([[0.9, 0.1], [0.1, 0.1]]), bounds=(-1, 1))
    assert (effect.low, effect.high) == (-1, 1)


def test_neither_the_order_of_cells_nor_that_of_levels_changes_an_interval() -> None:
    rng = np.random.default_rng(0)
    factors = grid(activation=["relu", "tanh"], depth=list(range(40)))
    scores = rng.integers(0, 20, (80, 3)) / 20  # as accuracies are: many differences tie but for their sign
    order = rng.permutation(80)
    turned = np.concatenate([order[order >= 40], order[order < 40]])  # tanh first
    effect = find(factor_effects(factors, scores_of(scores)), "activation", "relu", "tanh")
    shuffled = {name: [column[i] for i in turned] for name, column in factors.items()}
    again = find(factor_effects(shuffled, scores_of(scores[turned])), "activation", "tanh", "relu").turned()
    assert (again.low, again.high) == pytest.approx((effect.low, effect.high), rel=1e-12)


def test_a_level_is_held_against_the_mean_of_the_others() -> None:
    effects = level_effects({"depth": [5, 10, 20]}, scores_of([[0.9, 0.9], [0.8, 0.8], [0.1, 0.1]]))
    assert [e.mean for e in effects] == [pytest.approx(0.45), pytest.approx(0.3), pytest.approx(-0.75)]
    assert level_effects({"depth": [5]}, scores_of([[0.9]])) == []


def test_contexts_are_what_was_tested_and_no_sample() -> None:
    """An effect of 0.1 in one context and 0.3 in the other is 0.2 on average, as surely as its runs agree."""
    scores = scores_of([[0.5, 0.52], [0.7, 0.72], [0.4, 0.42], [0.4, 0.42]])
    effect = find(factor_effects(FACTORS, scores), "activation", "relu", "tanh")
    assert (effect.mean, effect.low, effect.high) == (pytest.approx(0.2), pytest.approx(0.2), pytest.approx(0.2))


def test_effects_of_five_thousand_cells_are_fast() -> None:
    factors = grid(a=list(range(10)), b=list(range(10)), c=list(range(10)), d=list(range(5)))
    scores = np.random.default_rng(0).uniform(size=(5000, 5))
    start = time.process_time()
    assert len(factor_effects(factors, scores_of(scores))) == 3 * 45 + 10
    assert len(interactions(factors, scores_of(scores))) == 3 * 45 * 25 + 10 * 30
    assert time.process_time() - start < 12


def test_the_frontier_is_the_highest_level_that_trains_half_the_time() -> None:
    factors = grid(init=["he", "glorot"], depth=[5, 10, 20])
    points = frontier(factors, [1.0, 0.5, 0.4, 0.2, 0.0, 0.0], "depth")
    assert [(p.context["init"], p.reached, p.tried) for p in points] == [
        ("he", 10.0, (5.0, 10.0, 20.0)),
        ("glorot", None, (5.0, 10.0, 20.0)),
    ]


def test_of_very_many_levels_each_is_held_against_the_ends_and_the_widest_difference_is_the_same() -> None:
    factors = grid(width=list(range(EVERY_PAIR + 1)), activation=["relu", "tanh"])
    scores = np.random.default_rng(0).random((len(factors["width"]), 3))
    asked = [e for e in factor_effects(factors, scores_of(scores)) if e.factor == "width"]
    assert len(asked) == 2 * (EVERY_PAIR + 1) - 3
    rows = {level: scores[[w == level for w in factors["width"]]] for level in range(EVERY_PAIR + 1)}
    differences = {(a, b): (rows[a] - rows[b]).mean() for a, b in itertools.combinations(rows, 2)}
    widest = max(differences, key=lambda pair: abs(differences[pair]))
    found = max(asked, key=lambda e: abs(e.mean))
    assert (found.level, found.other) == widest
    assert found.mean == pytest.approx(differences[widest])
    assert (
        len(factor_effects(grid(width=list(range(2000))), scores_of(np.random.default_rng(1).random((2000, 3)))))
        == 3997
    )
