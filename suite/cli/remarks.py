"""Remarks below a ranked table: a changed target, cells with too few replicates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suite.records import Records
    from suite.run.gather import Gathered
    from suite.run.plan import Plan
    from suite.spec import Benchmark


def remarks(results: Gathered) -> list[str]:
    """Remarks on the results of one benchmark, one line each."""
    lines = _new_target({stored.record.cell.target for stored in results.stored.values()}, results.benchmark)
    if results.shallow:
        asked = results.benchmark.budget.replicates
        lines.append(f"{len(results.shallow)} of {len(results.records)} recipes have fewer than {asked} runs.")
    return lines


def new_target(plan: Plan, records: Records) -> list[str]:
    """A remark if finished runs had another target; they are judged by the new one and not trained again."""
    latest = max(plan.recorded.values(), key=lambda entry: entry.finished, default=None)
    found = records.load([latest], traces=False) if latest else []
    return _new_target({stored.record.cell.target for stored in found}, plan.benchmark)


def _new_target(targets: set[float], benchmark: Benchmark) -> list[str]:
    other = sorted(targets - {benchmark.target})
    were = " or ".join(f"{target:g}" for target in other)
    told = f"the target changed from {were} to {benchmark.target:g} since training: finished runs are judged by the new one"
    return [told] if other else []
