"""Plan, cluster and store together, with a function in place of the training."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from suite.protocol.records import Cell, Failure, Record
from suite.run.plan import Plan, make_plan
from suite.run.provenance import Provenance
from suite.run.runner import run_plans
from suite.spec import SpecError, read_benchmarks
from suite.store import Store, StoreError
from suite.store.writer import Writer
from tests.conftest import TINY, Suite
from tests.made import raise_or_record, record_at_once


@pytest.fixture
def store(tmp_path: Path, database_copy: Callable[[Path], Store]) -> Store:
    return database_copy(tmp_path / "store.db")


def plan_of(suite: Suite, store: Store) -> Plan:
    return make_plan(read_benchmarks(suite.spec)[0], store)


@pytest.mark.parametrize("workers", [0, 2])
def test_records_every_cell_as_it_comes(suite: Suite, store: Store, workers: int) -> None:
    seen = []
    for progress in run_plans([plan_of(suite, store)], store, workers, run=record_at_once):
        assert len(Store(store.uri).recorded("tiny")) == progress.done
        seen.append((progress.done, progress.total))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert not plan_of(suite, store).to_run


def test_runs_only_what_is_missing(suite: Suite, store: Store) -> None:
    steps = run_plans([plan_of(suite, store)], store, 0, run=record_at_once)
    first = next(steps).result.cell
    steps.close()
    rest = [step.result.cell.fingerprint for step in run_plans([plan_of(suite, store)], store, 0, run=record_at_once)]
    assert len(rest) == 3
    assert first.fingerprint not in rest


def test_failures_are_recorded_and_tried_again(suite: Suite, store: Store) -> None:
    results = [step.result for step in run_plans([plan_of(suite, store)], store, 0, run=fail)]
    assert all(isinstance(result, Failure) for result in results)
    plan = plan_of(suite, store)
    assert (len(plan.failed), len(plan.to_run)) == (4, 4)
    assert all(isinstance(step.result, Record) for step in run_plans([plan], store, 0, run=raise_or_record))
    assert not plan_of(suite, store).failed


def fail(cell: Cell, known: Sequence[Record] = ()) -> Record:
    raise OSError(f"no data for {cell.benchmark}")


def test_second_run_on_the_same_store_says_so(suite: Suite, store: Store) -> None:
    with store.writing(), pytest.raises(StoreError, match="another `suite run`"):
        next(run_plans([plan_of(suite, store)], Store(store.uri), 0, run=record_at_once))


def test_own_component_that_cannot_be_imported_stops_before_anything_trains(
    make_suite: Callable[..., Suite], store: Store
) -> None:
    suite = make_suite(spec=TINY.replace("[relu, tanh]", "[relu, 'mine_broken:act']"))
    (suite.folder / "mine_broken.py").write_text("import not_there_at_all\n\ndef act(x):\n    return x\n")
    with pytest.raises(SpecError, match="not_there_at_all"):
        list(run_plans([plan_of(suite, store)], store, 0, run=record_at_once))
    assert not store.recorded("tiny")


def test_interrupt_while_a_cell_is_written_waits_until_it_is(
    suite: Suite, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Writer.add

    def interrupted_add(self: Writer, result: Record | Failure, provenance: Provenance) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        add(self, result, provenance)

    monkeypatch.setattr(Writer, "add", interrupted_add)
    steps = run_plans([plan_of(suite, store)], store, 0, run=record_at_once)
    assert next(steps).done == 1
    with pytest.raises(KeyboardInterrupt):
        next(steps)
    assert len(Store(store.uri).recorded("tiny")) == 1
