"""Basins by hand: what counts as nearly the best, and that nothing counts where nothing was tried."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from suite.protocol.basins import basin


def _decades(*tried: Any, **scale: Any) -> float | None:
    """How wide the ranges of a basin are together."""
    ranges = basin(*tried, **scale)
    return None if ranges is None else sum(np.log10(high / low) for low, high in ranges)


def test_basin_by_hand() -> None:
    rates = [10 ** (-4 + n / 2) for n in range(5)]  # half a decade apart, as far as a rate speaks for both sides
    scores = [0.1, 0.88, 0.9, 0.87, None]
    # 95% of the way from .1 to .92 is .879: two good rates, each for a quarter of a decade to either side
    assert _decades(rates, scores, best=0.92, chance=0.1) == pytest.approx(1.0)
    assert basin(rates, scores, best=0.92, chance=0.1) == [pytest.approx((10**-3.75, 10**-2.75))]
    assert _decades(rates[::-1], scores[::-1], best=0.92, chance=0.1) == pytest.approx(1.0)
    assert _decades(rates, scores, best=0.9, chance=0.1) == pytest.approx(1.5)
    assert _decades(rates, scores, best=0.99, chance=0.1) == 0.0
    assert _decades(rates, [0.9] * 5, best=0.9, chance=0.1) == pytest.approx(2.0)  # never beyond the grid
    assert basin(rates, [0.9, 0.1, 0.9, 0.1, 0.1], best=0.9, chance=0.1) == [
        pytest.approx((1e-4, 10**-3.75)),
        pytest.approx((10**-3.25, 10**-2.75)),
    ]
    assert _decades(rates, scores, best=0.1, chance=0.1) is None
    assert _decades(rates, [0.11] * 5, best=0.11, chance=0.1) is None  # it fails alike at every rate
    assert _decades(rates, [0.16] * 5, best=0.16, chance=0.1) == pytest.approx(2.0)
    assert _decades(rates, [0.16] * 5, best=0.16, chance=1 / 6, higher_is_better=False) is None
    assert _decades([], [], best=0.9, chance=0.1) is None
    lower = {"best": 0.01, "chance": 1 / 6, "higher_is_better": False}
    assert _decades([0.1, 0.2], [0.01, 0.02], **lower) == pytest.approx(np.log10(2) / 2)
    assert _decades([0.1, 0.2], [0.01, 0.015], **lower) == pytest.approx(np.log10(2))
    assert _decades([0.1, 0.2], [0.01, np.nan], **lower) == pytest.approx(np.log10(2) / 2)


def test_a_basin_counts_nothing_where_nothing_was_tried() -> None:
    """Two decades between two good rates: nobody knows what lies there."""
    assert basin([1e-4, 1e-2, 1.0], [0.9, 0.9, 0.9], best=0.9, chance=0.1) == [
        pytest.approx((1e-4, 10**-3.75)),
        pytest.approx((10**-2.25, 10**-1.75)),
        pytest.approx((10**-0.25, 1.0)),
    ]
