"""What a store lists: its benchmarks' experiments and the runs of their cells.

A database is asked past MLflow, which would build every param, tag and metric of every run: 2 ms each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from suite.store.address import is_database
from suite.store.database import rows
from suite.store.moved import at_hand
from suite.store.names import BENCHMARK, COMPILE_SECONDS, ERROR, FINGERPRINT, IDENTITY, KIND, SECONDS

_AT_ONCE = 5000
_WANTED = (FINGERPRINT, IDENTITY, SECONDS, COMPILE_SECONDS, ERROR)


@dataclass(frozen=True)
class Experiment:
    """That of a benchmark, or of its quick slice.

    Attributes:
        experiment_id: As MLflow has it.
        name: As of `suite.store.names.experiment_name`.
        benchmark: The name of the benchmark.
        created: When, in milliseconds since 1970.
    """

    experiment_id: str
    name: str
    benchmark: str
    created: int


@dataclass(frozen=True)
class CellRun:
    """The run of a cell, with those of its tags that are ours."""

    run_id: str
    experiment_id: str
    status: str
    artifacts: str
    end_time: int
    tags: dict[str, str]


class Listing(Protocol):
    """What is there and not deleted, of a database or by way of a server."""

    def experiments(self) -> list[Experiment]:
        """Those of benchmarks."""

    def cells(self, experiment: str) -> list[CellRun]:
        """The runs of an experiment that are of cells."""


def listing(uri: str) -> Listing:
    """Of a store that is there."""
    if is_database(uri):
        return _OfDatabase(uri)
    from suite.store.client import connect

    return _OfServer(connect(uri))


class _OfDatabase:
    def __init__(self, uri: str) -> None:
        self._uri = uri

    def experiments(self) -> list[Experiment]:
        from sqlalchemy import select

        of = _table("experiments", "experiment_id", "name", "creation_time", "lifecycle_stage")
        tag = _table("experiment_tags", "experiment_id", "key", "value")
        query = select(of.c.experiment_id, of.c.name, tag.c.value, of.c.creation_time)
        active = tag.c.key == BENCHMARK, of.c.lifecycle_stage == "active"
        found = rows(self._uri, query.join(tag, tag.c.experiment_id == of.c.experiment_id).where(*active))
        return [Experiment(str(key), name, benchmark, int(made or 0)) for key, name, benchmark, made in found]

    def cells(self, experiment: str) -> list[CellRun]:
        from sqlalchemy import select

        run = _table("runs", "run_uuid", "experiment_id", "status", "artifact_uri", "end_time", "lifecycle_stage")
        tag = _table("tags", "run_uuid", "key", "value")
        kind = select(tag.c.run_uuid).where(tag.c.key == KIND, tag.c.value == "cell")
        here = run.c.run_uuid.in_(kind), run.c.experiment_id == int(experiment), run.c.lifecycle_stage == "active"
        tags: dict[str, dict[str, str]] = {}
        tagged = select(tag.c.run_uuid, tag.c.key, tag.c.value).join(run, run.c.run_uuid == tag.c.run_uuid)
        for run_id, key, value in rows(self._uri, tagged.where(*here, tag.c.key.in_(_WANTED))):
            tags.setdefault(run_id, {})[key] = value
        found = rows(self._uri, select(run.c.run_uuid, run.c.status, run.c.artifact_uri, run.c.end_time).where(*here))
        return [
            CellRun(run_id, experiment, status, at_hand(self._uri, artifacts), int(end or 0), tags[run_id])
            for run_id, status, artifacts, end in found
            if run_id in tags
        ]


def _table(name: str, *columns: str) -> Any:
    from sqlalchemy import column, table

    return table(name, *map(column, columns))


class _OfServer:
    def __init__(self, client: Any) -> None:
        self._client = client

    def experiments(self) -> list[Experiment]:
        return [
            Experiment(e.experiment_id, e.name, e.tags[BENCHMARK], int(e.creation_time or 0))
            for e in _all(self._client.search_experiments, filter_string=f"tags.`{BENCHMARK}` LIKE '%'")
        ]

    def cells(self, experiment: str) -> list[CellRun]:
        return [
            CellRun(
                r.info.run_id, experiment, r.info.status, r.info.artifact_uri, int(r.info.end_time or 0), r.data.tags
            )
            for r in search(self._client, experiment, f"tags.`{KIND}` = 'cell'")
        ]


def search(client: Any, experiment: str, condition: str) -> list[Any]:
    """All active runs of an experiment that meet a condition."""
    return list(_all(client.search_runs, experiment_ids=[experiment], filter_string=condition, max_results=_AT_ONCE))


def _all(ask: Any, **what: Any) -> Iterator[Any]:
    """Page by page."""
    token = None
    while True:
        page = ask(**what, page_token=token)
        yield from page
        token = page.token
        if not token:
            return
