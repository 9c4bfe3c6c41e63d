"""The short form of the storms: one round of each that needs no minutes. `python -m tests.faults` is the long one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from suite.protocol.records import Failure
from suite.store import Store
from suite.store.client import connect
from suite.store.names import FINGERPRINT
from suite.store.runs import search
from tests.faults.many import fill
from tests.faults.rounds import surplus
from tests.faults.servers import postgres_lacks
from tests.faults.storms import STORMS, on_sqlite, ten_thousand
from tests.made import PROVENANCE, make_cell, make_record


def test_killed_from_the_first_second_on(tmp_path: Path) -> None:
    counts = on_sqlite(tmp_path, 1, kills=2)
    assert counts.starts == 3
    assert counts.harm == 0


@pytest.mark.parametrize("name", ["two-at-once", "two-at-once-on-postgres"])
def test_runs_at_once(tmp_path: Path, name: str) -> None:
    lacks = postgres_lacks() if "postgres" in name else ""
    if lacks and "CI" not in os.environ:
        pytest.skip(f"{lacks} is not installed here")
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


def test_second_runs_and_orphans_are_counted_and_nothing_makes_up_for_them(
    database_copy: Callable[[Path], Store], tmp_path: Path
) -> None:
    store = database_copy(tmp_path / "mlflow.db")
    with store.writing() as writer:
        writer.add(make_record(make_cell(1)), PROVENANCE)
        writer.add(Failure(make_cell(2), "killed", 3), PROVENANCE)
        client = connect(store.uri)
        experiment = client.get_experiment_by_name("made").experiment_id
        runs = search(client, experiment, "")
        assert (len(runs), surplus(runs)) == (5, 0)
        again = client.create_run(experiment, tags={FINGERPRINT: make_cell(1).fingerprint})
        client.create_run(experiment, tags={"mlflow.parentRunId": again.info.run_id})
        client.create_run(experiment, tags={"mlflow.parentRunId": "of no cell"})
    assert surplus(search(client, experiment, "")) == 2
