"""Stores behind a server, and servers that keep silent."""

from __future__ import annotations

import contextlib
import http.server
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from suite.store import Store, StoreError, client, database
from suite.store.lock import Claims
from tests.made import PROVENANCE, make_cell, make_record
from tests.store.stores import add_cells


@pytest.fixture
def silent() -> Iterator[tuple[int, list[socket.socket]]]:
    """The port of a server that takes connections and never says a word, and the connections it took."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    held.append(server.accept()[0])

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1], held
        server.shutdown(socket.SHUT_RDWR)
        for connection in held:
            connection.close()


@pytest.mark.parametrize("scheme", ["http://127.0.0.1:{}", "postgresql+psycopg2://me:secret@127.0.0.1:{}/mlflow"])
def test_server_that_does_not_answer_is_asked_once(
    silent: tuple[int, list[socket.socket]], scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MLflow and SQLAlchemy would ask again and again, for minutes."""
    port, held = silent
    sleeps: list[float] = []
    monkeypatch.setattr(time, "sleep", sleeps.append)  # with which one waits between two tries
    for uri, use in (
        (scheme.format(port), lambda uri: Store(uri).recorded("made")),
        (scheme.format(9), lambda uri: add_cells(uri, 1)),
        (scheme.format(9), lambda uri: client.serve(uri, 5000)),
    ):
        with pytest.raises(StoreError, match=r"no .*server answers at .*127\.0\.0\.1:.* Check that") as told:
            use(uri)
        assert "secret" not in str(told.value)
    assert len(held) == 1
    assert sleeps == []
    assert database.PATIENCE_SECONDS <= 5, "of the ten that a user waits"


def test_driver_that_is_not_there_names_the_remedy() -> None:
    with pytest.raises(
        StoreError, match=r"Python package psycopg.*write postgresql\+psycopg2://me:\*\*\*@nowhere/mlflow"
    ):
        Store("postgresql+psycopg://me:secret@nowhere/mlflow").recorded("made")


def test_kind_of_store_that_mlflow_does_not_know_is_told_without_its_password() -> None:
    with pytest.raises(
        StoreError, match=r"no store like postgres://me:\*\*\*@nowhere/mlflow: .* postgresql://"
    ) as told:
        Store("postgres://me:secret@nowhere/mlflow").recorded("made")
    assert "secret" not in str(told.value)


def test_server_of_something_else_is_told() -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        with pytest.raises(StoreError, match=rf"at http://127\.0\.0\.1:{other.server_port} is no MLflow server"):
            Store(f"http://127.0.0.1:{other.server_port}").recorded("made")
        other.shutdown()


def test_record_whose_files_a_server_lost_is_told_with_its_run(server: str) -> None:
    from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository

    add_cells(server, 1)
    store = Store(server)
    (entry,) = store.recorded("made")
    MlflowArtifactsRepository(entry.artifacts, tracking_uri=server).delete_artifacts("record.npz")
    with pytest.raises(StoreError, match=f"record of run {entry.run_id} cannot be had from {server}: .*delete the run"):
        store.load([entry])
    add_cells(server, 1)
    assert len(Store(server).load(Store(server).recorded("made"))) == 1


def test_server_that_keeps_the_artifacts_itself(server: str) -> None:
    add_cells(server, 1, 2)
    store = Store(server)
    entries = store.recorded("made")
    assert all(entry.artifacts.startswith("mlflow-artifacts:/") for entry in entries)
    assert [found.record for found in store.load(entries)] == [make_record(make_cell(number)) for number in (1, 2)]


def test_claims_hold_on_a_server_and_survive_their_holder(server: str) -> None:
    hold = """
import sys, time
from suite.store import Store
from tests.made import PROVENANCE, make_cell
with Store(sys.argv[1]).writing() as writer:
    writer.open_benchmark(make_cell(1), PROVENANCE)
    print("held", flush=True)
    time.sleep(600)
"""
    command = [sys.executable, "-c", hold, server]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StoreError, match=rf"another `suite run` is writing to {server} \(.*process {holder.pid}\)"):
            add_cells(server, 1)
        holder.kill()
    add_cells(server, 1)
    assert len(Store(server).recorded("made")) == 1


def test_of_many_who_ask_at_once_one_holds(server: str) -> None:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=server)
    experiment = client.create_experiment("made")
    together, holders, told = threading.Barrier(6), [], []

    def ask() -> None:
        claims = Claims(client, server)
        together.wait()
        try:
            claims.take(experiment)
            holders.append(claims)
        except StoreError as error:
            told.append(error)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(holders), len(told)) == (1, 5)
    holders[0].check(experiment)
    holders[0].release()
    assert not [tag for tag in client.get_experiment(experiment).tags if tag.startswith("suite.writer")]


def test_holder_that_was_held_for_dead_writes_no_more(server: str) -> None:
    with Store(server).writing() as writer:
        writer.add(make_record(make_cell(1)), PROVENANCE)
        client, (experiment,) = writer._client, writer._claims._held
        client.delete_experiment_tag(experiment, writer._claims._tag)
        with pytest.raises(StoreError, match="has taken over"):
            writer.add(make_record(make_cell(2)), PROVENANCE)
        assert [entry.fingerprint for entry in Store(server).recorded("made")] == [make_cell(1).fingerprint]


def test_second_record_of_a_cell_goes_as_the_next_run_begins(server: str) -> None:
    add_cells(server, 1)
    (entry,) = Store(server).recorded("made")
    with Store(server).writing() as writer:
        experiment, known = writer._experiment(make_cell(1), PROVENANCE)
        known.clear()
        writer.add(make_record(make_cell(1)), PROVENANCE)
    client = writer._client
    assert len(client.search_runs([experiment], "tags.`suite.kind` = 'cell'")) == 2
    add_cells(server, 2)
    runs = client.search_runs([experiment], "tags.`suite.kind` = 'cell'")
    assert sorted(run.data.tags["suite.fingerprint"] for run in runs) == [make_cell(n).fingerprint for n in (1, 2)]
    assert entry.run_id not in [run.info.run_id for run in runs]


QUIET = """
import sys
from suite.store import Store
from tests.made import PROVENANCE, make_cell, make_record
with Store(sys.argv[1]).writing() as writer:
    writer.add(make_record(make_cell(1)), PROVENANCE)
store = Store(sys.argv[1])
assert len(store.load(store.recorded("made"))) == 1
from mlflow.telemetry import get_telemetry_client
assert get_telemetry_client() is None
"""


def test_mlflow_says_nothing_and_sends_nothing(server: str) -> None:
    ours = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW", "PYTEST", "CI", "GITHUB"))}
    done = subprocess.run(
        [sys.executable, "-c", QUIET, server], env={**ours, "MLFLOW_DISABLE_TELEMETRY": "false"}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("", "")


def test_pages_of_mlflow_are_the_users_own(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str | None] = []
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "false")
    monkeypatch.setattr(os, "execv", lambda *_: given.append(os.environ.get("MLFLOW_DISABLE_TELEMETRY")))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    client.serve(f"sqlite:///{file}", port)
    assert given == ["false"]
