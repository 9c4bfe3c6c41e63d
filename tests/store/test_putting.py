"""What is written at once past MLflow is, row for row, what its own client writes."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from suite.protocol.records import Failure
from suite.store import Store
from suite.store.putting import AtOnce, ByClient
from suite.store.writer import Writer
from tests.made import make_cell, make_record, make_replicate, nonfinite_replicate
from tests.store.stores import ENVIRONMENT, add, all_runs, fingerprints

TABLES = ("runs", "tags", "params", "metrics", "latest_metrics")
MADE_ANEW = ("run_uuid", "artifact_uri", "start_time", "end_time", "timestamp")
"""What no two runs have in common."""

RESULTS = (
    make_record(make_cell(1), replicates=(nonfinite_replicate(0), make_replicate(1, np.random.default_rng(1)))),
    make_record(make_cell(2, initializer={"name": "random_normal", "stddev": 0.01, "note": 7000 * "y"})),
    Failure(make_cell(3), "ValueError: " + 9000 * "x", 3),
)


def rows(file: Path) -> dict[str, list[Any]]:
    """All that a database holds of runs; a run goes by its name and its parent's."""
    with sqlite3.connect(file) as database:
        database.row_factory = sqlite3.Row
        tables = {table: [dict(row) for row in database.execute(f"SELECT * FROM {table}")] for table in TABLES}
    tags = {(row["run_uuid"], row["key"]): row["value"] for row in tables["tags"]}
    names = {
        run["run_uuid"]: tuple(tags.get((key, "mlflow.runName")) for key in (run["run_uuid"], parent) if key)
        for run in tables["runs"]
        for parent in (tags.get((run["run_uuid"], "mlflow.parentRunId")),)
    }
    for row in tables["tags"]:
        if row["key"] == "mlflow.parentRunId":
            row["value"] = names[row["value"]]
    return {
        table: sorted(
            str([names[row["run_uuid"]], *((k, v) for k, v in sorted(row.items()) if k not in MADE_ANEW)]) for row in of
        )
        for table, of in tables.items()
    }


def test_rows_are_those_of_mlflow(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for name in ("at_once", "by_client"):
        file = tmp_path / name / "mlflow.db"
        file.parent.mkdir()
        shutil.copy(empty_database, file)
        store = Store(f"sqlite:///{file}")
        add(store, *RESULTS)
        places = [Path(run.info.artifact_uri) for run in all_runs(store)]
        files = sorted(path.name for place in places for path in place.glob("*"))
        assert all(place.parents[1] == file.parent / "mlruns" / "made" for place in places)
        found.append((rows(file), files))
        monkeypatch.setattr(Writer, "_way", lambda writer, experiment, location: ByClient(writer._client, experiment))
    for table in TABLES:
        assert found[0][0][table] == found[1][0][table]
    assert found[0][1] == found[1][1]
    assert all(len(of) > 7 for of in found[0][0].values())


KILLED = """
import os, signal
from suite.store import Store
from suite.store.putting import AtOnce, ByClient
from suite.store.writer import Writer
from tests.made import PROVENANCE, make_cell, make_record

insert, calls = AtOnce._insert, []

def inserted(*given):
    insert(*given)
    calls.append(given)
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGKILL)

with Store({uri!r}).writing() as writer:
    if {by_client}:
        Writer._way = lambda writer, experiment, location: ByClient(writer._client, experiment)
        writer._client.log_artifacts = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    AtOnce._insert = inserted
    writer.add(make_record(make_cell(2)), PROVENANCE)
"""


@pytest.mark.parametrize("by_client", [False, True])
def test_what_a_killed_writer_left_does_not_count_and_goes(store: Store, by_client: bool) -> None:
    """Of what was to be written at once, nothing is left."""
    add(store, make_record(make_cell(1)))
    code = KILLED.format(uri=store.uri, by_client=by_client)
    done = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, check=False, capture_output=True)
    assert done.returncode == -9, done.stderr
    assert len(all_runs(store)) == (8 if by_client else 4)
    assert fingerprints(store) == [make_cell(1).fingerprint]
    add(store, make_record(make_cell(3)))
    assert len(all_runs(store)) == 8
    assert sorted(fingerprints(store)) == [make_cell(1).fingerprint, make_cell(3).fingerprint]


def test_tables_that_ask_for_more_are_left_to_mlflow(tmp_path: Path, empty_database: Path) -> None:
    file = Path(shutil.copy(empty_database, tmp_path / "mlflow.db"))
    assert AtOnce.fits(file)
    with sqlite3.connect(file) as database:
        database.execute("ALTER TABLE metrics ADD COLUMN more INTEGER NOT NULL DEFAULT 0")
    assert AtOnce.fits(file), "what has a default may stay away"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE other (run_uuid, key, value, more NOT NULL)")
        database.execute("DROP TABLE params")
        database.execute("ALTER TABLE other RENAME TO params")
    assert not AtOnce.fits(file)
