"""What an interval answers, at and around its borders, and the smallest difference that an estimate could have seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from suite.claims.answers import Answer, Question, detectable
from suite.protocol.intervals import Estimate, scores_of

NAN = math.nan
DELTA = 0.02
BIT = 1e-9
"""More than what counts as rounding."""


def answer(question: Question, low: float, high: float) -> Answer:
    return question.answer(((low + high) / 2, low, high))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.03, 0.05, Answer.ENOUGH),
        (DELTA, 0.05, Answer.ENOUGH),
        (DELTA, DELTA, Answer.ENOUGH),
        (0.1 + 0.2 - 0.28, 0.05, Answer.ENOUGH),
        (DELTA - BIT, 0.05, Answer.BETTER),
        (DELTA - BIT, DELTA, Answer.BETTER),
        (DELTA - BIT, DELTA - BIT, Answer.NONE),
        (0.001, 0.05, Answer.BETTER),
        (0.0, 0.05, Answer.OPEN),
        (0.001, 0.019, Answer.NONE),
        (-0.019, -0.001, Answer.NONE),
        (BIT - DELTA, DELTA - BIT, Answer.NONE),
        (-DELTA, DELTA - BIT, Answer.OPEN),
        (BIT - DELTA, DELTA, Answer.OPEN),
        (-0.05, 0.0, Answer.OPEN),
        (-0.05, -BIT, Answer.OPPOSITE),
        (-DELTA, -BIT, Answer.OPPOSITE),
        (-0.05, -0.03, Answer.OPPOSITE),
        (-0.05, 0.05, Answer.OPEN),
        (-math.inf, math.inf, Answer.OPEN),
        (NAN, NAN, Answer.OPEN),
    ],
)
def test_differences_at_and_around_delta(low: float, high: float, expected: Answer) -> None:
    assert answer(Question(DELTA), low, high) is expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (BIT, 0.05, Answer.ENOUGH),
        (0.0, 0.05, Answer.OPEN),
        (0.0, 0.0, Answer.OPEN),
        (-BIT, BIT, Answer.OPEN),
        (-0.05, 0.0, Answer.OPEN),
        (-0.05, -BIT, Answer.OPPOSITE),
        (NAN, NAN, Answer.OPEN),
    ],
)
def test_where_any_difference_counts_there_is_none_too_small(low: float, high: float, expected: Answer) -> None:
    assert answer(Question(0.0), low, high) is expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.9, 1.0, Answer.ENOUGH),
        (0.9 - BIT, 1.0, Answer.OPEN),
        (0.0, 0.9, Answer.OPEN),
        (0.0, 0.9 - BIT, Answer.LACKING),
        (0.0, 0.0, Answer.LACKING),
        (NAN, NAN, Answer.OPEN),
    ],
)
def test_shares_hold_or_lack(low: float, high: float, expected: Answer) -> None:
    assert answer(Question(0.9, is_difference=False, bounds=(0.0, 1.0)), low, high) is expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.86, 0.88, Answer.ENOUGH),
        (0.865, 0.875, Answer.ENOUGH),
        (0.86 - BIT, 0.88, Answer.OPEN),
        (0.86, 0.88 + BIT, Answer.OPEN),
        (0.5, 1.0, Answer.OPEN),
        (0.88, 0.9, Answer.OPEN),
        (0.88 + BIT, 0.9, Answer.LACKING),
        (0.8, 0.86 - BIT, Answer.LACKING),
        (-0.9, -0.8, Answer.LACKING),
        (NAN, NAN, Answer.OPEN),
    ],
)
def test_a_published_figure_has_two_ends_and_no_opposite(low: float, high: float, expected: Answer) -> None:
    assert answer(Question(0.86, 0.88, is_difference=False), low, high) is expected


def test_a_figure_about_zero_or_below_it_is_met_as_any_other() -> None:
    assert answer(Question(-0.01, 0.01, is_difference=False), 0.0, 0.0) is Answer.ENOUGH
    assert answer(Question(-0.01, 0.01, is_difference=False), -0.005, 0.005) is Answer.ENOUGH
    assert answer(Question(-3.0, -2.0, is_difference=False), -2.6, -2.4) is Answer.ENOUGH
    assert answer(Question(-3.0, -2.0, is_difference=False), 2.4, 2.6) is Answer.LACKING


def test_an_answer_has_its_reasons() -> None:
    """Of intervals at random: each answer is given where it is true of all of the interval, and `open` only else."""
    rng = np.random.default_rng(0)
    turned = {Answer.BETTER: Answer.OPPOSITE, Answer.ENOUGH: Answer.OPPOSITE}
    seen = set()
    for low, width, delta in zip(
        rng.normal(0, 1, 2000), rng.exponential(1, 2000), rng.choice([0.0, 0.5, 1.0], 2000), strict=True
    ):
        question, high = Question(delta), low + width
        found = answer(question, low, high)
        seen.add((found, delta))
        assert (found is Answer.ENOUGH) == (low >= delta and low > 0)
        assert (found is Answer.NONE) == (max(abs(low), abs(high)) < delta)
        assert (found is Answer.OPEN) == (low <= 0 <= high and max(abs(low), abs(high)) >= delta)
        assert question.lacks((low, low, high)) == (high < delta)
        back = answer(question, -high, -low)
        assert back is turned.get(found, found) or (found is Answer.OPPOSITE and turned[back] is Answer.OPPOSITE)
    assert len(seen) == 5 * 2 + 3, "without a delta, any difference counts: there is neither `none` nor `better`"


def test_what_is_lacking_is_told_to_lie_outside() -> None:
    within = Question(0.86, 0.88, is_difference=False)
    assert within.lacks((0.9, 0.89, 0.91))
    assert within.lacks((0.8, 0.79, 0.81))
    assert not within.lacks((0.85, 0.84, 0.86))
    assert not within.lacks((NAN, NAN, NAN))
    assert Question(DELTA).lacks((0.0, -0.01, 0.01))
    assert not Question(DELTA).lacks((0.02, -1.0, DELTA))


def test_bounds_cut_the_interval_and_so_change_answers_only_beyond_them() -> None:
    estimate = Estimate(0.97, 0.02, 10.0)
    low, high = estimate.interval()[1:]
    assert (low, high) == pytest.approx((0.97 - 0.02 * stats.t.ppf(0.975, 10), 0.97 + 0.02 * stats.t.ppf(0.975, 10)))
    share = Question(0.9, 1.0, is_difference=False, bounds=(0.0, 1.0))
    assert share.answer(estimate.interval()) is Answer.OPEN
    assert share.answer(estimate.interval(bounds=share.bounds)) is Answer.ENOUGH
    assert estimate.interval(bounds=share.bounds)[2] == 1.0


def test_every_answer_has_words() -> None:
    assert len({one.words for one in Answer}) == len(Answer)


@pytest.mark.parametrize("degrees", [4.0, 9.0, 40.0])
def test_what_is_detectable_is_seen_in_four_of_five_repetitions(degrees: float) -> None:
    """By the distribution of t where the effect is so large; with few degrees of freedom the sum of quantiles is a bit less."""
    effect = detectable(Estimate(0.3, 0.1, degrees)) / 0.1
    power = stats.nct.sf(stats.t.ppf(0.975, degrees), degrees, effect)
    assert power == pytest.approx(0.8, abs=0.02)


def test_what_is_detectable_is_seen_in_four_of_five_tables() -> None:
    rng, tables, runs = np.random.default_rng(0), 1500, 10
    truth = detectable(Estimate(0.0, 0.1 / math.sqrt(runs), runs - 1))
    question = Question(0.0)
    seen = [
        question.answer(scores_of([row]).estimate([1]).interval()) is Answer.ENOUGH
        for row in rng.normal(truth, 0.1, (tables, runs))
    ]
    assert np.mean(seen) == pytest.approx(0.8, abs=0.04)


def test_what_is_detectable_has_closed_forms() -> None:
    assert detectable(Estimate(0.0, 1.0, math.inf)) == pytest.approx(stats.norm.ppf(0.975) + stats.norm.ppf(0.8))
    assert detectable(Estimate(5.0, 0.1, 7.0)) == pytest.approx(0.1 * (stats.t.ppf(0.975, 7) + stats.t.ppf(0.8, 7)))
    assert detectable(Estimate(5.0, 0.0, 7.0)) == 0.0
    assert math.isnan(detectable(Estimate(5.0, NAN, NAN)))
