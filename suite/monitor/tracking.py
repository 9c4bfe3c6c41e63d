"""What a monitor writes into the MLflow run that is active: named series of log10 norms, finite values only."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from suite.protocol.measurements import series_of

if TYPE_CHECKING:
    from suite.monitor.history import History
    from suite.pictures import Picture


def series(history: History) -> Mapping[str, float]:
    """The series at the last look, named as in the suite's own store; a norm of exactly 0 has no log10."""
    found = {name: float(values[-1]) for name, values in series_of(history.traces(slice(-1, None))).items()}
    found["loss/monitor_batch"] = found.pop("loss/training")
    return {name: value for name, value in found.items() if np.isfinite(value)}


class ActiveRun:
    """The MLflow run that was active when training began.

    Args:
        client: MLflow's client.
        run_id: Of the run.
    """

    def __init__(self, client: Any, run_id: str) -> None:
        self._client, self._run_id, self._broken = client, run_id, False

    @classmethod
    def find(cls) -> ActiveRun | None:
        """The active run, if this process uses MLflow and has one."""
        mlflow = sys.modules.get("mlflow")
        run = mlflow.active_run() if mlflow is not None else None
        return None if mlflow is None or run is None else cls(mlflow.MlflowClient(), run.info.run_id)

    def log(self, history: History) -> None:
        """Logs the series at the last look, in one request."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(name, value, now, history.steps[-1]) for name, value in series(history).items()]
        self._try(lambda: self._client.log_batch(self._run_id, metrics=metrics))

    def finish(self, verdict: Callable[[], str], picture: Callable[[], Picture]) -> None:
        """Logs the verdict as a tag, and the picture as a page; trouble with either is no trouble of the training."""
        from suite.pictures import html_text

        self._try(lambda: self._client.set_tag(self._run_id, "verdict", verdict()))
        self._try(lambda: self._client.log_text(self._run_id, html_text(picture()), "gradients.html"))

    def _try(self, write: Any) -> None:
        """Training goes on without a tracking server; one warning says so."""
        if self._broken:
            return
        try:
            write()
        except Exception as error:
            self._broken = True
            warnings.warn(f"MLflow does not take what the monitor logs: {error}", UserWarning, stacklevel=2)
