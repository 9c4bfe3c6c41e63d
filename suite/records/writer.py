"""The one writer of a benchmark's records."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import time
from typing import TYPE_CHECKING

from suite.protocol.nesting import holds
from suite.protocol.records import Failure, Provenance, Record
from suite.records.errors import RecordsError, disk_full, explained
from suite.records.files import pack, sync_folder, write_whole
from suite.records.folder import Entry, Records, file_name, folder_name
from suite.spec.identity import identity, record_key

if TYPE_CHECKING:
    pass

_ROOM_BYTES = 1_000_000
"""Free space below which a run is not begun: a record takes a third of it."""


class Writer(contextlib.ExitStack):
    """Saves finished cells. Other processes may read meanwhile; no other may write to the same benchmarks.

    Args:
        records: The folder of records.
    """

    def __init__(self, records: Records) -> None:
        super().__init__()
        self._records = records
        self._entries: dict[str, dict[str, list[Entry]]] = {}

    def open(self, benchmark: str, quick: bool = False) -> None:
        """Locks a benchmark and clears what a killed writer left in it.

        Raises:
            RecordsError: Another run is writing to it, or it cannot be written to.
        """
        from filelock import FileLock, Timeout

        name = folder_name(benchmark, quick)
        if name in self._entries:
            return
        folder = self._records.folder / name
        with explained("write to", folder):
            made = not folder.is_dir()
            folder.mkdir(parents=True, exist_ok=True)
            if made:
                sync_folder(folder.parent)
            try:
                self.enter_context(FileLock(folder / ".lock", timeout=0))
            except Timeout:
                raise RecordsError(
                    f"another `suite run` is writing to {folder}. Wait until it is done, or set SUITE_RECORDS to "
                    "another folder."
                ) from None
            except NotImplementedError as error:
                raise RecordsError(f"{folder} is on a file system without locks: {error}") from error
            for leftover in folder.glob(".*.new"):
                leftover.unlink()
        if shutil.disk_usage(folder).free < _ROOM_BYTES:
            raise disk_full("write to", folder)
        self._entries[name] = {}
        self._records.look_again()
        for entry in self._records.recorded(benchmark, quick):
            self._entries[name].setdefault(entry.fingerprint, []).append(entry)

    def add(self, result: Record | Failure, provenance: Provenance) -> None:
        """Saves a cell or its failure, in place of what it makes superfluous.

        Raises:
            RecordsError: It could not be saved; what was there before still is.
        """
        cell = result.cell
        self.open(cell.benchmark, cell.quick)
        name = folder_name(cell.benchmark, cell.quick)
        entry = self._entry(result, name)
        head = {f.name: getattr(entry, f.name) for f in dataclasses.fields(entry) if f.name != "file"}
        with explained("write to", entry.file.parent):
            write_whole(entry.file, pack(result, provenance, head))
            others = [e for e in self._entries[name].get(cell.fingerprint, ()) if e.key != entry.key]
            replaced = [e for e in others if isinstance(result, Record) and (e.error or _covers(result, e))]
            for old in replaced:
                old.file.unlink(missing_ok=True)
        self._entries[name][cell.fingerprint] = [*(e for e in others if e not in replaced), entry]
        self._records.look_again()

    def _entry(self, result: Record | Failure, name: str) -> Entry:
        cell = result.cell
        found = identity(cell)
        record = result if isinstance(result, Record) else None
        return Entry(
            file=self._records.folder / name / file_name(record_key(cell.fingerprint, found)),
            fingerprint=cell.fingerprint,
            identity=found,
            seconds=float(record.seconds) if record else 0.0,
            compile_seconds=float(record.compile_seconds) if record else 0.0,
            finished=int(time.time() * 1000),
            error="" if record else result.error,  # type: ignore[union-attr]
        )


def _covers(record: Record, entry: Entry) -> bool:
    """Whether a record holds what an earlier one of another budget was kept for."""
    _, trials, tunings, replicates = entry.key
    budget = dataclasses.replace(record.cell.budget, trials=trials, tunings=tunings, replicates=replicates)
    return holds(record, dataclasses.replace(record.cell, budget=budget))
