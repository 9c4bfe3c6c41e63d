"""Finished cells in MLflow, whole or not at all, and back again. MLflow lives here only."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from suite import series
from suite.database import StoreError, check_database, connect, default_uri, locked, sqlite_file, translated
from suite.provenance import Provenance
from suite.records import Cell, Failure, Record, record_from_plain, to_plain

ARTIFACT = "record.npz"
"""The one artifact of a cell's run: all traces, and everything else as JSON bytes in the array `json`."""

KIND, FINGERPRINT, SECONDS, COMPILE_SECONDS, ERROR = (
    "suite.kind", "suite.fingerprint", "suite.seconds", "suite.compile_seconds", "suite.error"
)  # fmt: skip
_PARENT, _NOTE, _SOURCE, _COMMIT = (
    "mlflow.parentRunId", "mlflow.note.content", "mlflow.source.name", "mlflow.source.git.commit"
)  # fmt: skip
_METRICS_AT_ONCE = 900
_TEXT_LENGTH = 5000
_ALL = 5000


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


def experiment_name(benchmark: str, quick: bool) -> str:
    """Of a benchmark; its quick slice is kept apart."""
    return f"{benchmark} (quick)" if quick else benchmark


class Store:
    """The tracking store in use, for reading; `writing` gives the one writer.

    Nothing is opened before it is needed, and reading creates nothing.

    Args:
        uri: As MLflow has it; MLFLOW_TRACKING_URI or MLflow's default if None.
    """

    def __init__(self, uri: str | None = None) -> None:
        self._given = uri
        self._connected: Any = None

    @property
    def uri(self) -> str:
        """As MLflow has it."""
        if self._given is None:
            self._given = default_uri()
        return self._given

    def recorded(self, benchmark: str, quick: bool = False) -> dict[str, Entry]:
        """What is there of a benchmark, by fingerprint: records, and failures of cells that have none."""
        client = self._client()
        if client is None:
            return {}
        with translated("read from", self.uri):
            experiment = client.get_experiment_by_name(experiment_name(benchmark, quick))
            if experiment is None or experiment.lifecycle_stage != "active":
                return {}
            runs = _search(client, experiment.experiment_id, f"tags.`{KIND}` = 'cell'")
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
            experiments = client.search_experiments(filter_string="tags.`suite.benchmark` LIKE '%'")
        own = [e for e in experiments if e.name == experiment_name(e.tags["suite.benchmark"], quick)]
        return [e.tags["suite.benchmark"] for e in sorted(own, key=lambda e: e.creation_time)]

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
        check_database(self.uri, writing=True)
        with locked(self.uri):
            yield Writer(self, self._client(create=True))

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


class Writer:
    """Puts finished cells into MLflow, each as a run with its replicates nested under it.

    A cell counts as recorded from the moment its run's status is FINISHED, which is the last thing written. What a
    killed writer left behind is deleted when the next one first touches the benchmark.
    """

    def __init__(self, store: Store, client: Any) -> None:
        self._store, self._client = store, client
        self._experiments: dict[tuple[str, bool], tuple[str, dict[str, list[str]]]] = {}

    def add(self, result: Record | Failure, provenance: Provenance) -> None:
        """Records a cell, or that it could not be run; replaces what was there of it before.

        Raises:
            StoreError: It could not be written; nothing of it is left that counts.
        """
        cell = result.cell
        with translated("write to", self._store.uri):
            experiment, known = self._experiment(cell, provenance)
            before = known.get(cell.fingerprint, [])
            run = self._add_record if isinstance(result, Record) else self._add_failure
            known[cell.fingerprint] = [run(experiment, result, provenance)]  # type: ignore[operator]
            for run_id in before:
                self._delete(experiment, run_id)

    def open_benchmark(self, cell: Cell, provenance: Provenance) -> None:
        """Makes sure the benchmark of a cell has its experiment, and clears what a killed run left in it."""
        with translated("write to", self._store.uri):
            self._experiment(cell, provenance)

    def _add_record(self, experiment: str, record: Record, provenance: Provenance) -> str:
        end = _now()
        costs = {SECONDS: f"{record.seconds:.6g}", COMPILE_SECONDS: f"{record.compile_seconds:.6g}"}
        tags = costs | series.cell_tags(record)
        run_id = self._create(experiment, record.cell, provenance, tags, end - int(1000 * record.seconds))
        parameters = series.parameters(record.cell)
        for replicate in record.replicates:
            self._add_replicate(experiment, run_id, record, replicate, parameters, end)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, ARTIFACT)
            path.write_bytes(_pack(record, provenance))
            self._client.log_artifact(run_id, str(path))
        self._log(run_id, series.cell_metrics(record), parameters, end)
        self._client.set_terminated(run_id, "FINISHED", end)
        return run_id

    def _add_replicate(
        self, experiment: str, parent: str, record: Record, replicate: Any, parameters: Mapping[str, str], end: int
    ) -> None:
        tags = {KIND: "replicate", _PARENT: parent, **series.replicate_tags(replicate)}
        run = self._client.create_run(
            experiment,
            start_time=end - int(1000 * replicate.seconds),
            tags=tags,
            run_name=f"replicate {replicate.replicate}: {replicate.outcome}",
        )
        metric = str(record.task_facts.get("metric", "score"))
        self._log(run.info.run_id, series.replicate_metrics(replicate, metric), parameters, end)
        self._client.set_terminated(run.info.run_id, "FINISHED", end)

    def _add_failure(self, experiment: str, failure: Failure, provenance: Provenance) -> str:
        end = _now()
        tags = {ERROR: f"{failure.error} (tried {failure.attempts} times)"}
        run_id = self._create(experiment, failure.cell, provenance, tags, end)
        self._log(run_id, (), series.parameters(failure.cell), end)
        self._client.set_terminated(run_id, "FAILED", end)
        return run_id

    def _create(
        self, experiment: str, cell: Cell, provenance: Provenance, own_tags: Mapping[str, str], start: int
    ) -> str:
        tags = {
            KIND: "cell",
            FINGERPRINT: cell.fingerprint,
            "suite.program": cell.program,
            "suite.spec_sha256": provenance.spec_sha256,
            _SOURCE: provenance.spec_file,
            **({_COMMIT: provenance.git_commit} if provenance.git_commit else {}),
            **{f"version.{name}": version for name, version in provenance.versions.items()},
            **{f"machine.{name}": str(value) for name, value in provenance.machine.items()},
            **own_tags,
        }
        run = self._client.create_run(experiment, start_time=start, tags=tags, run_name=series.run_name(cell))
        return str(run.info.run_id)

    def _log(
        self, run_id: str, metrics: Sequence[tuple[str, float, int]], parameters: Mapping[str, str], end: int
    ) -> None:
        from mlflow.entities import Metric, Param

        entities = [Metric(name, value, end, step) for name, value, step in metrics if np.isfinite(value)]
        first, rest = entities[:_METRICS_AT_ONCE], entities[_METRICS_AT_ONCE:]
        self._client.log_batch(run_id, metrics=first, params=[Param(*item) for item in parameters.items()])
        for start in range(0, len(rest), _METRICS_AT_ONCE):
            self._client.log_batch(run_id, metrics=rest[start : start + _METRICS_AT_ONCE])

    def _experiment(self, cell: Cell, provenance: Provenance) -> tuple[str, dict[str, list[str]]]:
        """The experiment's id, and the runs that each fingerprint has in it."""
        key = cell.benchmark, cell.quick
        if key not in self._experiments:
            name = experiment_name(*key)
            found = self._client.get_experiment_by_name(name)
            if found is not None and found.lifecycle_stage != "active":
                self._begin_afresh(found.experiment_id)
            if found is None:
                tags = {"suite.benchmark": cell.benchmark, _NOTE: f"```yaml\n{provenance.spec[:_TEXT_LENGTH]}\n```"}
                experiment = str(self._client.create_experiment(name, tags=tags))
            else:
                experiment = str(found.experiment_id)
            self._experiments[key] = experiment, self._clear(experiment)
        return self._experiments[key]

    def _begin_afresh(self, experiment: str) -> None:
        """MLflow never reuses the name of a deleted experiment: bring it back, without the runs it was deleted with."""
        self._client.restore_experiment(experiment)
        for run in _search(self._client, experiment, ""):
            self._client.delete_run(run.info.run_id)

    def _clear(self, experiment: str) -> dict[str, list[str]]:
        known: dict[str, list[str]] = {}
        for run in _search(self._client, experiment, f"tags.`{KIND}` = 'cell'"):
            if run.info.status in ("FINISHED", "FAILED"):
                known.setdefault(run.data.tags[FINGERPRINT], []).append(run.info.run_id)
            else:
                self._delete(experiment, run.info.run_id)
        return known

    def _delete(self, experiment: str, run_id: str) -> None:
        for child in _search(self._client, experiment, f"tags.`{_PARENT}` = '{run_id}'"):
            self._client.delete_run(child.info.run_id)
        self._client.delete_run(run_id)


def _search(client: Any, experiment: str, condition: str) -> list[Any]:
    found: list[Any] = []
    token = None
    while True:
        page = client.search_runs([experiment], filter_string=condition, max_results=_ALL, page_token=token)
        found += page
        token = page.token
        if not token:
            return found


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
    """Whether the record can be read, as far as a look tells: a user may have deleted the files and kept the database."""
    local = _local(entry.artifacts)
    return local is None or (local / ARTIFACT).is_file()


def _pack(record: Record, provenance: Provenance) -> bytes:
    plain = {"record": to_plain(record), "provenance": dataclasses.asdict(provenance)}
    text = json.dumps(plain, default=lambda value: value.item()).encode()
    arrays = {"json": np.frombuffer(text, dtype=np.uint8)}
    for replicate in record.replicates:
        arrays |= {f"{replicate.replicate}/{name}": np.asarray(trace) for name, trace in replicate.traces.items()}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _now() -> int:
    return int(time.time() * 1000)


__all__ = ["Entry", "Store", "StoreError", "Stored", "Writer", "experiment_name"]
