"""Finished cells into MLflow, each whole or not at all."""

from __future__ import annotations

import dataclasses
import io
import json
import math
import time
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from suite.pictures import cell_files
from suite.protocol.nesting import holds
from suite.protocol.records import Cell, Failure, Provenance, Record, to_plain
from suite.spec.identity import identity, record_key
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
    PARENT,
    SECONDS,
    experiment_name,
)
from suite.store.putting import AtOnce, ByClient, NewRun, Putting
from suite.store.runs import listing, search
from suite.store.troubles import translated

_NOTE, _KIND_OF_EXPERIMENT, _SOURCE, _COMMIT = (
    "mlflow.note.content", "mlflow.experimentKind", "mlflow.source.name",
    "mlflow.source.git.commit",
)  # fmt: skip
PICTURE, PAGE = "gradients.svg", "gradients.html"
"""The picture of a cell, where MLflow's pages show it."""

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
        self._putting: dict[str, Putting] = {}

    def add(self, result: Record | Failure, provenance: Provenance) -> None:
        """Records a cell, or that it could not be run; replaces what was there of it before.

        Raises:
            StoreError: It could not be written; nothing of it is left that counts.
        """
        cell = result.cell
        with translated("write to", self._uri):
            experiment, known = self._experiment(cell, provenance)
            key, of_cell = record_key(cell.fingerprint, identity(cell)), known.setdefault(cell.fingerprint, {})
            before = of_cell.get(key)
            runs = _of_record(result, provenance) if isinstance(result, Record) else _of_failure(result, provenance)
            of_cell[key] = self._putting[experiment].put(*runs, lambda: self._claims.check(experiment))
            if before is not None:
                self._delete(experiment, before)
            if isinstance(result, Record):
                for smaller in [asked for asked in of_cell if asked != key and _covers(result, asked)]:
                    self._delete(experiment, of_cell.pop(smaller))

    def open_benchmark(self, cell: Cell, provenance: Provenance) -> None:
        """Makes sure the benchmark of a cell has its experiment, and clears what a killed run left in it."""
        with translated("write to", self._uri):
            self._experiment(cell, provenance)

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
            location = settle(self._uri, experiment, name, found.artifact_location)
            self._putting[experiment] = self._way(experiment, location)
            self._experiments[key] = experiment, self._clear(experiment)
        return self._experiments[key]

    def _way(self, experiment: str, location: str) -> Putting:
        """How cells are put into an experiment."""
        file = sqlite_file(self._uri)
        if file is None or not location.startswith("/") or not AtOnce.fits(file):
            return ByClient(self._client, experiment)
        return AtOnce(file, experiment, location)

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
            if known.setdefault(fingerprint, {}).setdefault(record_key(fingerprint, found), run.run_id) != run.run_id:
                self._delete(experiment, run.run_id)
        return known

    def _tag(self, run_id: str, tags: Mapping[str, str]) -> None:
        from mlflow.entities import RunTag

        self._client.log_batch(run_id, tags=[RunTag(*tag) for tag in tags.items()])

    def _delete(self, experiment: str, run_id: str) -> None:
        for child in search(self._client, experiment, f"tags.`{PARENT}` = '{run_id}'"):
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


def _of_record(record: Record, provenance: Provenance) -> tuple[NewRun, list[NewRun], dict[str, bytes]]:
    """The run of a cell, those of its replicates, and its artifacts."""
    end, parameters = _now(), series.parameters(record.cell)
    costs = {SECONDS: f"{record.seconds:.6g}", COMPILE_SECONDS: f"{record.compile_seconds:.6g}"}
    run = NewRun(
        series.run_name(record.cell),
        "FINISHED",
        end - int(1000 * record.seconds),
        end,
        _tags(record.cell, provenance) | costs | series.cell_tags(record),
        parameters,
        _finite(series.cell_metrics(record)),
    )
    metric = str(record.task_facts.get("metric", "score"))
    nested = [
        NewRun(
            f"replicate {replicate.replicate}: {replicate.outcome}",
            "FINISHED",
            end - int(1000 * replicate.seconds),
            end,
            {KIND: "replicate", **series.replicate_tags(replicate)},
            parameters,
            _finite(series.replicate_metrics(replicate, metric)),
        )
        for replicate in record.replicates
    ]
    pictures = {name: text.encode() for name, text in zip((PICTURE, PAGE), cell_files(record), strict=True)}
    return run, nested, {ARTIFACT: _pack(record, provenance), **pictures}


def _of_failure(failure: Failure, provenance: Provenance) -> tuple[NewRun, list[NewRun], dict[str, bytes]]:
    """The run of a cell that could not be run."""
    cell, end = failure.cell, _now()
    tags = _tags(cell, provenance) | {ERROR: failure.error, "suite.attempts": str(failure.attempts)}
    return NewRun(series.run_name(cell), "FAILED", end, end, tags, series.parameters(cell)), [], {}


def _finite(points: Sequence[series.Point]) -> list[series.Point]:
    """Those that do not break MLflow's pages."""
    return [(name, float(value), int(step)) for name, value, step in points if math.isfinite(value)]


def _tags(cell: Cell, provenance: Provenance) -> dict[str, str]:
    """What a run says of its cell and of what made it."""
    return {
        KIND: "cell",
        FINGERPRINT: cell.fingerprint,
        IDENTITY: _text(identity(cell)),
        "suite.program": cell.program,
        "suite.spec_sha256": provenance.spec_sha256,
        _SOURCE: provenance.spec_file,
        **({_COMMIT: provenance.git_commit} if provenance.git_commit else {}),
        **{f"version.{name}": version for name, version in provenance.versions.items()},
        **{f"machine.{name}": str(value) for name, value in provenance.machine.items()},
    }


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
