"""Finished cells into MLflow, each whole or not at all."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import tempfile
import time
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from suite.pictures import cell_files
from suite.protocol.nesting import holds
from suite.protocol.records import Cell, Failure, Provenance, Record, Replicate, to_plain
from suite.spec.identity import identity, question
from suite.store import series
from suite.store.address import artifact_folder, sqlite_file
from suite.store.artifact import identify
from suite.store.lock import Claims
from suite.store.moved import settle
from suite.store.names import (
    ARTIFACT,
    BENCHMARK,
    COMPILE_SECONDS,
    ERROR,
    FINGERPRINT,
    IDENTITY,
    KIND,
    SECONDS,
    experiment_name,
)
from suite.store.runs import listing, search
from suite.store.troubles import translated

_PARENT, _NOTE, _KIND_OF_EXPERIMENT, _SOURCE, _COMMIT = (
    "mlflow.parentRunId", "mlflow.note.content", "mlflow.experimentKind", "mlflow.source.name",
    "mlflow.source.git.commit",
)  # fmt: skip
PICTURE, PAGE = "gradients.svg", "gradients.html"
"""The picture of a cell, where MLflow's pages show it."""

_METRICS_AT_ONCE = 900
_TEXT_LENGTH = 5000


class Writer:
    """Puts finished cells into MLflow, each as a run with its replicates nested under it.

    A cell counts as recorded from the moment its run's status is FINISHED, which is the last thing written. What a
    killed writer left behind is deleted when the next one first touches the benchmark, and so are second records of
    a cell.

    Args:
        uri: Of the store.
        client: Of MLflow.
        claims: By which no other writes to the same benchmark.
    """

    def __init__(self, uri: str, client: Any, claims: Claims) -> None:
        self._uri, self._client, self._claims = uri, client, claims
        self._experiments: dict[tuple[str, bool], tuple[str, dict[str, dict[Hashable, str]]]] = {}

    def add(self, result: Record | Failure, provenance: Provenance) -> None:
        """Records a cell, or that it could not be run; replaces what was there of it before.

        Raises:
            StoreError: It could not be written; nothing of it is left that counts.
        """
        cell = result.cell
        with translated("write to", self._uri):
            experiment, known = self._experiment(cell, provenance)
            key, of_cell = question(cell.fingerprint, identity(cell)), known.setdefault(cell.fingerprint, {})
            before = of_cell.get(key)
            if isinstance(result, Record):
                run_id = self._add_record(experiment, result, provenance)
            else:
                run_id = self._add_failure(experiment, result, provenance)
            of_cell[key] = run_id
            if before is not None:
                self._delete(experiment, before)
            if isinstance(result, Record):
                for smaller in [asked for asked in of_cell if asked != key and _covers(result, asked)]:
                    self._delete(experiment, of_cell.pop(smaller))

    def open_benchmark(self, cell: Cell, provenance: Provenance) -> None:
        """Makes sure the benchmark of a cell has its experiment, and clears what a killed run left in it."""
        with translated("write to", self._uri):
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
            Path(folder, ARTIFACT).write_bytes(_pack(record, provenance))
            for name, text in zip((PICTURE, PAGE), cell_files(record), strict=True):
                Path(folder, name).write_text(text, encoding="utf-8")
            self._client.log_artifacts(run_id, folder)
        _files_to_disk(self._uri, experiment_name(record.cell.benchmark, record.cell.quick), run_id)
        self._log(run_id, series.cell_metrics(record), parameters, end)
        self._claims.check(experiment)
        self._client.set_terminated(run_id, "FINISHED", end)
        _commit_to_disk(self._uri)
        return run_id

    def _add_replicate(
        self,
        experiment: str,
        parent: str,
        record: Record,
        replicate: Replicate,
        parameters: Mapping[str, str],
        end: int,
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
        tags = {ERROR: failure.error, "suite.attempts": str(failure.attempts)}
        run_id = self._create(experiment, failure.cell, provenance, tags, end)
        self._log(run_id, (), series.parameters(failure.cell), end)
        self._claims.check(experiment)
        self._client.set_terminated(run_id, "FAILED", end)
        return run_id

    def _create(
        self, experiment: str, cell: Cell, provenance: Provenance, own_tags: Mapping[str, str], start: int
    ) -> str:
        tags = {
            KIND: "cell",
            FINGERPRINT: cell.fingerprint,
            IDENTITY: _text(identity(cell)),
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

    def _experiment(self, cell: Cell, provenance: Provenance) -> tuple[str, dict[str, dict[Hashable, str]]]:
        """The experiment's id, and the run that each question has in it, by fingerprint."""
        key = cell.benchmark, cell.quick
        if key not in self._experiments:
            name = experiment_name(*key)
            found = self._client.get_experiment_by_name(name) or self._create_experiment(name, cell, provenance)
            experiment = str(found.experiment_id)
            if found.lifecycle_stage != "active":
                self._begin_afresh(experiment)
            self._claims.take(experiment)
            settle(self._uri, experiment, name, found.artifact_location)
            self._experiments[key] = experiment, self._clear(experiment)
        return self._experiments[key]

    def _create_experiment(self, name: str, cell: Cell, provenance: Provenance) -> Any:
        tags = {
            BENCHMARK: cell.benchmark,
            _NOTE: f"```yaml\n{provenance.spec[:_TEXT_LENGTH]}\n```",
            _KIND_OF_EXPERIMENT: "custom_model_development",  # MLflow's pages are for language models otherwise
        }
        try:
            self._client.create_experiment(name, artifact_folder(self._uri, name), tags)
        except Exception:
            if self._client.get_experiment_by_name(name) is None:  # else another run was faster
                raise
        return self._client.get_experiment_by_name(name)

    def _begin_afresh(self, experiment: str) -> None:
        """MLflow never reuses the name of a deleted experiment: bring it back, without the runs it was deleted with."""
        self._client.restore_experiment(experiment)
        for run in search(self._client, experiment, ""):
            self._client.delete_run(run.info.run_id)

    def _clear(self, experiment: str) -> dict[str, dict[Hashable, str]]:
        """The one run that counts of each question: what a killed run left is deleted, and so are doubles.

        Older records are tagged with their identity.
        """
        known: dict[str, dict[Hashable, str]] = {}
        runs = listing(self._uri).cells(experiment)
        for run in sorted(runs, key=lambda run: (run.status == "FINISHED", run.end_time), reverse=True):
            if run.status not in ("FINISHED", "FAILED"):
                self._delete(experiment, run.run_id)
                continue
            fingerprint, found = identify(run, self._uri)
            if found and IDENTITY not in run.tags:
                self._tag(run.run_id, {FINGERPRINT: fingerprint, IDENTITY: _text(found)})
            if known.setdefault(fingerprint, {}).setdefault(question(fingerprint, found), run.run_id) != run.run_id:
                self._delete(experiment, run.run_id)
        return known

    def _tag(self, run_id: str, tags: Mapping[str, str]) -> None:
        from mlflow.entities import RunTag

        self._client.log_batch(run_id, tags=[RunTag(*tag) for tag in tags.items()])

    def _delete(self, experiment: str, run_id: str) -> None:
        for child in search(self._client, experiment, f"tags.`{_PARENT}` = '{run_id}'"):
            self._client.delete_run(child.info.run_id)
        self._client.delete_run(run_id)


def _covers(record: Record, asked: Any) -> bool:
    """Whether a record holds what an earlier one of another budget, by its question, was kept for."""
    _, trials, replicates = asked
    if trials is None or replicates is None:
        return False
    budget = dataclasses.replace(record.cell.budget, trials=trials, replicates=replicates)
    return holds(record, dataclasses.replace(record.cell, budget=budget))


def _text(identity: Mapping[str, Any]) -> str:
    return json.dumps(identity, sort_keys=True)


def _files_to_disk(uri: str, experiment: str, run_id: str) -> None:
    """Waits until a run's files beside an SQLite store outlive a loss of power."""
    folder = artifact_folder(uri, experiment)
    if folder is not None:
        place = Path(folder, run_id)
        for path in (*place.rglob("*"), place, place.parent, place.parents[1]):
            _sync(path)


def _commit_to_disk(uri: str) -> None:
    """Waits until the last commit to an SQLite store outlives one: a journal that is deleted may be there again, and undo it."""
    file = sqlite_file(uri)
    if file is not None:
        _sync(file.resolve().parent)


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


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
