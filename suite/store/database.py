"""A store's database, asked past MLflow: to import it takes two seconds, and it mends and upgrades unasked."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from suite.store.address import is_database, sqlite_file
from suite.store.quiet import quiet_mlflow
from suite.store.troubles import StoreError, public, translated

PATIENCE_SECONDS = 5
"""How long a server may take to answer the first time, asked before MLflow is imported. MLflow asks for minutes."""

_CONNECT_TIMEOUT = {
    "psycopg2": "connect_timeout", "psycopg": "connect_timeout", "pymysql": "connect_timeout",
    "mysqldb": "connect_timeout", "mysqlconnector": "connection_timeout",
}  # fmt: skip
"""What each driver calls the seconds it may take to connect."""

_READ = {"experiments", "experiment_tags", "runs", "tags"}
"""The tables that reading takes."""


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


def _look(uri: str) -> bool:
    """Whether a database is MLflow's and whole; not whole, and empty, counts as not there.

    MLflow itself would retry for minutes where it cannot connect, and upgrade unasked where tables are missing.
    """
    with translated("read", uri), _opened(uri) as connection:
        found = _tables(connection)
        if not found:
            return False
        version = _version(connection, found)
        if version == _newest() and found >= _READ:
            return True
        now, first = _tables_of_mlflow()
        if not now <= found:
            own = {name for name in found if name in now | first or name.startswith(("alembic_", "_alembic_tmp_"))}
            if found == own and not any(_holds_something(connection, name) for name in found):
                return False
    if "experiments" not in found:
        raise StoreError(f"the store {sqlite_file(uri) or public(uri)} is a database, but not one of MLflow's.")
    if version != _newest():
        raise _of_another_version(uri, version)
    raise _lacking(uri, now - found)


def check_whole(uri: str) -> None:
    """Refuses a database of this version that lacks tables, which MLflow would make unasked.

    Raises:
        StoreError: It does.
    """
    with translated("read", uri), _opened(uri) as connection:
        found = _tables(connection)
        current = _version(connection, found) == _newest()
    missing = _tables_of_mlflow()[0] - found
    if current and missing:
        raise _lacking(uri, missing)


def _tables(connection: Any) -> set[str]:
    import sqlalchemy

    return set(sqlalchemy.inspect(connection).get_table_names())


def _tables_of_mlflow() -> tuple[set[str], set[str]]:
    """Those of today, and those that it begins with before it migrates them."""
    with quiet_mlflow():
        from mlflow.store.db.base_sql_model import Base
        from mlflow.store.model_registry.dbmodels import models as _registry  # noqa: F401  (they fill Base)
        from mlflow.store.tracking.dbmodels import models as _tracking  # noqa: F401
        from mlflow.store.tracking.dbmodels.initial_models import Base as FirstBase

        return set(Base.metadata.tables), set(FirstBase.metadata.tables)


def _holds_something(connection: Any, table: str) -> bool:
    """Whether a table has rows besides those that MLflow puts into a new one."""
    import sqlalchemy

    if table.startswith("alembic_") or table == "workspaces":
        return False
    query: sqlalchemy.Select[Any] = sqlalchemy.select(sqlalchemy.func.count()).select_from(sqlalchemy.table(table))
    return int(connection.execute(query).scalar_one()) > (table == "experiments")


def _version(connection: Any, tables: set[str]) -> set[str]:
    """The schema that a database has."""
    import sqlalchemy

    if "alembic_version" not in tables:
        return set()
    query: Any = sqlalchemy.select(sqlalchemy.column("version_num")).select_from(sqlalchemy.table("alembic_version"))
    return set(connection.execute(query).scalars())


@cache
def _newest() -> set[str]:
    """The schema that the installed MLflow works with, read from its migrations: to import them takes half a second."""
    package = find_spec("mlflow")
    assert package
    assert package.origin
    found: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for file in Path(package.origin).parent.glob("store/db_migrations/versions/*.py"):
        for name, value in re.findall(r"^(\w+) = ([\"'(].*)$", file.read_text(encoding="utf-8"), re.MULTILINE):
            if name in found:
                read = ast.literal_eval(value)
                found[name].update([read] if isinstance(read, str) else read)
    return found["revision"] - found["down_revision"]


def _of_another_version(uri: str, version: set[str]) -> StoreError:
    return StoreError(
        f"the store {sqlite_file(uri) or public(uri)} is of another version of MLflow: its schema is "
        f"{', '.join(sorted(version)) or 'unknown'}, expected {', '.join(sorted(_newest()))}. If it is an older one, "
        f"`mlflow db upgrade {public(uri)}` brings it up to date (make a copy first); or set MLFLOW_TRACKING_URI to "
        "another store."
    )


def _lacking(uri: str, tables: set[str]) -> StoreError:
    return StoreError(f"the store {public(uri)} lacks tables of MLflow's: {', '.join(sorted(tables))}.")


def rows(uri: str, query: Any) -> list[Any]:
    """What a database answers to an SQLAlchemy query, asked past MLflow."""
    with _opened(uri) as connection:
        return list(connection.execute(query))


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
            raise silent(uri, "database server") from error
        raise
    with connection:
        yield connection


def _refused(text: str) -> bool:
    """Whether a database server did answer, but would not have us."""
    return any(word in text for word in ("FATAL", "denied", "Unknown database"))


def silent(uri: str, what: str) -> StoreError:
    return StoreError(
        f"no {what} answers at {public(uri)}. Check that it is running, that MLFLOW_TRACKING_URI is its address, "
        "and that this machine may reach it."
    )
