"""The tiny benchmark that most tests of commands run, and the isolation they run in."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from suite.store import Store

TINY = """\
name: tiny
title: Does a net of three layers train?
seed: 1
task: digits
model: mlp
target: 0.5
fixed: {depth: 3, width: 16, batch_size: 64}
grid:
  activation: [relu, tanh]
  initializer: [he_normal, {name: random_normal, stddev: 0.01, label: small}]
  optimizer: [sgd]
budget: {steps: 30, trials: 4, replicates: 2, evaluations: 4, learning_rate: {low: 1e-3, high: 1.0}}
"""


@pytest.fixture(autouse=True)
def _interruptible() -> None:
    """What tests start in a job in the background would ignore Ctrl-C, as the job does."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches a store of the user's, or of another test."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database without experiments, to copy: making one takes MLflow seconds."""
    from suite.store import Store

    file = tmp_path_factory.mktemp("database") / "empty.db"
    with Store(f"sqlite:///{file}").writing():
        return file


@pytest.fixture
def database_copy(empty_database: Path) -> Callable[[Path], Store]:
    """Gives a store on a copy of the empty database."""
    from suite.store import Store

    def copy(file: Path) -> Store:
        shutil.copy(empty_database, file)
        return Store(f"sqlite:///{file}")

    return copy


@dataclass(frozen=True)
class Suite:
    """A folder with the tiny spec, and the `suite` command in it.

    Attributes:
        folder: The working folder.
        environment: Of the command; without MLFLOW_TRACKING_URI, so that the store is MLflow's default there.
    """

    folder: Path
    environment: dict[str, str] = field(repr=False)

    @property
    def spec(self) -> Path:
        """The spec."""
        return self.folder / "tiny.yaml"

    def command(self, *arguments: object) -> list[str]:
        """The command line of `suite ARGUMENTS`."""
        return [sys.executable, "-m", "suite", *map(str, arguments)]

    def __call__(self, *arguments: object, status: int = 0) -> subprocess.CompletedProcess[str]:
        """Runs `suite ARGUMENTS` in the folder, as a user would, and checks its exit status."""
        done = subprocess.run(
            self.command(*arguments), cwd=self.folder, env=self.environment, capture_output=True, text=True,
            timeout=180, check=False,
        )  # fmt: skip
        assert done.returncode == status, f"exit status {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """The same, without waiting; a process group of its own, as a shell would give it."""
        return subprocess.Popen(
            self.command(*arguments), cwd=self.folder, env=self.environment, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip


@pytest.fixture
def make_suite(tmp_path: Path) -> Callable[..., Suite]:
    """Makes a folder with a spec; the tiny one unless another is given."""

    def make(name: str = "work", spec: str = TINY) -> Suite:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "tiny.yaml").write_text(spec)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW")}
        root = str(Path(__file__).parents[1])
        environment["PYTHONPATH"] = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
        return Suite(folder, environment)

    return make


@pytest.fixture
def suite(make_suite: Callable[..., Suite]) -> Suite:
    """The tiny benchmark in a folder of its own."""
    return make_suite()
