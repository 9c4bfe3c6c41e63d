"""The statistics against SciPy, cases computed by hand, and known coverage."""

from __future__ import annotations

import pytest
from scipy import stats

from suite.protocol.statistics import steps_to_target_median, wilson

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
