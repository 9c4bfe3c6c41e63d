"""The tiny benchmark that most tests of commands run, and the isolation they run in."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest
from filelock import FileLock

if TYPE_CHECKING:
    from suite.records import Records

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


gc.set_threshold(200_000, 50, 100)  # TensorFlow's objects stay: looking through them took 7% of the tests' time


@pytest.fixture(autouse=True)
def _interruptible() -> None:
    """What tests start in a job in the background would ignore Ctrl-C, as the job does."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _own_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches records or an MLflow of the user's, or of another test."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.setenv("SUITE_RECORDS", str(tmp_path / "records"))
    monkeypatch.setenv("COLUMNS", "80")


LONG = ("docs", "cli", "monitor", "training", "golden", "families", "probes", "models", "records", "run", "leaderboard")
"""Packages of long tests, the longest first, so that the workers end together."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests come first; within a package the order stays, for what a module shares."""
    rank = {package: index for index, package in enumerate(LONG)}
    items.sort(key=lambda item: rank.get(item.path.parent.name, len(LONG)))


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """Gives a folder that the first process of pytest-xdist to ask for it makes, and all others wait for and share."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent

    def made(name: str, make: Callable[[Path], None]) -> Path:
        folder, done = base / name, base / f"{name}.made"
        with FileLock(base / f"{name}.lock"):
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                done.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def empty_database(made_once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """MLflow's database without experiments, to copy: making one takes MLflow seconds."""

    def make(folder: Path) -> None:
        from mlflow import MlflowClient

        MlflowClient(f"sqlite:///{folder / 'empty.db'}").search_experiments()

    return made_once("database", make) / "empty.db"


@pytest.fixture
def records(tmp_path: Path) -> Records:
    """A folder of records with nothing in it."""
    from suite.records import Records

    return Records(tmp_path / "records")


@dataclass(frozen=True)
class Suite:
    """A folder with the tiny spec, and the `suite` command in it.

    Attributes:
        folder: The working folder.
        database: Gives what is copied to the folder before its first `run`; None leaves it to that to make a database.
    """

    folder: Path
    database: Callable[[], Path] | None = field(default=None, repr=False)

    @property
    def spec(self) -> Path:
        """The spec."""
        return self.folder / "tiny.yaml"

    @property
    def environment(self) -> dict[str, str]:
        """Of the command; records and MLflow's database are in the working folder, their default."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW", "SUITE_RECORDS"))}
        path = os.pathsep.join(filter(None, [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH")]))
        return {**kept, "COLUMNS": "80", "PYTHONPATH": path}

    def __call__(self, *arguments: object, status: int = 0) -> subprocess.CompletedProcess[str]:
        """Runs `suite ARGUMENTS` in the folder and checks its exit status.

        In this process, which has imported what a process of its own would need seconds for. All that it and its
        workers print is caught where it leaves the process.
        """
        self._copy_database(arguments)
        with _buffer() as out, _buffer() as err:
            with _as_command(self, arguments), _caught(1, "stdout", out), _caught(2, "stderr", err):
                found = _main()
            return _checked(subprocess.CompletedProcess(arguments, found, _text(out), _text(err)), status)

    def process(self, *arguments: object, status: int = 0) -> subprocess.CompletedProcess[str]:
        """The same in a process of its own, as a user would, where that is what is tested."""
        with self.start(*arguments) as running:
            out, err = running.communicate(timeout=600)
        return _checked(subprocess.CompletedProcess(running.args, running.returncode, out, err), status)

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """The same, without waiting; a process group of its own, as a shell would give it."""
        self._copy_database(arguments)
        return subprocess.Popen(
            [sys.executable, "-m", "suite", *map(str, arguments)], cwd=self.folder, env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    def _copy_database(self, arguments: tuple[object, ...]) -> None:
        if self.database is not None and "run" in arguments and not (self.folder / "mlflow.db").exists():
            shutil.copy(self.database(), self.folder / "mlflow.db")


def _main() -> int:
    from suite.cli import main

    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


@contextlib.contextmanager
def _as_command(suite: Suite, arguments: tuple[object, ...]) -> Iterator[None]:
    """This process as the command finds its own: folder, environment, arguments; signals are given back."""
    terminate = signal.getsignal(signal.SIGTERM)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(suite.folder)
        patch.setattr(sys, "argv", ["suite", *map(str, arguments)])
        for key in os.environ.keys() - suite.environment.keys():
            patch.delenv(key)
        patch.setenv("COLUMNS", "80")
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, terminate)


@contextlib.contextmanager
def _caught(descriptor: int, name: str, file: IO[str]) -> Iterator[None]:
    """Sends a stream of Python and the descriptor below it, which workers inherit, to a file."""
    stream, saved = getattr(sys, name), os.dup(descriptor)
    os.dup2(file.fileno(), descriptor)
    setattr(sys, name, file)
    try:
        yield
    finally:
        setattr(sys, name, stream)
        os.dup2(saved, descriptor)
        os.close(saved)


def _buffer() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8")


def _text(file: IO[str]) -> str:
    file.flush()
    file.seek(0)
    return file.read()


def _checked(done: subprocess.CompletedProcess[str], status: int) -> subprocess.CompletedProcess[str]:
    assert done.returncode == status, f"exit status {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def make_suite(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Suite]:
    """Makes a folder with a spec; the tiny one unless another is given."""

    def make(name: str = "work", spec: str = TINY) -> Suite:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "tiny.yaml").write_text(spec)
        return Suite(folder, lambda: request.getfixturevalue("empty_database"))

    return make


@pytest.fixture
def suite(make_suite: Callable[..., Suite]) -> Suite:
    """The tiny benchmark in a folder of its own."""
    return make_suite()


@pytest.fixture(scope="session")
def finished(made_once: Callable[[str, Callable[[Path], None]], Path]) -> Suite:
    """The tiny benchmark as a newcomer runs it: nothing there before, two workers. The spec was moved since.

    It is shared: what changes it needs a copy.
    """

    def make(folder: Path) -> None:
        (folder / "ran.yaml").write_text(TINY)
        done = Suite(folder).process("run", "ran.yaml", "--workers", 2)
        assert done.stderr == ""
        (folder / "ran.yaml").rename(folder / "tiny.yaml")

    return Suite(made_once("finished", make))
