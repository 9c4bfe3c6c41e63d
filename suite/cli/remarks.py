"""What is said beside a ranked table: cells of fewer replicates, the audit of the tuning, records of an older protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suite.protocol.records import PROTOCOL_VERSION

if TYPE_CHECKING:
    from suite.run.gather import Results
    from suite.store import Store


def remarks(results: Results, store: Store, spec: str) -> list[str]:
    """In a line each.

    Args:
        results: Of one benchmark.
        store: Where they are.
        spec: How to name the benchmark in a command.
    """
    from suite.protocol.audit import summarize
    from suite.protocol.words import audit_in_words
    from suite.run.audit import audited

    lines = []
    if results.shallow:
        asked = results.benchmark.budget.replicates
        lines.append(f"{len(results.shallow)} of {len(results.records)} cells have fewer than {asked} replicates.")
    quick = bool(results.cells) and results.cells[0].quick
    if results.records and not quick:
        found = summarize(
            [
                {"cell": one.cell, **row}
                for one in audited(results.benchmark, store, results.records)
                for row in one.rows()
            ],
            of_cells=len(results.records),
            trials=results.benchmark.budget.trials,
            higher_is_better=bool(results.records[0].task_facts["higher_is_better"]),
        )
        if found is not None:
            lines.append(audit_in_words(found))
    older = [e for e in store.recorded(results.benchmark.name, quick) if e.identity.get("protocol", 0) in _OLDER]
    if older:
        lines.append(
            f"{len(older)} records of protocol 1 are kept, and never ranked with these: suite show {spec} --protocol 1"
        )
    return lines


_OLDER = range(1, PROTOCOL_VERSION)
