"""What the program's probes say of networks that were built to fail in a known way, in a known place."""

from __future__ import annotations

import numpy as np
import pytest

from suite.protocol.outcomes import find_causes, worst_dead
from suite.protocol.records import Cause
from suite.protocol.words import cause_in_words, diagnose
from suite.training.program import Program
from suite.training.run_inputs import RunInputs, Trace
from tests.nets import draw, gaussian_task
from tests.probes.cases import digits, feed, recipe

DEPTH, WIDTH, EXAMPLES = 5, 16, 64


def train(
    activation: str, steps: int = 6, *, rates: np.ndarray | None = None, bias: tuple[int, float] | None = None,
    scale: tuple[int, float] | None = None, optimizer: str = "sgd", **factors: object,
) -> tuple[Program, Trace]:  # fmt: skip
    """A small network, with the bias or the weights of one layer (from 1) changed."""
    task = gaussian_task(EXAMPLES, WIDTH)
    chosen = recipe(
        depth=DEPTH, width=WIDTH, activation=activation, optimizer=optimizer, batch_size=EXAMPLES, **factors
    )
    program = Program(chosen, "mlp", task, steps, steps, xla=False)
    weights = draw([value.shape for value in program.network.built], 2.0, 0)
    if bias is not None:
        for start in weights[1::2]:
            start[:] = 0.1  # so that a layer behind a dead one is constant, not at ReLU's corner
        weights[2 * (bias[0] - 1) + 1] += bias[1]
    if scale is not None:
        weights[2 * (scale[0] - 1)] *= scale[1]
    rates = np.full(steps, 0.01) if rates is None else rates
    rows = np.tile(np.arange(EXAMPLES, dtype=np.int32), (steps, 1))
    return program, program.run(RunInputs(weights, rates.astype(np.float32), rows, 0))


def words(program: Program, trace: Trace) -> dict[Cause, str]:
    facts = diagnose(trace.arrays, [tap.name for tap in program.network.taps])
    return {cause: cause_in_words(cause, facts) for cause in find_causes(trace.arrays)}


def test_a_network_built_to_die_is_named_dead_with_its_layer() -> None:
    program, trace = train("relu", bias=(3, -100.0))
    assert words(program, trace)[Cause.DEAD] == "dead, 100% of hidden_3"
    dead = trace.arrays["dead_fraction"]
    assert (dead[:, 2] == 1).all()
    assert worst_dead(trace.arrays) == 1
    # Behind a dead layer all is constant, so the layer alone is dead; before it no gradient arrives.
    assert dead[0, 1] < 0.5
    assert (trace.arrays["gradient_rms"][:, :3] == 0).all()
    assert (trace.arrays["gradient_rms"][:, 3:] > 0).all()


def test_a_healthy_network_is_named_nothing() -> None:
    program, trace = train("relu")
    assert words(program, trace) == {}


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_a_network_built_to_saturate_is_named_saturated_with_its_layer(activation: str) -> None:
    program, trace = train(activation, scale=(4, 200.0))
    named = words(program, trace)[Cause.SATURATED]
    assert named.startswith("saturated, ")
    assert named.endswith("of hidden_4")
    saturated = np.median(trace.arrays["saturated_fraction"], axis=0)
    assert saturated[3] > 0.8
    assert saturated[[0, 1, 2]].max() < 0.2


def test_saturated_fractions_are_counts_over_a_count_in_one_rounding() -> None:
    chosen = recipe(depth=8, width=64, activation="tanh", initializer="he_normal", optimizer="adam")
    program = Program(chosen, "mlp", digits(), 60, 20, xla=True)
    fractions = program.run(feed(program, chosen, rate=0.03)).arrays["saturated_fraction"]
    seen = len(digits().validation) * 64
    assert len(np.unique(fractions)) > 50
    np.testing.assert_array_equal(fractions, np.round(fractions * seen) / np.float32(seen))


def test_activations_that_are_not_bounded_have_no_saturated_fraction() -> None:
    _, trace = train("relu", scale=(4, 200.0))
    assert np.isnan(trace.arrays["saturated_fraction"]).all()


@pytest.mark.parametrize("step", [2, 5])
def test_a_network_that_overflows_is_named_with_its_step_and_layer(step: int) -> None:
    """One step at a rate of 1e30 leaves weights of about 1e29: z_1 still fits into a float32, z_2 does not."""
    rates = np.full(8, 1e-3)
    rates[step - 2] = 1e30
    _, trace = train("linear", 8, rates=rates)
    assert not trace.finite
    assert trace.steps + 1 == step
    assert trace.nonfinite_layer == "hidden_2"
    assert np.isfinite(trace.arrays["gradient_rms"]).all(), "only finite steps are kept"


@pytest.mark.parametrize(("layer", "name"), [(1, "hidden_1"), (3, "hidden_3"), (6, "output")])
def test_a_layer_whose_weights_overflow_is_named(layer: int, name: str) -> None:
    """Each weight of about 1e38 fits into a float32, the layer's sum over them does not."""
    _, trace = train("linear", scale=(layer, 2.5e38))
    assert not trace.finite
    assert (trace.steps, trace.nonfinite_layer) == (0, name)


def test_a_non_finite_gradient_of_a_finite_loss_is_named_with_the_layer_it_began_in() -> None:
    """Forward, weights of 1e21 twice meet values of 1e-37 and all fits; back, dLoss/dz grows by 1e42."""
    task = gaussian_task(EXAMPLES, WIDTH)
    chosen = recipe(depth=DEPTH, width=WIDTH, activation="linear", optimizer="sgd", batch_size=EXAMPLES)
    program = Program(chosen, "mlp", task, 1, 1, xla=False)
    weights = draw([value.shape for value in program.network.built], 1.0, 0)
    for index, scale in ((0, 1e-37), (2, 1e21), (4, 1e21)):
        weights[index] *= scale
    rows = np.arange(EXAMPLES, dtype=np.int32)[None]
    trace = program.run(RunInputs(weights, np.zeros(1, np.float32), rows, 0))
    assert not trace.finite
    assert np.isfinite(trace.arrays["loss"]).all()
    assert trace.nonfinite_layer == "hidden_1"


def test_probes_say_the_same_under_xla() -> None:
    task = gaussian_task(EXAMPLES, WIDTH)
    chosen = recipe(depth=3, width=WIDTH, activation="sigmoid", optimizer="adam", batch_size=EXAMPLES)
    rows = np.tile(np.arange(EXAMPLES, dtype=np.int32), (4, 1))
    found = []
    for xla in (False, True):
        program = Program(chosen, "mlp", task, 4, 2, xla=xla)
        weights = draw([value.shape for value in program.network.built], 1.0, 0)
        found.append(program.run(RunInputs(weights, np.full(4, 1e-3, np.float32), rows, 0)).arrays)
    assert set(found[0]) == set(found[1])
    for name in found[0]:
        np.testing.assert_allclose(found[0][name], found[1][name], rtol=2e-4, atol=1e-7, err_msg=name)
