"""Real worker processes: all cells come back, whatever becomes of the workers."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from suite.protocol.records import Cell, Failure, Record
from suite.run.connection import default_workers
from suite.run.pool import ClusterError, open_pool
from suite.run.pool import run_cells as outcomes_of
from suite.run.provenance import origin
from suite.run.worker import Run, train
from tests.made import (
    PROVENANCE,
    crash,
    die_or_record,
    edit_and_record,
    make_cell,
    raise_or_record,
    record_at_once,
    record_when_met,
    record_who,
)


def run_cells(
    cells: Sequence[Cell], workers: int | str, *, run: Run = train, memory_limit: float | None = None, **options: Any
) -> Generator[Record | Failure, None, None]:
    """What came of the cells, without what made it."""
    with open_pool(workers, max(len(cells), 1), run, memory_limit=memory_limit) as ready:
        outcomes = outcomes_of(cells, ready, run=run, **options)
        try:
            for outcome in outcomes:
                yield outcome.result
        finally:
            outcomes.close()


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_every_cell_comes_back_once(workers: int) -> None:
    cells = [make_cell(index, f"program {index % 3}") for index in range(7)]
    results = list(run_cells(cells, workers, run=record_at_once))
    assert Counter(result.cell.fingerprint for result in results) == Counter(cell.fingerprint for cell in cells)


def test_no_cells_start_nothing() -> None:
    assert list(run_cells([], 2)) == []


def meeting(index: int, program: str, folder: Path, other: int) -> Cell:
    """A cell that is done only when another is being run too."""
    return make_cell(index, program, place=str(folder / str(index)), meet=str(folder / str(other)))


def test_cells_of_a_program_share_a_process_and_two_workers_work_at_the_same_time(tmp_path: Path) -> None:
    cells = [meeting(index, "odd" if index % 2 else "even", tmp_path, index ^ 1) for index in range(8)]
    processes: dict[str, set[int]] = {"even": set(), "odd": set()}
    for result in run_cells(cells, 2, run=record_when_met):
        assert isinstance(result, Record)
        processes[result.cell.program].add(result.parameters)
    assert {len(pids) for pids in processes.values()} == {1}
    assert processes["even"] != processes["odd"]


def test_nothing_is_printed_and_nothing_left_behind(tmp_path: Path) -> None:
    code = """
if __name__ == "__main__":
    from suite.run.pool import open_pool, run_cells
    from tests.made import make_cell, record_who
    with open_pool(2, 3, record_who) as ready:
        assert len(list(run_cells([make_cell(i) for i in range(3)], ready, run=record_who))) == 3
"""
    (tmp_path / "run.py").write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "run.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [path.name for path in tmp_path.iterdir()] == ["run.py"]


def test_cell_whose_worker_dies_is_tried_again(tmp_path: Path) -> None:
    deaths = tmp_path / "deaths"
    deaths.write_text("1")
    cells = [make_cell(index, f"program {index % 2}") for index in range(5)] + [make_cell(5, deaths=str(deaths))]
    results = list(run_cells(cells, 2, run=die_or_record))
    assert len(results) == 6
    assert all(isinstance(result, Record) for result in results)
    assert deaths.read_text() == "0"


def test_cell_that_always_kills_its_worker_is_a_failure_and_stops_no_other(tmp_path: Path) -> None:
    deaths = tmp_path / "deaths"
    deaths.write_text("100")
    cells = [make_cell(0, deaths=str(deaths)), *(make_cell(index, f"program {index}") for index in range(1, 5))]
    results = {result.cell.fingerprint: result for result in run_cells(cells, 2, run=die_or_record)}
    failure = results.pop(cells[0].fingerprint)
    assert isinstance(failure, Failure)
    assert "died" in failure.error
    assert failure.attempts == 3
    assert deaths.read_text() == "97"
    assert len(results) == 4
    assert all(isinstance(result, Record) for result in results.values())


@pytest.mark.parametrize("workers", [0, 1])
def test_error_is_a_failure_in_one_line(workers: int) -> None:
    cells = [make_cell(0, raises=True), make_cell(1)]
    results = {result.cell.fingerprint: result for result in run_cells(cells, workers, run=raise_or_record)}
    failure = results[cells[0].fingerprint]
    assert isinstance(failure, Failure)
    assert (failure.error, failure.attempts) == ("Local: first line", 3)
    assert isinstance(results[cells[1].fingerprint], Record)


def test_worker_that_holds_too_much_memory_is_replaced() -> None:
    cells = [make_cell(index) for index in range(3)]
    results = list(run_cells(cells, 1, run=record_who, memory_limit=1))
    assert len({result.parameters for result in results if isinstance(result, Record)}) == 3


def test_closing_early_ends_the_workers_and_waits_for_no_cell(tmp_path: Path) -> None:
    before = children()
    first = meeting(0, "0", tmp_path, 0)
    results = run_cells([first, *(meeting(n, str(n), tmp_path, 9) for n in (1, 2, 3))], 2, run=record_when_met)
    next(results)
    workers = children() - before
    assert workers
    results.close()
    assert not list(tmp_path.glob("*.alone"))
    assert not [pid for pid in workers & children() if "spawn_main" in " ".join(psutil.Process(pid).cmdline())]


def test_one_worker_per_core() -> None:
    assert default_workers() == len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("name", "said"),
    [("SIGSEGV", "Fatal Python error: Segmentation fault"), ("SIGKILL", "instance of 'std::bad_alloc'")],
)
def test_what_a_dying_worker_said_and_held_is_kept(name: str, said: str) -> None:
    (failure,) = run_cells([make_cell(0, signal=name)], 1, run=crash)
    assert isinstance(failure, Failure)
    assert said in failure.error
    held = re.search(r"it held (\d+\.\d) GiB when (\d+\.\d) GiB of memory were left", failure.error)
    assert held
    assert 0 < float(held[1]) < 2


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    code = """
if __name__ == "__main__":
    from suite.run.pool import open_pool, run_cells
    from tests.made import make_cell, record_who
    cells = [make_cell(i, str(i), sleep=0.1 if i < 2 else 60) for i in range(4)]
    with open_pool(2, 4, record_who) as ready:
        for result in run_cells(cells, ready, run=record_who):
            print(result.result.parameters, flush=True)
"""
    (tmp_path / "run.py").write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, "run.py"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        workers = [int(parent.stdout.readline()) for _ in range(2)]
        parent.kill()
    for pid in workers:
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(pid).wait(timeout=10)


def test_what_a_worker_has_of_the_users_own_is_compared(tmp_path: Path) -> None:
    file, data, folders = tmp_path / "mine.py", tmp_path / "data.npz", (str(tmp_path),)
    own = (("data.npz", folders), ("mine:act", folders))
    file.write_text("def act(z):\n    return z\n")
    data.write_bytes(b"one")
    here = origin(own)
    assert here.differs(origin(own)) == ""
    file.write_text("def act(z):\n    return 2 * z\n")
    assert here.differs(origin(own)) == "another mine:act"
    file.unlink()
    data.write_bytes(b"other")
    os.utime(data, (1, 1))
    assert here.differs(origin(own)) == "another data.npz, no mine:act"


@pytest.mark.parametrize("workers", [0, 1])
def test_module_edited_while_its_cells_run_ends_the_run(tmp_path: Path, workers: int) -> None:
    (tmp_path / "mine.py").write_text("def act(z):\n    return z\n")
    cells = [
        dataclasses.replace(
            make_cell(number, edits=str(tmp_path / "mine.py"), activation={"name": "mine:act"}),
            search_path=(str(tmp_path),),
            sources={"mine:act": ""},
        )
        for number in range(2)
    ]
    with pytest.raises(ClusterError, match="another mine:act"):
        list(run_cells(cells, workers, run=edit_and_record))


def test_provenance_is_the_workers() -> None:
    with open_pool(1, 1, record_at_once) as ready:
        (outcome,) = outcomes_of([make_cell()], ready, run=record_at_once)
    assert outcome.origin is not None
    made = dataclasses.replace(
        outcome.origin, versions={**outcome.origin.versions, "tensorflow": "1.0"}, machine={"cores": 64}
    )
    kept = made.of(PROVENANCE)
    assert (kept.versions["tensorflow"], kept.machine, kept.spec) == ("1.0", {"cores": 64}, PROVENANCE.spec)
