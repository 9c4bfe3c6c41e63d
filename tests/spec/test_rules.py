"""What does not go together is refused by name, and what does is not."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest

from suite.spec.rules import conflicts
from suite.tasks import TASKS
from tests.probes.cases import recipe

ROWS = {"name": "digits", "layout": "rows"}


def found(task: str | dict[str, Any], model: str, **factors: Any) -> list[tuple[str, str]]:
    given = {"name": task} if isinstance(task, str) else task
    return conflicts({**TASKS[given["name"]].defaults(), **given}, model, recipe(model, **factors))


@pytest.mark.parametrize(
    ("task", "model", "factors", "factor", "reason"),
    [
        (ROWS, "cnn", {}, "layout", "cnn needs images: layout image"),
        ("adding", "cnn", {}, "model", "cnn needs images, which adding does not have"),
        ("xor", "cnn", {}, "model", "cnn needs images"),
        ("digits", "recurrent", {}, "layout", "layout rows or pixels"),
        ({"name": "arrays", "path": "x.npz"}, "recurrent", {}, "model", "needs sequences, which arrays does not have"),
        ({"name": "arrays", "path": "x.npz", "target_scaling": "standard"}, "mlp", {}, "target_scaling", "has classes"),
        ({"name": "arrays", "path": "x.npz", "targets": "numbers", "target_scaling": "standard"}, "mlp",
         {"loss": "binary_cross_entropy"}, "target_scaling", "a sigmoid output cannot"),
        ("copy_memory", "mlp", {}, "model", "an output at every time step"),
        ("digits", "cnn", {"stages": 5, "depth": 5}, "stages", "8 pixels to less than one"),
        ("digits", "cnn", {"stages": 3, "depth": 2}, "stages", "a convolution each"),
        ("digits", "mlp", {"loss": "huber"}, "loss", "huber needs numbers"),
        ("adding", "recurrent", {"loss": "cross_entropy"}, "loss", "needs classes"),
        ("adding", "recurrent", {"loss": "binary_cross_entropy"}, "loss", r"targets in \[0, 1\]"),
        ("adding", "recurrent", {"loss": {"name": "mse", "output": "softmax"}}, "loss", "softmax output needs classes"),
        ("adding", "recurrent", {"label_smoothing": 0.1}, "label_smoothing", "needs classes"),
        ("copy_memory", "recurrent", {"label_smoothing": 0.1, "loss": "mse"}, "label_smoothing", "only works with cross_entropy"),
        ("digits", "mlp", {"normalization": "instance"}, "normalization", "which only cnn has"),
        (ROWS, "recurrent", {"normalization": "instance"}, "normalization", "which only cnn has"),
        ("digits", "mlp", {"normalization": {"name": "group", "groups": 5}}, "normalization", "5 does not divide the 64 units"),
        ("digits", "cnn", {"normalization": {"name": "group", "groups": 3}}, "normalization", "3 does not divide the 16 channels"),
        ({"name": "digits", "train_size": 5000}, "mlp", {}, "train_size", "5,000 is more than the 1,077 training examples"),
        ("digits", "mlp", {"batch_size": 2000}, "batch_size", "a batch of 2,000 is more than the 1,077 training examples"),
        ({"name": "digits", "train_size": 50}, "mlp", {}, "batch_size", "a batch of 64 is more than the 50 training examples"),
        ({"name": "adding", "train_size": 10}, "recurrent", {}, "batch_size", "more than the 10 training examples"),
        ("digits", "mlp", {"normalization": {"name": "group", "groups": 64}}, "normalization", "over one number here"),
        ("digits", "mlp", {"normalization": "layer", "width": 1}, "normalization", "nothing but the shift"),
        ("digits", "cnn", {"normalization": "instance", "stages": 4, "depth": 4}, "normalization", "nothing but the shift"),
        ("digits", "mlp", {"optimizer": {"name": "adamw", "weight_decay": 0.01}, "weight_decay": 0.1}, "weight_decay", "twice"),
        ("adding", "recurrent", {"loss": {"name": "mse", "output": "sigmoid"}}, "loss", "a sigmoid output needs targets"),
        (ROWS, "recurrent", {"normalization": "group"}, "normalization", "show a layer the future"),
        (ROWS, "recurrent", {"normalization": "spectral"}, "normalization", "a recurrent cell has two"),
        (ROWS, "recurrent", {"normalization": "batch", "norm_position": "inside"}, "norm_position", "every time step"),
        ("digits", "mlp", {"normalization": "spectral", "norm_position": "after"}, "norm_position", "has no position"),
        ("digits", "cnn", {"normalization": "weight_standardization", "norm_position": "after"}, "norm_position", "no position"),
        ("digits", "mlp", {"normalization": "spectral", "initializer": "zeros"}, "normalization", "0 of zeros"),
        ("digits", "mlp", {"normalization": "layer", "depth": 0}, "normalization", "depth is 0"),
        ("digits", "mlp", {"normalization": "batch", "batch_size": 1}, "normalization", "a batch of 1"),
        ("digits", "mlp", {"residual": "skip", "depth": 2}, "residual", "does not fit behind the first of 2"),
        ("digits", "cnn", {"residual": "skip", "depth": 4, "stages": 4}, "residual", "does not fit into a stage"),
        ("adding", "recurrent", {"residual": "skip", "layers": 2}, "residual", "does not fit behind the first of 2"),
        ("adding", "recurrent", {"cell_type": "gru", "forget_bias": 0.0}, "forget_bias", "only lstm has a forget gate"),
        ("adding", "recurrent", {"cell_type": "simple_rnn", "recurrent_activation": "tanh"}, "recurrent_activation", "simple_rnn"),
    ],
)  # fmt: skip
def test_a_conflict_is_told_once_with_its_reason(
    task: str | dict[str, Any], model: str, factors: dict[str, Any], factor: str, reason: str
) -> None:
    told = [text for name, text in found(task, model, **factors) if name == factor]
    assert len(told) == 1
    assert re.search(reason, told[0])


@pytest.mark.parametrize(
    ("task", "model", "factors"),
    [
        ("digits", "mlp", {}),
        ("digits", "cnn", {}),
        (ROWS, "recurrent", {}),
        (ROWS, "mlp", {}),
        ("adding", "mlp", {"loss": "huber"}),
        ("copy_memory", "recurrent", {"label_smoothing": 0.1}),
        ("digits", "mlp", {"activation": "selu", "normalization": "batch"}),
        ("digits", "cnn", {"residual": "skip", "depth": 9, "pooling": "stride", "normalization": "instance"}),
        ("adding", "recurrent", {"layers": 3, "residual": "skip", "normalization": "layer", "norm_position": "inside"}),
        ("saturated_neuron", "mlp", {"depth": 0, "loss": "binary_cross_entropy"}),
        ("digits", "cnn", {"normalization": "instance", "stages": 3, "depth": 4}),
        ("digits", "mlp", {"optimizer": "adamw", "weight_decay": 0.0}),
        ({"name": "arrays", "path": "x.npz", "targets": "numbers"}, "mlp", {"loss": "binary_cross_entropy"}),
        ("digits", "mlp", {"normalization": {"name": "my:norm"}, "norm_position": "after"}),
    ],
)
def test_what_goes_together_is_not_refused(task: str | dict[str, Any], model: str, factors: dict[str, Any]) -> None:
    if isinstance(factors.get("normalization"), dict):
        levels = {**recipe(model), **factors}
        assert conflicts({**TASKS["digits"].defaults(), "name": "digits"}, model, levels) == []
    else:
        assert found(task, model, **factors) == []


def test_rules_load_nothing_heavy() -> None:
    code = "import suite.spec.rules, sys; print([m for m in ('keras', 'tensorflow', 'sklearn', 'scipy') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
