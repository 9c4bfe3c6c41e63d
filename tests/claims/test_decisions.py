"""Intervals and tests of the judge: they agree with each other, with SciPy, and with published numbers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from suite.claims.decisions import ALPHA, Decision, Differences, Share, Shares, holm
from suite.protocol.intervals import scores_of

SAMPLE = np.array([0.03, 0.05, 0.02, 0.08, 0.04])


def differences(values: np.ndarray) -> Differences:
    return Differences(scores_of([values]).estimate([1]), len(values))


def test_differences_are_students_t() -> None:
    mean, low, high = differences(SAMPLE).interval()
    expected = stats.ttest_1samp(SAMPLE, 0.0).confidence_interval()
    assert (mean, low, high) == pytest.approx((SAMPLE.mean(), expected.low, expected.high))
    for alternative, p in (("greater", differences(SAMPLE).p_above(0.02)), ("less", differences(SAMPLE).p_below(0.02))):
        assert p == pytest.approx(stats.ttest_1samp(SAMPLE, 0.02, alternative=alternative).pvalue)


def test_newcombes_interval_is_that_of_his_table() -> None:
    """Newcombe 1998, table II, method 10."""
    for (a, m, b, n), (low, high) in {
        (56, 70, 48, 80): (0.0524, 0.3339),
        (9, 10, 3, 10): (0.1705, 0.8090),
        (5, 56, 0, 29): (-0.0381, 0.1926),
        (10, 10, 0, 10): (0.6075, 1.0000),
    }.items():
        found = Shares(a, m, b, n).interval()
        assert found == pytest.approx((a / m - b / n, low, high), abs=6e-5)


def test_a_share_is_wilsons() -> None:
    expected = stats.binomtest(60, 67).proportion_ci(method="wilson")
    assert Share(60, 67).interval() == pytest.approx((60 / 67, expected.low, expected.high))


@pytest.mark.parametrize("decision", [differences(SAMPLE), Shares(5, 5, 0, 5), Shares(4, 5, 1, 6), Share(60, 67)])
def test_tests_agree_with_the_interval(decision: Decision) -> None:
    _, low, high = decision.interval()
    for step in (1e-6, 0.01):
        assert decision.p_above(low - step) < ALPHA < decision.p_above(low + step)
        assert decision.p_below(high + step) < ALPHA < decision.p_below(high - step) or high == 1.0


def test_five_of_five_against_none_is_no_certainty() -> None:
    mean, low, high = Shares(5, 5, 0, 5).interval()
    assert (mean, high) == (1.0, 1.0)
    assert 0.3 < low < 0.4


def test_differences_that_are_all_alike_are_certain_and_one_is_nothing() -> None:
    same = differences(np.full(3, 0.5))
    assert same.interval() == (0.5, 0.5, 0.5)
    assert (same.p_above(0.02), same.p_below(0.02), same.p_above(0.5)) == (0.0, 1.0, 1.0)
    one = differences(np.array([0.5]))
    assert np.isnan(one.interval()[1])
    assert (one.p_above(0.0), one.p_below(1.0), one.replicates_needed(0.0)) == (1.0, 1.0, None)


def test_the_replicates_needed_are_the_fewest_that_decide() -> None:
    found = differences(SAMPLE).replicates_needed(0.03)
    assert found is not None
    for n, decided in ((found - 1, False), (found, True)):
        half = stats.t.ppf(0.975, n - 1) * SAMPLE.std(ddof=1) / np.sqrt(n)
        assert (half < abs(SAMPLE.mean() - 0.03)) == decided
    assert differences(SAMPLE).replicates_needed(float(SAMPLE.mean())) is None
    enough = Shares(3, 5, 1, 5).replicates_needed(0.0)
    assert enough is not None
    for n, decided in ((enough - 1, False), (enough, True)):
        assert (Shares(3 * n / 5, n, n / 5, n).interval()[1] > 0) == decided
    many = Share(9, 10).replicates_needed(0.8)
    assert many is not None
    assert Share(0.9 * (many - 1), many - 1).interval()[1] <= 0.8 < Share(0.9 * many, many).interval()[1]


def test_holm_rejects_as_in_his_steps() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005], alpha=0.05) == [True, False, False, True]
    assert holm([0.6, 0.001], alpha=0.05) == [False, True]
    assert holm([]) == []


def test_holm_holds_the_chance_of_any_false_rejection() -> None:
    p = np.random.default_rng(0).random((4000, 12))
    assert np.mean([any(holm(row, alpha=0.05)) for row in p.tolist()]) == pytest.approx(0.05, abs=0.01)
