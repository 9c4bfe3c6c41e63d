"""Verdicts in words, from replicates with and without their traces."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from suite.protocol.records import Cause, Replicate
from suite.protocol.run_statistics import KEYS
from suite.protocol.words import Diagnosis, cause_in_words, run_in_words


def replicate(traces: dict[str, Any] | None = None, **changed: Any) -> Replicate:
    nothing = {
        field.name: None for field in dataclasses.fields(Replicate) if field.name not in ("traces", "statistics")
    }
    statistics = {key: changed.pop(key) for key in KEYS if key in changed}
    given = {"replicate": 0, "seed": 0, "outcome": "stalled", "causes": (), "steps": 10, "seconds": 1.0}
    fields: dict[str, Any] = {**nothing, **given, **changed}
    return Replicate(
        **fields,
        statistics=statistics,
        traces={name: np.array(value, np.float32) for name, value in (traces or {}).items()},
    )


VANISHING = {"gradient_ratio_median": -12.0, "gradient_ratio_init": -11.9, "gradient_factor_init": 0.2361}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"causes": ("vanishing",), **VANISHING}, "stalled: vanishing, 0.24 per layer"),
        # Where the gradient changed since the first step, the first step's factor says nothing of the run.
        ({"causes": ("vanishing",), **VANISHING, "gradient_ratio_init": -1.0}, "stalled: vanishing"),
        ({"causes": ("vanishing", "saturated"), **VANISHING, "saturated_fraction": 0.84},
         "stalled: vanishing, 0.24 per layer; saturated, 84% of a layer"),
        ({"causes": ("dead",), "dead_fraction": 1.0}, "stalled: dead, 100% of a layer"),
        ({"outcome": "nonfinite", "nonfinite_step": 6, "nonfinite_layer": "hidden_2"},
         "nonfinite at step 6, in hidden_2"),
        ({"outcome": "nonfinite", "nonfinite_step": 6}, "nonfinite at step 6"),
        ({"outcome": "trained", "steps_to_target": 120}, "trained in 120 steps"),
        ({"outcome": "slow"}, "slow"),
        ({"outcome": "diverged", "causes": ("exploding",)}, "diverged: exploding"),
    ],
)  # fmt: skip
def test_a_replicate_without_its_traces(changed: dict[str, Any], words: str) -> None:
    assert run_in_words(replicate(**changed)) == words


GRADIENTS = 0.5 ** np.arange(12, -1, -1)[None]
QUIET = {"gradient_norm": [1.0], "dead_fraction": np.zeros((1, 13)), "saturated_fraction": np.full((1, 13), np.nan)}
NAMES = tuple(f"hidden_{n}" for n in range(1, 14))


def test_a_replicate_with_its_traces_names_layers() -> None:
    dead = np.zeros((1, 13))
    dead[0, 4] = 0.97
    traces = {**QUIET, "gradient_rms": GRADIENTS, "dead_fraction": dead}
    run = replicate(traces, causes=("vanishing", "dead"))
    assert run_in_words(run, NAMES) == "stalled: vanishing, 0.5 per layer; dead, 97% of hidden_5"


def test_a_gradient_that_vanishes_through_time_is_told_so() -> None:
    through_time = 0.73 ** np.arange(99, -1, -1)[None, None]
    traces = {**QUIET, "gradient_rms": np.ones((1, 13)), "gradient_rms_through_time": through_time}
    run = replicate(traces, causes=("vanishing",))
    assert run_in_words(run, NAMES) == "stalled: vanishing, 0.73 per time step"


def test_an_explosion_is_told_by_what_shows_it() -> None:
    assert cause_in_words(Cause.EXPLODING, Diagnosis(ratio=4.0, factor=3.1, growth=1e9)) == "exploding, 3.1 per layer"
    assert (
        cause_in_words(Cause.EXPLODING, Diagnosis(ratio=0.1, factor=1.0, growth=5e4))
        == "exploding, 5.0e+04-fold since the first step"
    )
    assert cause_in_words(Cause.EXPLODING, Diagnosis()) == "exploding"


def test_a_jump_is_not_told_as_a_factor_per_layer() -> None:
    """Where the first layer alone stands apart, as on the trunk of a network whose branches are scaled down."""
    gradients = np.full((1, 13), 1e-6)
    gradients[0, 0] = 1e-2
    run = replicate({**QUIET, "gradient_rms": gradients}, causes=("exploding",))
    assert (
        run_in_words(run, NAMES)
        == "stalled: exploding, 10^4.0 from the last layer to the first, with no trend between them"
    )


def test_a_gradient_of_exactly_zero_is_no_jump() -> None:
    """It has no logarithm: the float's floor, which stands for it in the ratio, is nobody's measurement."""
    gradients = GRADIENTS.copy()
    gradients[0, :4] = 0
    run = replicate({**QUIET, "gradient_rms": gradients}, causes=("vanishing",))
    assert run_in_words(run, NAMES) == "stalled: vanishing, 0.5 per layer, exactly 0 in 4 of 13 layers"
    facts = Diagnosis(ratio=-34.4, factor=0.24, layers=13, zeros=4, precision="float16")
    assert (
        cause_in_words(Cause.VANISHING, facts) == "vanishing, 0.24 per layer, below float16's range in 4 of 13 layers"
    )
