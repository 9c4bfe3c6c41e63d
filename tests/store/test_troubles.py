"""Stores as an operator meets them: broken off, out of reach, behind a server, on a medium that is read only."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from suite.store import Store, StoreError, client, database
from suite.store.lock import Claims
from tests.conftest import Suite
from tests.made import PROVENANCE, make_cell, make_record

HOT = """
import os, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("pragma cache_size = 1")
database.execute("begin immediate")
database.execute("update metrics set value = value + 1")
os._exit(9)
"""


def kill_in_a_transaction(file: Path) -> None:
    """Leaves the hot journal of a process that died as it wrote."""
    subprocess.run([sys.executable, "-c", HOT, str(file)], check=False)
    journal = Path(f"{file}-journal")
    assert journal.stat().st_size > 512
    assert journal.read_bytes()[:8] != bytes(8), "a hot one"


def add(uri: str, *numbers: int) -> None:
    with Store(uri).writing() as writer:
        for number in numbers:
            writer.add(make_record(make_cell(number)), PROVENANCE)


@pytest.fixture
def file(tmp_path: Path, empty_database: Path) -> Path:
    """A store with a record, for the tiny benchmark's folder."""
    file = tmp_path / "store" / "mlflow.db"
    file.parent.mkdir()
    shutil.copy(empty_database, file)
    add(f"sqlite:///{file}", 1)
    return file


def values(file: Path) -> list[float]:
    with sqlite3.connect(file) as opened:
        return [value for (value,) in opened.execute("select value from metrics order by rowid")]


def test_store_left_in_the_middle_of_a_write_recovers_and_reads(file: Path) -> None:
    before = values(file)
    for use in ("read", "write", "ui"):
        kill_in_a_transaction(file)
        if use == "read":
            assert len(Store(f"sqlite:///{file}").recorded("made")) == 1
        elif use == "write":
            add(f"sqlite:///{file}", 1)
        else:
            assert database.is_there(f"sqlite:///{file}")
        assert not Path(f"{file}-journal").exists()
        if use == "read":
            assert values(file) == before, "what was not committed is gone"


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """The folder as on a medium that cannot be written to, which only root can make it."""
    commands = (["mount", "--bind", folder, folder], ["mount", "-o", "remount,bind,ro", folder])
    if any(subprocess.run(command, capture_output=True, check=False).returncode for command in commands):
        pytest.skip("may not mount")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_store_on_a_read_only_medium_is_shown(file: Path) -> None:
    with read_only(file.parent):
        store = Store(f"sqlite:///{file}")
        assert len(store.load(store.recorded("made"))) == 1
        with pytest.raises(StoreError, match="cannot be written to"):
            add(store.uri, 2)


def test_broken_write_on_a_read_only_medium_is_told(file: Path) -> None:
    kill_in_a_transaction(file)
    with read_only(file.parent), pytest.raises(StoreError, match="left in the middle of a write"):
        Store(f"sqlite:///{file}").recorded("made")


MAKE = """
import sys
from suite.store import Store
with Store(sys.argv[1]).writing():
    print("made", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_first_start_that_is_broken_off_leaves_nothing_in_the_way(tmp_path: Path, number: int) -> None:
    file = tmp_path / "store.db"
    with subprocess.Popen([sys.executable, "-c", MAKE, f"sqlite:///{file}"], stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not any(tmp_path.glob("store.db.new*")):
            time.sleep(0.002)
        process.send_signal(number)
    assert process.returncode != 0
    assert not file.exists()
    assert Store(f"sqlite:///{file}").recorded("made") == []
    add(f"sqlite:///{file}", 1)
    assert len(Store(f"sqlite:///{file}").recorded("made")) == 1
    assert not any(tmp_path.glob("store.db.new*"))


@pytest.mark.parametrize("done", [1, 3, 60])
def test_store_whose_making_an_earlier_version_broke_off_is_made_anew(tmp_path: Path, done: int) -> None:
    """It made the database in place: what a kill left has some of the tables, and perhaps no version."""
    file = tmp_path / "store.db"
    code = f"""
import os, sqlalchemy
from sqlalchemy import event
from mlflow.store.db.utils import _initialize_tables
engine, count = sqlalchemy.create_engine("sqlite:///{file}"), 0
@event.listens_for(engine, "after_cursor_execute")
def kill(connection, cursor, statement, *_):
    global count
    count += statement.strip().upper().startswith(("CREATE", "ALTER"))
    if count == {done}:
        os.kill(os.getpid(), 9)
_initialize_tables(engine)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == -9
    store = Store(f"sqlite:///{file}")
    assert store.recorded("made") == []
    add(store.uri, 1)
    assert len(Store(store.uri).recorded("made")) == 1


def test_older_store_that_holds_a_run_is_never_made_anew(file: Path) -> None:
    with sqlite3.connect(file) as opened:
        opened.execute("DROP TABLE trace_tags")
        opened.execute("UPDATE alembic_version SET version_num = 'c0ffee'")
    before = file.read_bytes()
    for use in (lambda: Store(f"sqlite:///{file}").recorded("made"), lambda: add(f"sqlite:///{file}", 2)):
        with pytest.raises(StoreError, match="another version of MLflow"):
            use()
    assert file.read_bytes() == before


def test_disk_without_room_for_a_store_is_told_with_how_much_it_takes(tmp_path: Path) -> None:
    from tests.store.test_store import small_disk

    with small_disk(tmp_path / "disk", "2m") as disk:
        with pytest.raises(
            StoreError, match=r"the disk is full: a store needs 6 MB to begin with, and 2\.\d MB are free"
        ):
            add(f"sqlite:///{disk / 'store.db'}", 1)
        assert [path.name for path in disk.iterdir()] in ([], ["store.db.lock"])


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
        (scheme.format(9), lambda uri: add(uri, 1)),
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


def test_server_that_keeps_the_artifacts_itself(server: str) -> None:
    add(server, 1, 2)
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
            add(server, 1)
        holder.kill()
    add(server, 1)
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
    add(server, 1)
    (entry,) = Store(server).recorded("made")
    with Store(server).writing() as writer:
        experiment, known = writer._experiment(make_cell(1), PROVENANCE)
        known.clear()
        writer.add(make_record(make_cell(1)), PROVENANCE)
    client = writer._client
    assert len(client.search_runs([experiment], "tags.`suite.kind` = 'cell'")) == 2
    add(server, 2)
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
    client.serve(f"sqlite:///{file}", 5000)
    assert given == ["false"]


def test_files_of_a_record_are_on_the_disk_before_it_counts(file: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("no strace to see it by")
    code = MAKE.replace('print("made", flush=True)', "writer.add(make_record(make_cell(2)), PROVENANCE)")
    code = "from tests.made import *\n" + code.replace("writing():", "writing() as writer:")
    traced = ["strace", "-f", "-y", "-e", "trace=fsync,fdatasync", "-o", str(file.parent / "calls")]
    done = subprocess.run([*traced, sys.executable, "-c", code, f"sqlite:///{file}"], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("may not trace")
    calls = (file.parent / "calls").read_text().splitlines()
    artifact = max(i for i, call in enumerate(calls) if "record.npz" in call)
    commits = [i for i, call in enumerate(calls) if "mlflow.db" in call]
    assert any(i < artifact for i in commits)
    assert any(i > artifact for i in commits), "the commit that makes it count comes after its files"


def test_every_command_on_a_hot_journal(suite: Suite) -> None:
    """Of each command, as a user gives it."""
    suite("run", "tiny.yaml", "--workers", 0)
    file = suite.folder / "mlflow.db"
    for command in (("show", "tiny.yaml"), ("plan", "tiny.yaml"), ("export", "--out", "out"), ("run", "tiny.yaml")):
        kill_in_a_transaction(file)
        assert "tiny" in suite(*command).stdout
