"""Finished cells, read back out of MLflow."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Hashable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suite.protocol.audit import is_audit
from suite.protocol.nesting import holds
from suite.protocol.records import Cell, Provenance, Record, record_from_plain
from suite.spec.identity import may_answer, record_key
from suite.store.address import default_uri
from suite.store.artifact import identify, in_plain, local_file, opened, traces
from suite.store.database import is_there
from suite.store.lock import Claims, locked
from suite.store.names import COMPILE_SECONDS, ERROR, SECONDS, experiment_name
from suite.store.runs import CellRun, Listing, listing
from suite.store.scratch import scratch
from suite.store.troubles import StoreError, translated

if TYPE_CHECKING:
    from suite.store.writer import Writer

_AT_ONCE = 8
"""Records that a server is asked for at a time."""


@dataclass(frozen=True)
class Listed:
    """One cell as the store knows it, without its record.

    Attributes:
        fingerprint: Of the cell.
        identity: What that is the fingerprint of, and what was asked: as of `suite.spec.identity.identity`. Empty of a
            failure, or a record that cannot be read, of before runs were tagged with it.
        run_id: Of its MLflow run.
        experiment_id: Of the MLflow experiment that holds it.
        artifacts: Where its artifact lies.
        seconds: Of the whole cell; 0 of a failure.
        compile_seconds: The part spent compiling.
        finished: When, in milliseconds since 1970.
        error: Why it is a failure; empty for a record.
    """

    fingerprint: str
    identity: Mapping[str, Any]
    run_id: str
    experiment_id: str
    artifacts: str
    seconds: float
    compile_seconds: float
    finished: int
    error: str


@dataclass(frozen=True)
class Stored:
    """A record as it was kept."""

    record: Record
    provenance: Provenance
    finished: int


class Store:
    """The tracking store in use, for reading; `writing` gives the one writer.

    Nothing is opened before it is needed, and reading creates nothing. What is recorded is looked up once, and again
    after writing.

    Args:
        uri: As MLflow has it; MLFLOW_TRACKING_URI or MLflow's default if None.
    """

    def __init__(self, uri: str | None = None) -> None:
        self._given = uri
        self._listed: Listing | None = None
        self._recorded: dict[tuple[str, bool], list[Listed]] = {}

    @property
    def uri(self) -> str:
        """As MLflow has it."""
        if self._given is None:
            self._given = default_uri()
        return self._given

    def recorded(self, benchmark: str, quick: bool = False) -> list[Listed]:
        """What is there of a benchmark, oldest first: failures of cells that have no record, then records."""
        key = benchmark, quick
        if key not in self._recorded:
            self._recorded[key] = self._look_up(benchmark, quick)
        return self._recorded[key]

    def answering(self, cells: Sequence[Cell], *, partly: bool = False) -> dict[str, Listed]:
        """What is there of the cells of one benchmark, by their fingerprint: the latest record that holds what they ask,
        or the failure in its place.

        Args:
            cells: Of one benchmark.
            partly: Whether, where there is none, the record of most replicates will do.
        """
        found: dict[str, Listed] = {}
        of = self._by_fingerprint(cells)
        for cell in cells:
            for entry in of.get(cell.fingerprint, ()):
                if entry.error or self._holds(entry, cell):
                    found[cell.fingerprint] = entry
            if partly and (cell.fingerprint not in found or found[cell.fingerprint].error):
                fewer = [
                    entry
                    for entry in of.get(cell.fingerprint, ())
                    if not entry.error and self._holds(entry, _with_replicates(cell, 1))
                ]
                if fewer:
                    found[cell.fingerprint] = max(fewer, key=lambda entry: entry.identity["replicates"])
        return found

    def known(self, cells: Sequence[Cell]) -> dict[str, list[Listed]]:
        """Every record of the cells of one benchmark, of whatever budget, by their fingerprint."""
        of = self._by_fingerprint(cells)
        records = {cell.fingerprint: [e for e in of.get(cell.fingerprint, ()) if e.identity and not e.error]
                   for cell in cells}  # fmt: skip
        return {fingerprint: entries for fingerprint, entries in records.items() if entries}

    def _by_fingerprint(self, cells: Sequence[Cell]) -> dict[str, list[Listed]]:
        entries: dict[str, list[Listed]] = {}
        for entry in self.recorded(cells[0].benchmark, cells[0].quick) if cells else ():
            entries.setdefault(entry.fingerprint, []).append(entry)
        return entries

    def _holds(self, entry: Listed, cell: Cell) -> bool:
        """What a tag cannot say, the rate that fewer trials chose, is read from the record."""
        if not may_answer(entry.identity, cell):
            return False
        more = entry.identity["trials"] > cell.budget.trials
        return not more or holds(self.load([entry], traces=False)[0].record, cell)

    def _look_up(self, benchmark: str, quick: bool) -> list[Listed]:
        there = self._listing()
        if there is None:
            return []
        name = experiment_name(benchmark, quick)
        with translated("read from", self.uri):
            runs = [run for e in there.experiments() if e.name == name for run in there.cells(e.experiment_id)]
        entries = [_entry(run, self.uri) for run in runs if run.status in ("FINISHED", "FAILED")]
        found: dict[Hashable, Listed] = {}
        for entry in sorted(entries, key=lambda entry: (not entry.error, entry.finished)):
            if entry.error or _artifact_there(entry):
                found[record_key(entry.fingerprint, entry.identity)] = entry
        return list(found.values())

    def benchmarks(self, quick: bool = False) -> list[str]:
        """Names of the benchmarks that have anything here, the first recorded first."""
        there = self._listing()
        if there is None:
            return []
        with translated("read from", self.uri):
            experiments = there.experiments()
        own = [e for e in experiments if e.name == experiment_name(e.benchmark, quick) and not is_audit(e.benchmark)]
        return [e.benchmark for e in sorted(own, key=lambda e: e.created)]

    def load(self, entries: Sequence[Listed], *, traces: bool = True) -> list[Stored]:
        """The records of entries that have one.

        Raises:
            StoreError: A record cannot be read.
        """
        wanted = [entry for entry in entries if not entry.error]
        if all(local_file(entry.artifacts) for entry in wanted):
            return [self._stored(entry, traces) for entry in wanted]
        with scratch(), ThreadPoolExecutor(_AT_ONCE) as pool:  # they wait for the server, not for the processor
            return list(pool.map(lambda entry: self._stored(entry, traces), wanted))

    @contextlib.contextmanager
    def writing(self) -> Iterator[Writer]:
        """The store's one writer, until the block ends.

        Raises:
            StoreError: Someone else is writing, or it cannot be written to.
        """
        from suite.store.client import connect
        from suite.store.making import check_writable, create
        from suite.store.writer import Writer

        check_writable(self.uri)
        with locked(self.uri):
            if not is_there(self.uri):
                create(self.uri)
            client = connect(self.uri)
            self._recorded.clear()
            claims = Claims(client, self.uri)
            try:
                yield Writer(self.uri, client, claims)
            finally:
                self._recorded.clear()
                claims.release()

    def _listing(self) -> Listing | None:
        if self._listed is None and is_there(self.uri):
            self._listed = listing(self.uri)
        return self._listed

    def _stored(self, entry: Listed, with_traces: bool) -> Stored:
        try:
            with opened(entry.run_id, entry.artifacts, self.uri) as artifact:
                plain = in_plain(artifact)
                record = record_from_plain(plain["record"], traces(artifact) if with_traces else {})
            return Stored(record, Provenance(**plain["provenance"]), entry.finished)
        except StoreError:
            raise
        except Exception as error:
            raise StoreError(
                f"the record of cell {entry.fingerprint} is damaged ({type(error).__name__}: {error}). "
                f"Delete run {entry.run_id} in `suite ui`, and run the spec again."
            ) from error


def _with_replicates(cell: Cell, replicates: int) -> Cell:
    return dataclasses.replace(cell, budget=dataclasses.replace(cell.budget, replicates=replicates))


def _entry(run: CellRun, uri: str) -> Listed:
    fingerprint, identity = identify(run, uri)
    return Listed(
        fingerprint=fingerprint,
        identity=identity,
        run_id=run.run_id,
        experiment_id=run.experiment_id,
        artifacts=run.artifacts,
        seconds=float(run.tags.get(SECONDS, 0.0)),
        compile_seconds=float(run.tags.get(COMPILE_SECONDS, 0.0)),
        finished=run.end_time,
        error=run.tags.get(ERROR, "") if run.status == "FAILED" else "",
    )


def _artifact_there(entry: Listed) -> bool:
    """Whether the record can be read, as far as a look tells: files may be deleted and the database kept."""
    file = local_file(entry.artifacts)
    return file is None or os.path.isfile(file)
