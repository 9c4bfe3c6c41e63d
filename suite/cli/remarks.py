"""Remarks below a ranked table: a changed target, cells with too few replicates, distance from published results."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from suite.protocol.written import counted

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


def distance_from_published(results: Gathered) -> list[str]:
    """How far the results are from those published of the same recipes; nothing if there are none."""
    from suite.protocol.agreement import agreement
    from suite.results.errors import ResultsError
    from suite.results.reader import read
    from suite.run.judging import published_folder

    folder = published_folder() / results.benchmark.name
    if not results.records or results.records[0].cell.quick or not folder.is_dir():
        return []
    try:
        published = read(folder)
    except ResultsError:
        return []  # of another version, or damaged: `suite leaderboard` says why
    found = agreement({record.cell.fingerprint: record for record in results.records}, published.ran)
    if not found.recipes:
        return []
    told = f"Published results: {found.identical} of {counted(found.recipes, 'recipe')} have the same scores"
    if found.identical < found.recipes and not math.isnan(found.rms):
        told += f"; rms difference {found.rms:.2f} standard errors, of which other processors or versions account for up to 1"
    return [told + "."]


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
