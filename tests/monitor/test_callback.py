"""The monitor in `fit`: it changes nothing, sees what goes wrong, and says so once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import suite
from suite.monitor import GradientWarning
from suite.protocol.columns import GRADIENT_COLUMNS
from suite.protocol.records import Cause
from tests.monitor.models import LOGITS, MODELS, L, Subclassed, batch, sequential, shared

pytestmark = pytest.mark.filterwarnings("ignore::suite.monitor.GradientWarning")


def fit(model: Any, x: np.ndarray, y: np.ndarray, *callbacks: Any, epochs: int = 2, **compiled: Any) -> Any:
    compiled.setdefault("optimizer", keras.optimizers.Adam(1e-3))
    model.compile(loss=LOGITS, metrics=["accuracy"], jit_compile=False, **compiled)
    return model.fit(x, y, epochs=epochs, batch_size=16, verbose=0, callbacks=list(callbacks))


@pytest.mark.parametrize("name", MODELS)
def test_a_model_learns_the_same_with_and_without(name: str) -> None:
    """Weights, running statistics, the optimizer, random states and what `fit` reports: bit for bit."""
    build, shape = MODELS[name]
    x, y = batch(*shape, examples=32)
    keras.utils.set_random_seed(3)
    model = build()
    model.compile(keras.optimizers.Adam(1e-3), LOGITS, metrics=["accuracy"], jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    state = [*model.variables, *model.optimizer.variables]
    start = [variable.numpy() for variable in state]
    monitor = suite.GradientMonitor(x[:8], y[:8], every=1)
    ends = []
    for callbacks in ([], [monitor]):
        for variable, value in zip(state, start, strict=True):
            variable.assign(value)
        keras.utils.set_random_seed(4)
        seen = model.fit(x, y, epochs=2, batch_size=16, verbose=0, callbacks=callbacks)
        drawn = float(keras.random.uniform(())), float(np.random.random())
        ends.append(([variable.numpy() for variable in state], seen.history, drawn))
    (before, *others), (after, *others_seen) = ends
    assert (
        sum(not np.array_equal(a, b) for a, b in zip(before, start, strict=True)) > len(model.trainable_variables) // 2
    )
    for variable, value, other in zip(state, before, after, strict=True):
        np.testing.assert_array_equal(value, other, err_msg=variable.path)
    assert others == others_seen
    assert monitor.history.steps == [0, 1, 2, 3, 4]
    assert not monitor.causes


def test_looks_are_made_when_they_are_due() -> None:
    x, y = batch(16)
    by_epoch = suite.GradientMonitor(x, y)
    by_step = suite.GradientMonitor(x, y, every=4)
    fit(sequential(), x, y, by_epoch, by_step, epochs=3)  # 3 steps an epoch
    assert by_epoch.history.steps == [0, 3, 6, 9]
    assert by_epoch.history.epochs == [0, 1, 2, 2]
    assert by_step.history.steps == [0, 4, 8, 9]
    ratios = by_epoch.history.array("update_ratio")
    assert (ratios[:3] > 0).all()
    assert np.isnan(ratios[3]).all(), "nothing follows the last look"


def test_several_steps_in_one_execution_are_no_single_update() -> None:
    x, y = batch(16)
    monitor = suite.GradientMonitor(x, y)
    fit(sequential(), x, y, monitor, steps_per_execution=3)
    assert monitor.history.steps == [0, 3, 6]
    assert np.isnan(monitor.history.array("update_ratio")).all()


def test_the_update_ratio_is_that_of_the_update() -> None:
    x, y = batch(16, examples=16)
    model = sequential(2)
    model.compile(keras.optimizers.SGD(0.5), LOGITS)
    before = model.get_layer("hidden_2").kernel.numpy()
    monitor = suite.GradientMonitor(x, y)
    model.fit(x, y, batch_size=16, verbose=0, callbacks=[monitor])
    after = model.get_layer("hidden_2").kernel.numpy()
    row = monitor.by_layer().query("step == 0 and name == 'hidden_2'").iloc[0]
    assert row["update_ratio"] == pytest.approx(np.linalg.norm(after - before) / np.linalg.norm(before), rel=1e-5)


def test_a_second_fit_starts_afresh() -> None:
    x, y = batch(16)
    model, monitor = sequential(), suite.GradientMonitor(x, y)
    fit(model, x, y, monitor)
    fit(model, x, y, monitor, epochs=1)
    assert monitor.history.steps == [0, 3]


def sigmoids(depth: int = 12) -> Any:
    return keras.Sequential([keras.Input((16,)), *(L.Dense(16, "sigmoid") for _ in range(depth)), L.Dense(10)])


def test_vanishing_is_warned_of_at_once_and_once() -> None:
    keras.utils.set_random_seed(0)
    x, y = batch(16)
    monitor = suite.GradientMonitor(x, y)
    with pytest.warns(
        GradientWarning,
        match=r"(?s)^vanishing, 0\.2\d* per layer \(seen before the first step\)\.\n.*trained\.\nTry:\n.*tanh",
    ) as caught:
        fit(sigmoids(), x, y, monitor, epochs=3)
    assert len([w for w in caught if w.category is GradientWarning]) == 1
    assert monitor.causes == (Cause.VANISHING,)
    assert [(found.cause, found.step) for found in monitor.findings] == [(Cause.VANISHING, 0)]
    assert monitor.verdict.startswith("vanishing, 0.2")


def test_it_can_be_told_not_to_warn() -> None:
    x, y = batch(16)
    monitor = suite.GradientMonitor(x, y, warn=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error", GradientWarning)
        fit(sigmoids(), x, y, monitor)
    assert monitor.findings


def test_a_network_built_to_die_is_named_with_its_layer() -> None:
    x, y = batch(16)
    layers = [L.Dense(16, "relu", name=f"hidden_{n}", bias_initializer="ones") for n in (1, 2, 3, 4)]
    model = keras.Sequential([keras.Input((16,)), *layers, L.Dense(10)])
    model.get_layer("hidden_3").bias.assign(np.full(16, -100.0))
    monitor = suite.GradientMonitor(x, y)
    fit(model, x, y, monitor)
    assert "dead, 100% of hidden_3" in [found.text for found in monitor.findings]
    assert "dead, 100% of hidden_3" in monitor.verdict


def test_a_network_built_to_saturate_is_named_with_its_layer() -> None:
    keras.utils.set_random_seed(0)
    x, y = batch(16)
    model = keras.Sequential(
        [keras.Input((16,)), *(L.Dense(16, "tanh", name=f"hidden_{n}") for n in (1, 2, 3)), L.Dense(10)]
    )
    model.get_layer("hidden_2").kernel.assign(model.get_layer("hidden_2").kernel * 500.0)
    monitor = suite.GradientMonitor(x, y)
    fit(model, x, y, monitor)
    assert Cause.SATURATED in monitor.causes
    assert any(
        found.text.startswith("saturated, ") and found.text.endswith(" of hidden_2") for found in monitor.findings
    )


class RateAt(keras.callbacks.Callback):
    """Sets the learning rate for one step."""

    def __init__(self, step: int, rate: float) -> None:
        super().__init__()
        self.step, self.rate, self.seen = step, rate, 0

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.seen += 1
        self.model.optimizer.learning_rate.assign(self.rate if self.seen == self.step else 1e-3)


def linears() -> Any:
    return keras.Sequential([keras.Input((16,)), *(L.Dense(16, name=f"hidden_{n}") for n in (1, 2, 3)), L.Dense(10)])


def test_a_network_that_overflows_is_named_with_its_step_and_layer() -> None:
    """Step 4 at a rate of 1e30: at step 5, z_1 of about 1e29 still fits into a float32, z_2 does not."""
    x, y = batch(16)
    monitor = suite.GradientMonitor(x, y, every=1)
    with pytest.warns(GradientWarning, match="not finite at step 5, and began in hidden_2"):
        fit(linears(), x, y, monitor, RateAt(4, 1e30), optimizer=keras.optimizers.SGD(1e-3))
    assert (monitor.history.nonfinite_step, monitor.history.nonfinite_layer) == (5, "hidden_2")
    assert monitor.verdict.startswith("nonfinite at step 5, in hidden_2")


def test_between_looks_only_the_step_is_known_and_it_says_how_to_know_more() -> None:
    x, y = batch(16)
    monitor = suite.GradientMonitor(x, y, every=100)
    with pytest.warns(GradientWarning, match=r"not finite at step 5; with `every=1` the layer"):
        fit(linears(), x, y, monitor, RateAt(4, 1e30), optimizer=keras.optimizers.SGD(1e-3))
    assert (monitor.history.nonfinite_step, monitor.history.nonfinite_layer) == (5, None)


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


def test_recurrent_layers_are_seen_through_time() -> None:
    keras.utils.set_random_seed(0)
    x, y = batch(60, 2, examples=16)
    model = keras.Sequential(
        [keras.Input((60, 2)), L.SimpleRNN(8, recurrent_initializer=keras.initializers.Orthogonal(0.8)), L.Dense(10)]
    )
    monitor = suite.GradientMonitor(x, y)
    fit(model, x, y, monitor, epochs=1)
    table = monitor.by_time().query("step == 0")
    assert table["time"].tolist() == list(range(1, 61))
    assert monitor.causes == (Cause.VANISHING,)
    assert "per time step" in monitor.verdict


def test_pictures_are_saved_by_the_ending_of_their_name(tmp_path: Path) -> None:
    x, y = batch(16)
    monitor = suite.GradientMonitor(x, y)
    with pytest.raises(suite.MonitorError, match="has been given to `fit`"):
        monitor.plot()
    fit(sequential(), x, y, monitor)
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
    fit(sequential(), x, y, suite.GradientMonitor(x, y), epochs=1)
    assert mlflow.search_runs(search_all_experiments=True).empty


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import suite", ("keras", "tensorflow", "numpy", "pandas", "mlflow", "matplotlib")),
        ("import suite; suite.GradientMonitor, suite.probe", ("mlflow",)),
        ("import suite.protocol.words", ("keras", "tensorflow", "numpy", "pandas")),
        ("import suite.pictures", ("keras", "tensorflow", "pandas", "matplotlib")),
    ],
)
def test_nothing_is_imported_before_it_is_needed(code: str, absent: tuple[str, ...]) -> None:
    check = f"{code}\nimport sys\nprint([name for name in {absent!r} if name in sys.modules])"
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"


def test_a_model_that_is_not_built_is_built_and_learns_the_same() -> None:
    x, y = batch(16)
    ends = []
    for callbacks in ([], [suite.GradientMonitor(x, y)]):
        keras.utils.set_random_seed(0)
        model = Subclassed()
        fit(model, x, y, *callbacks)
        ends.append([variable.numpy() for variable in model.variables])
    for value, other in zip(*ends, strict=True):
        np.testing.assert_array_equal(value, other)


def test_nothing_is_said_of_the_monitors_own_functions() -> None:
    """Neither TensorFlow's of functions traced anew for every model, nor Keras's of a softmax of one number."""
    code = (
        "import logging, warnings; warnings.simplefilter('error')\n"
        "import keras, suite\n"
        "from tests.monitor.models import L, batch\n"
        "x, y = batch(16)\n"
        "for width in range(8, 16):\n"
        "    layers = [keras.Input((16,)), L.Dense(width, 'relu'), L.Dense(10, 'softmax')]\n"
        "    model = keras.Sequential(layers)\n"
        "    model.compile('sgd', 'sparse_categorical_crossentropy', run_eagerly=False)\n"
        "    model.fit(x, y, verbose=0, callbacks=[suite.GradientMonitor(x, y)])\n"
        "    suite.probe(model, x, y)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Observer" not in done.stderr
    assert "suite" not in done.stderr


@pytest.mark.parametrize("every", [0, -1, 1.5, "step", True])
def test_when_to_look_must_be_said_right(every: Any) -> None:
    x, y = batch(16)
    with pytest.raises(suite.MonitorError, match="Expected every='epoch' or a whole number of steps"):
        suite.GradientMonitor(x, y, every=every)
