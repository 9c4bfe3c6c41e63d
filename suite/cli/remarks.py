"""What is said beside a ranked table: another target than the runs were trained for, cells of fewer replicates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suite.records import Records
    from suite.run.gather import Gathered
    from suite.run.plan import Plan
    from suite.spec import Benchmark


def remarks(results: Gathered) -> list[str]:
    """In a line each, of one benchmark."""
    lines = _new_target({stored.record.cell.target for stored in results.stored.values()}, results.benchmark)
    if results.shallow:
        asked = results.benchmark.budget.replicates
        lines.append(f"{len(results.shallow)} of {len(results.records)} cells have fewer than {asked} replicates.")
    return lines


def new_target(plan: Plan, records: Records) -> list[str]:
    """That what is recorded was trained for another target than its spec now has; nothing is trained again for that."""
    latest = max(plan.recorded.values(), key=lambda entry: entry.finished, default=None)
    found = records.load([latest], traces=False) if latest else []
    return _new_target({stored.record.cell.target for stored in found}, plan.benchmark)


def _new_target(targets: set[float], benchmark: Benchmark) -> list[str]:
    other = sorted(targets - {benchmark.target})
    were = " or ".join(f"{target:g}" for target in other)
    told = f"the target is {benchmark.target:g} and was {were} when they were trained: their runs are judged by the new one"
    return [told] if other else []
