"""Who gets which cell: programs are shared, none is lost, and nobody compiles for nothing."""

from __future__ import annotations

from suite.protocol.records import Cell, Failure
from suite.run.handout import ATTEMPTS, Handout
from tests.made import make_cell, make_record


def cells(*programs: str) -> list[Cell]:
    return [make_cell(index, program) for index, program in enumerate(programs)]


def finish(handout: Handout, cell: Cell, seconds: float, compile_seconds: float) -> None:
    handout.done(make_record(cell, seconds=seconds + compile_seconds, compile_seconds=compile_seconds))


def test_worker_stays_with_its_program() -> None:
    handout = Handout(cells("a", "b", "a", "b", "a"))
    first, other = handout.take("one"), handout.take("two")
    assert first is not None
    assert other is not None
    assert (first.program, other.program) == ("a", "b")
    assert [handout.take("one").program for _ in range(2)] == ["a", "a"]  # type: ignore[union-attr]


def test_every_cell_is_handed_out_once() -> None:
    given = cells(*"aabbbccdd")
    handout = Handout(given)
    taken = [cell for _ in range(9) if (cell := handout.take("one"))]
    assert sorted(cell.fingerprint for cell in taken) == [cell.fingerprint for cell in given]
    assert handout.take("one") is None


def test_idle_worker_helps_where_compiling_again_pays() -> None:
    handout = Handout(cells(*"aaaaaaaa"))
    first = handout.take("one")
    assert first is not None
    finish(handout, first, seconds=2, compile_seconds=4)
    assert handout.take("two") is not None  # 7 cells of 2 s are left: longer than compiling and running one


def test_idle_worker_keeps_away_where_it_does_not() -> None:
    handout = Handout(cells("a", "a", "a"))
    first = handout.take("one")
    assert first is not None
    finish(handout, first, seconds=2, compile_seconds=9)
    assert handout.take("two") is None
    assert handout.take("one") is not None


def test_failed_cell_is_tried_again_then_given_up() -> None:
    (cell,) = cells("a")
    handout = Handout([cell])
    for attempt in range(1, ATTEMPTS + 1):
        assert handout.take("one") == cell
        result = handout.failed(cell, f"error {attempt}")
        assert result == (Failure(cell, f"error {ATTEMPTS}", ATTEMPTS) if attempt == ATTEMPTS else None)
    assert handout.take("one") is None


def test_program_of_a_lost_worker_goes_to_another() -> None:
    handout = Handout(cells("a", "a"))
    assert handout.take("one") is not None
    handout.forget("one")
    assert handout.take("two") is not None
