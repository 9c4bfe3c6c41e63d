"""A whole cell of each family: tuned, replicated, recorded."""

from __future__ import annotations

from typing import Any

import pytest

from suite.models import MODELS
from suite.protocol.records import Budget, Cell
from suite.tasks import TASKS
from suite.training.experiment import run_cell
from tests.probes.cases import named, recipe


def cell_of(task: dict[str, Any], model: str, **factors: Any) -> Cell:
    arguments = {**TASKS[task["name"]].defaults(), **task}
    budget = Budget(steps=4, trials=2, replicates=3, evaluations=2, learning_rate_low=1e-3, learning_rate_high=1e-2)
    return named(Cell("tiny", "0" * 16, {}, recipe(model, **factors), arguments, model, budget, 0, 0.5, False, (), ""))


FAMILIES = [
    ({"name": "digits", "train_size": 40}, "mlp", {"depth": 0}),
    ({"name": "digits", "train_size": 40}, "cnn", {"depth": 2, "channels": 2, "normalization": "batch"}),
    ({"name": "adding", "length": 6, "train_size": 40}, "recurrent", {"units": 3, "layers": 2}),
]


@pytest.mark.parametrize(("task", "model", "factors"), FAMILIES)
def test_a_cell_of_each_family_from_tuning_to_record(task: dict[str, Any], model: str, factors: dict[str, Any]) -> None:
    record = run_cell(cell_of(task, model, **factors))
    layers = len(record.layers)
    assert layers == factors.get("depth", 2)
    for replicate in record.replicates:
        assert replicate.test_score is not None
        assert replicate.traces["gradient_rms"].shape == (2, layers)
        if model == "recurrent":
            assert replicate.traces["gradient_rms_through_time"].shape == (2, 2, 6)
            assert (replicate.traces["gradient_rms_through_time"][:, 1, -1] > 0).all()


def test_every_family_is_tested_here() -> None:
    assert {model for _, model, _ in FAMILIES} == set(MODELS)
