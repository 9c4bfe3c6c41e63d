"""The benchmark of twelve cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from suite.spec import Benchmark
from tests.spec.specs import GRID, one


@pytest.fixture
def benchmark_of_twelve(tmp_path: Path) -> Benchmark:
    """Of `GRID`."""
    return one(tmp_path, grid=GRID)
