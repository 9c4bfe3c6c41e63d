"""What goes wrong in a store, in words that a user can act on."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

_CELL_BYTES = 500_000
"""About what a cell takes: its arrays, picture and page, and its rows in the database."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

_DRIVERS = {"psycopg": "psycopg2", "psycopg2": "psycopg", "MySQLdb": "pymysql"}
"""The driver that SQLAlchemy wants for an address that names none, and the other one that people have."""


class StoreError(Exception):
    """The store cannot be used. Its text is ready for a user; what was recorded is whole."""


@contextlib.contextmanager
def translated(doing: str, uri: str) -> Iterator[None]:
    """Turns whatever goes wrong in the store into a `StoreError`."""
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        raise StoreError(_explain(error, doing, uri)) from error


def public(uri: str) -> str:
    """An address without its password."""
    scheme, separator, rest = uri.partition("://")
    user, at, place = rest.rpartition("@")
    return f"{scheme}{separator}{user.split(':')[0]}:***@{place}" if at and ":" in user else uri


def _explain(error: Exception, doing: str, uri: str) -> str:
    store = public(uri)
    text = str(error).replace(uri, store)
    file = Path(uri.partition(":///")[2]) if uri.startswith("sqlite") else None
    if getattr(error, "errno", None) in _FULL or "disk is full" in text or "No space left" in text:
        return f"the disk is full: could not {doing} the store {store}. {_room(file)}What was recorded before is whole."
    if "disk I/O error" in text:
        question = f"Is the disk full? {_room(file)}"
        return f"could not {doing} the store {store}: disk I/O error. {question}What was recorded before is whole."
    if "file is not a database" in text or "malformed" in text:
        return f"the store {file or store} cannot be read as an SQLite database: {cause(text)}."
    if "unsupported URI" in text:
        return (
            f"MLflow knows no store like {store}: MLFLOW_TRACKING_URI begins with sqlite:///, postgresql://, mysql://, "
            "mssql://, http:// or https://"
        )
    if isinstance(error, ModuleNotFoundError) and error.name in _DRIVERS:
        scheme, _, rest = store.partition("://")
        other = _DRIVERS[error.name]
        return (
            f"the store {store} needs the Python package {error.name}, which is not installed: install it, "
            f"or, where {other} is installed, write {scheme.split('+')[0]}+{other}://{rest}"
        )
    if isinstance(error, PermissionError) or "readonly database" in text:
        left = file is not None and Path(f"{file}-journal").exists()
        broken = (
            "; it was left in the middle of a write, and can only be read once it may be written to" if left else ""
        )
        return f"could not {doing} the store {store}: no permission ({cause(text)}){broken}."
    return f"could not {doing} the store {store}: {cause(text) or type(error).__name__}"


def _room(file: Path | None) -> str:
    """How much is free where a file lies, and how much it takes."""
    if file is None or not file.resolve().parent.is_dir():
        return ""
    free = shutil.disk_usage(file.resolve().parent).free
    return f"A cell takes about {_CELL_BYTES / 1e6:.1f} MB, and {free / 1e6:.1f} MB are free there. "


def cause(text: str) -> str:
    """The first line of an error, without the class and the links that SQLAlchemy puts around it."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    name, closing, rest = first.partition(") ")
    return rest if closing and name.startswith("(") and "Error" in name else first
