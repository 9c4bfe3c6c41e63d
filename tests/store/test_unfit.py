"""Stores that cannot be used, or no more: of someone else, of another version, on a disk that is full."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from suite.store import Store, StoreError
from tests.made import make_cell, make_record
from tests.store.stores import ENVIRONMENT, add, all_runs, load, small_disk


def test_store_of_another_version_is_refused_and_left_alone(store: Store, tmp_path: Path) -> None:
    add(store, make_record(make_cell()))
    with sqlite3.connect(tmp_path / "store.db") as database:
        database.execute("UPDATE alembic_version SET version_num = 'c0ffee'")
    before = (tmp_path / "store.db").read_bytes()
    for use in (lambda: Store(store.uri).recorded("made"), lambda: add(Store(store.uri), make_record(make_cell(2)))):
        with pytest.raises(StoreError, match=r"another version of MLflow: its schema is c0ffee, expected \w+"):
            use()
    assert (tmp_path / "store.db").read_bytes() == before


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b""])
def test_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "store.db"
    file.write_bytes(content)
    store = Store(f"sqlite:///{file}")
    if content:
        with pytest.raises(StoreError, match="cannot be read as an SQLite database"):
            store.recorded("made")
    else:
        add(store, make_record(make_cell()))
        assert len(load(store)) == 1


def test_database_of_someone_else(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "store.db") as database:
        database.execute("CREATE TABLE things (name TEXT)")
    with pytest.raises(StoreError, match="but not one of MLflow's"):
        Store(f"sqlite:///{tmp_path / 'store.db'}").recorded("made")


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not a folder"):
        add(Store(f"sqlite:///{tmp_path / 'nowhere' / 'store.db'}"), make_record(make_cell()))


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="cannot be written to"):
            add(Store(f"sqlite:///{tmp_path / 'store.db'}"), make_record(make_cell()))
    finally:
        tmp_path.chmod(0o700)


def test_read_only_file_system() -> None:
    with pytest.raises(StoreError, match=r"cannot be written to|could not .* the store"):
        add(Store("sqlite:////proc/store.db"), make_record(make_cell()))


def test_folder_of_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Set MLFLOW_TRACKING_URI to a database"):
        Store(str(tmp_path)).recorded("made")


FILL = """
import json, resource, signal, sys
from suite.store import Store, StoreError, artifact
from tests.made import BUDGET, PROVENANCE, make_cell, make_record
uri, limit = sys.argv[1], int(sys.argv[2])
if limit:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
done = 0
try:
    with Store(uri).writing() as writer:
        for number in range(1, 100):
            writer.add(make_record(make_cell(number)), PROVENANCE)
            done = number
except StoreError as error:
    print(json.dumps([done, str(error)]))
"""


def fill(store: Store, limit: int) -> tuple[int, str]:
    """Adds cells 1, 2, ... in a process of its own until it fails; how many it managed, and what it said."""
    command = [sys.executable, "-c", FILL, store.uri, str(limit)]
    run = subprocess.run(
        command,
        cwd=Path(store.uri.removeprefix("sqlite:///")).parent,
        env=ENVIRONMENT,
        check=True,
        capture_output=True,
        text=True,
    )
    done, message = json.loads(run.stdout)
    assert 0 < done < 99
    found = load(store)
    assert sorted(record.cell.fingerprint for record in found) == [make_cell(n).fingerprint for n in range(done + 1)]
    return done, message


def test_disk_that_fills_up_leaves_what_was_recorded_whole(empty_database: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "3m") as disk:
        shutil.copy(empty_database, disk / "store.db")
        store = Store(f"sqlite:///{disk / 'store.db'}")
        add(store, make_record(make_cell(0)))
        _, message = fill(store, 0)
        assert "the disk is full" in message


def test_file_that_may_not_grow_leaves_what_was_recorded_whole(store: Store, tmp_path: Path) -> None:
    add(store, make_record(make_cell(0)))
    done, message = fill(store, os.path.getsize(tmp_path / "store.db") + 200_000)
    assert "Is the disk full?" in message or "the disk is full" in message
    add(store, make_record(make_cell(99)))
    assert len(load(store)) == done + 2
    assert {run.info.status for run in all_runs(store)} == {"FINISHED"}
