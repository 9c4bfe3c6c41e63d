"""A whole training against the formulas, in float64 NumPy, from the same weights in the same order of batches."""

from __future__ import annotations

import numpy as np
import pytest

from suite.training.program import Program
from tests.probes.cases import digits, feed, recipe

RATE, STEPS = 0.5, 200


def test_sgd_on_a_sigmoid_network_and_cross_entropy_is_what_numpy_makes_of_it() -> None:
    chosen = recipe("mlp", depth=1, width=30, activation="sigmoid", batch_size=50, optimizer="sgd")
    program = Program(chosen, "mlp", digits(), STEPS, 4, probes=False, xla=False)
    given = feed(program, chosen, rate=RATE)
    program.run(given)
    task, weights = digits(), [np.asarray(weight, np.float64) for weight in given.weights]

    def forward(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        hidden = 1 / (1 + np.exp(-(x @ weights[0] + weights[1])))
        z = hidden @ weights[2] + weights[3]
        return hidden, np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)

    for rows in given.batches:
        x, y = task.train.x[rows].reshape(len(rows), -1).astype(np.float64), task.train.y[rows]
        hidden, error = forward(x)
        error[np.arange(len(y)), y] -= 1
        error /= len(y)
        back = error @ weights[2].T * hidden * (1 - hidden)
        steps = (x.T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0))
        weights = [weight - RATE * step for weight, step in zip(weights, steps, strict=True)]
    for split in ("train", "validation", "test"):
        part = getattr(task, split)
        _, shares = forward(part.x.reshape(len(part.x), -1).astype(np.float64))
        loss, accuracy = program.evaluate(split)
        assert loss == pytest.approx(-np.log(shares[np.arange(len(part.y)), part.y]).mean(), rel=1e-4)
        assert accuracy == pytest.approx((shares.argmax(axis=1) == part.y).mean())
