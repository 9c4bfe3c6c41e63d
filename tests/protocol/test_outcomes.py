"""What became of a run, and why: the rules of the protocol, in their order and at their borders."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from suite.protocol.outcomes import (
    FLOAT_FLOOR,
    THRESHOLDS,
    classify_outcome,
    find_causes,
    gradient_factor,
    gradient_ratio,
    gradient_straightness,
    median_ratio,
    meets,
    worst_dead,
    worst_saturated,
)
from suite.protocol.records import Cause, Outcome

BASELINE = 2.0


def judged(**changed: Any) -> Outcome:
    given = {"finite": True, "train_loss": 0.1, "scores": [0.2, 0.5], "target": 0.9, "higher_is_better": True} | changed
    return classify_outcome(**{**given, "scores": np.array(given["scores"])}, baseline_loss=BASELINE)


@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        ({"finite": False, "scores": [0.95]}, Outcome.NONFINITE),
        ({"train_loss": None}, Outcome.NONFINITE),
        ({"train_loss": float("nan")}, Outcome.NONFINITE),
        ({"train_loss": 4.001, "scores": [0.95]}, Outcome.DIVERGED),
        ({"train_loss": 4.0, "scores": [0.95]}, Outcome.TRAINED),
        ({"scores": [0.1, 0.95]}, Outcome.TRAINED),
        ({"scores": [0.95, 0.1]}, Outcome.LOST),
        ({"scores": [0.95, 0.1], "train_loss": 2.0}, Outcome.LOST),
        ({"train_loss": 0.98 * BASELINE}, Outcome.STALLED),
        ({"train_loss": 0.979 * BASELINE}, Outcome.SLOW),
        ({"scores": [0.3, 0.01], "target": 0.02, "higher_is_better": False}, Outcome.TRAINED),
        ({"scores": [0.01, 0.3], "target": 0.02, "higher_is_better": False}, Outcome.LOST),
        ({"scores": []}, Outcome.SLOW),
    ],
)
def test_the_first_rule_that_holds(changed: dict[str, Any], outcome: Outcome) -> None:
    assert judged(**changed) is outcome


def test_nan_meets_no_target() -> None:
    nan = np.array([np.nan])
    assert not meets(nan, 0.0, True).any()
    assert not meets(nan, 1e9, False).any()


def test_thresholds_are_those_of_the_protocol() -> None:
    of_loss = {"diverged": 2, "stalled": 0.98}
    of_gradients = {"gradient_ratio": 3, "gradient_growth": 1000}
    assert THRESHOLDS.as_mapping() == {**of_loss, **of_gradients, "dead": 0.9, "saturated": 0.5}


def traces(
    gradients: Any = ((1.0, 1.0),),
    norms: Any = (1.0,),
    dead: Any = ((0.0, 0.0),),
    saturated: Any = ((0.0, 0.0),),
    **others: Any,
) -> dict[str, np.ndarray]:
    rows = {"gradient_rms": gradients, "gradient_norm": norms, "dead_fraction": dead, "saturated_fraction": saturated}
    return {name: np.array(value, np.float32) for name, value in {**rows, **others}.items()}


NAN = float("nan")


@pytest.mark.parametrize(
    ("seen", "causes"),
    [
        (traces(), []),
        (traces(gradients=[(0.9e-3, 1.0)]), [Cause.VANISHING]),
        (traces(gradients=[(1.1e-3, 1.0)]), []),
        (traces(gradients=[(1100.0, 1.0)]), [Cause.EXPLODING]),
        # The median over the steps, not one of them.
        (traces(gradients=[(1e-9, 1.0), (1.0, 1.0), (1.0, 1.0)]), []),
        # An exact zero is below the float's range: a vanishing gradient, not a missing one.
        (traces(gradients=[(0.0, 1.0)]), [Cause.VANISHING]),
        (traces(gradients=[(0.0, 0.0)]), []),
        (traces(gradients=[(np.nan, 1.0), (1e-9, 1.0)]), [Cause.VANISHING]),
        (traces(norms=[1.0, 1001.0, 1.0]), [Cause.EXPLODING]),
        (traces(norms=[1.0, 999.0]), []),
        (traces(dead=[(0.0, 0.0), (0.0, 0.91)]), [Cause.DEAD]),
        # At the end, not on the way.
        (traces(dead=[(0.0, 1.0), (0.0, 0.5)]), []),
        (traces(saturated=[(0.6, 0.0), (0.4, 0.0), (0.6, 0.0)]), [Cause.SATURATED]),
        (traces(saturated=[(0.6, 0.0), (0.4, 0.0), (0.4, 0.0)]), []),
        # Half of a layer, not half of all layers.
        (traces(saturated=[(0.6, 0.0), (0.0, 0.6), (0.2, 0.2)]), []),
        # Layers that cannot saturate are left out, the others still count.
        (traces(saturated=[(NAN, 0.8)]), [Cause.SATURATED]),
        (traces(saturated=[(NAN, NAN)]), []),
        (traces(dead=[(NAN, 0.95)]), [Cause.DEAD]),
        (traces(gradients=[(1e-9, 1.0)], dead=[(1.0, 0.0)], saturated=[(0.0, 0.9)], norms=[1.0, 1e9]),
         [Cause.VANISHING, Cause.EXPLODING, Cause.DEAD, Cause.SATURATED]),
        # Through time counts as well, in any recurrent layer.
        (traces(gradient_rms_through_time=[[(1.0, 1.0), (1e-9, 1.0)]]), [Cause.VANISHING]),
        (traces(gradient_rms_through_time=[[(1e9, 1.0), (1.0, 1.0)]]), [Cause.EXPLODING]),
    ],
)  # fmt: skip
def test_causes(seen: dict[str, np.ndarray], causes: list[Cause]) -> None:
    assert list(find_causes(seen)) == causes


def test_a_run_that_ended_before_its_first_probe_has_no_causes() -> None:
    empty = np.zeros((0, 3), np.float32)
    seen = {"gradient_rms": empty, "gradient_norm": np.zeros(0), "dead_fraction": empty, "saturated_fraction": empty}
    assert find_causes(seen) == ()
    assert worst_dead(seen) is None
    assert worst_saturated(seen) is None


def test_other_thresholds_can_be_given() -> None:
    strict = dataclasses.replace(THRESHOLDS, gradient_ratio=1.0)
    assert find_causes(traces(gradients=[(0.05, 1.0)]), strict) == (Cause.VANISHING,)


def test_ratio_and_factor() -> None:
    gradients = 0.1 * 0.5 ** np.arange(9, -1, -1)
    assert gradient_factor(gradients) == pytest.approx(0.5)
    assert gradient_ratio(gradients) == pytest.approx(9 * np.log10(0.5))
    assert gradient_factor(gradients[::-1]) == pytest.approx(2.0)
    assert gradient_ratio(gradients[:1]) is None
    assert gradient_ratio(np.array([0.0, 1.0])) == pytest.approx(np.log10(FLOAT_FLOOR))
    assert gradient_factor(np.array([0.0, 0.25, 0.5, 1.0])) == pytest.approx(0.5), "zeros have no logarithm"
    assert gradient_factor(np.array([0.0, 1.0])) is None
    assert gradient_straightness(gradients) == pytest.approx(1.0)
    assert gradient_straightness(np.array([1.0, 0.1, 1.0])) == pytest.approx(0.0, abs=1e-12)
    assert gradient_straightness(np.array([0.0, 0.25, 1.0])) is None, "any two points lie on a line"
    assert gradient_straightness(np.ones(4)) is None
    assert median_ratio(np.zeros((3, 4))) is None
