"""Plan, pool and records together, with a function in place of the training."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from suite.protocol.records import Cell, Failure, Record
from suite.records import Records, RecordsError, Writer
from suite.run.plan import Plan, make_plan
from suite.run.runner import run_plans
from suite.spec import SpecError, read_benchmarks
from tests.conftest import TINY, Suite
from tests.made import raise_or_record, record_at_once


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No run waits until MLflow is imported: what it logs is tested in `tests/records`."""
    monkeypatch.setattr("suite.records.tracking._PATIENCE_SECONDS", 0.0)


def plan_of(suite: Suite, records: Records) -> Plan:
    return make_plan(read_benchmarks(suite.spec)[0], records)


@pytest.mark.parametrize("workers", [0, 2])
def test_records_every_cell_as_it_comes(suite: Suite, records: Records, workers: int) -> None:
    seen = []
    for progress in run_plans([plan_of(suite, records)], records, workers, run=record_at_once):
        assert len(Records(records.folder).recorded("tiny")) == progress.done
        seen.append((progress.done, progress.total))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert not plan_of(suite, records).to_run


def test_runs_only_what_is_missing(suite: Suite, records: Records) -> None:
    steps = run_plans([plan_of(suite, records)], records, 0, run=record_at_once)
    first = next(steps).result.cell
    steps.close()
    rest = [
        step.result.cell.fingerprint for step in run_plans([plan_of(suite, records)], records, 0, run=record_at_once)
    ]
    assert len(rest) == 3
    assert first.fingerprint not in rest


def test_failures_are_recorded_and_tried_again(suite: Suite, records: Records) -> None:
    results = [step.result for step in run_plans([plan_of(suite, records)], records, 0, run=fail)]
    assert all(isinstance(result, Failure) for result in results)
    plan = plan_of(suite, records)
    assert (len(plan.failed), len(plan.to_run)) == (4, 4)
    assert all(isinstance(step.result, Record) for step in run_plans([plan], records, 0, run=raise_or_record))
    assert not plan_of(suite, records).failed


def fail(cell: Cell, known: Sequence[Record] = ()) -> Record:
    raise OSError(f"no data for {cell.benchmark}")


def test_second_run_on_the_same_records_says_so(suite: Suite, records: Records) -> None:
    with Writer(records) as writer:
        writer.open("tiny")
        with pytest.raises(RecordsError, match="another `suite run`"):
            next(run_plans([plan_of(suite, records)], Records(records.folder), 0, run=record_at_once))


def test_own_component_that_cannot_be_imported_stops_before_anything_trains(
    make_suite: Callable[..., Suite], records: Records
) -> None:
    suite = make_suite(spec=TINY.replace("[relu, tanh]", "[relu, 'mine_broken:act']"))
    (suite.folder / "mine_broken.py").write_text("import not_there_at_all\n\ndef act(x):\n    return x\n")
    with pytest.raises(SpecError, match="not_there_at_all"):
        list(run_plans([plan_of(suite, records)], records, 0, run=record_at_once))
    assert not records.recorded("tiny")
