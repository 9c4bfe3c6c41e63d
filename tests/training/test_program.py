"""The compiled loop does what Keras does, step by step, and only once per program."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from suite.training.program import Program
from suite.training.rows import probed_steps
from suite.training.run_inputs import RunInputs
from tests.probes.cases import digits, feed, recipe

STEPS = 12


def plain_keras(depth: int, width: int) -> keras.Model:
    """The same network as a user would write it."""
    hidden = [keras.layers.Dense(width, activation="relu") for _ in range(depth)]
    return keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), *hidden, keras.layers.Dense(10)])


def train_plainly(model: keras.Model, optimizer: keras.optimizers.Optimizer, run: RunInputs) -> list[np.ndarray]:
    """Keras's own training on the batches of a run; returns the weights it ends with."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.set_weights(run.weights)
    model.compile(optimizer=optimizer, loss=loss, jit_compile=False)
    train = digits().train
    for rows in run.batches:
        model.train_on_batch(train.x[rows], train.y[rows])
    return model.get_weights()


def assert_equal_weights(program: Program, expected: list[np.ndarray], tolerance: float = 2e-5) -> None:
    for ours, theirs in zip(program.network.model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    ("clipping", "arguments"),
    [
        ({"name": "global_norm", "norm": 0.05}, {"global_clipnorm": 0.05}),
        ({"name": "norm", "norm": 0.05}, {"clipnorm": 0.05}),
        ({"name": "value", "value": 0.001}, {"clipvalue": 0.001}),
    ],
)
def test_clipping_equals_that_of_keras_and_its_rate_is_counted(clipping: dict, arguments: dict) -> None:
    factors = recipe(depth=2, width=12, optimizer="sgd", clipping=clipping)
    program = Program(factors, "mlp", digits(), STEPS, 2, xla=False)
    run = feed(program, factors, rate=1.0)
    trace = program.run(run)
    assert_equal_weights(program, train_plainly(plain_keras(2, 12), keras.optimizers.SGD(1.0, **arguments), run))
    if clipping["name"] == "global_norm":
        assert trace.clipped == (trace.arrays["gradient_norm"] > 0.05).sum() > 0


def test_validation_inside_the_graph_equals_evaluating_the_model() -> None:
    factors = recipe(depth=2, width=16, normalization="batch", optimizer="adam")
    program = Program(factors, "mlp", digits(), STEPS, 3)
    trace = program.run(feed(program, factors, rate=0.01))
    validation = digits().validation
    logits = program.network.model(validation.x, training=False).numpy()
    assert trace.arrays["validation_score"][-1] == pytest.approx((logits.argmax(1) == validation.y).mean(), abs=1e-6)
    loss, score = program.evaluate("validation")
    assert trace.arrays["validation_loss"][-1] == pytest.approx(loss, rel=1e-5)
    assert trace.arrays["validation_score"][-1] == pytest.approx(score, abs=1e-6)


def test_rates_seeds_and_initializers_share_one_compilation_and_runs_do_not_touch_each_other() -> None:
    factors = recipe(depth=2, width=12, optimizer="adam", dropout=0.3)
    program = Program(factors, "mlp", digits(), STEPS, 2)
    first = program.run(feed(program, factors, rate=0.01, seed=3))
    program.run(feed(program, recipe(initializer={"name": "random_normal", "stddev": 1.0}), rate=0.5, seed=4))
    again = program.run(feed(program, factors, rate=0.01, seed=3))
    assert program._train.experimental_get_tracing_count() == 1
    for name, array in first.arrays.items():
        np.testing.assert_array_equal(array, again.arrays[name], err_msg=name)
    other_dropout = program.run(RunInputs(*(vars(feed(program, factors, rate=0.01, seed=3)) | {"seed": 5}).values()))
    assert not np.array_equal(first.arrays["loss"], other_dropout.arrays["loss"])


def test_the_loop_ends_at_the_first_step_that_is_not_finite() -> None:
    factors = recipe(depth=3, width=12, optimizer="sgd")
    program = Program(factors, "mlp", digits(), STEPS, 4)
    trace = program.run(feed(program, factors, rate=1e12))
    assert not trace.finite
    assert 1 <= trace.steps < STEPS
    assert len(trace.arrays["loss"]) == trace.steps
    assert np.isfinite(trace.arrays["loss"]).all()
    assert (
        len(trace.arrays["gradient_rms"])
        == len(trace.arrays["probed_step"])
        == (trace.arrays["probed_step"] < trace.steps).sum()
    )
    assert trace.nonfinite_layer in {"hidden_1", "hidden_2", "hidden_3", "output"}


def test_the_row_of_the_step_that_was_not_finite_is_kept_apart() -> None:
    factors = recipe(depth=3, width=12, optimizer="sgd")
    program = Program(factors, "mlp", digits(), STEPS, STEPS, xla=False)
    trace = program.run(feed(program, factors, rate=1e12))
    kept = trace.arrays["gradient_rms"]
    assert len(kept) == trace.steps < STEPS
    assert trace.gradient_rms.shape == (trace.steps + 1, 3)
    np.testing.assert_array_equal(trace.gradient_rms[:-1], kept)
    assert np.isfinite(kept).all()
    assert not np.isfinite(trace.gradient_rms[-1]).all()


@pytest.mark.parametrize(("steps", "evaluations"), [(340, 20), (1, 1), (5, 20), (100, 1), (7, 7)])
def test_probed_steps_begin_with_the_first_and_end_with_the_last(steps: int, evaluations: int) -> None:
    probed = probed_steps(steps, evaluations)
    assert probed[-1] == steps - 1
    assert probed[0] == 0 or evaluations == 1
    assert len(probed) <= min(steps, evaluations)
    assert (np.diff(probed) > 0).all()
