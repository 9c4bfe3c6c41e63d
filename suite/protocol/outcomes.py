"""The verdict on one run: what became of it, and which causes its probes show. Every threshold is here."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from suite.protocol.records import Cause, Outcome

FLOAT_FLOOR = float(np.finfo(np.float32).tiny)
"""Stands for a gradient of exactly 0 in a ratio: it is below the float's range, not nothing."""

_ROUNDING = 1e-6  # 324 right of 360 is 0.9, whatever a float32 makes of it


@dataclass(frozen=True)
class Thresholds:
    """Where the verdicts fall. They are part of the protocol, and kept in every record.

    Attributes:
        diverged: Final training loss over the baseline, above which a run has diverged.
        stalled: The same, at or above which it has learned nothing.
        gradient_ratio: Decades between the first and the last layer (or time step), above which the gradient
            explodes and below minus which it vanishes.
        gradient_growth: Growth of the global gradient norm since the first step that counts as explosion.
        dead: Share of a layer's units.
        saturated: Share of a layer's units.
    """

    diverged: float = 2.0
    stalled: float = 0.98
    gradient_ratio: float = 3.0
    gradient_growth: float = 1000.0
    dead: float = 0.9
    saturated: float = 0.5

    def as_mapping(self) -> Mapping[str, float]:
        """For a record."""
        return dataclasses.asdict(self)


THRESHOLDS = Thresholds()


def judge(
    *,
    finite: bool,
    train_loss: float | None,
    baseline_loss: float,
    scores: np.ndarray,
    target: float,
    higher_is_better: bool,
    thresholds: Thresholds = THRESHOLDS,
) -> Outcome:
    """The first rule of the protocol that holds.

    Args:
        finite: Whether every loss and gradient was.
        train_loss: On the training split, after the last step.
        baseline_loss: Of the best constant predictor on the training targets.
        scores: Validation metric at every evaluation.
        target: What the metric must reach.
        higher_is_better: Which way it does.
        thresholds: Where the verdicts fall.
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
    """Why a run did not train, as its probes show it.

    Args:
        traces: As in `suite.protocol.records.Replicate.traces`.
        thresholds: Where the verdicts fall.
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
    """R = log10(g_1 / g_L), in decades.

    Args:
        gradients: g of every layer, the one nearest the input first (or of every time step, the first first).

    Returns:
        None where g_L is exactly 0 or anything is not finite. A g_1 of exactly 0 counts as the float's floor.
    """
    if gradients.size < 2 or not np.isfinite(gradients).all() or gradients[-1] == 0:
        return None
    return float(np.log10(max(float(gradients[0]), FLOAT_FLOOR)) - np.log10(float(gradients[-1])))


def median_ratio(gradients: np.ndarray) -> float | None:
    """Median of R over the probed steps (shape (steps, layers)) that have one."""
    ratios = [ratio for row in gradients if (ratio := gradient_ratio(row)) is not None]
    return float(np.median(ratios)) if ratios else None


def gradient_factor(gradients: np.ndarray) -> float | None:
    """Factor per layer on the way back: 1 is healthy, below 1 the gradient vanishes, above 1 it explodes.

    exp of minus the least-squares slope of ln g_l against l. Layers whose g is exactly 0 have no logarithm and are left
    out; None where fewer than two are left.
    """
    layers, logs = _logs(gradients)
    return float(np.exp(-np.polyfit(layers, logs, 1)[0])) if len(layers) > 1 else None


def gradient_straightness(gradients: np.ndarray) -> float | None:
    """How much of a line ln g_l is against l: R squared of that of `gradient_factor`; None of fewer than three layers."""
    layers, logs = _logs(gradients)
    if len(layers) < 3 or np.ptp(logs) == 0:
        return None
    return float(np.corrcoef(layers, logs)[0, 1] ** 2)


def _logs(gradients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The layers whose gradient has a logarithm, and that."""
    known = np.isfinite(gradients) & (gradients > 0)
    return np.arange(1, len(gradients) + 1)[known], np.log(gradients[known].astype(np.float64))


def worst_dead(traces: Mapping[str, np.ndarray]) -> float | None:
    """Dead fraction of the layer that has most, at the last probed step."""
    return _largest(traces["dead_fraction"][-1:])


def worst_saturated(traces: Mapping[str, np.ndarray]) -> float | None:
    """Saturated fraction of the layer that has most in the median over the probed steps; None where none can."""
    return _largest(traces["saturated_fraction"])


def _largest(fractions: np.ndarray) -> float | None:
    """Of the medians over the steps; a layer that has no such fraction is NaN throughout and left out."""
    known = fractions[:, ~np.isnan(fractions).any(axis=0)]
    return float(np.median(known, axis=0).max()) if known.size else None
