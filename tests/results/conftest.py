"""A small export, whole and right."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.leaderboard.synthetic import write_results
from tests.results.exported import SMALL


@pytest.fixture(scope="session")
def _written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_results(tmp_path_factory.mktemp("export"), "tiny", grid=SMALL, layers=3, probes=4, missing=1)


@pytest.fixture
def folder(_written: Path, tmp_path: Path) -> Path:
    """A copy of its own of three cells and a missing one."""
    return Path(shutil.copytree(_written, tmp_path / "tiny"))
