"""What R and the factor of a run are taken along."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from suite.protocol.run_statistics import RunData, statistics_of
from suite.protocol.words import record_causes_in_words
from tests.made import make_cell, make_record, make_replicate

DEPTH = 0.5 ** np.arange(3, -1, -1)[None].repeat(4, axis=0)
TIME = 0.1 ** np.arange(5, -1, -1)[None, None].repeat(4, axis=0)


@pytest.mark.parametrize(
    ("traces", "ratio", "factor"),
    [
        ({"gradient_rms": DEPTH}, 3 * np.log10(0.5), 0.5),
        ({"gradient_rms": DEPTH, "gradient_rms_through_time": TIME.repeat(4, axis=1)}, 3 * np.log10(0.5), 0.5),
        ({"gradient_rms": DEPTH[:, :1], "gradient_rms_through_time": TIME}, -5.0, 0.1),
        ({"gradient_rms": DEPTH[:, :1]}, None, None),
        ({"gradient_rms": DEPTH[:0]}, None, None),
        ({"gradient_rms": DEPTH[:0, :1], "gradient_rms_through_time": TIME[:0]}, None, None),
    ],
)
def test_depth_but_time_in_networks_of_one_recurrent_layer(
    traces: dict[str, np.ndarray], ratio: float | None, factor: float | None
) -> None:
    looks = len(traces["gradient_rms"])
    others = dict.fromkeys(
        ("update_ratio", "zero_fraction", "saturated_fraction", "dead_fraction"), np.zeros((looks, 1))
    )
    found = statistics_of(RunData(others | traces))
    assert {key: found[key] for key in found if key.startswith("gradient_")} == {
        "gradient_ratio_init": pytest.approx(ratio),
        "gradient_ratio_median": pytest.approx(ratio),
        "gradient_factor_init": pytest.approx(factor),
    }


def test_a_record_of_one_layer_tells_of_time_steps_without_its_traces() -> None:
    figures = {"gradient_ratio_init": -5.0, "gradient_ratio_median": -5.0, "gradient_factor_init": 0.1}
    run = make_replicate(0, np.random.default_rng(0), outcome="stalled", causes=("vanishing",), traces={}, **figures)
    record = make_record(make_cell(), replicates=(run,), layers=("rnn",))
    assert record_causes_in_words(record) == "vanishing, 0.1 per time step"
    deep = dataclasses.replace(record, layers=("a", "b", "c", "d", "e", "f"))
    assert record_causes_in_words(deep) == "vanishing, 0.1 per layer"
