"""The audit of a benchmark's tuning, as cells of their own: planned, trained and recorded like any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from suite.protocol.audit import SAMPLE, TIMES, Audited, AuditSummary, audit_name, summarize
from suite.protocol.records import Cell, Record

if TYPE_CHECKING:
    from suite.results.results import Results
    from suite.run.plan import Plan
    from suite.spec import Benchmark
    from suite.store import Store

_BRANCH, _SAMPLING = 1, 1001


@dataclass(frozen=True)
class Tuned:
    """A cell and the rate that its tuning chose: all that an audit has to know of what it doubts."""

    cell: Cell
    learning_rate: float


def tuned(records: Sequence[Record]) -> list[Tuned]:
    """Those records whose rate was not given."""
    return [Tuned(record.cell, record.learning_rate) for record in records if record.trials]


def tuned_in(results: Results, cells: Sequence[Cell]) -> list[Tuned]:
    """The same of exported tables.

    Args:
        results: As they were read.
        cells: That the benchmark's spec expands to; rows of others are left out.
    """
    ran = results.ran
    known = [(cell, ran[cell.fingerprint]) for cell in cells if cell.fingerprint in ran]
    return [Tuned(cell, of.learning_rate) for cell, of in known if of.trials]


@dataclass(frozen=True)
class _Pair:
    """What a cell's audit trains, under the same fresh seeds.

    Attributes:
        own: At the rate that the cell has.
        audited: Tuned again.
    """

    own: Cell
    audited: Cell


def audit_plan(benchmark: Benchmark, store: Store, found: Sequence[Tuned], count: int = SAMPLE) -> Plan:
    """What there is to do for the audit of a benchmark.

    Args:
        benchmark: As its spec is now.
        store: Where the audit is recorded.
        found: Of the benchmark's cells; `count` of them are drawn by lot, the same whenever they are the same.
        count: Cells to audit; all, if there are no more.
    """
    from suite.run.plan import plan_cells

    found = sorted(found, key=lambda one: one.cell.fingerprint)
    generator = np.random.default_rng(np.random.SeedSequence(benchmark.seed, spawn_key=(_SAMPLING,)))
    chosen = sorted(generator.permutation(len(found))[:count])
    pairs = [_pair(found[index]) for index in chosen]
    cells = [cell for pair in pairs for cell in (pair.own, pair.audited)]
    return plan_cells(replace(benchmark, name=audit_name(benchmark.name)), cells, store)


def audited(benchmark: Benchmark, store: Store, found: Sequence[Tuned]) -> list[Audited]:
    """The cells whose audit is recorded, with what it found; it may have fewer replicates than they have now."""
    name = audit_name(benchmark.name)
    if not store.recorded(name):
        return []
    pairs = [(one.cell, _pair(one)) for one in found]
    answers = store.answering([cell for _, pair in pairs for cell in (pair.own, pair.audited)], partly=True)
    there = {fingerprint: entry for fingerprint, entry in answers.items() if not entry.error}
    whole = [(cell, pair) for cell, pair in pairs if {pair.own.fingerprint, pair.audited.fingerprint} <= set(there)]
    return [
        Audited(cell, *(stored.record for stored in store.load(
            [there[pair.own.fingerprint], there[pair.audited.fingerprint]], traces=False)))
        for cell, pair in whole
    ]  # fmt: skip


def audit_summary(benchmark: Benchmark, store: Store, records: Sequence[Record]) -> AuditSummary | None:
    """What the recorded audit of a benchmark found; None where there is none."""
    return summarize(
        [
            {"cell": one.cell.fingerprint, **row}
            for one in audited(benchmark, store, tuned(records))
            for row in one.rows()
        ],
        of_cells=len(records),
        trials=benchmark.budget.trials,
        higher_is_better=bool(records[0].task_facts["higher_is_better"]),
    )


def _pair(one: Tuned) -> _Pair:
    from suite.spec.identity import with_fingerprint

    cell = replace(one.cell, benchmark=audit_name(one.cell.benchmark), branch=_BRANCH)
    budget = cell.budget
    own = replace(
        cell,
        recipe={**cell.recipe, "learning_rate": one.learning_rate},
        budget=replace(budget, trials=0),
    )
    return _Pair(
        with_fingerprint(own), with_fingerprint(replace(cell, budget=replace(budget, trials=TIMES * budget.trials)))
    )
