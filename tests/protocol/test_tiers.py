"""Tiers by hand, what they never do, and how often equal cells fall into two."""

from __future__ import annotations

import numpy as np
import pytest

from suite.protocol.intervals import scores_of
from suite.protocol.statistics import no_worse_than_chance
from suite.protocol.tiers import critical, tiers

NAN = float("nan")


def test_tiers_by_hand() -> None:
    scores = np.array([
        [0.10, 0.10, 0.10, 0.10],  # failed the same way
        [0.95, 0.96, 0.97, 0.96],
        [0.96, 0.95, 0.97, 0.96],  # differs from the best by -.01, .01, 0, 0
        [0.60, 0.61, 0.62, 0.62],  # much worse under every seed
        [NAN, NAN, NAN, NAN],
    ])  # fmt: skip
    assert tiers(scores_of(scores)).tolist() == [3, 1, 1, 2, 0]
    assert tiers(scores_of(1 - scores), higher_is_better=False).tolist() == [3, 1, 1, 2, 0]


@pytest.mark.parametrize("seed", range(10))
def test_tiers_only_cut_the_order_of_the_means(seed: int) -> None:
    """Random tables with erratic cells, ties, missing replicates and cells without a score, either way up."""
    rng = np.random.default_rng(seed)
    table = rng.choice([0.1, 0.5, 0.9], size=(60, 1)) + rng.normal(0, rng.choice([0, 1e-3, 0.3], size=(60, 1)), (60, 5))
    table[rng.random(table.shape) < 0.1] = NAN
    table[rng.integers(60)] = NAN
    order = rng.permutation(60)
    for higher in (True, False):
        found = tiers(scores_of(table), higher_is_better=higher)
        scored = ~np.isnan(table).all(axis=1)
        assert (found[~scored] == 0).all()
        means = np.nanmean(table[scored], axis=1) * (1 if higher else -1)
        better = means[:, None] > means[None]
        assert (found[scored][:, None] <= found[scored][None])[better].all()
        assert set(found[scored]) == set(range(1, found.max() + 1))
        assert (found[order] == tiers(scores_of(table[order]), higher_is_better=higher)).all(), "the order of cells"


def test_the_order_is_of_the_means_that_are_shown() -> None:
    """A run that diverged far counts as chance in comparisons, but its cell stands where its mean is."""
    errors = no_worse_than_chance(
        [[0.001, 0.002, 0.001], [1e9, 3.0, 40.0], [0.17, 0.168, 0.2]], 1 / 6, higher_is_better=False
    )
    assert tiers(scores_of(errors), [0.0013, 3e8, 0.18], higher_is_better=False).tolist() == [1, 2, 2]
    assert tiers(scores_of([[0.2, 0.2], [0.3, 0.3]]), [0.9, 0.3]).tolist() == [
        1,
        1,
    ]  # they differ, but not in that order


def test_degenerate_tiers() -> None:
    assert tiers(scores_of([[0.9], [0.1]])).tolist() == [1, 1]  # one replicate distinguishes nothing
    assert tiers(scores_of([[0.5, 0.5], [0.5, 0.5], [0.4, 0.4]])).tolist() == [1, 1, 2]
    assert tiers(scores_of(np.zeros((0, 3)))).tolist() == []


@pytest.mark.parametrize(("cells", "replicates", "tunings"), [(20, 6, 2), (20, 8, 4), (6, 5, 1)])
def test_equal_cells_are_one_tier_in_95_boards_of_100(cells: int, replicates: int, tunings: int) -> None:
    rng = np.random.default_rng(cells + replicates)
    of_run, several = np.arange(replicates) % tunings, 0
    for _ in range(400):
        spread = 0.01 * np.sqrt(8 / rng.chisquare(8, (cells, 1)))
        effect = rng.normal(0, 0.01 if tunings > 1 else 0, (cells, tunings))
        values = rng.normal(0, 0.01, replicates) + effect[:, of_run] + spread * rng.normal(size=(cells, replicates))
        several += tiers(scores_of(values, of_run)).max() > 1
    assert several / 400 <= 0.08  # of 400 boards, 5% give 0.03 to 0.075


def test_the_critical_value_grows_with_the_cells_and_falls_with_the_degrees_of_freedom() -> None:
    assert critical(2, 1000) == pytest.approx(1.96, abs=0.06)  # one comparison is a t test
    assert critical(2, 8) < critical(20, 8) < critical(180, 8)
    assert critical(20, 4) > critical(20, 8) > critical(20, 60)
    assert critical(20, 7.9) == critical(20, 7)
