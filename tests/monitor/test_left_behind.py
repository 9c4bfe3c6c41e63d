"""What a monitor leaves behind: tables, pictures, an MLflow run, and nothing on the screen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import suite
from suite.protocol.columns import GRADIENT_COLUMNS
from tests.monitor.models import L, batch, fit, shared

pytestmark = pytest.mark.filterwarnings("ignore::suite.monitor.GradientWarning")


def test_tables() -> None:
    x, y = batch(16)
    monitor = suite.GradientMonitor(x, y)
    fit(shared(), x, y, monitor)
    frame = monitor.by_layer()
    assert set(GRADIENT_COLUMNS) - {"replicate"} <= set(frame.columns), "named as in the exported table"
    assert frame["name"].unique().tolist() == ["shared", "shared (2)", "shared (3)", "output"]
    assert frame.query("hidden")["where"].unique().tolist() == ["pre-activation"]
    assert len(frame) == 4 * len(monitor.history)
    curves = monitor.curves()
    assert curves.columns.tolist() == ["step", "epoch", "loss", "gradient_norm"]
    assert np.isfinite(curves[["loss", "gradient_norm"]]).all(axis=None)
    assert monitor.by_time().empty


def test_pictures_are_saved_by_the_ending_of_their_name(tmp_path: Path) -> None:
    x, y = batch(16)
    monitor = suite.GradientMonitor(x, y)
    with pytest.raises(suite.MonitorError, match="has been given to `fit`"):
        monitor.plot()
    fit(keras.Sequential([keras.Input((16,)), L.Dense(8, "relu"), L.Dense(10)]), x, y, monitor)
    assert monitor.save(tmp_path / "gradients.png").read_bytes().startswith(b"\x89PNG")
    assert "no fault seen" in monitor.save(tmp_path / "gradients.html").read_text()
    with pytest.raises(suite.MonitorError, match=r"ends in \.png or \.html\. Received: .*gradients\.pdf"):
        monitor.save(tmp_path / "gradients.pdf")


def test_it_logs_to_the_active_run_finite_values_only(tmp_path: Path, empty_database: Path) -> None:
    import mlflow

    shutil.copy(empty_database, tmp_path / "mlflow.db")
    mlflow.create_experiment("mine", artifact_location=(tmp_path / "artifacts").as_uri())
    mlflow.set_experiment("mine")
    x, y = batch(16)
    # A gradient of exactly 0 has no logarithm, a linear layer no saturated fraction.
    model = keras.Sequential(
        [keras.Input((16,)), *(L.Dense(16, "relu", name=f"hidden_{n}") for n in (1, 2)), L.Dense(10)]
    )
    model.get_layer("hidden_2").bias.assign(np.full(16, -100.0))
    with mlflow.start_run() as run:
        fit(model, x, y, suite.GradientMonitor(x, y))
    client = mlflow.MlflowClient()
    kept = client.get_run(run.info.run_id)
    assert "dead, 100% of hidden_2" in kept.data.tags["verdict"]
    metrics = {name: client.get_metric_history(run.info.run_id, name) for name in kept.data.metrics}
    assert set(metrics) == {"gradient_log10/all_weights", "loss/monitor_batch", "units/dead_fraction"}
    assert [point.step for point in metrics["loss/monitor_batch"]] == [0, 3, 6]
    assert all(np.isfinite(point.value) for points in metrics.values() for point in points)
    assert [artifact.path for artifact in client.list_artifacts(run.info.run_id)] == ["gradients.html"]


def test_without_an_active_run_nothing_is_logged(tmp_path: Path, empty_database: Path) -> None:
    import mlflow

    shutil.copy(empty_database, tmp_path / "mlflow.db")
    x, y = batch(16)
    fit(keras.Sequential([keras.Input((16,)), L.Dense(10)]), x, y, suite.GradientMonitor(x, y), epochs=1)
    assert mlflow.search_runs(search_all_experiments=True).empty


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import suite", ("keras", "tensorflow", "numpy", "pandas", "mlflow", "matplotlib")),
        ("import suite.protocol.words", ("keras", "tensorflow", "numpy", "pandas")),
        ("import suite.pictures", ("keras", "tensorflow", "pandas", "matplotlib")),
    ],
)
def test_nothing_is_imported_before_it_is_needed(code: str, absent: tuple[str, ...]) -> None:
    check = f"{code}\nimport sys\nprint([name for name in {absent!r} if name in sys.modules])"
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"


def test_a_process_is_told_of_faults_in_one_line_and_of_nothing_else() -> None:
    """Neither of TensorFlow's functions traced anew for every model, which it says from the fifth on, nor of Keras's softmax of
    one number; and no MLflow is loaded where no run is logged to."""
    code = (
        "import logging, sys, warnings\n"
        "import keras, suite\n"
        "from tests.monitor.models import L, batch, deep, fit\n"
        "x, y = batch(16)\n"
        "with warnings.catch_warnings():\n"
        "    warnings.simplefilter('error')\n"
        "    for width in range(8, 13):\n"
        "        model = keras.Sequential([keras.Input((16,)), L.Dense(width, 'relu'), L.Dense(10, 'softmax')])\n"
        "        model.compile('sgd', 'sparse_categorical_crossentropy')\n"
        "        suite.probe(model, x, y)\n"
        "    model.fit(x, y, verbose=0, callbacks=[suite.GradientMonitor(x, y)])\n"
        "fit(deep('sigmoid'), x, y, suite.GradientMonitor(x, y), epochs=1)\n"
        "assert 'mlflow' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    before, _, warned = done.stderr.partition("GradientWarning: ")
    assert not any(name in before for name in ("Observer", "Units", "suite", "retracing"))
    assert warned.startswith("vanishing, 0.2")
    assert not any("callback.py" in line or line.startswith("  ") for line in warned.splitlines())
