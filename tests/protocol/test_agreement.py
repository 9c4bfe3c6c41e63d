"""How far two runs of a benchmark lie from each other."""

from __future__ import annotations

import numpy as np
import pytest

from suite.protocol.agreement import agreement
from suite.protocol.records import Record
from tests.made import make_cell, make_record, make_replicate


def run_of(seed: int, cells: range, moved: float = 0.0) -> dict[str, Record]:
    """Cells of eight replicates each, whose scores have a standard deviation of 0.01."""
    found = {}
    for number in cells:
        rng = np.random.default_rng([seed, number])
        runs = tuple(
            make_replicate(index, rng, test_score=0.9 + moved + float(rng.normal(0, 0.01))) for index in range(8)
        )
        cell = make_cell(number)
        found[cell.fingerprint] = make_record(cell, replicates=runs)
    return found


def test_a_run_agrees_with_itself() -> None:
    found = agreement(run_of(0, range(5)), run_of(0, range(3, 9)))
    assert (found.recipes, found.identical, found.rms) == (2, 2, 0)


def test_repetitions_lie_one_standard_error_apart_and_a_moved_run_lies_further() -> None:
    assert agreement(run_of(0, range(60)), run_of(1, range(60))).rms == pytest.approx(1, abs=0.25)
    assert agreement(run_of(0, range(60)), run_of(1, range(60), moved=0.02)).rms > 3


def test_nothing_in_common_is_no_distance() -> None:
    found = agreement(run_of(0, range(2)), run_of(0, range(2, 4)))
    assert (found.recipes, found.identical) == (0, 0)
    assert np.isnan(found.rms)
