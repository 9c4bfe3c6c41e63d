"""The file or server behind MLflow: found, checked, locked, and its troubles told in words a user can act on."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import re
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

_REVISION = re.compile(r"""^(down_)?revision\s*(?::.*)?=\s*["'](\w+)["']""", re.MULTILINE)


class StoreError(Exception):
    """The store cannot be used. Its text is ready for a user; what was recorded is whole."""


def default_uri() -> str:
    """MLFLOW_TRACKING_URI, else MLflow's own default: `sqlite:///mlflow.db` in the working folder."""
    _import_quietly()
    from mlflow.tracking import get_tracking_uri

    return str(get_tracking_uri())


def connect(uri: str) -> Any:
    """An MLflow client on a store that `check_database` has passed; creates the database if there is none."""
    _import_quietly()
    from mlflow.tracking import MlflowClient

    with translated("open", uri):
        client = MlflowClient(tracking_uri=uri)
        client.get_experiment_by_name("Default")
    return client


def sqlite_file(uri: str) -> Path | None:
    """The file of an SQLite store; None for any other."""
    scheme, separator, rest = uri.partition(":///")
    return Path(rest) if separator and scheme.split("+")[0] == "sqlite" else None


def artifact_folder(uri: str, experiment: str) -> str | None:
    """Where an experiment's artifacts go: beside an SQLite store, wherever it was opened from; else as MLflow says."""
    file = sqlite_file(uri)
    return None if file is None else str(file.resolve().parent / "mlruns" / experiment.replace(" ", "_"))


def check_database(uri: str, *, writing: bool) -> None:
    """Refuses what MLflow would retry for minutes, upgrade unasked, or fail on without saying why.

    Raises:
        StoreError: The folder or file cannot be used, is no SQLite database, or is of another MLflow.
    """
    file = sqlite_file(uri)
    if file is None:
        if "://" not in uri:
            raise StoreError(
                f"{uri} is a folder of files, which MLflow no longer writes to. "
                "Set MLFLOW_TRACKING_URI to a database, such as sqlite:///mlflow.db."
            )
        return
    folder = file.resolve().parent
    if writing and not folder.is_dir():
        raise StoreError(f"{folder} is not a folder: the store {file} cannot be created there.")
    if writing and not os.access(folder, os.W_OK | os.X_OK):
        raise StoreError(f"the folder {folder} cannot be written to: the store {file.name} belongs there.")
    if not file.exists():
        return
    if not file.is_file():
        raise StoreError(f"the store {file} is not a file.")
    if not os.access(file, os.R_OK | (os.W_OK if writing else 0)):
        raise StoreError(f"the store {file} cannot be {'written to' if writing else 'read'}.")
    _check_schema(file)


def _check_schema(file: Path) -> None:
    try:
        with contextlib.closing(sqlite3.connect(f"file:{file.resolve()}?mode=ro", uri=True, timeout=30)) as database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            found = {v for (v,) in database.execute("SELECT version_num FROM alembic_version")} if tables else set()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            raise StoreError(f"the store {file} is a database, but not one of MLflow's.") from None
        raise StoreError(f"the store {file} cannot be read: {error}.") from None
    except sqlite3.DatabaseError as error:
        raise StoreError(f"the store {file} cannot be read as an SQLite database: {error}.") from None
    expected = _latest_schema()
    if tables and expected and found != expected:
        raise StoreError(
            f"the store {file} is of another version of MLflow: its schema is {', '.join(sorted(found)) or 'unknown'}, "
            f"expected {', '.join(sorted(expected))}. If it is an older one, `mlflow db upgrade sqlite:///{file}` "
            "brings it up to date (make a copy first); or set MLFLOW_TRACKING_URI to another store."
        )


def _latest_schema() -> set[str]:
    """The schema's version that the installed MLflow works with; empty if that cannot be told.

    Alembic knows it too, but loads every migration for that, which takes half a second.
    """
    _import_quietly()
    import mlflow

    revisions: set[str] = set()
    replaced: set[str] = set()
    for file in (Path(mlflow.__file__).parent / "store" / "db_migrations" / "versions").glob("*.py"):
        for earlier, name in _REVISION.findall(file.read_text(encoding="utf-8")):
            (replaced if earlier else revisions).add(name)
    return revisions - replaced


def serve(uri: str, port: int) -> NoReturn:
    """Becomes MLflow's own server on the store.

    Raises:
        StoreError: There is nothing to show.
    """
    file = sqlite_file(uri)
    if file is not None and not file.exists():
        raise StoreError(f"there is no store {file} yet: `suite run SPEC` comes first.")
    check_database(uri, writing=False)
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--port", str(port)]
    os.execv(sys.executable, command)


@contextlib.contextmanager
def locked(uri: str) -> Iterator[None]:
    """Holds the lock beside an SQLite store. A server does its own locking.

    Raises:
        StoreError: Another writer holds it.
    """
    file = sqlite_file(uri)
    if file is None:
        yield
        return
    from filelock import FileLock, Timeout

    lock = FileLock(file.with_name(file.name + ".lock"))
    try:
        with translated("lock", uri):
            try:
                lock.acquire(timeout=0)
            except Timeout:
                if not Path(lock.lock_file).exists():
                    raise StoreError(f"the folder {file.resolve().parent} cannot be written to.") from None
                raise StoreError(
                    f"another `suite run` is writing to the store {file}. Wait until it is done, or set "
                    "MLFLOW_TRACKING_URI to another store."
                ) from None
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def translated(doing: str, uri: str) -> Iterator[None]:
    """Turns whatever goes wrong in the store into a `StoreError`."""
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        raise StoreError(_explain(error, doing, uri)) from error


def _explain(error: Exception, doing: str, uri: str) -> str:
    text = str(error)
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or "disk is full" in text:
        return f"the disk is full: could not {doing} the store {uri}. What was recorded before is whole."
    if "disk I/O error" in text:
        return (
            f"could not {doing} the store {uri}: disk I/O error. Is the disk full? What was recorded before is whole."
        )
    if isinstance(error, PermissionError) or "readonly database" in text:
        return f"could not {doing} the store {uri}: no permission ({_first_line(text)})."
    return f"could not {doing} the store {uri}: {_first_line(text) or type(error).__name__}"


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _import_quietly() -> None:
    """Keeps MLflow and Alembic to themselves; must come before MLflow's first import."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "ERROR")
    logging.getLogger("alembic").setLevel(logging.ERROR)
