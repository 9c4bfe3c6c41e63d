"""What is picked from many: its interval by hand, and under no effect at all told from zero 5 times in 100 at most."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from scipy import stats

from suite.protocol.effects import factor_effects
from suite.protocol.interactions import interaction_contrasts
from suite.protocol.multiplicity import Sample, sample_of, simultaneous_interval
from tests.protocol.test_interactions import grid

NAN = float("nan")
Noise = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]


def test_differences_that_are_all_alike_are_told_by_their_signs_alone() -> None:
    """Two differences of shares of 360 examples are often the same: that is no proof of a spread of nothing."""

    def interval(pairs: int, of: int, *, difference: float = 0.01, error: float = 0.0) -> tuple[float, float]:
        return simultaneous_interval(Sample(np.full(pairs, difference), pairs, pairs, 0, error), of, (-1, 1))

    assert np.isnan(interval(2, 1)).all()
    assert np.isnan(interval(5, 1)).all()
    assert interval(6, 1) == (0.01, 0.01)
    assert np.isnan(interval(6, 2)).all()
    assert interval(2, 9, difference=0) == (0, 0)
    low, high = interval(6, 1, error=0.001)  # their replicates do scatter
    assert (low, high) == pytest.approx((0.01 - 2.5706 * 0.001, 0.01 + 2.5706 * 0.001), abs=1e-6)


def test_a_mean_is_known_no_better_than_its_replicates_allow() -> None:
    differences = np.array([[0.0, 0.2], [0.2, 0.0], [0.1, NAN], [NAN, NAN]])
    sample = sample_of(differences)
    assert (sample.values.tolist(), sample.pairs, sample.wins, sample.losses) == ([0.1, 0.1, 0.1], 3, 3, 0)
    assert sample.error == pytest.approx(np.sqrt(0.01 + 0.01) / 3)
    assert sample_of(differences[:1]).error == pytest.approx(np.std([0, 0.2], ddof=1) / np.sqrt(2))
    assert sample_of(differences[3:]).pairs == 0


def test_with_one_candidate_the_wider_interval_is_students_and_with_more_it_is_wider() -> None:
    sample = np.random.default_rng(0).normal(0.1, 0.1, 5)
    (effect,) = factor_effects({"a": ["x", "y"]}, np.stack([sample, np.zeros(5)]))
    assert effect.n_comparisons == 1
    assert effect.simultaneous_ends == pytest.approx((effect.low, effect.high))
    low, high = simultaneous_interval(sample_of(sample[None]), 10, (-1, 1))
    assert low < effect.low < effect.high < high


def normal(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Steady cells that all are alike, under seeds that all share."""
    return 0.9 + rng.normal(0, 0.01, (1, shape[1])) + rng.normal(0, 0.01, shape)


def accuracy(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """The same as shares of 360 examples: differences often tie."""
    return np.round(360 * normal(rng, shape)) / 360


def erratic(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Runs that train, or fail 3 times in 10."""
    return np.where(rng.random(shape) < 0.3, 0.1, accuracy(rng, shape))


def uneven(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Cells of one mean, some of which scatter a hundred times as widely as others."""
    return 0.5 + 10.0 ** rng.uniform(-3, -1, (shape[0], 1)) * rng.normal(0, 1, shape)


@pytest.mark.parametrize("noise", [normal, accuracy, erratic, uneven])
@pytest.mark.parametrize("levels", [{"a": 2, "b": 2}, {"a": 4, "b": 3}, {"a": 5, "b": 4, "c": 3, "d": 3}, {"a": 12}])
def test_of_recipes_that_are_all_alike_the_biggest_difference_is_told_5_times_in_100_at_most(
    levels: Mapping[str, int], noise: Noise
) -> None:
    factors, rng = grid(**levels), np.random.default_rng(0)
    shape = (len(factors["a"]), 5)
    boards = 60 if len(factors["a"]) > 100 else 400
    biggest, alone, swung = 0, 0, 0
    for _ in range(boards):
        scores = noise(rng, shape)
        effects = factor_effects(factors, scores, bounds=(-1, 1))
        alone += any(effect.significant for effect in effects)
        biggest += any(effect.simultaneous.significant for effect in effects)
        swung += any(swing.significant for swing in interaction_contrasts(factors, scores, bounds=(-1, 1)))
    print(f"{noise.__name__:8} {'x'.join(map(str, levels.values())):8} told of {boards} boards: "
          f"alone {alone / boards:.3f}, among all {biggest / boards:.3f}, interactions {swung / boards:.3f}")  # fmt: skip
    most = _most(boards)
    assert biggest <= most, "a biggest effect is told from zero too often"
    assert swung <= most, "a biggest interaction is told from zero too often"
    if len(effects) > 10:
        assert alone > most, "the intervals that hold by themselves would not do"


def _most(boards: int) -> int:
    """How often 5 in 100 comes at most, all but one time in ten thousand."""
    return int(stats.binom.ppf(1 - 1e-4, boards, 0.05))
