"""Toy tasks reproduce what is published of them, through the program."""

from __future__ import annotations

import numpy as np
import pytest

from suite.tasks import load_task
from suite.training.program import Program
from suite.training.run_inputs import RunInputs
from tests.probes.cases import recipe

MSE, CROSS_ENTROPY = {"name": "mse", "output": "sigmoid"}, "binary_cross_entropy"


def neuron(loss: object, w: float, b: float, steps: int = 300) -> tuple[float, np.ndarray]:
    """Output of Nielsen's neuron after gradient descent at his rate 0.15, and the norms of the gradient.

    His cost is half the squared error, so his rate is half of that here.
    """
    task = load_task({"name": "saturated_neuron"})
    program = Program(recipe(depth=0, loss=loss, optimizer="sgd", batch_size=1), "mlp", task, steps, 2, xla=False)
    rate = 0.15 / 2 if loss is MSE else 0.15
    weights = [np.full((1, 1), w, np.float32), np.full((1,), b, np.float32)]
    trace = program.run(RunInputs(weights, np.full(steps, rate, np.float32), np.zeros((steps, 1), np.int32), 0))
    z = float(program.network.model(np.ones((1, 1), np.float32))[0, 0])
    return 1 / (1 + np.exp(-z)), trace.arrays["gradient_norm"]


@pytest.mark.parametrize(
    ("loss", "w", "b", "steps", "output"),
    [
        (MSE, 0.6, 0.9, 300, 0.093956),
        (MSE, 2.0, 2.0, 150, 0.933417),
        (MSE, 2.0, 2.0, 300, 0.202848),
        (CROSS_ENTROPY, 2.0, 2.0, 300, 0.012009),
    ],
)
def test_the_saturated_neuron_unlearns_as_published(
    loss: object, w: float, b: float, steps: int, output: float
) -> None:
    assert neuron(loss, w, b, steps)[0] == pytest.approx(output, abs=1e-5)


def test_cross_entropy_starts_faster_by_the_published_factor() -> None:
    squared, entropy = neuron(MSE, 2.0, 2.0, 2)[1][0] / 2, neuron(CROSS_ENTROPY, 2.0, 2.0, 2)[1][0]
    assert entropy / squared == pytest.approx(56.6165, rel=1e-5)


def test_the_baseline_of_the_neuron_is_the_answer_a_half() -> None:
    task = load_task({"name": "saturated_neuron"})
    assert task.chance_score == pytest.approx(0.25)
    assert task.output_shape == (1,)


def test_xor_has_no_linear_answer() -> None:
    task = load_task({"name": "xor"})
    np.testing.assert_array_equal(task.train.y, task.train.x[:, 0] != task.train.x[:, 1])
    assert task.chance_score == 0.5
