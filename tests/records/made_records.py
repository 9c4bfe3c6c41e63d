"""What tests of records share."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from suite.protocol.records import Failure, Record
from suite.records import Records, Writer
from tests.made import PROVENANCE, make_cell, make_record

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
"""Of processes that import the tests."""


def add(records: Records, *results: Record | Failure) -> None:
    with Writer(records) as writer:
        for result in results:
            writer.add(result, PROVENANCE)


def add_cells(records: Records, *numbers: int) -> None:
    add(records, *(make_record(make_cell(number)) for number in numbers))


def load(records: Records) -> list[Record]:
    return [stored.record for stored in records.load(records.recorded("made"))]


def fingerprints(records: Records, *, quick: bool = False) -> list[str]:
    return [entry.fingerprint for entry in records.recorded("made", quick)]


@contextlib.contextmanager
def mounted(folder: Path, *commands: tuple[str, ...]) -> Iterator[Path]:
    """A folder on a file system of its own, which only root can have."""
    folder.mkdir(exist_ok=True)
    if any(subprocess.run(["mount", *c, folder], capture_output=True, check=False).returncode for c in commands):
        pytest.skip("may not mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
