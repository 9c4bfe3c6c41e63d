"""The copy in MLflow, on its own store and server: one run per cell, once, whatever becomes of the process."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType

from suite.protocol.records import Failure
from suite.records import Records
from suite.records.mlflow import RECORD, Copies
from suite.records.tracking import Experiment, Tracking, public
from tests.made import make_cell, make_record, nonfinite_replicate
from tests.records.made_records import ENVIRONMENT, add, add_cells


@pytest.fixture
def uri(tmp_path: Path, empty_database: Path) -> str:
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


@pytest.fixture
def logged(records: Records, uri: str, tmp_path: Path) -> Callable[[], Copies]:
    """Logs what MLflow lacks, in this process; a new look at both each time."""

    def log() -> Copies:
        copies = Copies(uri, records.folder, ["made"], tmp_path / "mlruns")
        copies.catch_up()
        return copies

    return log


def runs(uri: str, name: str = "made", kind: int = ViewType.ACTIVE_ONLY) -> list[Any]:
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name(name)
    return [] if experiment is None else list(client.search_runs([experiment.experiment_id], "", kind))


def test_a_run_has_what_people_look_for(records: Records, uri: str, logged: Callable[[], Copies]) -> None:
    add(records, make_record(make_cell(7)))
    logged()
    (run,) = runs(uri)
    assert (run.info.run_name, run.info.status) == ("7", "FINISHED")
    assert run.data.params == {"number": "7", "learning_rate": "0.01"}
    assert {"outcome": "trained 3", "cause": ""}.items() <= run.data.tags.items()
    assert run.data.tags["mlflow.note.content"] == "3 of 3 trained in 31 steps"
    numbers = run.data.metrics
    assert (numbers["test_accuracy"], numbers["success_rate"], numbers["gradient_ratio"]) == (0.951, 1.0, -1.5)
    assert numbers["test_accuracy_low"] < 0.951 < numbers["test_accuracy_high"]
    assert {name.split("/")[0] for name in numbers if "/" in name} == {"loss", "validation_accuracy", "gradient_ratio"}
    (dataset,) = run.inputs.dataset_inputs
    assert dataset.dataset.name == "digits"
    client = MlflowClient(uri)
    history = client.get_metric_history(run.info.run_id, "loss/replicate_0")
    traces = make_record(make_cell(7)).replicates[0].traces
    assert [point.step for point in history] == [1, 11, 21, 31, 40]
    assert [point.value for point in history] == pytest.approx(traces["loss"][traces["probed_step"]].tolist())
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["gradients.html"]
    tags = client.get_experiment_by_name("made").tags
    assert "`test_accuracy` is their mean score" in tags["mlflow.note.content"]
    ranking = json.loads(tags["mlflow.sharedViewState.ranking"])
    assert (ranking["orderByKey"], ranking["orderByAsc"]) == ("metrics.`test_accuracy`", False)
    assert {"params.`number`", "metrics.`gradient_ratio`"} <= set(ranking["selectedColumns"])
    chart = json.loads(tags["mlflow.sharedViewState.gradients"])["compareRunCharts"][0]
    assert (chart["type"], chart["xaxis"]["key"], chart["yaxis"]["key"]) == (
        "SCATTER",
        "gradient_ratio",
        "test_accuracy",
    )


def test_no_metric_is_ever_nonfinite(records: Records, uri: str, logged: Callable[[], Copies], tmp_path: Path) -> None:
    add(records, make_record(make_cell(), replicates=(nonfinite_replicate(),)))
    logged()
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        values = database.execute("SELECT value, is_nan FROM metrics").fetchall()
    assert values
    assert not any(is_nan or abs(value) > 1e300 for value, is_nan in values)
    (run,) = runs(uri)
    assert run.data.tags["outcome"] == "nonfinite 1"
    history = MlflowClient(uri).get_metric_history(run.info.run_id, "gradient_ratio/replicate_0")
    assert -40 < history[0].value < -37, "a gradient of exactly zero is shown as the float's floor"


def test_what_is_logged_is_not_logged_again(records: Records, uri: str, logged: Callable[[], Copies]) -> None:
    add_cells(records, 1, 2)
    logged()
    before = {run.info.run_id for run in runs(uri)}
    MlflowClient(uri).delete_run(sorted(before)[0])
    add_cells(records, 3)
    logged()
    assert len(runs(uri)) == 2, "the new one, and the one that the user left"
    assert len(runs(uri, kind=ViewType.ALL)) == 3


def test_a_run_that_a_kill_left_unfinished_is_made_anew(
    records: Records, uri: str, logged: Callable[[], Copies], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_cells(records, 1)
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "set_terminated", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            logged()
    assert [run.info.status for run in runs(uri)] == ["RUNNING"]
    logged()
    assert [run.info.status for run in runs(uri)] == ["FINISHED"]


def test_a_record_replaces_the_run_of_the_one_that_it_replaced(
    records: Records, uri: str, logged: Callable[[], Copies]
) -> None:
    add(records, Failure(make_cell(1), "killed", 3))
    logged()
    assert [(run.info.status, run.data.tags["mlflow.note.content"]) for run in runs(uri)] == [("FAILED", "killed")]
    add_cells(records, 1)
    logged()
    (run,) = runs(uri)
    assert run.info.status == "FINISHED"
    assert run.data.tags[RECORD].startswith(records.recorded("made")[0].file.name)


def test_an_experiment_of_the_users_own_is_left_alone_and_named(records: Records, uri: str) -> None:
    client = MlflowClient(uri)
    own = client.create_experiment("made")
    client.create_run(own)
    add_cells(records, 1)
    experiments, told = Tracking(records, ["made"], uri).finish(120)
    assert [(each.title, each.name) for each in experiments] == [("made", "made (suite)")]
    assert told == ["MLflow has an experiment made that is not of this suite: the runs are in 'made (suite)'."]
    assert len(runs(uri)) == 1
    assert RECORD not in runs(uri)[0].data.tags
    assert len(runs(uri, "made (suite)")) == 1
    assert Tracking(records, ["made"], uri).finish(120)[0] == experiments, "found again"
    assert len(runs(uri, "made (suite)")) == 1


def test_a_server_that_is_away_costs_a_line_and_catches_up_when_it_is_back(records: Records, tmp_path: Path) -> None:
    from tools.storms.servers import free_port, mlflow_server

    port = free_port()
    address = f"http://127.0.0.1:{port}"
    add_cells(records, 1)
    tracking = Tracking(records, ["made"], address)
    add_cells(records, 2)
    tracking.look_again()
    experiments, told = tracking.finish(120)
    assert experiments == []
    assert told == [
        f"records are not in MLflow at {address} yet (it does not answer): `suite ui` or the next run logs them."
    ]
    with mlflow_server(tmp_path, port):
        experiments, told = Tracking(records, ["made"], address).finish(120)
        assert (experiments, told) == ([Experiment("made", "made", "1")], [])
        assert len(runs(address)) == 2


def test_a_database_of_another_version_costs_a_line_and_is_left_alone(
    records: Records, uri: str, tmp_path: Path
) -> None:
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        database.execute("UPDATE alembic_version SET version_num = 'c0ffee'")
    before = (tmp_path / "mlflow.db").read_bytes()
    add_cells(records, 1)
    _, (line,) = Tracking(records, ["made"], uri).finish(120)
    assert "c0ffee" in line
    assert "\n" not in line
    assert (tmp_path / "mlflow.db").read_bytes() == before


def test_passwords_are_not_shown() -> None:
    assert public("postgresql://me:secret@host/db") == "postgresql://me:***@host/db"
    assert public("sqlite:////tmp/x@y:z.db") == "sqlite:////tmp/x@y:z.db"


def test_a_run_that_a_failing_server_left_half_made_is_replaced(
    records: Records, uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_cells(records, 1)
    copies = Copies(uri, records.folder, ["made"], tmp_path / "mlruns")
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "log_batch", lambda *_: (_ for _ in ()).throw(ConnectionError("gone")))
        copies.catch_up()
    assert copies.error == "it does not answer"
    assert [run.info.status for run in runs(uri)] == ["RUNNING"]
    copies.catch_up()
    assert copies.error == ""
    assert [run.info.status for run in runs(uri)] == ["FINISHED"]


def test_two_processes_do_not_log_the_same_records(
    records: Records, uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("suite.records.mlflow._LOCK_SECONDS", 0.0)
    add_cells(records, 1)
    one, two = (Copies(uri, records.folder, ["made"], tmp_path / "mlruns") for _ in range(2))
    one.catch_up()
    two.catch_up()
    assert (one.error, two.error) == ("", "another process is logging them")
    del one
    two.catch_up()
    assert two.error == ""
    assert len(runs(uri)) == 1


KILLED = """
import os, sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from suite.records.mlflow import Copies
statements = []
@event.listens_for(Engine, "after_cursor_execute")
def kill(connection, cursor, statement, *_):
    statements.append(statement)
    if sum(each.strip().startswith("CREATE TABLE") for each in statements) == 20:
        os.kill(os.getpid(), 9)
Copies(sys.argv[1], Path(sys.argv[2]), ["made"], None).catch_up()
"""


def test_a_kill_while_the_database_is_made_leaves_nothing_in_the_way(records: Records, tmp_path: Path) -> None:
    add_cells(records, 1)
    uri = f"sqlite:///{tmp_path / 'new.db'}"
    command = [sys.executable, "-c", KILLED, uri, str(records.folder)]
    assert subprocess.run(command, check=False, capture_output=True, env=ENVIRONMENT).returncode == -9
    assert (tmp_path / "new.db.new").exists()
    assert not (tmp_path / "new.db").exists()
    assert Tracking(records, ["made"], uri).finish(120)[1] == []
    assert len(runs(uri)) == 1
    assert not (tmp_path / "new.db.new").exists()
