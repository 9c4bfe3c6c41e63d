"""What a run would do: cells recorded and to run, in the order that shares programs, and about how long it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suite.models import MODELS
from suite.protocol.records import CURVED, VALIDATED, Cell
from suite.spec.identity import NESTED
from suite.tasks import form_of

if TYPE_CHECKING:
    from suite.records import Entry, Records
    from suite.spec import Benchmark, Part

START_SECONDS = 6.0
"""For the worker processes to start and import TensorFlow."""

_COMPILE_SECONDS = 7.0
_FORWARD = 1 / 3
"""Of a training step, which goes there and back."""
_LOOKS_AHEAD = 5
"""Passes there and back at each look along the gradient."""
_PRODUCTS = 2 * 40
"""Passes there and back over the examples that the curvature is of: two for each product with the Hessian."""


@dataclass(frozen=True)
class Plan:
    """One benchmark, and what there is to do for it.

    Attributes:
        benchmark: The benchmark, as its spec is now.
        cells: All that were asked for, in the order of the grid.
        recorded: Entries of finished cells, by fingerprint.
        failed: Entries of cells that failed before, by fingerprint; they are tried again.
        to_run: The rest in the order in which to run them: program by program, the longest first.
        there: Trials, tunings and replicates of those to run that are recorded already, by fingerprint.
        reasons: Why, and how many cells for each reason.
        seconds: Estimated work on one worker.
        measured: The estimate rests on finished cells of this benchmark, not on a rule of thumb.
    """

    benchmark: Benchmark
    cells: Sequence[Cell]
    recorded: Mapping[str, Entry]
    failed: Mapping[str, Entry]
    to_run: Sequence[Cell]
    there: Mapping[str, tuple[int, ...]]
    reasons: Mapping[str, int]
    seconds: float
    measured: bool

    @property
    def programs(self) -> int:
        """Programs to compile."""
        return len({cell.program for cell in self.to_run})


def make_plan(benchmark: Benchmark, records: Records, *, quick: bool = False, only: Sequence[Part] = ()) -> Plan:
    """Compares a grid with what is recorded of it.

    Raises:
        SpecError: A part of `only` names what is not there.
        RecordsError: Records cannot be read.
    """
    from suite.spec import expand

    return plan_cells(benchmark, expand(benchmark, quick=quick, only=only), records)


def plan_cells(benchmark: Benchmark, cells: Sequence[Cell], records: Records) -> Plan:
    """Compares cells of a benchmark with what is recorded of them.

    Args:
        benchmark: Whose cells they are.
        cells: All of its full grid, or all of its quick slice.
        records: The folder of records.

    Raises:
        RecordsError: Records cannot be read.
    """
    from suite.run.reasons import reasons

    quick = bool(cells) and cells[0].quick
    entries = records.recorded(benchmark.name, quick)
    mine = records.answering(cells)
    recorded = {fingerprint: entry for fingerprint, entry in mine.items() if not entry.error}
    failed = {fingerprint: entry for fingerprint, entry in mine.items() if entry.error}
    known = [entry for entry in entries if not entry.error]
    other = [] if known else [entry for entry in records.recorded(benchmark.name, not quick) if not entry.error]
    missing = [cell for cell in cells if cell.fingerprint not in recorded]
    there = {
        fingerprint: tuple(max(entry.identity[part] for entry in found) for part in NESTED)
        for fingerprint, found in records.known(missing).items()
    }
    to_run = _ordered(missing, there)
    cost = _Cost(known or other)
    seconds = cost.of_programs(len({cell.program for cell in to_run})) + sum(
        _missing_runs(cell, there) * cost.of_run(cell) for cell in to_run
    )
    why = reasons(to_run, failed, entries)
    return Plan(benchmark, cells, recorded, failed, to_run, there, why, seconds, measured=bool(known or other))


def wall_seconds(plans: Sequence[Plan], workers: int) -> float:
    """About how long the plans take together; a cell is not divided between workers."""
    cells = sum(len(plan.to_run) for plan in plans)
    if not cells:
        return 0.0
    return START_SECONDS + sum(plan.seconds for plan in plans) / max(1, min(workers, cells))


def _ordered(cells: Sequence[Cell], there: Mapping[str, tuple[int, ...]]) -> list[Cell]:
    """Program by program, the one that will take longest first, so that no long one is left for the end."""
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(cell.program, []).append(cell)

    def seconds(group: Sequence[Cell]) -> float:
        return sum(_missing_runs(cell, there) * _seconds_of_run(cell) for cell in group)

    return [cell for group in sorted(groups.values(), key=seconds, reverse=True) for cell in group]


def _missing_runs(cell: Cell, there: Mapping[str, tuple[int, ...]]) -> int:
    """Trainings left of a cell, if the trials to come do not change its rate."""
    budget, (trials, tunings, replicates) = cell.budget, there.get(cell.fingerprint, (0, 0, 0))
    tried = min(trials, budget.trials) * min(tunings, budget.tunings)
    return budget.trials * budget.tunings - tried + max(budget.replicates - replicates, 0)


def _seconds_of_run(cell: Cell) -> float:
    """Of one training, by the rule of thumb of its model family."""
    budget, form, batch = cell.budget, form_of(cell.task), cell.recipe["batch_size"]
    looked_at = budget.evaluations * min(form.held_out, VALIDATED) + 2 * form.held_out
    landscape = _LOOKS_AHEAD * budget.evaluations + _PRODUCTS * min(form.train or CURVED, CURVED) / batch
    steps = budget.steps + looked_at / batch * _FORWARD + budget.landscape * landscape
    return MODELS[cell.model].step_seconds(form, cell.recipe) * steps


class _Cost:
    """Seconds of a training, by its steps, and of a program: from recorded cells, or a rule of thumb by family.

    Args:
        recorded: Finished cells of the same grid; without any, of the quick slice, or of the full grid for a quick slice.
    """

    def __init__(self, recorded: Sequence[Entry]) -> None:
        identities = [entry.identity for entry in recorded]
        steps = sum((each["trials"] * each["tunings"] + each["replicates"]) * each["steps"] for each in identities)
        trained = sum(entry.seconds - entry.compile_seconds for entry in recorded)
        compiled = [entry.compile_seconds for entry in recorded if entry.compile_seconds > 0]
        self._step = trained / steps if steps else None
        self._program = sum(compiled) / max(len(compiled), 1) if recorded else _COMPILE_SECONDS

    def of_run(self, cell: Cell) -> float:
        return _seconds_of_run(cell) if self._step is None else cell.budget.steps * self._step

    def of_programs(self, count: int) -> float:
        return count * self._program
