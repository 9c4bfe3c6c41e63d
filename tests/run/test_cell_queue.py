"""Who gets which cell: programs are shared, none is lost, and nobody compiles for nothing."""

from __future__ import annotations

from suite.protocol.records import Cell, Failure
from suite.run.cell_queue import ATTEMPTS, CellQueue
from tests.made import make_cell


def cells(*programs: str) -> list[Cell]:
    return [make_cell(index, program) for index, program in enumerate(programs)]


def programs(queue: CellQueue, worker: str, count: int) -> list[str]:
    return [cell.program for _ in range(count) if (cell := queue.take(worker))]


def test_worker_stays_with_its_program() -> None:
    queue = CellQueue(cells("a", "b", "a", "b", "a"))
    assert programs(queue, "one", 1) + programs(queue, "two", 1) == ["a", "b"]
    assert programs(queue, "one", 2) == ["a", "a"]


def test_every_cell_is_given_once() -> None:
    given = cells(*"aabbbccdd")
    queue = CellQueue(given)
    taken = [cell for _ in range(9) if (cell := queue.take("one"))]
    assert sorted(cell.fingerprint for cell in taken) == [cell.fingerprint for cell in given]
    assert queue.take("one") is None


def test_idle_worker_helps_where_many_cells_are_left_and_only_there() -> None:
    queue = CellQueue(cells(*"aaaabbbb"))
    assert programs(queue, "one", 4) + programs(queue, "two", 1) == [*"aaaab"]
    assert programs(queue, "one", 1) == ["b"], "three are left for one worker"
    assert programs(queue, "three", 1) == [], "two are left for two"
    queue = CellQueue(cells(*"aaa"))
    assert programs(queue, "one", 1) == ["a"]
    assert programs(queue, "two", 1) == []
    assert programs(queue, "one", 2) == ["a", "a"]


def test_failed_cell_is_tried_again_then_given_up() -> None:
    (cell,) = cells("a")
    queue = CellQueue([cell])
    for attempt in range(1, ATTEMPTS + 1):
        assert queue.take("one") == cell
        result = queue.failed(cell, f"error {attempt}")
        assert result == (Failure(cell, f"error {ATTEMPTS}", ATTEMPTS) if attempt == ATTEMPTS else None)
    assert queue.take("one") is None


def test_program_of_a_lost_worker_goes_to_another() -> None:
    queue = CellQueue(cells("a", "a"))
    assert programs(queue, "one", 1) == ["a"]
    queue.forget("one")
    assert programs(queue, "two", 1) == ["a"]
