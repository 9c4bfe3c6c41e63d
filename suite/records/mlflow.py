"""A copy of finished cells in MLflow, by its public client: one run per cell. Only this module imports MLflow.

It is the program of a process of its own, which `suite.records.tracking` starts: a tracking server that is away, full,
slow or of another version does not touch the run. A run's tag names the file and the moment of its record, so that
nothing is logged twice and a run that a kill left unfinished is made anew.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, ViewType

from suite.pictures import html_text, picture_of_record
from suite.protocol.records import Record
from suite.records.errors import RecordsError
from suite.records.folder import QUICK, Entry, Records
from suite.records.logged import experiment_note, metric_of, of_failure, of_record
from suite.records.views import view_tags

BENCHMARK, RECORD, FINGERPRINT, NOTE = "suite.benchmark", "suite.record", "suite.fingerprint", "mlflow.note.content"
"""Tags of our experiments and runs."""

_AT_ONCE = 1000
"""Metrics in one batch, and runs in one page: MLflow's limits."""

_LOCK_SECONDS = 15.0
"""How long to wait for another process that logs the same records, such as that of a run that was killed."""

_AGAIN_SECONDS = 60
"""A server that failed less than this ago is not asked once more as the run ends."""


class Copy:
    """The runs of one benchmark in MLflow.

    Args:
        client: MLflow's client.
        records: The folder of records.
        name: The benchmark's folder there.
        artifacts: Folder for the artifacts of a new experiment; None leaves it to MLflow.
    """

    def __init__(self, client: MlflowClient, records: Records, name: str, artifacts: Path | None) -> None:
        self._client, self._records, self._artifacts = client, records, artifacts
        self._benchmark, self._quick = name.removesuffix(QUICK), name.endswith(QUICK)
        self.title = self._benchmark + " (quick)" * self._quick
        self.experiment: Any = None
        self._runs: dict[str, list[Any]] = {}

    def catch_up(self) -> None:
        """Logs every entry that MLflow has no finished run of."""
        self._records.look_again()
        entries = self._records.recorded(self._benchmark, self._quick)
        if entries and self.experiment is None:
            self._open()
        for entry in entries:
            if not self._is_logged(entry):
                with contextlib.suppress(RecordsError):  # it was replaced meanwhile, or is damaged: told elsewhere
                    body = self._records.body(entry, traces=True)
                    self._replace(entry, self._put(entry, body), {_tag(each) for each in entries} - {_tag(entry)})

    def _replace(self, entry: Entry, run: Any, others: set[str]) -> None:
        """Deletes earlier runs of a cell, but those of its other entries."""
        runs = self._runs.pop(entry.fingerprint, [])
        self._runs[entry.fingerprint] = [*(each for each in runs if each.data.tags[RECORD] in others), run]
        for each in runs:
            if each.data.tags[RECORD] not in others and each.info.lifecycle_stage == "active":
                self._client.delete_run(each.info.run_id)

    def _put(self, entry: Entry, body: dict[str, Any]) -> Any:
        record: Record | None = body.get("record")
        run = of_record(record, body["provenance"]) if record else of_failure(body["failure"], body["provenance"])
        tags = {**run.tags, RECORD: _tag(entry), FINGERPRINT: entry.fingerprint}
        begun = entry.finished - int(1000 * entry.seconds)
        made = self._client.create_run(self.experiment.experiment_id, begun, tags, run.name)
        run_id = made.info.run_id
        metrics = [Metric(name, value, entry.finished, step) for name, value, step in run.metrics]
        self._client.log_batch(run_id, metrics[:_AT_ONCE], [Param(*param) for param in run.params.items()])
        for start in range(_AT_ONCE, len(metrics), _AT_ONCE):
            self._client.log_batch(run_id, metrics[start : start + _AT_ONCE])
        dataset = DatasetInput(Dataset(*run.dataset), [InputTag("mlflow.data.context", "training")])
        self._client.log_inputs(run_id, [dataset])
        if record:
            self._client.log_text(run_id, html_text(picture_of_record(record)), "gradients.html")
            self._describe(record, body)
        self._client.set_terminated(run_id, "FINISHED" if record else "FAILED", entry.finished)
        return self._client.get_run(run_id)

    def _is_logged(self, entry: Entry) -> bool:
        """Whether a finished run has this entry, be it that the user deleted it since."""
        runs = [run for run in self._runs.get(entry.fingerprint, ()) if run.data.tags[RECORD] == _tag(entry)]
        return any(run.info.status in ("FINISHED", "FAILED") for run in runs)

    def _open(self) -> None:
        """Finds our experiment and its runs; an experiment of the same name that is not ours is left alone."""
        name, number = self.title, 1
        while (there := self._client.get_experiment_by_name(name)) is not None:
            if there.lifecycle_stage == "active" and there.tags.get(BENCHMARK) == self.title:
                break
            name, number = f"{self.title} (suite{number if number > 1 else ''})", number + 1
        if there is None:
            place = None if self._artifacts is None else (self._artifacts / name.replace(" ", "_")).as_uri()
            tags = {BENCHMARK: self.title, "mlflow.experimentKind": "custom_model_development"}
            there = self._client.get_experiment(self._client.create_experiment(name, place, tags))
        self.experiment, self._runs = there, {}
        for run in self._all_runs():
            if RECORD in run.data.tags:
                self._runs.setdefault(run.data.tags[FINGERPRINT], []).append(run)

    def _all_runs(self) -> Iterator[Any]:
        token = None
        while True:
            page = self._client.search_runs(
                [self.experiment.experiment_id], "", ViewType.ALL, _AT_ONCE, page_token=token
            )
            yield from page
            if not (token := page.token):
                return

    def _describe(self, record: Record, body: dict[str, Any]) -> None:
        """The experiment's note and views, once; what the user makes of them stays."""
        if NOTE not in self.experiment.tags:
            higher = bool(record.task_facts["higher_is_better"])
            tags = view_tags(metric_of(record), list(record.cell.factors), higher_is_better=higher)
            for tag, value in {**tags, NOTE: experiment_note(record, body["provenance"])}.items():
                self._client.set_experiment_tag(self.experiment.experiment_id, tag, value)
                self.experiment.tags[tag] = value


class Copies:
    """The runs of several benchmarks, and the last trouble with MLflow.

    Args:
        uri: The tracking URI.
        folder: The folder of records.
        names: The benchmarks' folders there.
        artifacts: See `Copy`.
    """

    def __init__(self, uri: str, folder: Path, names: list[str], artifacts: Path | None) -> None:
        self._uri, self._records, self._names, self._artifacts = uri, Records(folder), names, artifacts
        self._locks = [FileLock(folder / name / ".mlflow.lock", timeout=_LOCK_SECONDS) for name in names]
        self._copies: list[Copy] = []
        self.error, self.failed_at = "", 0.0

    def catch_up(self) -> None:
        """Logs all that is missing, until something is in the way."""
        try:
            if not self._copies:
                self._lock()
                _make_database(self._uri)
                client = MlflowClient(self._uri)
                self._copies = [Copy(client, self._records, name, self._artifacts) for name in self._names]
            for copy in self._copies:
                copy.catch_up()
            self.error = ""
        except Exception as error:
            self._copies = []  # what a run half made is found anew, and replaced
            self.error, self.failed_at = _in_one_line(error), time.monotonic()

    def _lock(self) -> None:
        """Holds off other processes that log the same records, until this one ends."""
        for lock in self._locks:
            try:
                if not lock.is_locked:
                    lock.acquire()
            except Timeout:
                raise RecordsError("another process is logging them") from None
            except (OSError, NotImplementedError):  # on a read-only disk, say
                continue

    def report(self) -> str:
        """What is logged where, as JSON."""
        found = [
            {"title": copy.title, "name": copy.experiment.name, "id": copy.experiment.experiment_id}
            for copy in self._copies
            if copy.experiment is not None
        ]
        return json.dumps({"experiments": found, "error": self.error})


def main() -> None:
    """Logs what is missing at the start, and again whenever a byte comes on standard input, until its end."""
    uri, artifacts, folder, *names = sys.argv[1:]
    copies = Copies(uri, Path(folder), names, Path(artifacts) if artifacts else None)
    copies.catch_up()
    while os.read(sys.stdin.fileno(), _AT_ONCE):
        copies.catch_up()
    if copies.error and time.monotonic() - copies.failed_at > _AGAIN_SECONDS:
        copies.catch_up()
    print(copies.report(), flush=True)


def _make_database(uri: str) -> None:
    """Makes an SQLite database that is not there yet, whole or not at all: MLflow cannot use one left half made."""
    scheme, separator, rest = uri.partition(":///")
    file = Path(rest)
    if not (separator and scheme.startswith("sqlite")) or file.exists():
        return
    with FileLock(f"{file}.lock"):
        aside = file.with_name(f"{file.name}.new")
        if not file.exists():
            for leftover in (aside, aside.with_name(f"{aside.name}-journal")):
                leftover.unlink(missing_ok=True)
            MlflowClient(f"{scheme}:///{aside}").search_experiments()
            aside.replace(file)


def _tag(entry: Entry) -> str:
    return f"{entry.file.name}@{entry.finished}"


def _in_one_line(error: BaseException) -> str:
    """What is in the way; errors of the connection are told as such."""
    cause: BaseException | None = None if isinstance(error, RecordsError) else error
    while cause is not None:
        if isinstance(cause, (ConnectionError, TimeoutError)) or "HTTPConnectionPool" in str(cause):
            return "it does not answer"
        cause = cause.__cause__ or cause.__context__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:200] if lines else type(error).__name__
