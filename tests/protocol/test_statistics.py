"""The statistics against SciPy, cases computed by hand, and known coverage."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy import stats

from suite.protocol.statistics import (
    bootstrap_mean,
    interquartile_mean,
    mean_intervals,
    no_worse_than_chance,
    steps_to_target_median,
    tiers,
    told_apart,
    wilson,
)

NAN = float("nan")


@pytest.mark.parametrize("n", [1, 3, 5, 10, 37])
def test_wilson_is_scipys(n: int) -> None:
    for successes in range(n + 1):
        expected = stats.binomtest(successes, n).proportion_ci(method="wilson")
        assert wilson(successes, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_by_hand() -> None:
    assert wilson(3, 3) == pytest.approx((3 / (3 + 1.959964**2), 1.0), abs=1e-6)
    assert wilson(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError, match="Received: 4"):
        wilson(4, 3)


def test_small_samples_have_students_interval() -> None:
    values = [0.91, 0.95, 0.93]
    expected = stats.t.interval(0.95, 2, loc=np.mean(values), scale=stats.sem(values))
    assert bootstrap_mean(values) == pytest.approx((np.mean(values), *expected))


def test_intervals_stay_within_bounds() -> None:
    mean, low, high = bootstrap_mean([0.1, 0.97, 0.98], bounds=(0, 1))
    assert (low, high) == (0.0, 1.0)
    assert mean == pytest.approx(0.6833333)


def test_degenerate_means() -> None:
    assert bootstrap_mean([0.7, 0.7, 0.7]) == (pytest.approx(0.7), pytest.approx(0.7), pytest.approx(0.7))
    assert bootstrap_mean([0.1] * 20) == (pytest.approx(0.1), pytest.approx(0.1), pytest.approx(0.1))
    mean, low, high = bootstrap_mean([0.7, NAN])
    assert mean == 0.7
    assert np.isnan([low, high]).all()
    assert all(np.isnan(bootstrap_mean([])))


def test_larger_samples_follow_the_bootstrap_and_its_seed() -> None:
    values = np.random.default_rng(3).exponential(size=40)
    scipys = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=20_000, random_state=0)
    mean, low, high = bootstrap_mean(values)
    width = scipys.confidence_interval.high - scipys.confidence_interval.low
    assert low == pytest.approx(scipys.confidence_interval.low, abs=0.1 * width)
    assert high == pytest.approx(scipys.confidence_interval.high, abs=0.1 * width)
    assert bootstrap_mean(values) == (mean, low, high)
    assert bootstrap_mean(values, seed=1) != (mean, low, high)


@pytest.mark.parametrize("n", [3, 4, 5, 7, 8, 10, 20, 60])
def test_the_95_percent_interval_of_a_mean_holds_the_truth(n: int) -> None:
    samples = np.random.default_rng(n).normal(0.5, 0.2, size=(4000, n))
    low, high = np.array(mean_intervals(list(samples)))[:, 1:].T
    assert 0.93 <= np.mean((low <= 0.5) & (high >= 0.5)) <= 0.97


@pytest.mark.parametrize("n", [3, 5, 10])
def test_a_paired_difference_is_a_false_alarm_five_times_in_a_hundred(n: int) -> None:
    rng = np.random.default_rng(n)
    seed_effect = rng.normal(size=(8000, n))  # shared by the pair: it cancels
    first, second = (seed_effect + rng.normal(size=(8000, n)) for _ in range(2))
    assert 0.03 <= told_apart(first - second).mean() <= 0.07


def test_a_paired_difference_is_scipys_test() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(0.6, 1, size=(50, 5)), rng.normal(size=(50, 5))
    expected = stats.ttest_rel(first, second, axis=1).pvalue < 0.05
    assert (told_apart(first - second) == expected).all()
    assert 0 < expected.sum() < len(expected)


def test_tiers_by_hand() -> None:
    scores = [
        [0.10, 0.10, 0.10],  # failed the same way
        [0.95, 0.96, 0.97],
        [0.96, 0.95, 0.97],  # not told from the best: differences -.01, .01, 0
        [0.90, 0.91, 0.92],  # worse by .05 under every seed
        [NAN, NAN, NAN],
    ]
    assert tiers(scores).tolist() == [3, 1, 1, 2, 0]
    assert tiers(1 - np.array(scores), higher_is_better=False).tolist() == [3, 1, 1, 2, 0]


def test_no_cell_is_in_a_better_tier_than_one_with_a_better_mean() -> None:
    # An erratic cell cannot be told from the best, yet what stands above it was.
    scores = [[0.97, 0.96, 0.98], [0.93, 0.92, 0.94], [0.97, 0.10, 0.98]]
    assert tiers(scores).tolist() == [1, 2, 2]


@pytest.mark.parametrize("seed", range(20))
def test_tiers_only_cut_the_order_of_the_means(seed: int) -> None:
    """Random tables with erratic cells, ties, missing replicates and cells without a score, either way up."""
    rng = np.random.default_rng(seed)
    table = rng.choice([0.1, 0.5, 0.9], size=(60, 1)) + rng.normal(0, rng.choice([0, 1e-3, 0.3], size=(60, 1)), (60, 5))
    table[rng.random(table.shape) < 0.1] = NAN
    table[rng.integers(60)] = NAN
    for higher in (True, False):
        found = tiers(table, higher_is_better=higher)
        scored = ~np.isnan(table).all(axis=1)
        assert (found[~scored] == 0).all()
        means = np.nanmean(table[scored], axis=1) * (1 if higher else -1)
        better = means[:, None] > means[None]
        assert (found[scored][:, None] <= found[scored][None])[better].all()
        assert set(found[scored]) == set(range(1, found.max() + 1))


def test_the_order_is_of_the_means_that_are_shown() -> None:
    """A run that diverged far counts as chance in comparisons, but its cell stands where its mean is."""
    errors = no_worse_than_chance(
        [[0.001, 0.002, 0.001], [1e9, 3.0, 40.0], [0.17, 0.168, 0.2]], 1 / 6, higher_is_better=False
    )
    assert tiers(errors, [0.0013, 3e8, 0.18], higher_is_better=False).tolist() == [1, 2, 2]
    assert tiers([[0.2, 0.2], [0.3, 0.3]], [0.9, 0.3]).tolist() == [1, 1]  # told apart, but not in that order


def test_degenerate_tiers() -> None:
    assert tiers([[0.9], [0.1]]).tolist() == [1, 1]  # one replicate tells nothing apart
    assert tiers([[0.5, 0.5], [0.5, 0.5], [0.4, 0.4]]).tolist() == [1, 1, 2]
    assert tiers([[0.9, 0.9, 0.91], [0.9, NAN, NAN], [0.1, 0.1, NAN]]).tolist() == [1, 1, 2]
    assert tiers(np.zeros((0, 3))).tolist() == []


def test_tiers_do_not_depend_on_the_order_of_cells() -> None:
    scores = np.random.default_rng(5).normal(np.linspace(0.3, 0.9, 40)[:, None], 0.03, size=(40, 5))
    shuffled = np.random.default_rng(6).permutation(40)
    assert (tiers(scores)[shuffled] == tiers(scores[shuffled])).all()


def test_tiers_are_fast() -> None:
    rng = np.random.default_rng(0)
    start = time.process_time()
    assert tiers(rng.uniform(0.1, 1, size=(5000, 1)) + rng.normal(0, 1e-5, size=(5000, 5))).max() > 100
    assert time.process_time() - start < 5


def test_median_steps_count_the_censored_as_later() -> None:
    assert steps_to_target_median([100, 200, None]) == 200
    assert steps_to_target_median([100, None, None]) is None
    assert steps_to_target_median([100, 200]) == 150
    assert steps_to_target_median([100, None]) is None
    assert steps_to_target_median([None, NAN]) is None
    assert steps_to_target_median([]) is None


def test_interquartile_mean_by_hand() -> None:
    tasks = [[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 100.0]]
    assert interquartile_mean(tasks)[0] == pytest.approx(3.5)  # of 2, 3, 4, 5
    assert interquartile_mean([[0.4], [NAN], [0.6]])[0] == pytest.approx(0.5)
    assert np.isnan(interquartile_mean([[0.4], [0.6]])[1])
    assert all(np.isnan(interquartile_mean([])))


def test_every_task_counts_alike() -> None:
    assert interquartile_mean([[0.0] * 180, [1.0] * 10])[0] == pytest.approx(0.5)
    generator = np.random.default_rng(0)
    tasks = [generator.normal(size=8), generator.normal(size=8)]
    assert interquartile_mean(tasks)[0] == pytest.approx(stats.trim_mean(np.concatenate(tasks), 0.25))
    assert interquartile_mean([np.repeat(tasks[0], 3), tasks[1]])[0] == pytest.approx(interquartile_mean(tasks)[0])


def test_interquartile_mean_holds_the_truth() -> None:
    rng = np.random.default_rng(11)
    truth = np.linspace(0.2, 0.9, 6)
    whole = stats.trim_mean((truth[:, None] + rng.normal(0, 0.1, size=(6, 200_000))).ravel(), 0.25)
    held = []
    for _ in range(600):
        tasks = truth[:, None] + rng.normal(0, 0.1, size=(6, 10))
        _, low, high = interquartile_mean(list(tasks), resamples=500)
        held.append(low <= whole <= high)
    assert 0.93 <= np.mean(held) <= 0.97
