"""Every cell gets the same trials, and the best of them by validation wins."""

from __future__ import annotations

import math

import numpy as np
import pytest

from suite.protocol.records import Budget
from suite.training.tuning import Scored, shared_grid, tune


def budget(trials: int = 8, low: float = 1e-4, high: float = 1.0) -> Budget:
    return Budget(10, trials, 2, 2, low, high)


def peak_at(best: float):
    """A score that falls off on both sides of a rate."""
    return lambda rate: Scored(1 / (1 + abs(math.log10(rate / best))), 1.0, "trained")


def test_the_first_half_is_one_grid_with_both_ends_and_equal_for_all_cells() -> None:
    np.testing.assert_allclose(shared_grid(budget()), [1e-4, 10 ** (-8 / 3), 10 ** (-4 / 3), 1.0])
    for best in (1e-3, 0.3):
        trials = tune(peak_at(best), budget(), 0, higher_is_better=True).trials
        assert [t.learning_rate for t in trials if t.shared_grid] == pytest.approx(shared_grid(budget()))
        assert [t.shared_grid for t in trials] == [True] * 4 + [False] * 4


def test_the_sampler_is_seeded_stays_in_range_and_comes_closer() -> None:
    first, second, other = (tune(peak_at(0.03), budget(20), seed, higher_is_better=True) for seed in (1, 1, 2))
    assert first == second
    assert first != other
    assert all(1e-4 <= t.learning_rate <= 1.0 for t in first.trials)
    grid_best = max(t.validation_score for t in first.trials if t.shared_grid)
    assert max(t.validation_score for t in first.trials) > grid_best


def test_lower_is_better_where_the_metric_says_so() -> None:
    error = lambda rate: Scored(abs(math.log10(rate / 0.1)), 1.0, "slow")
    assert abs(math.log10(tune(error, budget(), 0, higher_is_better=False).learning_rate / 0.1)) < 0.5


def test_equal_scores_are_decided_by_loss_then_by_the_lower_rate() -> None:
    by_loss = tune(lambda rate: Scored(0.1, rate, "stalled"), budget(), 0, higher_is_better=True)
    assert by_loss.learning_rate == pytest.approx(1e-4)
    equal = tune(lambda rate: Scored(0.1, 2.3, "stalled"), budget(2), 0, higher_is_better=True)
    assert equal.learning_rate == min(t.learning_rate for t in equal.trials)


def test_a_run_that_went_nonfinite_never_wins_and_all_of_them_still_give_a_rate() -> None:
    explode = lambda rate: Scored(None, None, "nonfinite") if rate > 1e-3 else Scored(0.0, 9.0, "diverged")
    assert tune(explode, budget(), 0, higher_is_better=True).learning_rate <= 1e-3
    nothing = tune(lambda rate: Scored(None, None, "nonfinite"), budget(), 0, higher_is_better=True)
    assert nothing.learning_rate == pytest.approx(1e-4)
    assert len(nothing.trials) == 8


@pytest.mark.parametrize(("best", "expected"), [(1e-4, True), (1.0, True), (0.05, False)])
def test_a_best_rate_at_the_edge_of_the_range_is_flagged(best: float, expected: bool) -> None:
    assert tune(peak_at(best), budget(), 0, higher_is_better=True).at_edge is expected
