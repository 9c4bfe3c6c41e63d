"""What tests of stores share: putting in, taking out, and a disk that is small."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from suite.protocol.records import Failure, Record
from suite.store import Store
from tests.made import PROVENANCE, make_cell, make_record

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
"""Of processes that import the tests."""


def add(store: Store, *results: Record | Failure) -> None:
    with store.writing() as writer:
        for result in results:
            writer.add(result, PROVENANCE)


def add_cells(uri: str, *numbers: int) -> None:
    add(Store(uri), *(make_record(make_cell(number)) for number in numbers))


def load(store: Store) -> list[Record]:
    return [stored.record for stored in store.load(store.recorded("made"))]


def fingerprints(store: Store, *, quick: bool = False) -> list[str]:
    return [entry.fingerprint for entry in store.recorded("made", quick)]


def client(store: Store) -> Any:
    from mlflow.tracking import MlflowClient

    return MlflowClient(tracking_uri=store.uri)


def all_runs(store: Store, name: str = "made") -> list[Any]:
    mlflow = client(store)
    return list(mlflow.search_runs([mlflow.get_experiment_by_name(name).experiment_id]))


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of that size, which only root can have."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("may not mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
