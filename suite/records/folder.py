"""The folder of records: which cells are finished, and their records read back."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.protocol.nesting import holds
from suite.protocol.records import Cell, Provenance, Record
from suite.records.errors import RecordsError, explained
from suite.records.files import DamagedFile, read_body, read_head
from suite.spec.identity import RecordKey, may_answer, record_key

QUICK = ".quick"
"""Ends the folder of a benchmark's quick slice; no benchmark's name has a dot."""

_NAME = re.compile(r"([0-9a-f]{16})\.(\d+)x(\d+)r(\d+)\.npz")


def folder_name(benchmark: str, quick: bool) -> str:
    """The folder of a benchmark below that of all records."""
    return benchmark + QUICK if quick else benchmark


def file_name(key: RecordKey) -> str:
    """The file of a cell in the folder of its benchmark."""
    fingerprint, trials, tunings, replicates = key
    return f"{fingerprint}.{tunings}x{trials}r{replicates}.npz"


@dataclass(frozen=True)
class Entry:
    """One cell that is finished or failed, without its record.

    Attributes:
        file: The file of the cell.
        fingerprint: Fingerprint of the cell.
        identity: All that the fingerprint is made of, and the budget asked: see `suite.spec.identity.identity`.
        seconds: Wall time of the cell; 0 for a failure.
        compile_seconds: The part of it spent compiling.
        finished: Milliseconds since 1970.
        error: Why the cell failed; empty for a record.
    """

    file: Path
    fingerprint: str
    identity: Mapping[str, Any]
    seconds: float
    compile_seconds: float
    finished: int
    error: str

    @property
    def key(self) -> RecordKey:
        """What this entry answers; a later one of the same key takes its place."""
        return record_key(self.fingerprint, self.identity)


@dataclass(frozen=True)
class Stored:
    """A record as it was saved."""

    record: Record
    provenance: Provenance
    finished: int


class Records:
    """A folder with one file per finished cell, for reading; `suite.records.Writer` writes.

    Reading creates nothing. A benchmark's files are listed once, and again after a `Writer` changed them.

    Args:
        folder: The folder; by default SUITE_RECORDS, or `records` in the working folder.
        tell: Called with a line on each damaged file.
    """

    def __init__(self, folder: Path | None = None, tell: Callable[[str], None] = lambda line: None) -> None:
        self.folder = (folder or Path(os.environ.get("SUITE_RECORDS") or "records")).absolute()
        self._tell = tell
        self._listed: dict[str, list[Entry]] = {}
        self._told: set[Path] = set()

    @property
    def place(self) -> str:
        """The folder as messages name it."""
        return os.path.relpath(self.folder) if self.folder.is_relative_to(Path.cwd()) else str(self.folder)

    def recorded(self, benchmark: str, quick: bool = False) -> list[Entry]:
        """All entries of a benchmark: failures first, then records, each the oldest first.

        Raises:
            RecordsError: The folder cannot be read.
        """
        name = folder_name(benchmark, quick)
        if name not in self._listed:
            found = filter(None, map(self._entry, self._files(name)))
            self._listed[name] = sorted(found, key=lambda entry: (not entry.error, entry.finished, entry.file.name))
        return self._listed[name]

    def answering(self, cells: Sequence[Cell], *, partly: bool = False) -> dict[str, Entry]:
        """What answers each cell, by fingerprint: the latest record that holds what it asks, or its failure.

        Args:
            cells: Cells of one benchmark.
            partly: Whether, without such a record, the one of most replicates will do.
        """
        found: dict[str, Entry] = {}
        entries = self._by_fingerprint(cells)
        for cell in cells:
            of_cell = entries.get(cell.fingerprint, ())
            for entry in of_cell:
                if entry.error or self._holds(entry, cell):
                    found[cell.fingerprint] = entry
            if partly and (cell.fingerprint not in found or found[cell.fingerprint].error):
                one = dataclasses.replace(cell, budget=dataclasses.replace(cell.budget, replicates=1))
                fewer = [entry for entry in of_cell if not entry.error and self._holds(entry, one)]
                if fewer:
                    found[cell.fingerprint] = max(fewer, key=lambda entry: entry.identity["replicates"])
        return found

    def known(self, cells: Sequence[Cell]) -> dict[str, list[Entry]]:
        """Every record of the cells of one benchmark, whatever its budget, by fingerprint."""
        entries = self._by_fingerprint(cells)
        records = {cell.fingerprint: [e for e in entries.get(cell.fingerprint, ()) if not e.error] for cell in cells}
        return {fingerprint: of_cell for fingerprint, of_cell in records.items() if of_cell}

    def benchmarks(self, quick: bool = False) -> list[str]:
        """Names of the benchmarks that have entries, the first finished first."""
        with explained("read", self.folder):
            folders = [path.name for path in self.folder.iterdir() if path.is_dir()] if self.folder.is_dir() else []
        names = [name.removesuffix(QUICK) for name in folders if name.endswith(QUICK) == quick]
        found = {name: [entry.finished for entry in self.recorded(name, quick)] for name in names}
        return sorted((name for name in names if found[name]), key=lambda name: min(found[name]))

    def load(self, entries: Sequence[Entry], *, traces: bool = True) -> list[Stored]:
        """The records of entries that have one.

        Raises:
            RecordsError: A record cannot be read.
        """
        found = []
        for entry in entries:
            if not entry.error:
                body = self.body(entry, traces=traces)
                found.append(Stored(body["record"], body["provenance"], entry.finished))
        return found

    def body(self, entry: Entry, *, traces: bool) -> dict[str, Any]:
        """What `suite.records.files.read_body` reads of an entry.

        Raises:
            RecordsError: It cannot be read.
        """
        try:
            with explained("read", entry.file.parent):
                return read_body(entry.file, traces=traces)
        except DamagedFile as error:
            raise RecordsError(
                f"the record {entry.file} is damaged ({error}). Delete it, and run the spec again."
            ) from error

    def look_again(self) -> None:
        """Forgets what was listed: files have come or gone since."""
        self._listed.clear()

    def _files(self, name: str) -> list[Path]:
        folder = self.folder / name
        with explained("read", folder):
            names = os.listdir(folder) if folder.is_dir() else []
        return [folder / each for each in names if each.endswith(".npz")]

    def _entry(self, file: Path) -> Entry | None:
        """The entry of a file; None where it is damaged or not one of ours, which is told once."""
        try:
            with explained("read", file.parent):
                head = read_head(file)
            found = Entry(file, **{field: head[field] for field in _FIELDS})
            if file_name(found.key) != file.name:
                raise DamagedFile(f"it holds {file_name(found.key)}")
        except (DamagedFile, KeyError) as error:
            if file not in self._told:
                self._told.add(file)
                consequence = "; its cell counts as not run" if _NAME.fullmatch(file.name) else ""
                self._tell(f"{file} is no whole record ({error}){consequence}.")
            return None
        return found

    def _by_fingerprint(self, cells: Sequence[Cell]) -> dict[str, list[Entry]]:
        entries: dict[str, list[Entry]] = {}
        for entry in self.recorded(cells[0].benchmark, cells[0].quick) if cells else ():
            entries.setdefault(entry.fingerprint, []).append(entry)
        return entries

    def _holds(self, entry: Entry, cell: Cell) -> bool:
        """The rate that fewer trials choose is known from the record alone."""
        if not may_answer(entry.identity, cell):
            return False
        more = any(entry.identity[part] > getattr(cell.budget, part) for part in ("trials", "tunings"))
        return not more or holds(self.load([entry], traces=False)[0].record, cell)


_FIELDS = tuple(field.name for field in dataclasses.fields(Entry) if field.name != "file")
