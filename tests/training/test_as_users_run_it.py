"""Probes and XLA, as a run has them, change no result: the weights are those of the plain loop, for every level."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from suite.catalog import KINDS
from suite.tasks import load_task
from suite.training.program import Program
from tests.probes.cases import feed, recipe

STEPS, SHAPES = 4, {
    "mlp": {"depth": 2, "width": 8, "activation": "tanh"},
    "cnn": {"depth": 3, "channels": 8, "stages": 2, "activation": "tanh"},
    "recurrent": {"units": 6, "cell_type": "gru"},
}  # fmt: skip
GROUPS = {"name": "group", "groups": 4}
MSE = {"name": "mse", "output": "sigmoid"}


def cases() -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = [("mlp", {"activation": name}) for name in KINDS["activations"]]
    for name in KINDS["normalizations"]:
        level = GROUPS if name == "group" else name
        found += [("cnn", {"normalization": level})]
        found += (
            [("mlp", {"normalization": level, "norm_position": "after"})] if name in ("batch", "group", "rms") else []
        )
        found += [("recurrent", {"normalization": level})] if name in ("layer", "rms") else []
    found += [("mlp", {"loss": level}) for level in ("binary_cross_entropy", "mse", MSE)]
    found += [("mlp", {"clipping": name}) for name in KINDS["clippings"]]
    found += [("recurrent", {"normalization": "layer", "norm_position": "inside", "cell_type": "lstm"})]
    found += [("cnn", {"residual": "skip", "pooling": "stride"}), ("mlp", {"l1": 0.01, "l2": 0.02})]
    return found


@pytest.mark.parametrize(("model", "factors"), cases(), ids=lambda value: str(value))
def test_weights_are_those_of_the_plain_loop(model: str, factors: dict[str, Any]) -> None:
    layout = {"layout": "rows"} if model == "recurrent" else {}
    task = load_task({"name": "digits", "train_size": 40, **layout})
    chosen = recipe(model, **{"optimizer": "momentum", "batch_size": 8, **SHAPES[model], **factors})
    ends = []
    for probes, xla in ((True, True), (False, False)):
        program = Program(chosen, model, task, STEPS, 2, probes=probes, xla=xla)
        fed = feed(program, chosen, rate=0.05)
        trace = program.run(fed)
        assert trace.finite
        ends.append([np.asarray(weight) for weight in program.network.model.weights])
        if probes:
            layers = len(program.network.taps)
            assert np.isfinite(trace.arrays["gradient_rms"]).all()
            assert trace.arrays["gradient_rms"].shape == (2, layers)
    for as_run, plain, first in zip(*ends, fed.weights, strict=True):
        assert as_run.shape == first.shape
        np.testing.assert_allclose(as_run, plain, rtol=1e-3, atol=1e-5)
