"""Finished cells, read back out of MLflow."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from suite.protocol.records import Provenance, Record, record_from_plain
from suite.store.database import (
    StoreError,
    check_database,
    connect,
    default_uri,
    locked,
    sqlite_file,
    translated,
)
from suite.store.names import ARTIFACT, BENCHMARK, COMPILE_SECONDS, ERROR, FINGERPRINT, KIND, SECONDS, experiment_name
from suite.store.runs import search

if TYPE_CHECKING:
    from suite.store.writer import Writer


@dataclass(frozen=True)
class Entry:
    """One cell as the store knows it, without its record.

    Attributes:
        fingerprint: Of the cell.
        run_id: Of its MLflow run.
        artifacts: Where its artifact lies.
        seconds: Of the whole cell; 0 of a failure.
        compile_seconds: The part spent compiling.
        finished: When, in milliseconds since 1970.
        error: Why it is a failure; empty for a record.
    """

    fingerprint: str
    run_id: str
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
        self._connected: Any = None
        self._recorded: dict[tuple[str, bool], dict[str, Entry]] = {}

    @property
    def uri(self) -> str:
        """As MLflow has it."""
        if self._given is None:
            self._given = default_uri()
        return self._given

    def recorded(self, benchmark: str, quick: bool = False) -> dict[str, Entry]:
        """What is there of a benchmark, by fingerprint: records, and failures of cells that have none."""
        key = benchmark, quick
        if key not in self._recorded:
            self._recorded[key] = self._look_up(benchmark, quick)
        return self._recorded[key]

    def _look_up(self, benchmark: str, quick: bool) -> dict[str, Entry]:
        client = self._client()
        if client is None:
            return {}
        with translated("read from", self.uri):
            experiment = client.get_experiment_by_name(experiment_name(benchmark, quick))
            if experiment is None or experiment.lifecycle_stage != "active":
                return {}
            runs = search(client, experiment.experiment_id, f"tags.`{KIND}` = 'cell'")
        entries = [_entry(run) for run in runs if run.info.status in ("FINISHED", "FAILED")]
        found: dict[str, Entry] = {}
        for entry in sorted(entries, key=lambda entry: (not entry.error, entry.finished)):
            if entry.error or _artifact_there(entry):
                found[entry.fingerprint] = entry
        return found

    def benchmarks(self, quick: bool = False) -> list[str]:
        """Names of the benchmarks that have anything here, the first recorded first."""
        client = self._client()
        if client is None:
            return []
        with translated("read from", self.uri):
            experiments = client.search_experiments(filter_string=f"tags.`{BENCHMARK}` LIKE '%'")
        own = [e for e in experiments if e.name == experiment_name(e.tags[BENCHMARK], quick)]
        return [e.tags[BENCHMARK] for e in sorted(own, key=lambda e: e.creation_time)]

    def load(self, entries: Sequence[Entry], *, traces: bool = True) -> list[Stored]:
        """The records of entries that have one.

        Raises:
            StoreError: A record cannot be read.
        """
        return [self._load(entry, traces) for entry in entries if not entry.error]

    @contextlib.contextmanager
    def writing(self) -> Iterator[Writer]:
        """The store's one writer, until the block ends.

        Raises:
            StoreError: Someone else is writing, or it cannot be written to.
        """
        from suite.store.writer import Writer

        check_database(self.uri, writing=True)
        with locked(self.uri):
            try:
                yield Writer(self.uri, self._client(create=True))
            finally:
                self._recorded.clear()

    def _client(self, create: bool = False) -> Any:
        if self._connected is None:
            file = sqlite_file(self.uri)
            if file is not None and not create and not file.exists():
                return None
            check_database(self.uri, writing=False)
            self._connected = connect(self.uri)
        return self._connected

    def _load(self, entry: Entry, traces: bool) -> Stored:
        try:
            with np.load(io.BytesIO(self._artifact(entry)), allow_pickle=False) as arrays:
                plain = json.loads(arrays["json"].tobytes())
                by_replicate: dict[int, dict[str, np.ndarray]] = {}
                for name in arrays.files if traces else ():
                    replicate, _, trace = name.partition("/")
                    if trace:
                        by_replicate.setdefault(int(replicate), {})[trace] = arrays[name]
            record = record_from_plain(plain["record"], by_replicate)
            return Stored(record, Provenance(**plain["provenance"]), entry.finished)
        except StoreError:
            raise
        except Exception as error:
            raise StoreError(
                f"the record of cell {entry.fingerprint} is damaged ({type(error).__name__}: {error}). "
                f"Delete run {entry.run_id} in `suite ui`, and run the spec again."
            ) from error

    def _artifact(self, entry: Entry) -> bytes:
        local = _local(entry.artifacts)
        if local is not None:
            return (local / ARTIFACT).read_bytes()
        from mlflow.artifacts import download_artifacts

        with translated("read from", self.uri), tempfile.TemporaryDirectory() as folder:
            found = download_artifacts(
                run_id=entry.run_id, artifact_path=ARTIFACT, dst_path=folder, tracking_uri=self.uri
            )
            return Path(found).read_bytes()


def _entry(run: Any) -> Entry:
    tags = run.data.tags
    return Entry(
        fingerprint=tags[FINGERPRINT],
        run_id=run.info.run_id,
        artifacts=run.info.artifact_uri,
        seconds=float(tags.get(SECONDS, 0.0)),
        compile_seconds=float(tags.get(COMPILE_SECONDS, 0.0)),
        finished=int(run.info.end_time or 0),
        error=tags.get(ERROR, "") if run.info.status == "FAILED" else "",
    )


def _local(artifacts: str) -> Path | None:
    """The folder of a run's artifacts if it is on this machine."""
    scheme, separator, rest = artifacts.partition("://")
    if not separator:
        return Path(artifacts)
    return Path(rest) if scheme == "file" else None


def _artifact_there(entry: Entry) -> bool:
    """Whether the record can be read, as far as a look tells: files may be deleted and the database kept."""
    local = _local(entry.artifacts)
    return local is None or (local / ARTIFACT).is_file()
