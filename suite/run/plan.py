"""What a run would do: cells recorded and to run, in the order that shares programs, and about how long it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suite.models import MODELS
from suite.protocol.records import Cell

if TYPE_CHECKING:
    from suite.spec import Benchmark, Part
    from suite.store import Entry, Store

START_SECONDS = 6.0
"""For the worker processes to start and import TensorFlow."""

_COMPILE_SECONDS = 7.0


@dataclass(frozen=True)
class Plan:
    """One benchmark, and what there is to do for it.

    Attributes:
        benchmark: As its spec is now.
        cells: All that were asked for, in the order of the grid.
        recorded: Those with a record, by fingerprint.
        failed: Those that could not be run before, by fingerprint; they are tried again.
        to_run: The rest in the order in which to run them: program by program, the longest first.
        reasons: Why, and how many cells for each reason.
        seconds: Of work that is to do, on one worker.
        measured: Whether that rests on cells of this benchmark, or on a rule of thumb.
    """

    benchmark: Benchmark
    cells: Sequence[Cell]
    recorded: Mapping[str, Entry]
    failed: Mapping[str, Entry]
    to_run: Sequence[Cell]
    reasons: Mapping[str, int]
    seconds: float
    measured: bool

    @property
    def programs(self) -> int:
        """Programs to compile."""
        return len({cell.program for cell in self.to_run})


def make_plan(benchmark: Benchmark, store: Store, *, quick: bool = False, only: Sequence[Part] = ()) -> Plan:
    """Compares a grid with what the store has of it.

    Raises:
        SpecError: A part of `only` names what is not there.
        StoreError: The store cannot be read.
    """
    from suite.run.reasons import reasons
    from suite.spec import expand

    cells = expand(benchmark, quick=quick, only=only)
    entries = store.recorded(benchmark.name, quick)
    mine = store.answering(cells)
    recorded = {fingerprint: entry for fingerprint, entry in mine.items() if not entry.error}
    failed = {fingerprint: entry for fingerprint, entry in mine.items() if entry.error}
    known = [entry for entry in entries if not entry.error]
    other = [] if known else [entry for entry in store.recorded(benchmark.name, not quick) if not entry.error]
    cost = _Cost(cells[0], known, other)
    to_run = _ordered([cell for cell in cells if cell.fingerprint not in recorded])
    seconds = cost.of(len(to_run), len({cell.program for cell in to_run}))
    why = reasons(to_run, failed, entries)
    return Plan(benchmark, cells, recorded, failed, to_run, why, seconds, measured=bool(known or other))


def wall_seconds(plans: Sequence[Plan], workers: int) -> float:
    """About how long the plans take together; a cell is not divided between workers."""
    cells = sum(len(plan.to_run) for plan in plans)
    if not cells:
        return 0.0
    return START_SECONDS + sum(plan.seconds for plan in plans) / max(1, min(workers, cells))


def _ordered(cells: Sequence[Cell]) -> list[Cell]:
    """Program by program, the one with most cells first, so that no long one is left for the end."""
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(cell.program, []).append(cell)
    return [cell for group in sorted(groups.values(), key=len, reverse=True) for cell in group]


class _Cost:
    """Seconds of a cell and of a program: from recorded cells, or a rule of thumb by family.

    Args:
        cell: Any of the benchmark's.
        known: Records of the same grid and budget.
        other: If there are none, records of the benchmark under its other budget: its quick slice, or the full grid.
    """

    def __init__(self, cell: Cell, known: Sequence[Entry], other: Sequence[Entry]) -> None:
        runs = cell.budget.trials + cell.budget.replicates
        entries = known or other
        if not entries:
            self._cell = runs * cell.budget.steps * MODELS[cell.model].step_seconds(cell.recipe)
            self._program = _COMPILE_SECONDS
            return
        share = 1.0 if known else runs / other_runs(cell)
        self._cell = share * sum(entry.seconds - entry.compile_seconds for entry in entries) / len(entries)
        compiled = [entry.compile_seconds for entry in entries if entry.compile_seconds > 0]
        self._program = sum(compiled) / len(compiled) if compiled else 0.0

    def of(self, cells: int, programs: int) -> float:
        return cells * self._cell + programs * self._program


def other_runs(cell: Cell) -> int:
    """Trainings in a cell of the same benchmark under its other budget, as far as the quick slice's rule tells."""
    from suite.spec.quick import quick_budget

    budget = cell.budget if cell.quick else quick_budget(cell.budget)
    return budget.trials + budget.replicates
