"""Intervals against SciPy and hand-computed components, and how often they hold the truth under simulated repetitions."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import leaderboard
from suite.protocol.intervals import Combination, combined, scores_of
from tools.studies.intervals import BUDGETS, TUNED, held

NAN = float("nan")


def test_alone_and_with_one_tuning_the_interval_is_students() -> None:
    values = [0.91, 0.95, 0.93, 0.97]
    expected = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    assert scores_of([values]).estimate([1]).interval() == pytest.approx((np.mean(values), *expected))


def test_a_difference_is_scipys_paired_test() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(0.6, 1, size=(2, 6)) + rng.normal(size=6)
    found = scores_of(table).estimate([1, -1])
    expected = stats.ttest_rel(*table)
    assert 2 * min(found.p_above(0), found.p_below(0)) == pytest.approx(expected.pvalue)
    assert found.interval() == pytest.approx((*[table[0].mean() - table[1].mean()], *expected.confidence_interval()))


def test_the_components_of_variance_by_hand() -> None:
    # Two tunings of two runs: means 1 and 3, each run 0.5 from the mean of its tuning.
    scores = scores_of([[0.5, 2.5, 1.5, 3.5]], [0, 1, 0, 1])
    spread = scores.levels[0]
    assert (spread.within.variance, spread.within.degrees) == (pytest.approx(0.5), 2)
    assert (spread.between.variance, spread.between.degrees) == (pytest.approx(2 - 0.5 / 2), 1)
    found = scores.estimate([1])
    assert (found.mean, found.error) == (2, pytest.approx((0.5 / 4 + 1.75 / 2) ** 0.5))
    assert found.degrees == pytest.approx(1 / (0.125**2 / 2 + 0.875**2 / 1))  # Satterthwaite


def test_degenerate_values_have_a_mean_and_no_width_or_no_interval() -> None:
    assert scores_of([[0.7] * 5]).estimate([1]).interval() == (pytest.approx(0.7),) * 3
    mean, low, high = scores_of([[0.7, NAN]]).estimate([1]).interval()
    assert mean == 0.7
    assert np.isnan([low, high]).all()
    assert np.isnan(scores_of([[NAN, NAN]]).estimate([1]).interval()).all()
    assert scores_of([[0.1, 0.97, 0.98]]).estimate([1]).interval(bounds=(0, 1))[1:] == (0.0, 1.0)
    never = scores_of([[0.7, NAN]]).estimate([1])
    assert never.p_above(0) == never.p_below(0) == 1


def test_missing_replicates_are_left_out_on_both_sides() -> None:
    scores = scores_of([[0.9, 0.8, NAN, 0.7], [0.1, 0.2, 0.3, NAN], [0.1, 0.2, 0.2, 0.1]])
    assert scores.estimate([1, -1], [0, 1]).mean == pytest.approx(0.7)


def test_values_of_several_boards_are_independent() -> None:
    one, other = scores_of([[1.0, 2.0, 3.0]]), scores_of([[5.0, 7.0, 9.0, 7.0]])
    parts = [(0.5, Combination(s, np.array([0]), np.ones(1), s.values[0])) for s in (one, other)]
    found = combined(parts)
    assert found.mean == pytest.approx((2 + 7) / 2)
    assert found.error == pytest.approx(0.5 * np.hypot(stats.sem(one.values[0]), stats.sem(other.values[0])))


@pytest.mark.parametrize(("tunings", "replicates"), BUDGETS)
@pytest.mark.parametrize("tuned", TUNED)
def test_intervals_hold_what_a_repetition_would_change(tunings: int, replicates: int, tuned: float) -> None:
    """As often as the method page says, within three standard errors of 400 boards."""
    page = " ".join((Path(leaderboard.__file__).parent / "templates" / "method.html").read_text().split())
    said = re.search(r"95% intervals hold the truth (\d+) to (\d+) times in 100", page)
    assert said
    least, most = (int(share) / 100 for share in said.groups())
    for name, share in held(tunings, replicates, tuned, boards=400).items():
        assert least - 0.035 <= share <= most + 0.035, name


def test_with_one_tuning_nobody_knows_what_another_would_change() -> None:
    assert held(1, 6, 0.02, boards=200)["difference"] < 0.8, "as under protocol 2"


def test_cells_that_behave_alike_say_how_much_one_varies() -> None:
    """Of two runs alone little is known; with fifty others like them much more is."""
    rng = np.random.default_rng(1)
    values = rng.normal(0, 0.01, (50, 2))
    alone, among = scores_of(values[:1]).estimate([1]), scores_of(values).estimate([1], [0])
    assert (alone.degrees, among.degrees > 5) == (1, True)
    apart = scores_of(values, alike=[0, *[1] * 49]).estimate([1], [0])
    assert apart == alone, "unless they do not behave alike"
