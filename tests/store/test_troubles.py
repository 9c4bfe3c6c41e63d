"""Stores as an operator meets them: broken off, out of reach, behind a server, on a medium that is read only."""

from __future__ import annotations

import contextlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from suite.store import Store, StoreError, database
from tests.conftest import Suite
from tests.store.stores import add_cells, small_disk

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
            add_cells(f"sqlite:///{file}", 1)
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
            add_cells(store.uri, 2)


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
    add_cells(f"sqlite:///{file}", 1)
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
    add_cells(store.uri, 1)
    assert len(Store(store.uri).recorded("made")) == 1


def test_older_store_that_holds_a_run_is_never_made_anew(file: Path) -> None:
    with sqlite3.connect(file) as opened:
        opened.execute("DROP TABLE trace_tags")
        opened.execute("UPDATE alembic_version SET version_num = 'c0ffee'")
    before = file.read_bytes()
    for use in (lambda: Store(f"sqlite:///{file}").recorded("made"), lambda: add_cells(f"sqlite:///{file}", 2)):
        with pytest.raises(StoreError, match="another version of MLflow"):
            use()
    assert file.read_bytes() == before


def test_disk_without_room_for_a_store_is_told_with_how_much_it_takes(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "2m") as disk:
        with pytest.raises(
            StoreError, match=r"the disk is full: a store needs 6 MB to begin with, and 2\.\d MB are free"
        ):
            add_cells(f"sqlite:///{disk / 'store.db'}", 1)
        assert [path.name for path in disk.iterdir()] in ([], ["store.db.lock"])


RECORD = """
import sys
from suite.store import Store
from tests.made import PROVENANCE, make_cell, make_record
with Store(sys.argv[1]).writing() as writer:
    writer.add(make_record(make_cell(2)), PROVENANCE)
    print("told", flush=True)
"""


def test_files_are_on_the_disk_before_a_record_counts_and_its_commit_before_it_is_told(file: Path) -> None:
    if (
        shutil.which("strace") is None
        or subprocess.run(["strace", "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("no strace to see it by, or it may not trace")
    code, seen = RECORD, "trace=fsync,fdatasync,unlink,write"
    traced = ["strace", "-f", "-y", "-e", seen, "-o", str(file.parent / "calls")]
    done = subprocess.run([*traced, sys.executable, "-c", code, f"sqlite:///{file}"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    calls = (file.parent / "calls").read_text().splitlines()
    artifact = max(i for i, call in enumerate(calls) if "record.npz" in call)
    told = next(i for i, call in enumerate(calls) if "write(1<" in call and "told" in call)
    commits = [i for i, call in enumerate(calls[:told]) if "unlink" in call and "mlflow.db-journal" in call]
    assert commits[0] < artifact < commits[-1], "the commit that makes it count comes after its files"
    synced = [call for call in calls[commits[-1] : told] if f"<{file.parent}>" in call]
    assert synced, "SQLite does not wait until the journal's name is gone from the disk"


def test_every_command_on_a_hot_journal(finished: Suite, tmp_path: Path) -> None:
    """Of each command, as a user gives it."""
    suite = Suite(shutil.copytree(finished.folder, tmp_path / "hot"))
    file = suite.folder / "mlflow.db"
    for command in (("show", "tiny.yaml"), ("plan", "tiny.yaml"), ("export", "--out", "out"), ("run", "tiny.yaml")):
        kill_in_a_transaction(file)
        assert "tiny" in suite(*command).stdout
