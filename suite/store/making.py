"""A new store: its database, made whole or not at all."""

from __future__ import annotations

import os
import shutil
import time

from suite.store.address import sqlite_file
from suite.store.client import connect
from suite.store.database import is_there
from suite.store.quiet import quiet_mlflow
from suite.store.troubles import StoreError, translated

_FIRST_BYTES = 6_000_000
"""Room that a store needs to begin with: an empty database takes a sixth of it."""

_CREATE_SECONDS = 60
"""How long to go on where others make the same tables on a server: it takes them some seconds."""


def check_writable(uri: str) -> None:
    """Refuses a folder or file that cannot be written to, in better words than SQLite has for it.

    Raises:
        StoreError: It cannot, or the disk has no room for a store.
    """
    file = sqlite_file(uri)
    if file is None:
        return
    folder = file.resolve().parent
    if not folder.is_dir():
        raise StoreError(f"{folder} is not a folder: the store {file} cannot be created there.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreError(f"the folder {folder} cannot be written to: the store {file.name} belongs there.")
    if file.is_file() and not os.access(file, os.R_OK | os.W_OK):
        raise StoreError(f"the store {file} cannot be written to.")


def create(uri: str) -> None:
    """Makes the database, whole or not at all: under another name, and renamed when it is whole.

    Whoever calls this holds the lock. On a server, which has none, several may make the tables at once: one succeeds,
    and the others find them made.

    Raises:
        StoreError: It cannot be made; nothing is left of it.
    """
    file = sqlite_file(uri)
    if file is None:
        _create_on_server(uri)
        return
    free = shutil.disk_usage(file.resolve().parent).free
    if free < _FIRST_BYTES:
        raise StoreError(
            f"the disk is full: a store needs {_FIRST_BYTES / 1e6:.0f} MB to begin with, and "
            f"{free / 1e6:.1f} MB are free in {file.resolve().parent}. Nothing was written."
        )
    unfinished = file.with_name(file.name + ".new")
    leftovers = [unfinished, unfinished.with_name(unfinished.name + "-journal")]
    with quiet_mlflow(), translated("create", uri):
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        try:
            for leftover in leftovers:
                leftover.unlink(missing_ok=True)
            SqlAlchemyStore(f"sqlite:///{unfinished}", str(file.resolve().parent / "mlruns")).engine.dispose()
            with unfinished.open("rb") as whole:
                os.fsync(whole.fileno())
            unfinished.replace(file)
        finally:
            for leftover in leftovers:
                leftover.unlink(missing_ok=True)


def _create_on_server(uri: str) -> None:
    deadline = time.monotonic() + _CREATE_SECONDS
    while not is_there(uri):
        try:
            connect(uri)
        except StoreError as error:
            if "denied" in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(1)
