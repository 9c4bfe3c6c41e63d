"""Plan, cluster, store: runs what is missing and records each cell as it comes. The one place that knows them all."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suite.protocol.records import Cell, Failure, Provenance, Record
from suite.run.cluster import Tell, crew, run_cells
from suite.run.provenance import provenance, same_numbers
from suite.run.worker import Run, train

if TYPE_CHECKING:
    from suite.run.plan import Plan
    from suite.store import Store


@dataclass(frozen=True)
class Progress:
    """One more cell is recorded.

    Attributes:
        result: Of that cell.
        done: Cells recorded by this run so far.
        total: Cells that this run set out to record.
    """

    result: Record | Failure
    done: int
    total: int


def run_plans(
    plans: Sequence[Plan], store: Store, workers: int | str, *, run: Run = train, tell: Tell = lambda line: None
) -> Generator[Progress, None, None]:
    """Runs every cell that the plans miss, and yields each as soon as it is recorded.

    Interrupting it loses the cells in flight and nothing else.

    Args:
        plans: Of different benchmarks.
        store: Where records go; nothing else may be writing to it.
        workers: As for `suite.run.cluster.crew`.
        run: What is done with a cell.
        tell: As for `suite.run.cluster.run_cells`.

    Raises:
        SpecError: A user's own component cannot be imported, or data is missing; nothing was trained then.
        StoreError: Another run is writing, or the store cannot be written to; what was recorded stays.
        ClusterError: The workers are gone.
    """
    from suite.spec import check_data, try_components
    from suite.store import scratch

    plans = [plan for plan in plans if plan.to_run]
    if not plans:
        return
    origins = {plan.benchmark.name: provenance(plan.benchmark.text, plan.benchmark.file) for plan in plans}
    most = sum(len(plan.to_run) for plan in plans)
    # Workers get ready while the store is opened, which takes as long.
    with scratch(), crew(workers, most, run) as ready, store.writing() as writer:
        for plan in plans:
            try_components(plan.to_run, plan.benchmark)
        for plan in plans:
            if isinstance(workers, int):  # else the data is where the workers are
                check_data(plan.to_run, plan.benchmark, downloads=True)
            writer.open_benchmark(plan.to_run[0], origins[plan.benchmark.name])
        there = {plan.benchmark.name: _recorded(plan.to_run, store) for plan in plans}
        cells = [cell for plan in plans for cell in plan.to_run if cell.fingerprint not in there[cell.benchmark]]
        known = _Known(plans, store, origins)
        running = run_cells(cells, ready, run=run, known=known, tell=tell)
        with contextlib.closing(running) as outcomes:
            for done, outcome in enumerate(outcomes, start=1):
                result, made = outcome.result, origins[outcome.result.cell.benchmark]
                with _interrupts_held_back() as held:
                    writer.add(result, outcome.origin.of(made) if outcome.origin else made)
                yield Progress(result, done, len(cells))
                if held:
                    raise KeyboardInterrupt


class _Known:
    """Records of other budgets, by which a cell need not be trained from the start.

    One that was made with other versions of what numbers depend on is none: a record is of one version throughout.
    """

    def __init__(self, plans: Sequence[Plan], store: Store, origins: Mapping[str, Provenance]) -> None:
        self._store, self._origins = store, origins
        self._entries = {plan.benchmark.name: store.known(plan.to_run) for plan in plans}

    def __call__(self, cell: Cell) -> list[Record]:
        entries = self._entries[cell.benchmark].get(cell.fingerprint, ())
        here = self._origins[cell.benchmark]
        return [stored.record for stored in self._store.load(entries) if same_numbers(stored.provenance, here)]


def recorded_since(plans: Sequence[Plan], store: Store) -> int:
    """How many of the cells that the plans missed have a record by now."""
    return sum(len(_recorded(plan.to_run, store)) for plan in plans)


def _recorded(cells: Sequence[Cell], store: Store) -> set[str]:
    """The fingerprints of those that have a record by now: another run may have made it since the plan."""
    return {fingerprint for fingerprint, entry in store.answering(cells).items() if not entry.error}


@contextlib.contextmanager
def _interrupts_held_back() -> Iterator[list[int]]:
    """Collects the interrupts that come during the block, so that a finished cell is not lost to them."""
    held: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield held
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda number, _: held.append(number)) for number in signals]
    try:
        yield held
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)
