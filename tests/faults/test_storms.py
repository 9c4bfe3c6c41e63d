"""The short form of the storms: one round of each that needs no minutes. `python -m tests.faults` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.many import fill
from tests.faults.storms import STORMS, on_sqlite, ten_thousand


def test_killed_from_the_first_second_on(tmp_path: Path) -> None:
    counts = on_sqlite(tmp_path, 1, kills=2)
    assert counts.starts == 3
    assert counts.harm == 0


@pytest.mark.parametrize("name", ["two-at-once", "four-at-once-on-postgres"])
def test_runs_at_once(tmp_path: Path, name: str) -> None:
    if name not in STORMS:
        pytest.skip("no PostgreSQL here")
    counts = STORMS[name](tmp_path, 1)
    assert counts.starts > 2
    assert counts.harm == 0


def test_a_thousand_recorded_cells_are_shown_within_a_fixed_time_and_a_little_for_each(tmp_path: Path) -> None:
    """Of processor time; what is quadratic in the levels of a factor takes a minute here."""
    assert ten_thousand(tmp_path, 0, cells=1000, seconds=20.0).harm == 0


def test_filled_store_is_one_of_ours(tmp_path: Path) -> None:
    from suite.run.gather import gather
    from suite.spec import read_benchmarks
    from suite.store import Store

    (benchmark,) = read_benchmarks(fill(tmp_path, 20))
    results = gather(benchmark, Store(f"sqlite:///{tmp_path / 'mlflow.db'}"))
    assert len(results.records) == 20
    assert not results.missing
