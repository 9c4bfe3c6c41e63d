"""What is said beside a ranked table: cells of fewer replicates, the audit of the tuning, records of an older protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suite.protocol.records import PROTOCOL_VERSION

if TYPE_CHECKING:
    from suite.run.gather import Gathered
    from suite.run.plan import Plan
    from suite.spec import Benchmark
    from suite.store import Store


def remarks(results: Gathered, store: Store, spec: str) -> list[str]:
    """In a line each.

    Args:
        results: Of one benchmark.
        store: Where they are.
        spec: How to name the benchmark in a command.
    """
    from suite.protocol.words import audit_in_words
    from suite.run.audit import audit_summary

    lines = _new_target({stored.record.cell.target for stored in results.stored.values()}, results.benchmark)
    if results.shallow:
        asked = results.benchmark.budget.replicates
        lines.append(f"{len(results.shallow)} of {len(results.records)} cells have fewer than {asked} replicates.")
    quick = bool(results.cells) and results.cells[0].quick
    if results.records and not quick:
        found = audit_summary(results.benchmark, store, results.records)
        if found is not None:
            lines.append(audit_in_words(found))
    older = [e for e in store.recorded(results.benchmark.name, quick) if e.identity.get("protocol", 0) in _OLDER]
    if older:
        lines.append(
            f"{len(older)} records of protocol 1 are kept, and never ranked with these: suite show {spec} --protocol 1"
        )
    return lines


def new_target(plan: Plan, store: Store) -> list[str]:
    """That what is recorded was trained for another target than its spec now has; nothing is trained again for that."""
    latest = max(plan.recorded.values(), key=lambda entry: entry.finished, default=None)
    found = store.load([latest], traces=False) if latest else []
    return _new_target({stored.record.cell.target for stored in found}, plan.benchmark)


def _new_target(targets: set[float], benchmark: Benchmark) -> list[str]:
    other = sorted(targets - {benchmark.target})
    were = " or ".join(f"{target:g}" for target in other)
    told = f"the target is {benchmark.target:g} and was {were} when they were trained: their runs are judged by the new one"
    return [told] if other else []


_OLDER = range(1, PROTOCOL_VERSION)
