"""Probes and the compilation of a family's choice, as a run has them, change no result: the plain loop's weights.

The plain loop is held against Keras level by level in `tests/families`. Here every branch of the program is taken as a
run takes it, several in one program, since compiling is what costs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from suite.catalog import KINDS
from suite.catalog.activations import build_activation
from suite.tasks import load_task
from suite.training.program import Program
from tests.families.plain import eagerly
from tests.probes.cases import feed, level, recipe

STEPS = 4
ROWS = {"name": "digits", "layout": "rows"}
LAST_STEP = {"name": "temporal_order", "length": 10}
EVERY_STEP = {"name": "copy_memory", "length": 3}
MLP = {"depth": 2, "width": 8}
CNN = {"depth": 2, "channels": 8, "stages": 2, "activation": "tanh"}
SKIP = {"name": "skip", "every": 1, "alpha": 0.5}
GROUP = {"name": "group", "groups": 4}
MSE = {"name": "mse", "output": "sigmoid"}
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "relu, batch, skip, penalties, clipping of all": (
        "mlp", {}, {**MLP, "activation": "relu", "normalization": "batch", "residual": SKIP, "l1": 0.01, "l2": 0.02,
                    "clipping": {"name": "global_norm", "norm": 0.1}}),
    "tanh, group behind it, mse of sigmoids, clipping of each": (
        "mlp", {}, {**MLP, "activation": "tanh", "normalization": GROUP, "norm_position": "after", "loss": MSE,
                    "clipping": {"name": "norm", "norm": 0.1}}),
    "sigmoid, spectral, binary cross entropy, clipping of values": (
        "mlp", {}, {**MLP, "activation": "sigmoid", "normalization": "spectral", "loss": "binary_cross_entropy",
                    "clipping": {"name": "value", "value": 0.01}}),
    "batch and a skip of patches, mse": (
        "cnn", {}, {**CNN, "normalization": "batch", "residual": SKIP, "loss": "mse"}),
    "layer of patches, average": ("cnn", {}, {**CNN, "normalization": "layer", "pooling": "average"}),
    "spectral of patches, stride": ("cnn", {}, {**CNN, "normalization": "spectral", "pooling": "stride"}),
    "weight standardization of patches": ("cnn", {}, {**CNN, "normalization": "weight_standardization"}),
    "weight standardization of convolutions": (
        "cnn", {}, {**CNN, "channels": 12, "normalization": "weight_standardization"}),
    "gru, rms between, skip, every step": (
        "recurrent", EVERY_STEP, {"units": 6, "cell_type": "gru", "layers": 2, "normalization": "rms", "residual": SKIP}),
    "lstm, layer inside": (
        "recurrent", ROWS, {"units": 6, "cell_type": "lstm", "normalization": "layer", "norm_position": "inside"}),
    "simple rnn, rms inside": (
        "recurrent", LAST_STEP, {"units": 6, "cell_type": "simple_rnn", "normalization": "rms", "norm_position": "inside"}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_weights_are_those_of_the_plain_loop(case: str) -> None:
    model, data, factors = CASES[case]
    task = load_task({"name": "digits", "train_size": 40, **data})
    chosen = recipe(model, **{"optimizer": "momentum", "batch_size": 8, **factors})
    as_run = Program(chosen, model, task, STEPS, 2)
    plain = Program(chosen, model, task, STEPS, 1, probes=False, xla=False)
    fed = feed(as_run, chosen, rate=0.05)
    ran = as_run.run(fed)
    with eagerly():
        traces = ran, plain.run(fed)
    assert all(trace.finite for trace in traces)
    assert traces[0].clipped == traces[1].clipped
    assert (traces[0].clipped > 0) == (chosen["clipping"]["name"] != "none")
    assert np.isfinite(traces[0].arrays["gradient_rms"]).all()
    assert traces[0].arrays["gradient_rms"].shape == (2, len(as_run.network.taps))
    for ours, theirs, first in zip(as_run.network.model.weights, plain.network.model.weights, fed.weights, strict=True):
        assert ours.shape == first.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)


def test_every_branch_is_taken_here() -> None:
    """All families and cells, norms with a state or a kernel of their own, clippings and residuals."""
    recipes = [factors for _, _, factors in CASES.values()]
    assert {model for model, _, _ in CASES.values()} == {"mlp", "cnn", "recurrent"}
    named = {(key, value if isinstance(value, str) else value["name"]) for factors in recipes
             for key, value in factors.items() if isinstance(value, (str, dict))}  # fmt: skip
    assert {("clipping", name) for name in KINDS["clippings"] if name != "none"} <= named
    assert {("normalization", name) for name in ("batch", "spectral", "weight_standardization")} <= named
    assert {("residual", name) for name in KINDS["residuals"] if name != "none"} <= named
    assert {("cell_type", name) for name in KINDS["cells"]} <= named


def test_activations_and_their_slopes_are_the_same_under_xla() -> None:
    functions = [build_activation(level("activations", name)) for name in KINDS["activations"]]

    def look(z: Any) -> list[tuple[Any, Any]]:
        found = []
        for function in functions:
            with tf.GradientTape() as tape:
                tape.watch(z)
                value = function(z)
            found.append((value, tape.gradient(value, z)))
        return found

    z = tf.constant(np.random.default_rng(0).normal(0, 3, 100), tf.float32)
    compiled = tf.function(look, jit_compile=True, autograph=False)(z)
    for name, ours, theirs in zip(KINDS["activations"], compiled, look(z), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6, err_msg=name)
