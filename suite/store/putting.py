"""A finished cell's runs into MLflow: by its client, or all at once into an SQLite database that lies at hand.

MLflow's own way takes 38 transactions a cell and a fifth of a second of processor time; the rows are the same.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from suite.store.names import PARENT
from suite.store.series import Point

_METRICS_AT_ONCE = 900
_PATIENCE_SECONDS = 30
_LONGEST_PARAMETER = 6000
"""Of MLflow: what is longer is cut off."""


@dataclass(frozen=True)
class NewRun:
    """A run as MLflow has it.

    Attributes:
        name: Of the run.
        status: In the end.
        start: In milliseconds since 1970.
        end: As `start`, and the time of every metric.
        tags: Of the run.
        parameters: Of the run.
        metrics: Finite ones.
    """

    name: str
    status: str
    start: int
    end: int
    tags: Mapping[str, str]
    parameters: Mapping[str, str]
    metrics: Sequence[Point] = ()


class Putting(Protocol):
    """Puts a cell into an experiment."""

    def put(self, run: NewRun, nested: Sequence[NewRun], files: Mapping[str, bytes], check: Callable[[], None]) -> str:
        """Puts a run, those nested under it and its files there, and returns its id; its status comes last.

        Args:
            run: Of the cell.
            nested: Of its replicates.
            files: Its artifacts.
            check: Is called right before the run counts; what it raises leaves one that does not.
        """


class ByClient:
    """Call by call.

    Args:
        client: Of MLflow.
        experiment: Its id.
    """

    def __init__(self, client: Any, experiment: str) -> None:
        self._client, self._experiment = client, experiment

    def put(self, run: NewRun, nested: Sequence[NewRun], files: Mapping[str, bytes], check: Callable[[], None]) -> str:
        """As of `Putting`."""
        run_id = self._begin(run, {})
        for each in nested:
            self._finish(self._begin(each, {PARENT: run_id}), each)
        if files:
            with tempfile.TemporaryDirectory() as folder:
                for name, content in files.items():
                    Path(folder, name).write_bytes(content)
                self._client.log_artifacts(run_id, folder)
        self._finish(run_id, run, check)
        return run_id

    def _begin(self, run: NewRun, tags: Mapping[str, str]) -> str:
        begun = self._client.create_run(
            self._experiment, start_time=run.start, tags={**run.tags, **tags}, run_name=run.name
        )
        return str(begun.info.run_id)

    def _finish(self, run_id: str, run: NewRun, check: Callable[[], None] = lambda: None) -> None:
        from mlflow.entities import Metric, Param

        metrics = [Metric(name, value, run.end, step) for name, value, step in run.metrics]
        first, rest = metrics[:_METRICS_AT_ONCE], metrics[_METRICS_AT_ONCE:]
        self._client.log_batch(run_id, metrics=first, params=[Param(*item) for item in run.parameters.items()])
        for start in range(0, len(rest), _METRICS_AT_ONCE):
            self._client.log_batch(run_id, metrics=rest[start : start + _METRICS_AT_ONCE])
        check()
        self._client.set_terminated(run_id, run.status, run.end)


class AtOnce:
    """In one transaction.

    Args:
        file: Of the database.
        experiment: Its id.
        location: Where the experiment's artifacts are, on this machine.
    """

    def __init__(self, file: Path, experiment: str, location: str) -> None:
        self._file, self._experiment, self._location = file, int(experiment), location

    @staticmethod
    def fits(file: Path) -> bool:
        """Whether the database's tables are those that rows are written to here; a later MLflow may ask for more."""
        with contextlib.closing(sqlite3.connect(file, timeout=_PATIENCE_SECONDS)) as database:
            for table, ours in _COLUMNS.items():
                there = list(
                    database.execute(
                        f"SELECT name, \"notnull\" AND dflt_value IS NULL FROM pragma_table_info('{table}')"
                    )
                )
                if not {name for name, needed in there if needed} <= set(ours) <= {name for name, _ in there}:
                    return False
        return True

    def put(self, run: NewRun, nested: Sequence[NewRun], files: Mapping[str, bytes], check: Callable[[], None]) -> str:
        """As of `Putting`."""
        run_id = uuid.uuid4().hex
        if files:
            self._keep(run_id, files)
        check()
        with contextlib.closing(sqlite3.connect(self._file, timeout=_PATIENCE_SECONDS)) as database, database:
            self._insert(database, run_id, run, {})
            for each in nested:
                self._insert(database, uuid.uuid4().hex, each, {PARENT: run_id})
        _to_disk(self._file.resolve().parent)  # a journal that is deleted may be there again, and undo the commit
        return run_id

    def _keep(self, run_id: str, files: Mapping[str, bytes]) -> None:
        """Writes files so that they outlive a loss of power, as the database's commits do by themselves."""
        place = Path(self._place(run_id))
        place.mkdir(parents=True)
        for name, content in files.items():
            with Path(place, name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for folder in (place, place.parent, place.parents[1]):
            _to_disk(folder)

    def _place(self, run_id: str) -> str:
        return f"{self._location}/{run_id}/artifacts"

    def _insert(self, database: sqlite3.Connection, run_id: str, run: NewRun, tags: Mapping[str, str]) -> None:
        row = (
            run_id, run.name, "UNKNOWN", "", "", "unknown", run.status, run.start, run.end, "", "active",
            self._place(run_id), self._experiment,
        )  # fmt: skip
        every = {**run.tags, **tags, "mlflow.runName": run.name}
        latest = dict(_latest(run.metrics))
        _rows(database, "runs", [row])
        _rows(database, "tags", [(run_id, *tag) for tag in every.items()])
        _rows(database, "params", [(run_id, k, v[:_LONGEST_PARAMETER]) for k, v in run.parameters.items()])
        for table, points in (("metrics", set(run.metrics)), ("latest_metrics", latest.values())):
            _rows(database, table, [(run_id, run.end, name, value, step, 0) for name, value, step in points])


_TEXTS = ("run_uuid", "key", "value")
_METRIC = ("run_uuid", "timestamp", "key", "value", "step", "is_nan")
_COLUMNS = {
    "runs": ("run_uuid", "name", "source_type", "source_name", "entry_point_name", "user_id", "status", "start_time",
             "end_time", "source_version", "lifecycle_stage", "artifact_uri", "experiment_id"),
    "tags": _TEXTS, "params": _TEXTS, "metrics": _METRIC, "latest_metrics": _METRIC,
}  # fmt: skip
"""Of MLflow's tables, those that are written."""


def _rows(database: sqlite3.Connection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    columns = _COLUMNS[table]
    marks = ", ".join("?" * len(columns))
    database.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


def _to_disk(folder: Path) -> None:
    """Waits until the names in a folder outlive a loss of power."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _latest(points: Sequence[Point]) -> Iterator[tuple[str, Point]]:
    """The last point of every metric, behind those before it; of one step, the greatest."""
    for point in sorted(points, key=lambda point: (point[2], point[1])):
        yield point[0], point
