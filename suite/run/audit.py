"""The audit of a benchmark's tuning, as cells of their own: planned, trained and recorded like any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from suite.protocol.audit import SAMPLE, TIMES, Audited, AuditSummary, audit_name, summarize
from suite.protocol.records import Cell, Record

if TYPE_CHECKING:
    from suite.run.plan import Plan
    from suite.spec import Benchmark
    from suite.store import Store

_BRANCH, _SAMPLING = 1, 1001


@dataclass(frozen=True)
class _Pair:
    """What a cell's audit trains, under the same fresh seeds.

    Attributes:
        own: At the rate that the cell has.
        audited: Tuned again.
    """

    own: Cell
    audited: Cell


def audit_plan(benchmark: Benchmark, store: Store, records: Sequence[Record], count: int = SAMPLE) -> Plan:
    """What there is to do for the audit of a benchmark.

    Args:
        benchmark: As its spec is now.
        store: Where the audit is recorded.
        records: Of the benchmark's cells; `count` of them are drawn by lot, the same whenever they are the same.
        count: Cells to audit; all, if there are no more.
    """
    from suite.run.plan import plan_cells

    tuned = sorted((r for r in records if r.trials), key=lambda record: record.cell.fingerprint)
    generator = np.random.default_rng(np.random.SeedSequence(benchmark.seed, spawn_key=(_SAMPLING,)))
    chosen = sorted(generator.permutation(len(tuned))[:count])
    pairs = [_pair(tuned[index]) for index in chosen]
    cells = [cell for pair in pairs for cell in (pair.own, pair.audited)]
    return plan_cells(replace(benchmark, name=audit_name(benchmark.name)), cells, store)


def audited(benchmark: Benchmark, store: Store, records: Sequence[Record]) -> list[Audited]:
    """The records whose audit is recorded, with what it found; it may have fewer replicates than a record has now."""
    name = audit_name(benchmark.name)
    if not store.recorded(name):
        return []
    pairs = {record.cell.fingerprint: _pair(record) for record in records if record.trials}
    found = store.answering([cell for pair in pairs.values() for cell in (pair.own, pair.audited)], partly=True)
    there = {fingerprint: entry for fingerprint, entry in found.items() if not entry.error}
    whole = {
        cell: pair for cell, pair in pairs.items() if {pair.own.fingerprint, pair.audited.fingerprint} <= set(there)
    }
    return [
        Audited(cell, *(stored.record for stored in store.load(
            [there[pair.own.fingerprint], there[pair.audited.fingerprint]], traces=False)))
        for cell, pair in whole.items()
    ]  # fmt: skip


def audit_summary(benchmark: Benchmark, store: Store, records: Sequence[Record]) -> AuditSummary | None:
    """What the recorded audit of a benchmark found; None where there is none."""
    return summarize(
        [{"cell": one.cell, **row} for one in audited(benchmark, store, records) for row in one.rows()],
        of_cells=len(records),
        trials=benchmark.budget.trials,
        higher_is_better=bool(records[0].task_facts["higher_is_better"]),
    )


def _pair(record: Record) -> _Pair:
    from suite.spec.identity import named

    cell = replace(record.cell, benchmark=audit_name(record.cell.benchmark), branch=_BRANCH)
    budget = cell.budget
    own = replace(
        cell,
        recipe={**cell.recipe, "learning_rate": record.learning_rate},
        budget=replace(budget, trials=0),
    )
    return _Pair(named(own), named(replace(cell, budget=replace(budget, trials=TIMES * budget.trials))))
