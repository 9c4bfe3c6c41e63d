"""The statistics against SciPy, cases computed by hand, and known coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from suite.protocol.statistics import interquartile_mean, steps_to_target_median, wilson

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
