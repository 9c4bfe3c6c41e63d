"""Plan, pool, records: runs what is missing and saves each cell as it comes. The one place that knows them all."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suite.protocol.records import Cell, Failure, Provenance, Record
from suite.protocol.written import counted
from suite.run.pool import Tell, open_pool, run_cells
from suite.run.provenance import provenance, same_numbers
from suite.run.worker import Run, train

if TYPE_CHECKING:
    from suite.records import Records
    from suite.run.plan import Plan


@dataclass(frozen=True)
class Progress:
    """One more cell is finished and saved.

    Attributes:
        result: The cell's record or failure.
        done: Cells saved by this run so far.
        total: Cells that this run set out to save.
    """

    result: Record | Failure
    done: int
    total: int


def run_plans(
    plans: Sequence[Plan],
    records: Records,
    workers: int | str,
    *,
    run: Run = train,
    tell: Tell = lambda line: None,
    phase: Tell = lambda words: None,
) -> Generator[Progress, None, None]:
    """Runs every cell that the plans miss, and yields each as soon as it is saved.

    Interrupting it loses the cells in flight and nothing else.

    Args:
        plans: Plans of different benchmarks.
        records: The folder of records; no other run may be writing to these benchmarks.
        workers: See `suite.run.pool.open_pool`.
        run: Makes the record of a cell.
        tell: See `suite.run.pool.run_cells`; is also told what is not in MLflow yet.
        phase: See there; is also told of the start.

    Raises:
        SpecError: A user's own component cannot be imported, or data is missing; nothing was trained then.
        RecordsError: Another run is writing, or records cannot be saved; what was saved stays.
        ClusterError: The workers are gone.
    """
    from suite.records import Writer
    from suite.records.folder import folder_name
    from suite.records.tracking import Tracking, tracking_uri
    from suite.spec import check_data, try_components

    plans = [plan for plan in plans if plan.to_run]
    if not plans:
        return
    origins = {plan.benchmark.name: provenance(plan.benchmark.text, plan.benchmark.file) for plan in plans}
    most = sum(len(plan.to_run) for plan in plans)
    with contextlib.ExitStack() as stack:
        writer = stack.enter_context(Writer(records))
        for plan in plans:
            writer.open(plan.benchmark.name, plan.to_run[0].quick)
        if workers:
            phase(
                f"starting {counted(min(workers, most), 'worker')}"
                if isinstance(workers, int)
                else f"connecting to {workers}"
            )
        pool = stack.enter_context(open_pool(workers, most, run))
        for plan in plans:
            try_components(plan.to_run, plan.benchmark)
            if isinstance(workers, int):  # else the data is where the workers are
                check_data(plan.to_run, plan.benchmark, downloads=True)
        there = {plan.benchmark.name: _finished(plan.to_run, records) for plan in plans}
        cells = [cell for plan in plans for cell in plan.to_run if cell.fingerprint not in there[cell.benchmark]]
        names = [folder_name(plan.benchmark.name, plan.to_run[0].quick) for plan in plans]
        tracking = Tracking(records, names, tracking_uri())
        stack.callback(tracking.stop)
        results = run_cells(cells, pool, run=run, known=_Known(plans, records, origins), tell=tell, phase=phase)
        stack.enter_context(contextlib.closing(results))
        for done, outcome in enumerate(results, start=1):
            made = origins[outcome.result.cell.benchmark]
            writer.add(outcome.result, outcome.origin.of(made) if outcome.origin else made)
            tracking.look_again()
            yield Progress(outcome.result, done, len(cells))
        for line in tracking.finish()[1]:
            tell(line)


class _Known:
    """Records of other budgets, by which a cell need not be trained from the start.

    One that was made with other versions of what numbers depend on is none: a record is of one version throughout.
    """

    def __init__(self, plans: Sequence[Plan], records: Records, origins: Mapping[str, Provenance]) -> None:
        self._records, self._origins = records, origins
        self._entries = {plan.benchmark.name: records.known(plan.to_run) for plan in plans}

    def __call__(self, cell: Cell) -> list[Record]:
        entries = self._entries[cell.benchmark].get(cell.fingerprint, ())
        here = self._origins[cell.benchmark]
        return [stored.record for stored in self._records.load(entries) if same_numbers(stored.provenance, here)]


def finished_since(plans: Sequence[Plan], records: Records) -> int:
    """How many of the cells that the plans missed have a record by now."""
    return sum(len(_finished(plan.to_run, records)) for plan in plans)


def _finished(cells: Sequence[Cell], records: Records) -> set[str]:
    """The fingerprints of cells that have a record by now: another run may have made it since the plan."""
    return {fingerprint for fingerprint, entry in records.answering(cells).items() if not entry.error}
