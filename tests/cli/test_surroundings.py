"""A run in surroundings that are not of our making: odd folders, a stranger's settings, an account without a home."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Suite


def run(suite: Suite, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in suite.environment.items() if name not in ("MLFLOW_TRACKING_URI",)}
    return subprocess.run(
        [*words, sys.executable, "-m", "suite", "run", "tiny.yaml", "--only", "activation=relu,initializer=he_normal"],
        cwd=suite.folder, env={**kept, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def logged(folder: Path) -> int:
    """Runs in MLflow's database of a folder."""
    with sqlite3.connect(folder / "mlflow.db") as database:
        return int(database.execute("SELECT COUNT(*) FROM runs").fetchone()[0])


@pytest.mark.parametrize("name", ["my%20project", "what works?"])
def test_a_folder_whose_name_means_something_in_an_address(make_suite: Callable[..., Suite], name: str) -> None:
    suite = make_suite(name)
    done = run(suite)
    assert done.returncode == 0, done.stderr
    assert logged(suite.folder) == 1
    assert {path.name for path in suite.folder.iterdir()} <= {
        "tiny.yaml",
        "records",
        "mlflow.db",
        "mlflow.db.lock",
        "mlruns",
    }
    assert [path.name for path in suite.folder.parent.iterdir()] == [name]


def test_warnings_of_others_that_are_made_errors_stop_nothing(suite: Suite) -> None:
    done = run(suite, PYTHONWARNINGS="error")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert logged(suite.folder) == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [("distributed: [unclosed", "is malformed"), ("distributed: {comm: {require-encryption: true}}", "TLS")],
)
def test_settings_of_dask_in_the_way_are_named_in_one_line(suite: Suite, settings: str, message: str) -> None:
    file = suite.folder / "dask.yaml"
    file.write_text(settings)
    done = run(suite, DASK_CONFIG=str(file))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert message in done.stderr
    assert str(file) in done.stderr
