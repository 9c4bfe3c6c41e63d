"""Whose tuning is audited, recorded boards or published ones, and what was found as a table for a terminal."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.table import Table

from suite.cli.options import fail
from suite.cli.running import chosen
from suite.protocol.labels import label_text
from suite.protocol.records import Outcome
from suite.protocol.written import difference

if TYPE_CHECKING:
    from suite.protocol.audit import Audited
    from suite.results.results import Results
    from suite.run.audit import Tuned
    from suite.run.gather import Gathered
    from suite.spec import Benchmark
    from suite.store import Store


@dataclass(frozen=True)
class Board:
    """What is doubted.

    Attributes:
        benchmark: As its spec is now.
        tuned: Its cells; none where all rates are given.
        conclude: Takes what was found to where the board lies, and returns the lines that are to be said of it.
    """

    benchmark: Benchmark
    tuned: Sequence[Tuned]
    conclude: Callable[[Sequence[Audited]], list[str]]


def recorded_boards(specs: list[str], store: Store) -> list[Board]:
    """What is recorded of the specs; a benchmark of which nothing is ends the command."""
    from suite.cli.absent import nothing_recorded
    from suite.run.audit import tuned
    from suite.run.gather import gather

    boards = []
    for benchmark, _ in chosen(specs, []):
        results = gather(benchmark, store, traces=False)
        if not results.records:
            fail(nothing_recorded(store, specs, False, "audit", name=benchmark.name, takes_quick=False))
        boards.append(Board(benchmark, tuned(results.records), functools.partial(_recorded, results, store, specs[0])))
    return boards


def published_boards(specs: list[str], folder: Path) -> list[Board]:
    """What is published of the specs in a folder, beside whose tables the audit is put.

    Raises:
        ResultsError: There are no tables of a benchmark, or they do not hold together.
    """
    from suite.results.reader import read
    from suite.run.audit import tuned_in
    from suite.spec import expand

    boards = []
    for benchmark, _ in chosen(specs, []):
        results = read(folder / benchmark.name)
        if results.older:
            fail(f"{results.folder}: is of protocol {results.manifest.protocol_version}, whose tuning was another one.")
        found = tuned_in(results, expand(benchmark))
        boards.append(Board(benchmark, found, functools.partial(_published, results)))
    return boards


def _recorded(results: Gathered, store: Store, spec: str, _: Sequence[Audited]) -> list[str]:
    from suite.cli.remarks import remarks

    return remarks(results, store, spec)


def _published(results: Results, audit: Sequence[Audited]) -> list[str]:
    from suite.protocol.words import audit_in_words
    from suite.results.reader import read
    from suite.results.writer import add_audit

    if not audit:
        return []
    add_audit(results, audit)
    found = read(results.folder).audited
    return [] if found is None else [audit_in_words(found), f"{results.folder}: holds the audit now."]


def audit_table(audit: Sequence[Audited]) -> Table:
    """A row for every audited cell: its rate and the audit's, what each scores, and how many runs trained."""
    sign = -1 if any(not one.own.task_facts["higher_is_better"] for one in audit) else 1
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", title=None)
    table.add_column("cell")  # wraps where a terminal is narrow: figures are never cut
    for heading in ("rate", "audit's", "test", "audit's", "gain", "ok"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in sorted(audit, key=lambda one: -sign * _gain(one)):
        rows = one.rows()
        scores = [float(np.mean([row[name] for row in rows])) for name in ("test_score", "audited_test_score")]
        trained = [sum(row[name] == Outcome.TRAINED for row in rows) for name in ("outcome", "audited_outcome")]
        table.add_row(
            " ".join(label_text(label) for label in one.own.cell.factors.values()),
            f"{one.own.learning_rate:.2g}",
            f"{one.audited.learning_rate:.2g}",
            *(f"{score:.3f}" for score in scores),
            difference(sign * (scores[1] - scores[0])),
            f"{trained[0]}>{trained[1]}/{len(rows)}",
        )
    return table


def _gain(one: Audited) -> float:
    return float(np.mean([row["audited_test_score"] - row["test_score"] for row in one.rows()]))
