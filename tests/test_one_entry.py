"""A model family is its module and a line, a normalization one entry: in a copy of the project, both train."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FAMILY = '''"""An MLP by another name."""

import dataclasses

from suite.models.family import Start
from suite.models.mlp import MLP

DOUBLE = dataclasses.replace(
    MLP, name="double", summary="an MLP by another name", aliases=(), start=Start("{depth: 2, width: 8}")
)
'''
NORMALIZATION = """        NormalizationEntry("unit", "to length 1 over the units", "keras.layers:UnitNormalization"),
    ],
    kind="normalizations",
"""


def copy_of_the_engine(folder: Path) -> Path:
    shutil.copytree(ROOT / "suite", folder / "suite", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "suite" / "models" / "double.py").write_text(FAMILY, encoding="utf-8")
    for place, was, becomes in (
        (
            "models/__init__.py",
            "from suite.models.family",
            "from suite.models.double import DOUBLE\nfrom suite.models.family",
        ),
        ("models/__init__.py", "[MLP, ", "[DOUBLE, MLP, "),
        ("catalog/normalizations.py", '    ],\n    kind="normalizations",\n', NORMALIZATION),
    ):
        file = folder / "suite" / place
        text = file.read_text(encoding="utf-8")
        assert text.count(was) == 1
        file.write_text(text.replace(was, becomes), encoding="utf-8")
    return folder


def test_a_family_and_a_normalization_are_an_entry_each(tmp_path: Path) -> None:
    folder = copy_of_the_engine(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(folder), "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}"}

    def suite(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "suite", *words],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    suite("new", "mine.yaml", "--model", "double")
    spec = folder / "mine.yaml"
    text = spec.read_text().replace("initializer: [glorot_uniform, he_normal]", "normalization: [none, unit]")
    for was, becomes in (("steps: 300", "steps: 4"), ("trials: 6", "trials: 4"), ("replicates: 5", "replicates: 1")):
        text = text.replace(was, becomes)
    spec.write_text(text)
    assert "unit" in suite("list", "normalizations")
    assert "double" in suite("list", "models")
    shown = suite("run", "mine.yaml", "--workers", "0")
    assert "4 recipes" in shown
    assert "unit" in shown
