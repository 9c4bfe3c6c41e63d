"""Every cell gets the same trials, in an order that does not depend on their number, and the rate they confirm wins."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import pytest

from suite.protocol.rates import shared_grid
from suite.protocol.records import Budget
from suite.training.tuning import TrialResult, Tuning, tune


def budget(trials: int = 12, low: float = 1e-4, high: float = 1.0) -> Budget:
    return Budget(10, trials, 2, 2, low, high)


def shown(score: float | None, loss: float | None = 1.0, outcome: str = "slow") -> TrialResult:
    return TrialResult(score, loss, loss, score, outcome)


def peak_at(best: float):
    """A score that falls off on both sides of a rate, the same with every seed."""
    return lambda rate, repeat: shown(1 / (1 + abs(math.log10(rate / best))), 1.0, "trained")


def tuned(try_rate, trials: int = 12, *, higher_is_better: bool = True, chance: float = 0.0, **more) -> Tuning:
    return tune(try_rate, budget(trials), higher_is_better=higher_is_better, chance_score=chance, **more)


def test_the_grid_is_half_a_decade_apart_has_both_ends_and_comes_first_for_all_cells() -> None:
    assert shared_grid(1e-4, 1.0) == pytest.approx([10 ** (-4 + i / 2) for i in range(9)])
    assert len(shared_grid(3e-4, 0.3)) == 7
    for best in (1e-3, 0.3):
        trials = tuned(peak_at(best)).trials
        assert sorted(t.learning_rate for t in trials if t.shared_grid) == pytest.approx(shared_grid(1e-4, 1.0))
        assert [t.shared_grid for t in trials] == [True] * 9 + [False] * 3


@pytest.mark.parametrize(("trials", "rates"), [(1, 1), (3, 3), (5, 5)])
def test_fewer_trials_are_a_coarser_grid(trials: int, rates: int) -> None:
    found = sorted(math.log10(t.learning_rate) for t in tuned(peak_at(0.01), trials).trials)
    assert len(found) == rates
    assert len({round(b - a, 6) for a, b in itertools.pairwise(found)}) <= 1


def test_then_come_further_seeds_of_the_best_rates_and_rates_beside_them_in_turns() -> None:
    trials = tuned(peak_at(0.03), 24).trials
    best = {t.learning_rate for t in sorted(trials[:9], key=lambda t: -t.validation_score)[:3]}
    assert {t.learning_rate for t in trials[9:12]} == best
    assert [t.repeat for t in trials[9:12]] == [1, 1, 1]
    known = {t.learning_rate for t in trials[:12]}
    assert all(t.learning_rate not in known and t.repeat == 0 for t in trials[12:15])
    assert all(t.repeat > 0 for t in trials[15:18])


def test_no_rate_meets_a_seed_twice_and_all_stay_in_range() -> None:
    trials = tuned(peak_at(1.0), 60).trials
    assert max(Counter((t.learning_rate, t.repeat) for t in trials).values()) == 1
    assert all(1e-4 <= t.learning_rate <= 1.0 for t in trials)


def test_more_trials_begin_with_fewer_and_come_closer() -> None:
    whole = tuned(peak_at(0.02), 24)
    for trials in range(1, 24):
        assert tuned(peak_at(0.02), trials).trials == whole.trials[:trials]
    assert abs(math.log10(whole.learning_rate / 0.02)) < abs(math.log10(tuned(peak_at(0.02), 9).learning_rate / 0.02))


def test_what_was_trained_is_not_trained_again_and_the_result_is_the_same() -> None:
    asked = []

    def noted(rate: float, repeat: int) -> TrialResult:
        asked.append(rate)
        return peak_at(0.02)(rate, repeat)

    whole, part = tuned(peak_at(0.02), 24), tuned(peak_at(0.02), 10)
    assert tuned(noted, 24, trained=part.trials) == whole
    assert len(asked) == 14


def test_trials_of_another_range_are_told_from_its_own() -> None:
    other = tune(peak_at(0.1), budget(4, 1e-3, 1.0), higher_is_better=True, chance_score=0.0)
    with pytest.raises(ValueError, match=r"Expected trial 0 at a learning rate of 0\.01\d* with tuning seed 0"):
        tuned(peak_at(0.1), 12, trained=other.trials)


def test_the_last_rate_before_the_cliff_does_not_win_by_one_lucky_seed() -> None:
    """It trains under the first seed alone; a plateau below it scores a little less under all."""

    def cliff(rate: float, repeat: int) -> TrialResult:
        if rate > 0.05:
            return shown(None, None, "nonfinite")
        lucky = rate > 0.02
        return shown(0.9 if lucky and repeat == 0 else 0.1 if lucky else 0.88 if rate > 5e-4 else 0.4, 1.0, "slow")

    assert tuned(cliff, 9, chance=0.1).learning_rate < 0.02
    assert tuned(cliff, 24, chance=0.1).learning_rate < 0.02


def test_lower_is_better_where_the_metric_says_so() -> None:
    error = lambda rate, repeat: shown(abs(math.log10(rate / 0.1)))
    found = tuned(error, higher_is_better=False, chance=2.0).learning_rate
    assert abs(math.log10(found / 0.1)) < 0.5


def test_an_error_of_any_size_is_worth_the_constants() -> None:
    huge = lambda rate, repeat: shown(1e30 if rate > 0.1 else 0.01 if rate > 1e-3 else 0.15, 1.0, "slow")
    assert 1e-3 < tuned(huge, higher_is_better=False, chance=1 / 6).learning_rate <= 0.1


def test_equal_scores_are_decided_by_loss_then_by_the_lower_rate() -> None:
    by_loss = tuned(lambda rate, repeat: shown(0.1, 1 / rate, "stalled"))
    assert by_loss.learning_rate == pytest.approx(1.0)
    assert tuned(lambda rate, repeat: shown(0.1, 2.3, "stalled")).learning_rate == pytest.approx(1e-4)


def test_a_run_that_went_nonfinite_never_wins_and_all_of_them_still_give_a_rate() -> None:
    explode = lambda rate, repeat: shown(None, None, "nonfinite") if rate > 1e-3 else shown(0.0, 9.0, "diverged")
    assert tuned(explode).learning_rate <= 1e-3 * (1 + 1e-9)
    nothing = tuned(lambda rate, repeat: shown(None, None, "nonfinite"))
    assert nothing.learning_rate == pytest.approx(1e-4)
    assert len(nothing.trials) == 12


@pytest.mark.parametrize(("best", "expected"), [(1e-4, True), (1.0, True), (0.05, False)])
def test_a_best_rate_at_the_edge_of_the_range_is_flagged(best: float, expected: bool) -> None:
    """Slopes are steep, so that no neighbour can confirm more than the best."""
    steep = lambda rate, repeat: shown(math.exp(-abs(math.log(rate / best))), 1.0, "trained")
    assert tuned(steep).at_edge is expected
