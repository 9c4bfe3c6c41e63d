"""Swings by hand, and against the interactions that they lie between."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from suite.protocol.effects import interactions
from suite.protocol.interactions import interaction_contrasts
from suite.protocol.intervals import scores_of

NAN = float("nan")


def grid(**levels: int) -> dict[str, list[int]]:
    """The columns of the full grid of so many levels each."""
    rows = list(itertools.product(*(range(count) for count in levels.values())))
    return {name: [row[index] for row in rows] for index, name in enumerate(levels)}


def test_a_swing_by_hand() -> None:
    factors = {
        "norm": ["batch", "batch", "none", "none"] * 2,
        "init": ["he", "small"] * 4,
        "opt": ["sgd"] * 4 + ["adam"] * 4,
    }
    scores = [[0.9, 0.9], [0.9, 0.9], [0.8, 0.8], [0.1, 0.1], [0.9, 0.9], [0.9, 0.9], [0.7, 0.7], [0.2, 0.2]]
    (swing,) = [
        s for s in interaction_contrasts(factors, scores_of(scores)) if {s.factor, s.second} == {"norm", "init"}
    ]
    # batch over none: 0.8 under small and 0.1 under he with SGD, 0.7 and 0.2 with Adam
    assert (swing.level, swing.other, swing.here, swing.there) == ("batch", "none", "small", "he")
    assert (swing.mean, swing.contexts, swing.n_comparisons) == (pytest.approx(0.6), 2, 3)
    assert swing.significant, "every replicate says the same"
    turned = swing.turned()
    assert (turned.factor, turned.level, turned.other) == ("init", "small", "he")
    assert (turned.second, turned.here, turned.there) == ("norm", "batch", "none")
    assert swing.reversed().reversed() == swing


def test_a_swing_is_the_difference_of_the_two_interactions_that_it_lies_between() -> None:
    factors = grid(a=3, b=2, c=4)
    scores = np.random.default_rng(0).random((24, 3))
    scores[5] = NAN
    found = interactions(factors, scores_of(scores))
    ends = {(e.factor, e.level, e.other, e.given): e.mean for e in [*found, *(e.turned() for e in found)]}
    asked = interaction_contrasts(factors, scores_of(scores))
    assert len(asked) == asked[0].n_comparisons == 3 * 1 + 3 * 6 + 1 * 6
    whole = 0
    for swing in asked:
        if swing.contexts == 24 // len(set(factors[swing.factor])) // len(set(factors[swing.second])):
            whole += 1  # a missing cell takes its context out of the swing, and its pair out of one of the ends
            here, there = (
                ends[swing.factor, swing.level, swing.other, (swing.second, at)] for at in (swing.here, swing.there)
            )
            assert swing.mean == pytest.approx(here - there)
        assert swing.mean >= 0
    assert whole > 10


def test_two_cells_a_side_are_tested_over_their_replicates() -> None:
    rng = np.random.default_rng(0)
    scores = np.array([[0.9], [0.9], [0.9], [0.2]]) + rng.normal(0, 0.005, (4, 5))
    (swing,) = interaction_contrasts(grid(a=2, b=2), scores_of(scores))
    assert (swing.contexts, swing.n_comparisons) == (1, 1)
    assert swing.significant
    assert interaction_contrasts({"a": [0, 1]}, scores_of([[0.1], [0.2]])) == []
