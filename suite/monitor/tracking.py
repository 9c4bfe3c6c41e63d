"""What a monitor writes into the MLflow run that is active: named series of log10 norms, finite values only."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from suite.monitor.history import History
    from suite.pictures import Picture


def series(history: History) -> Mapping[str, float]:
    """The series at the last look, named as in the suite's own store."""
    row = {name: value[-1] for name, value in history.traces(slice(-1, None)).items() if len(value)}
    first, last = (_log10(row["gradient_rms"][index]) for index in (0, -1))
    found = {
        "gradient_log10/first_layer": first,
        "gradient_log10/last_layer": last,
        "gradient_log10/ratio_first_to_last": first - last,
        "gradient_log10/all_weights": _log10(row["gradient_norm"]),
        "update_ratio_log10/largest": _log10(_largest(row["update_ratio"])),
        "units/dead_fraction": _largest(row["dead_fraction"]),
        "units/saturated_fraction": _largest(row["saturated_fraction"]),
        "loss/monitor_batch": float(row["loss"]),
    }
    return {name: float(value) for name, value in found.items() if np.isfinite(value)}


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


def _log10(value: float) -> float:
    return float(np.log10(value)) if value > 0 else float("nan")


def _largest(values: np.ndarray) -> float:
    return float(np.nanmax(values)) if not np.isnan(values).all() else float("nan")
