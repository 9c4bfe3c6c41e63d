"""Cells are logged to MLflow by a process of its own, beside the run: see `suite.records.mlflow`."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from suite.records.folder import Records

_PATIENCE_SECONDS = 20.0
"""How long the end of a run waits for MLflow; what is not logged then is logged the next time."""

_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",  # MLflow asks for minutes by default
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "OMP_NUM_THREADS": "1",
    "PYTHONWARNINGS": "ignore",  # a user's "error" would end it at the first warning of a library
}


def tracking_uri() -> str:
    """MLFLOW_TRACKING_URI, or MLflow's own default: the database `mlflow.db` in the working folder."""
    # Relative: in an address, a folder's % and ? would mean something else.
    return os.environ.get("MLFLOW_TRACKING_URI") or "sqlite:///mlflow.db"


def public(uri: str) -> str:
    """An address without its password."""
    scheme, separator, rest = uri.partition("://")
    user, at, place = rest.rpartition("@")
    return f"{scheme}{separator}{user.split(':')[0]}:***@{place}" if at and ":" in user else uri


@dataclass(frozen=True)
class Experiment:
    """An experiment of ours in MLflow.

    Attributes:
        title: The benchmark, with "(quick)" for its quick slice.
        name: The experiment's name in MLflow; differs from the title where that was taken.
        id: MLflow's id.
    """

    title: str
    name: str
    id: str


class Tracking:
    """Logs the records of benchmarks to MLflow, those that it lacks first.

    Args:
        records: The folder of records.
        names: The benchmarks' folders there.
        uri: The tracking URI.
    """

    def __init__(self, records: Records, names: Sequence[str], uri: str) -> None:
        self._uri = uri
        scheme, separator, file = uri.partition(":///")
        artifacts = Path(file).absolute().parent / "mlruns" if separator and scheme.startswith("sqlite") else ""
        # The package is found where it is here, after all else: a user's own `types.py` is never taken for Python's.
        code = (
            f"import sys; sys.path.append({str(Path(__file__).parents[2])!r}); "
            "from suite.records.mlflow import main; main()"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", code, uri, str(artifacts), str(records.folder), *names], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, **_ENVIRONMENT},
        )  # fmt: skip
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)

    def look_again(self) -> None:
        """Makes the process look for new records."""
        with contextlib.suppress(OSError):  # it has ended, or has enough such calls to answer
            os.write(self._process.stdin.fileno(), b"\n")  # type: ignore[union-attr]

    def finish(self, patience: float | None = None) -> tuple[list[Experiment], list[str]]:
        """Waits until all is logged. The experiments, and what has to be said, in a line each.

        Args:
            patience: Seconds to wait; by default as many as suit the end of a run.
        """
        later = "`suite ui` or the next run logs them"
        try:
            out, _ = self._process.communicate(timeout=_PATIENCE_SECONDS if patience is None else patience)
        except subprocess.TimeoutExpired:
            self.stop()
            return [], [f"MLflow at {public(self._uri)} is too slow for some records: {later}."]
        if self._process.returncode:
            return [], ["MLflow cannot be used: `python -c 'import mlflow'` may say why."]
        found = json.loads(out.splitlines()[-1])
        experiments = [Experiment(**each) for each in found["experiments"]]
        lines = [
            f"MLflow has an experiment {each.title} that is not of this suite: the runs are in {each.name!r}."
            for each in experiments
            if each.name != each.title
        ]
        if found["error"]:
            lines.append(f"records are not in MLflow at {public(self._uri)} yet ({found['error']}): {later}.")
        return experiments, lines

    def stop(self) -> None:
        """Ends the process at once; a run that it was logging is made anew the next time."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()
