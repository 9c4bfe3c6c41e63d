"""The records of a benchmark, put beside its spec: what tables and reports are made of."""

from __future__ import annotations

import dataclasses
import hashlib
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from suite.protocol.columns import factor_column
from suite.protocol.nesting import as_asked
from suite.protocol.ranks import RankedCell, ranked, standings
from suite.protocol.records import PROTOCOL_VERSION, Cell, Record, to_plain

if TYPE_CHECKING:
    from suite.records import Records, Stored
    from suite.results.manifest import Manifest
    from suite.spec import Benchmark, Part


@dataclass(frozen=True)
class Gathered:
    """All there is of one benchmark.

    Attributes:
        benchmark: The benchmark, as its spec is now.
        cells: Cells of the whole grid (or quick slice), in its order.
        stored: Finished cells, by fingerprint.
        errors: Why cells failed, by fingerprint.
    """

    benchmark: Benchmark
    cells: Sequence[Cell]
    stored: Mapping[str, Stored]
    errors: Mapping[str, str]

    @cached_property
    def records(self) -> list[Record]:
        """In the order of the grid, with the labels and the target that the spec has now, and what it asks of each."""
        found = [(cell, self.stored[cell.fingerprint].record) for cell in self.cells if cell.fingerprint in self.stored]
        return [as_asked(record, cell) for cell, record in found]

    @property
    def shallow(self) -> list[Record]:
        """Those with fewer replicates than their cell asks."""
        return [record for record in self.records if len(record.replicates) < record.cell.budget.replicates]

    @cached_property
    def ranked(self) -> list[RankedCell]:
        """Their standings, the best first."""
        return ranked(standings(self.records))

    @property
    def missing(self) -> list[Cell]:
        """Cells without a record."""
        return [cell for cell in self.cells if cell.fingerprint not in self.stored]

    def manifest(self) -> Manifest:
        """What an export tells beside its tables; its list of files is still empty."""
        from suite.results.manifest import BudgetFacts, Manifest, Missing, Seeds, TaskFacts

        benchmark, first = self.benchmark, self.records[0]
        last = max(self.stored.values(), key=lambda stored: stored.finished)
        origin = last.provenance
        commits = Counter(stored.provenance.git_commit or "unknown" for stored in self.stored.values())
        return Manifest(
            protocol_version=PROTOCOL_VERSION,
            benchmark=benchmark.name,
            title=benchmark.title,
            description=benchmark.description,
            spec=benchmark.text,
            spec_sha256=hashlib.sha256(benchmark.text.encode()).hexdigest(),
            quick=first.cell.quick,
            model=benchmark.model,
            task=TaskFacts(**{**benchmark.task, **first.task_facts}),
            target=benchmark.target,
            reference=benchmark.reference,
            factors={
                factor_column(factor): tuple(level.label for level in levels)
                for factor, levels in benchmark.grid.items()
            },
            fixed=to_plain(benchmark.fixed),
            budget=BudgetFacts(**to_plain(max((cell.budget for cell in self.cells), key=lambda b: b.trials))),
            thresholds=dict(first.thresholds),
            seeds=Seeds(
                benchmark=benchmark.seed,
                replicates=tuple(run.seed for run in max((r.replicates for r in self.records), key=len)),
            ),
            versions=dict(origin.versions),
            git_commit=origin.git_commit,
            cells_by_commit=dict(commits.most_common()),
            machine=dict(origin.machine),
            created=datetime.fromtimestamp(last.finished / 1000, UTC).isoformat(timespec="seconds"),
            cells_total=len(self.cells),
            missing=tuple(
                Missing(
                    cell=cell.fingerprint,
                    factors={factor_column(factor): label for factor, label in cell.factors.items()},
                    status="infrastructure error" if cell.fingerprint in self.errors else "not run",
                    detail=self.errors.get(cell.fingerprint, ""),
                )
                for cell in self.missing
            ),
            files={},
        )


def gather(
    benchmark: Benchmark,
    records: Records,
    *,
    quick: bool = False,
    only: Sequence[Part] = (),
    traces: bool = True,
    cells: Sequence[Cell] | None = None,
) -> Gathered:
    """Reads the records of a benchmark's cells; records of cells that its spec no longer has are left out.

    Args:
        benchmark: The benchmark, as its spec is now.
        records: The folder of records.
        quick: Its quick slice.
        only: Parts of its grid.
        traces: Read traces too.
        cells: The cells that the three before come to, if they are known already.

    Raises:
        SpecError: A part of `only` names what is not there.
        RecordsError: Records cannot be read.
    """
    from suite.spec import expand

    cells = expand(benchmark, quick=quick, only=only) if cells is None else cells
    found = records.answering(cells, partly=True)
    errors = {fingerprint: entry.error for fingerprint, entry in found.items() if entry.error}
    recorded = [entry for entry in found.values() if not entry.error]
    # A target that is not the record's own judges the runs anew, by what they were on the way.
    targets = {cell.fingerprint: cell.target for cell in cells}
    judged = any(entry.identity["target"] != targets[entry.fingerprint] for entry in recorded)
    loaded = records.load(recorded, traces=traces or judged)
    stored = {entry.fingerprint: stored for entry, stored in zip(recorded, loaded, strict=True)}
    return Gathered(benchmark, cells, stored, errors)


def with_replicates(benchmark: Benchmark, replicates: int | None) -> Benchmark:
    """A benchmark that asks for so many; as it is, for none."""
    if replicates is None:
        return benchmark
    tunings = min(benchmark.budget.tunings, replicates)
    budget = dataclasses.replace(benchmark.budget, replicates=replicates, tunings=tunings)
    return dataclasses.replace(benchmark, budget=budget)


def recorded_benchmarks(records: Records, *, quick: bool = False) -> list[Benchmark]:
    """Every benchmark that has records, by the spec file it was run from, or its saved text if that file is gone.

    Raises:
        SpecError: Such a spec is not valid (any more).
        RecordsError: Records cannot be read.
    """
    found = []
    for name in records.benchmarks(quick):
        entries = [entry for entry in records.recorded(name, quick) if not entry.error]
        if entries:
            latest = max(entries, key=lambda entry: entry.finished)
            origin = records.load([latest], traces=False)[0].provenance
            found.append(_read(name, Path(origin.spec_file), origin.spec))
    return found


def _read(name: str, file: Path, text: str) -> Benchmark:
    from suite.spec import read_benchmarks

    if file.is_file():
        there = next((b for b in read_benchmarks(file) if b.name == name), None)
        if there is not None:
            return there
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder, file.name)
        kept.write_text(text, encoding="utf-8")
        return next(benchmark for benchmark in read_benchmarks(kept) if benchmark.name == name)
