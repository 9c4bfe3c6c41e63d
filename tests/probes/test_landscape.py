"""The landscape about the weights, held against eigenvalues and paths that are known, and that looking leaves no trace."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from suite.probes.landscape import REACHES, extreme_curvatures
from suite.training.program import Program
from suite.training.run_inputs import Trace
from tests.nets import gaussian_task, made_task
from tests.probes.cases import feed, recipe


def train(
    task: Any, steps: int, *, landscape: bool, rate: float = 0.1, xla: bool = False, model: str = "mlp", **factors: Any
) -> tuple[Program, Trace]:
    chosen = recipe(model, **factors)
    program = Program(chosen, model, task, steps, steps, landscape=landscape, xla=xla)
    return program, program.run(feed(program, chosen, rate=rate))


@pytest.mark.parametrize("seed", range(5))
def test_the_ends_of_a_known_spectrum_are_found(seed: int) -> None:
    generator = np.random.default_rng(seed)
    turned = np.linalg.qr(generator.standard_normal((300, 300)))[0]
    values = np.concatenate([[-2.0, 7.0], generator.uniform(-0.5, 3.0, 298)])
    hessian = turned @ np.diag(values) @ turned.T
    found = extreme_curvatures(lambda v: (hessian @ v).astype(np.float32), 300)
    assert found == pytest.approx((-2.0, 7.0), rel=1e-3)


def test_of_a_few_directions_there_are_no_more_than_those() -> None:
    hessian = np.zeros((50, 50))
    hessian[3, 3], hessian[7, 7] = -1.5, 4.0
    found = extreme_curvatures(lambda v: (hessian @ v).astype(np.float32), 50)
    assert found == pytest.approx((-1.5, 4.0), rel=1e-4)
    assert extreme_curvatures(lambda v: 0 * v, 50) == (0.0, 0.0)
    assert extreme_curvatures(lambda v: np.nan * v, 50) is None


def test_curvatures_of_a_network_are_those_of_differences_of_its_gradients() -> None:
    task = gaussian_task(40, 3)
    program, _ = train(task, 5, landscape=True, depth=1, width=2, activation="tanh", optimizer="sgd", batch_size=40)
    weights = program.network.model.trainable_variables
    start = [np.asarray(weight) for weight in weights]

    def gradient(flat: np.ndarray) -> np.ndarray:
        place = 0
        for weight, value in zip(weights, start, strict=True):
            weight.assign(flat[place : place + value.size].reshape(value.shape))
            place += value.size
        _, gradients, _ = program._differentiate(task.train.x, task.train.y)
        return np.concatenate([np.asarray(g, np.float64).ravel() for g in gradients])

    flat = np.concatenate([value.ravel() for value in start]).astype(np.float64)
    columns = [(gradient(flat + 1e-2 * e) - gradient(flat - 1e-2 * e)) / 2e-2 for e in np.eye(len(flat))]
    gradient(flat)  # puts the weights back
    values = np.linalg.eigvalsh((np.array(columns) + np.array(columns).T) / 2)
    assert program.curvatures() == pytest.approx((values[0], values[-1]), rel=5e-3, abs=1e-4)


def test_on_the_way_along_the_gradient_of_a_linear_network() -> None:
    """Squared error of x w: the Hessian is H, the loss on the way 1/2 (w - w*)' H (w - w*), the change of the gradient H g."""
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal((64, 4)), generator.standard_normal((64, 1))
    task = made_task(x, y, classes=None)
    program, trace = train(task, 1, landscape=True, depth=0, loss="mse", optimizer="sgd", batch_size=64, rate=0.05)
    w, b = (np.asarray(weight, np.float64) for weight in program.network.model.trainable_variables)
    inputs = np.hstack([x, np.ones((64, 1))]).astype(np.float32).astype(np.float64)
    residual = inputs @ np.append(w.ravel(), b) - y.astype(np.float32).ravel()
    gradient, hessian = 2 * inputs.T @ residual / 64, 2 * inputs.T @ inputs / 64
    beta = np.linalg.norm(hessian @ gradient) / np.linalg.norm(gradient)
    losses = [np.mean((residual - 0.05 * reach * inputs @ gradient) ** 2) for reach in (0.0, *REACHES)]
    assert trace.arrays["effective_beta"] == pytest.approx([beta], rel=1e-3)
    assert trace.arrays["loss_range"] == pytest.approx([max(losses) - min(losses)], rel=1e-3)


@pytest.mark.parametrize("normalization", ["noisy_batch", "spectral"])
def test_looking_changes_no_step(normalization: str) -> None:
    """Moving averages, random states of dropout and noise, and the weights are put back after each look."""
    factors = {
        "depth": 3, "width": 8, "activation": "relu", "normalization": normalization, "dropout": 0.3, "optimizer": "adam",
        "batch_size": 16,
    }  # fmt: skip
    task = gaussian_task(48, 6)
    (looking, seen), (blind, plain) = (train(task, 6, landscape=on, rate=0.01, **factors) for on in (True, False))
    assert "effective_beta" not in plain.arrays
    assert np.isfinite(seen.arrays["effective_beta"]).all()
    assert (seen.arrays["effective_beta"] > 0).all()
    for name, values in plain.arrays.items():
        np.testing.assert_array_equal(seen.arrays[name], values, err_msg=name)
    for ours, theirs in zip(looking.network.model.variables, blind.network.model.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs), err_msg=ours.path)


@pytest.mark.parametrize(("rate", "xla"), [(0.0, True), (1e30, True), (1e30, False)])
def test_what_is_not_known_is_not_smooth(rate: float, xla: bool) -> None:
    """No way is gone at a rate of 0, and at a huge one the loss at its end is no number."""
    task = gaussian_task(48, 6)
    _, trace = train(
        task, 2, landscape=True, rate=rate, xla=xla, depth=2, width=8, activation="relu", optimizer="sgd", batch_size=16
    )
    assert np.isnan(trace.arrays["effective_beta"]).all()


@pytest.mark.parametrize(
    ("model", "shape", "factors"),
    [
        ("cnn", (6, 6, 2), {"depth": 2, "channels": 4, "normalization": "batch"}),
        ("recurrent", (5, 3), {"units": 4, "cell_type": "lstm"}),
    ],
)
def test_every_family_has_a_landscape(model: str, shape: tuple[int, ...], factors: dict[str, Any]) -> None:
    generator = np.random.default_rng(0)
    task = made_task(generator.standard_normal((32, *shape)), generator.integers(0, 10, 32))
    program, trace = train(task, 3, landscape=True, model=model, optimizer="sgd", batch_size=16, **factors)
    assert (trace.arrays["effective_beta"] > 0).all()
    low, high = program.curvatures() or (0.0, 0.0)
    assert low < high
    assert high > 0
