"""A cluster that is joined by its scheduler's address: who may run cells there, and what its connections come to."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import distributed
import pytest

import suite
from suite.protocol.records import Record
from suite.run.pool import ClusterError
from tests.made import make_cell, record_who
from tests.run.test_pool import run_cells
from tools.storms.servers import cuttable, dask_scheduler, dask_worker


def test_joins_a_cluster_that_is_there() -> None:
    from distributed import LocalCluster

    options = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(n_workers=2, threads_per_worker=2, scheduler_kwargs=options, silence_logs=50) as cluster:
        cells = [make_cell(index, f"program {index % 2}") for index in range(6)]
        results = list(run_cells(cells, cluster.scheduler_address, run=record_who))
        assert len(results) == 6
        assert all(isinstance(result, Record) for result in results)


def test_cluster_that_is_not_there_is_told() -> None:
    with pytest.raises(ClusterError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        next(run_cells([make_cell()], "tcp://127.0.0.1:9"))


def test_server_that_is_no_scheduler_is_told_without_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that never came about would take 20 s to be gone, with a traceback."""
    monkeypatch.setattr(distributed, "Client", lambda *_, **__: pytest.fail("nobody answered"))
    monkeypatch.setattr("suite.run.connection._CONNECT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ClusterError, match=f"no Dask scheduler answers at {address}"):
            next(run_cells([make_cell()], address))


OURS = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
"""The environment of a process that finds these tests, as scheduler and workers must what they run."""


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    """A Dask scheduler as a process of its own."""
    with dask_scheduler(tmp_path, environment=OURS) as address:
        yield address


def copied(folder: Path, addition: str) -> dict[str, str]:
    """The environment of a process whose `suite` is a copy with a line more."""
    shutil.copytree(Path(suite.__file__).parent, folder / "suite", ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "suite" / "protocol" / "records.py").open("a") as file:
        file.write(addition)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(Path(__file__).parents[2])])}


def test_worker_with_other_code_gets_no_cell_and_is_named(scheduler: str, tmp_path: Path) -> None:
    told: list[str] = []
    other = copied(tmp_path / "other", "\nPROTOCOL_VERSION = 1\n")
    with dask_worker(tmp_path, scheduler, environment=other), pytest.raises(ClusterError) as refused:
        list(run_cells([make_cell()], scheduler, run=record_who))
    assert "has other source code of this package (tcp://127.0.0.1:" in str(refused.value)
    with (
        dask_worker(tmp_path, scheduler, environment=other) as forger,
        dask_worker(tmp_path, scheduler, environment=OURS),
    ):
        cells = [make_cell(index, f"{index}") for index in range(6)]
        results = list(run_cells(cells, scheduler, run=record_who, tell=told.append))
    assert len(results) == 6
    assert all(isinstance(result, Record) and result.parameters != forger.pid for result in results)
    assert all("gets no cells: it has other source code" in line for line in told)


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, Any]:
    """A Python and an environment that have everything but the package."""
    folder = tmp_path / "bare"
    folder.mkdir()
    for entry in Path(distributed.__file__).parents[1].iterdir():
        if "trainability" not in entry.name and entry.name != "suite":
            (folder / entry.name).symlink_to(entry)
    python = str(Path(sys.executable).resolve())
    return {"python": python, "environment": {**os.environ, "PYTHONPATH": str(folder)}}


def test_scheduler_without_workers_is_told_and_waited_for(scheduler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr("suite.run.pool._TOLD_SECONDS", 0.5)
    monkeypatch.setattr("suite.run.pool._PATIENCE_SECONDS", 3.0)
    with pytest.raises(ClusterError, match=f"no worker is at {scheduler}, and none came"):
        list(run_cells([make_cell()], scheduler, run=record_who, tell=told.append))
    assert told == [f"no worker is at {scheduler} yet: waiting for one"]


def test_scheduler_without_the_package_is_told_before_a_cell_fails(bare: dict[str, Any], tmp_path: Path) -> None:
    with (
        dask_scheduler(tmp_path, **bare) as address,
        dask_worker(tmp_path, address),
        pytest.raises(ClusterError, match=r"scheduler at tcp://.* cannot .* it has no trainability-suite installed"),
    ):
        list(run_cells([make_cell()], address, run=record_who))


def test_worker_without_the_package_is_told_at_once(scheduler: str, bare: dict[str, Any], tmp_path: Path) -> None:
    with (
        dask_worker(tmp_path, scheduler, **bare),
        pytest.raises(ClusterError, match=r"has no trainability-suite installed \(tcp://127\.0\.0\.1:"),
    ):
        list(run_cells([make_cell()], scheduler, run=record_who))


def test_scheduler_that_is_killed_is_told_in_one_line(tmp_path: Path) -> None:
    from tools.storms.storms import scheduler as storm

    counts = storm(tmp_path, 0)
    assert (counts.kills, counts.harm) == (1, 0)


def test_lost_connection_to_a_living_scheduler_costs_no_worker_and_no_cell(scheduler: str, tmp_path: Path) -> None:
    """Dask connects again by itself, and takes all that was asked for before as cancelled."""
    cells = [make_cell(index, f"{index}", sleep=0.5) for index in range(5)]
    with dask_worker(tmp_path, scheduler, environment=OURS) as worker, cuttable(scheduler) as (address, cut):
        results = []
        for result in run_cells(cells, address, run=record_who):
            results.append(result)
            cut()
    assert {result.cell.fingerprint for result in results} == {cell.fingerprint for cell in cells}
    assert all(isinstance(result, Record) and result.parameters == worker.pid for result in results)
