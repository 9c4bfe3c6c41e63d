"""Runs of MLflow by a condition, however many there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from suite.store.database import is_database, rows
from suite.store.names import COMPILE_SECONDS, ERROR, FINGERPRINT, IDENTITY, KIND, SECONDS

_AT_ONCE = 5000
_WANTED = (FINGERPRINT, IDENTITY, SECONDS, COMPILE_SECONDS, ERROR)


@dataclass(frozen=True)
class CellRun:
    """The run of a cell, with those of its tags that are ours."""

    run_id: str
    experiment_id: str
    status: str
    artifacts: str
    end_time: int
    tags: dict[str, str]


def cell_runs(client: Any, uri: str, experiment: str) -> list[CellRun]:
    """The runs of an experiment that are of cells.

    A database is asked past MLflow, which would build every param, tag and metric of every run: 2 ms each.
    """
    if not is_database(uri):
        found = search(client, experiment, f"tags.`{KIND}` = 'cell'")
        return [
            CellRun(
                r.info.run_id, experiment, r.info.status, r.info.artifact_uri, int(r.info.end_time or 0), r.data.tags
            )
            for r in found
        ]
    from mlflow.store.tracking.dbmodels.models import SqlRun, SqlTag
    from sqlalchemy import select

    cells = select(SqlTag.run_uuid).where(SqlTag.key == KIND, SqlTag.value == "cell")
    here = SqlRun.run_uuid.in_(cells), SqlRun.experiment_id == int(experiment), SqlRun.lifecycle_stage == "active"
    tags: dict[str, dict[str, str]] = {}
    tagged = select(SqlTag.run_uuid, SqlTag.key, SqlTag.value).join(SqlRun, SqlRun.run_uuid == SqlTag.run_uuid)
    for run_id, key, value in rows(uri, tagged.where(*here, SqlTag.key.in_(_WANTED))):
        tags.setdefault(run_id, {})[key] = value
    runs = select(SqlRun.run_uuid, SqlRun.status, SqlRun.artifact_uri, SqlRun.end_time).where(*here)
    return [
        CellRun(run[0], experiment, run[1], run[2], int(run[3] or 0), tags[run[0]])
        for run in rows(uri, runs)
        if run[0] in tags
    ]


def search(client: Any, experiment: str, condition: str) -> list[Any]:
    """All active runs of an experiment that meet a condition."""
    found: list[Any] = []
    token = None
    while True:
        page = client.search_runs([experiment], filter_string=condition, max_results=_AT_ONCE, page_token=token)
        found += page
        token = page.token
        if not token:
            return found
