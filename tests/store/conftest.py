"""Stores to begin with."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from suite.store import Store
from tests.store.stores import add_cells


@pytest.fixture
def store(tmp_path: Path, empty_database: Path) -> Store:
    shutil.copy(empty_database, tmp_path / "store.db")
    return Store(f"sqlite:///{tmp_path / 'store.db'}")


@pytest.fixture
def file(tmp_path: Path, empty_database: Path) -> Path:
    """A store with a record, for the tiny benchmark's folder."""
    file = tmp_path / "store" / "mlflow.db"
    file.parent.mkdir()
    shutil.copy(empty_database, file)
    add_cells(f"sqlite:///{file}", 1)
    return file
