"""The database or server behind MLflow: looked at before MLflow touches it, made whole, and opened."""

from __future__ import annotations

import contextlib
import http.client
import logging
import os
import shutil
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from suite.store.troubles import StoreError, public, translated

PATIENCE_SECONDS = 5
"""How long a server may take to answer the first time, asked before MLflow is imported. MLflow asks for minutes."""

_FIRST_BYTES = 6_000_000
"""Room that a store needs to begin with: an empty database takes a sixth of it."""

_CREATE_SECONDS = 60
"""How long to go on where others make the same tables on a server: it takes them some seconds."""

_CONNECT_TIMEOUT = {
    "psycopg2": "connect_timeout", "psycopg": "connect_timeout", "pymysql": "connect_timeout",
    "mysqldb": "connect_timeout", "mysqlconnector": "connection_timeout",
}  # fmt: skip
"""What each driver calls the seconds it may take to connect."""

_TELEMETRY = "MLFLOW_DISABLE_TELEMETRY"


def default_uri() -> str:
    """MLFLOW_TRACKING_URI, else MLflow's own default: `sqlite:///mlflow.db` in the working folder."""
    if given := os.environ.get("MLFLOW_TRACKING_URI"):
        return given
    with _quiet_mlflow():
        from mlflow.tracking import get_tracking_uri

        return str(get_tracking_uri())


def sqlite_file(uri: str) -> Path | None:
    """The file of an SQLite store; None for any other."""
    scheme, separator, rest = uri.partition(":///")
    return Path(rest) if separator and scheme.split("+")[0] == "sqlite" else None


def is_database(uri: str) -> bool:
    """Whether MLflow opens the store's database itself; else it asks a server of its own that does."""
    return uri.split(":")[0].split("+")[0] in ("sqlite", "postgresql", "mysql", "mssql")


def artifact_folder(uri: str, experiment: str) -> str | None:
    """Where an experiment's artifacts go: beside an SQLite store, wherever it was opened from; else as MLflow says."""
    file = sqlite_file(uri)
    return None if file is None else str(file.resolve().parent / "mlruns" / experiment.replace(" ", "_"))


def is_there(uri: str) -> bool:
    """Whether there is a store to open. A database whose making was broken off before it held anything is none.

    An SQLite database that was left in the middle of a write is recovered by this.

    Raises:
        StoreError: It cannot be used, does not answer, or is of another version of MLflow.
    """
    file = sqlite_file(uri)
    if "://" not in uri:
        raise StoreError(
            f"{uri} is a folder of files, which MLflow no longer writes to. "
            "Set MLFLOW_TRACKING_URI to a database, such as sqlite:///mlflow.db."
        )
    if file is not None and not file.exists():
        return False
    if file is not None and not file.is_file():
        raise StoreError(f"the store {file} is not a file.")
    return _look(uri) if is_database(uri) else True


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
    with _quiet_mlflow(), translated("create", uri):
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


def connect(uri: str) -> Any:
    """An MLflow client on a store that `is_there`; makes the tables of a server's empty database.

    Raises:
        StoreError: It does not answer within ten seconds.
    """
    _knock(uri)
    once = _environment(MLFLOW_HTTP_REQUEST_MAX_RETRIES="0", MLFLOW_HTTP_REQUEST_TIMEOUT=str(PATIENCE_SECONDS))
    with _quiet_mlflow(), translated("open", uri), once:
        from mlflow.tracking import MlflowClient

        try:
            client = MlflowClient(tracking_uri=uri)
            client.get_experiment_by_name("Default")
        except Exception as error:
            if _unanswered(error):
                raise _silent(uri, "MLflow server") from error
            raise
    return client


def _knock(uri: str) -> None:
    """Whether an MLflow server is there at all: any answer will do, whatever it says."""
    if not uri.startswith(("http://", "https://")):
        return
    try:
        urllib.request.urlopen(f"{uri.rstrip('/')}/health", timeout=PATIENCE_SECONDS).close()
    except urllib.error.HTTPError:
        return
    except (OSError, http.client.HTTPException) as error:
        if not isinstance(getattr(error, "reason", None), ssl.SSLError):  # MLflow has its own way with certificates
            raise _silent(uri, "MLflow server") from error


def rows(uri: str, query: Any) -> list[Any]:
    """What a database answers to an SQLAlchemy query, asked past MLflow."""
    with _opened(uri) as connection:
        return list(connection.execute(query))


def serve(uri: str, port: int) -> None:
    """Becomes MLflow's own server on the store; of a store that is behind a server, says where its pages are.

    Raises:
        StoreError: There is nothing to show.
    """
    if not is_there(uri):
        raise StoreError(f"there is no store {sqlite_file(uri) or public(uri)} yet: `suite run SPEC` comes first.")
    if not is_database(uri):
        connect(uri)
        print(f"the store is behind a server of its own, whose pages are at {public(uri)}")
        return
    _become([sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--port", str(port)])


def _become(command: list[str]) -> NoReturn:
    os.execv(command[0], command)


def _look(uri: str) -> bool:
    """Whether a database is MLflow's and whole; not whole, and empty, counts as not there.

    MLflow itself would retry for minutes where it cannot connect, and upgrade unasked where tables are missing.
    """
    import sqlalchemy

    with _quiet_mlflow(), translated("read", uri), _opened(uri) as connection:
        found = set(sqlalchemy.inspect(connection).get_table_names())
        if not found:
            return False
        from mlflow.store.db.base_sql_model import Base
        from mlflow.store.model_registry.dbmodels import models as _registry  # noqa: F401  (they fill Base)
        from mlflow.store.tracking.dbmodels import models as _tracking  # noqa: F401
        from mlflow.store.tracking.dbmodels.initial_models import Base as FirstBase

        now, first = set(Base.metadata.tables), set(FirstBase.metadata.tables)
        if now <= found:
            _check_version(uri)
            return True
        own = {name for name in found if name in now | first or name.startswith(("alembic_", "_alembic_tmp_"))}
        if found == own and not any(_holds_something(connection, name) for name in found):
            return False
    if "experiments" not in found:
        raise StoreError(f"the store {sqlite_file(uri) or public(uri)} is a database, but not one of MLflow's.")
    _check_version(uri)
    raise StoreError(f"the store {public(uri)} lacks tables of MLflow's: {', '.join(sorted(now - found))}.")


def _holds_something(connection: Any, table: str) -> bool:
    """Whether a table has rows besides those that MLflow puts into a new one."""
    import sqlalchemy

    if table.startswith("alembic_") or table == "workspaces":
        return False
    query = sqlalchemy.select(sqlalchemy.func.count()).select_from(sqlalchemy.table(table))
    return int(connection.execute(query).scalar_one()) > (table == "experiments")


def _check_version(uri: str) -> None:
    """Raises StoreError if a database's schema is not the one that the installed MLflow works with."""
    import mlflow
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    migrations = Path(mlflow.__file__).parent / "store" / "db_migrations"
    expected = set(ScriptDirectory(str(migrations)).get_heads())
    with _opened(uri) as connection:
        found = set(MigrationContext.configure(connection).get_current_heads())
    if found != expected:
        name = sqlite_file(uri) or public(uri)
        raise StoreError(
            f"the store {name} is of another version of MLflow: its schema is {', '.join(sorted(found)) or 'unknown'}, "
            f"expected {', '.join(sorted(expected))}. If it is an older one, `mlflow db upgrade {public(uri)}` "
            "brings it up to date (make a copy first); or set MLFLOW_TRACKING_URI to another store."
        )


@contextlib.contextmanager
def _opened(uri: str) -> Iterator[Any]:
    """A connection to a database for a moment; SQLite recovers from a broken write as it opens."""
    import sqlalchemy

    url = sqlalchemy.make_url(uri)
    option = _CONNECT_TIMEOUT.get(url.get_dialect().driver) if url.get_backend_name() != "sqlite" else "timeout"
    seconds = {option: PATIENCE_SECONDS // 2 if url.host else 30} if option else {}
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool, connect_args=seconds)
    try:
        connection = engine.connect()
    except sqlalchemy.exc.OperationalError as error:
        if url.host and not _refused(str(error)):
            raise _silent(uri, "database server") from error
        raise
    with connection:
        yield connection


def _refused(text: str) -> bool:
    """Whether a database server did answer, but would not have us."""
    return any(word in text for word in ("FATAL", "denied", "Unknown database"))


def _silent(uri: str, what: str) -> StoreError:
    return StoreError(
        f"no {what} answers at {public(uri)}. Check that it is running, that MLFLOW_TRACKING_URI is its address, "
        "and that this machine may reach it."
    )


def _unanswered(error: BaseException | None) -> bool:
    """Whether an error of MLflow's comes from a server that could not be reached or kept silent."""
    import requests

    while error is not None:
        if isinstance(error, (requests.ConnectionError, requests.Timeout)):
            return True
        error = error.__cause__ or error.__context__
    return False


@contextlib.contextmanager
def _quiet_mlflow() -> Iterator[None]:
    """MLflow and Alembic keep to themselves: nothing on the screen, and no telemetry from a process of ours.

    They read these as they are imported, which is within such a block; the environment of what we start afterwards,
    such as MLflow's own pages, is the user's.
    """
    for name in ("alembic", "mlflow", "sqlalchemy"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    with _environment(**{_TELEMETRY: "true", "MLFLOW_LOGGING_LEVEL": "CRITICAL"}):
        yield


@contextlib.contextmanager
def _environment(**variables: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
