"""Outcome and causes of one run, with all thresholds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from suite.protocol.records import Cause, Outcome

FLOAT_FLOOR = float(np.finfo(np.float32).tiny)
"""Replacement for a gradient of exactly 0 (underflow) in a ratio."""

_ROUNDING = 1e-6  # 324 correct of 360 meet a target of 0.9 in float32 too


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of outcomes and causes. They are part of the protocol and saved in every record.

    Attributes:
        diverged: Ratio of final training loss to baseline above which a run has diverged.
        stalled: Ratio of final training loss to baseline from which a run has learned nothing.
        gradient_ratio: |R| in powers of ten above which the gradient explodes (R > 0) or vanishes (R < 0).
        gradient_growth: Growth of the global gradient norm since the first step above which the gradient explodes.
        dead: Share of a layer's units above which it is dead.
        saturated: Share of a layer's units and examples above which it is saturated.
    """

    diverged: float = 2.0
    stalled: float = 0.98
    gradient_ratio: float = 3.0
    gradient_growth: float = 1000.0
    dead: float = 0.9
    saturated: float = 0.5

    def as_mapping(self) -> Mapping[str, float]:
        return dataclasses.asdict(self)


THRESHOLDS = Thresholds()


def classify_outcome(
    *,
    finite: bool,
    train_loss: float | None,
    baseline_loss: float,
    scores: np.ndarray,
    target: float,
    higher_is_better: bool,
    thresholds: Thresholds = THRESHOLDS,
) -> Outcome:
    """The outcome of a run: the first rule of the protocol that matches.

    Args:
        finite: Whether all losses and gradients were finite.
        train_loss: Loss on the training split after the last step.
        baseline_loss: Loss of the best constant predictor on the training targets.
        scores: Validation metric at every evaluation, shape (evaluations,).
        target: Target of the validation metric.
        higher_is_better: Whether higher scores are better.
        thresholds: Thresholds of the rules.
    """
    if not finite or train_loss is None or not np.isfinite(train_loss):
        return Outcome.NONFINITE
    if train_loss > thresholds.diverged * baseline_loss:
        return Outcome.DIVERGED
    met = meets(scores, target, higher_is_better)
    if met.size and met[-1]:
        return Outcome.TRAINED
    if met.any():
        return Outcome.LOST
    return Outcome.STALLED if train_loss >= thresholds.stalled * baseline_loss else Outcome.SLOW


def meets(scores: np.ndarray, target: float, higher_is_better: bool) -> np.ndarray:
    """Whether each score reaches the target, to a float32's rounding; NaN never does."""
    return scores >= target - _ROUNDING if higher_is_better else scores <= target + _ROUNDING


def steps_to_target(traces: Mapping[str, np.ndarray], target: float, higher_is_better: bool) -> int | None:
    """Steps trained when the validation score first met the target, at a probe; None if it never did."""
    met = np.flatnonzero(meets(traces["validation_score"], target, higher_is_better))
    return int(traces["probed_step"][met[0]]) + 1 if met.size else None


def find_causes(traces: Mapping[str, np.ndarray], thresholds: Thresholds = THRESHOLDS) -> tuple[Cause, ...]:
    """Diagnoses the causes of a failed run from its probes.

    Args:
        traces: Arrays as in `suite.protocol.records.Replicate.traces`.
        thresholds: Thresholds of the causes.
    """
    ratios = [median_ratio(traces["gradient_rms"])]
    if "gradient_rms_through_time" in traces:
        through_time = traces["gradient_rms_through_time"]
        ratios += [median_ratio(through_time[:, layer]) for layer in range(through_time.shape[1])]
    known = [ratio for ratio in ratios if ratio is not None]
    causes = []
    if any(ratio < -thresholds.gradient_ratio for ratio in known):
        causes.append(Cause.VANISHING)
    norms = traces["gradient_norm"]
    grew = norms.size > 0 and norms[0] > 0 and norms.max() > thresholds.gradient_growth * norms[0]
    if grew or any(ratio > thresholds.gradient_ratio for ratio in known):
        causes.append(Cause.EXPLODING)
    dead, saturated = worst_dead(traces), worst_saturated(traces)
    if dead is not None and dead > thresholds.dead:
        causes.append(Cause.DEAD)
    if saturated is not None and saturated > thresholds.saturated:
        causes.append(Cause.SATURATED)
    return tuple(causes)


def gradient_ratio(gradients: np.ndarray) -> float | None:
    """R = log10(g_1 / g_L).

    Args:
        gradients: g of every layer from the input (or of every time step), shape (layers,).

    Returns:
        R, or None if g_L is exactly 0 or a value is not finite. A g_1 of exactly 0 is replaced by `FLOAT_FLOOR`.
    """
    if gradients.size < 2 or not np.isfinite(gradients).all() or gradients[-1] == 0:
        return None
    return float(np.log10(max(float(gradients[0]), FLOAT_FLOOR)) - np.log10(float(gradients[-1])))


def median_ratio(gradients: np.ndarray) -> float | None:
    """Median of R over the probed steps, from gradients of shape (steps, layers); None if no step has an R."""
    ratios = [ratio for row in gradients if (ratio := gradient_ratio(row)) is not None]
    return float(np.median(ratios)) if ratios else None


def gradient_factor(gradients: np.ndarray) -> float | None:
    """Factor of the backpropagated gradient per layer: 1 is healthy, below 1 it vanishes, above 1 it explodes.

    It is exp of minus the least-squares slope of ln g_l against l. Layers with g = 0 are left out; None if fewer than two
    remain.
    """
    layers, logs = _logs(gradients)
    return float(np.exp(-np.polyfit(layers, logs, 1)[0])) if len(layers) > 1 else None


def gradient_straightness(gradients: np.ndarray) -> float | None:
    """R squared of the linear fit of ln g_l against l in `gradient_factor`; None for fewer than three layers."""
    layers, logs = _logs(gradients)
    if len(layers) < 3 or np.ptp(logs) == 0:
        return None
    return float(np.corrcoef(layers, logs)[0, 1] ** 2)


def _logs(gradients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of the layers with a positive gradient, and its logarithms."""
    known = np.isfinite(gradients) & (gradients > 0)
    return np.arange(1, len(gradients) + 1)[known], np.log(gradients[known].astype(np.float64))


def worst_dead(traces: Mapping[str, np.ndarray]) -> float | None:
    """Largest dead fraction of a layer at the last probed step."""
    return _largest(traces["dead_fraction"][-1:])


def worst_saturated(traces: Mapping[str, np.ndarray]) -> float | None:
    """Largest saturated fraction of a layer, median over the probed steps; None if no activation can saturate."""
    return _largest(traces["saturated_fraction"])


def _largest(fractions: np.ndarray) -> float | None:
    """Largest median over the steps of any layer without NaN."""
    known = fractions[:, ~np.isnan(fractions).any(axis=0)]
    return float(np.median(known, axis=0).max()) if known.size else None
