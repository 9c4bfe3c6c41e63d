"""A user's own Keras settings change no result."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

CELL = """
import sys
from pathlib import Path
from suite.run.worker import set_environment, train
from suite.spec.benchmark_reader import read_benchmarks
from suite.spec import expand
set_environment()
(cell,) = expand(read_benchmarks(Path(sys.argv[1]))[0])
record = train(cell, ())
print(record.parameters, [run.train_loss for run in record.replicates])
"""
SPEC = """\
name: settings
title: Do settings of the user's change it?
seed: 1
task: digits
model: cnn
target: 0.5
fixed: {depth: 2, channels: 4, batch_size: 64, learning_rate: 0.1}
grid: {activation: [relu]}
budget: {steps: 4, trials: 4, replicates: 1, evaluations: 2, learning_rate: {low: 1e-3, high: 1.0}}
"""
THEIRS = {"backend": "torch", "image_data_format": "channels_first", "floatx": "float64", "epsilon": 1e-3}


def trained(folder: Path, **environment: str) -> str:
    (folder / "spec.yaml").write_text(SPEC)
    given = {**os.environ, "KERAS_HOME": str(folder), **environment}
    done = subprocess.run(
        [sys.executable, "-c", CELL, str(folder / "spec.yaml")], env=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_a_users_keras_json_and_environment_change_no_number(tmp_path: Path) -> None:
    before = trained(tmp_path)
    (tmp_path / "keras.json").write_text(json.dumps(THEIRS))
    assert trained(tmp_path, KERAS_BACKEND="jax") == before
