"""Describes a run in words: "stalled: vanishing, 0.24 per layer"."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from suite.protocol.records import Cause, Outcome, Record, Replicate

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Diagnosis:
    """The numbers behind the causes of a failed run; None if unknown.

    Attributes:
        ratio: log10(g_1 / g_L), median over the run.
        factor: Factor of the backpropagated gradient per layer.
        time_ratio: log10(g_1 / g_T) of the recurrent layer where it is farthest from 0.
        time_factor: Factor per time step in that layer.
        growth: Largest gradient norm relative to the first step.
        dead: Dead fraction of the worst layer.
        dead_layer: Name of that layer.
        saturated: Saturated fraction of the worst layer.
        saturated_layer: Name of that layer.
        layers: Number of layers.
        zeros: Number of layers with a gradient of exactly 0.
        precision: Float type in which the gradient underflows, if that is the reason.
        zero_weights: Name of a layer with weights of 0, if that is the reason.
    """

    ratio: float | None = None
    factor: float | None = None
    time_ratio: float | None = None
    time_factor: float | None = None
    growth: float | None = None
    dead: float | None = None
    dead_layer: str | None = None
    saturated: float | None = None
    saturated_layer: str | None = None
    layers: int | None = None
    zeros: int = 0
    precision: str | None = None
    zero_weights: str | None = None


def diagnose(traces: Mapping[str, np.ndarray], layers: Sequence[str]) -> Diagnosis:
    """Computes the numbers behind the causes from the traces of a run.

    Args:
        traces: Arrays as in `suite.protocol.records.Replicate.traces`.
        layers: Names of the layers.
    """
    import numpy as np

    from suite.protocol.outcomes import gradient_factor, median_ratio

    def factor_of(gradients: np.ndarray) -> float | None:
        factors = [factor for row in gradients if (factor := gradient_factor(row)) is not None]
        return float(np.median(factors)) if factors else None

    def worst(fractions: np.ndarray) -> tuple[float | None, str | None]:
        if not len(fractions) or np.isnan(fractions).all():
            return None, None
        median = np.median(fractions, axis=0)
        layer = int(np.nanargmax(median)) if not np.isnan(median).all() else 0
        return float(median[layer]), layers[layer]

    by_time = [(median_ratio(g), factor_of(g)) for g in _by_layer(traces.get("gradient_rms_through_time"))]
    in_time = max((pair for pair in by_time if pair[0] is not None), key=lambda p: abs(p[0] or 0), default=(None, None))
    norms = traces["gradient_norm"]
    gradients = traces["gradient_rms"]
    return Diagnosis(
        median_ratio(gradients),
        factor_of(gradients),
        *in_time,
        float(np.nanmax(norms) / norms[0]) if len(norms) and norms[0] > 0 and np.isfinite(norms).any() else None,
        *worst(traces["dead_fraction"][-1:]),
        *worst(traces["saturated_fraction"]),
        len(layers),
        int((np.median(gradients, axis=0) == 0).sum()) if len(gradients) else 0,
    )


def _by_layer(through_time: Any) -> list[Any]:
    return [] if through_time is None else [through_time[:, layer] for layer in range(through_time.shape[1])]


def cause_in_words(cause: Cause | str, facts: Diagnosis) -> str:
    """A cause with its number: "vanishing, 0.24 per layer", "dead, 97% of hidden_3"."""
    name = Cause(cause)
    if name is Cause.DEAD:
        return str(name) + _share(facts.dead, facts.dead_layer)
    if name is Cause.SATURATED:
        return str(name) + _share(facts.saturated, facts.saturated_layer)
    sign = -1 if name is Cause.VANISHING else 1
    layers, time = (sign * (ratio or 0.0) for ratio in (facts.ratio, facts.time_ratio))
    if name is Cause.EXPLODING and facts.growth is not None and max(layers, time) <= _threshold():
        return f"{name}, {_number(facts.growth)}-fold since the first step"
    if name is Cause.VANISHING and facts.zeros and layers >= time:
        return str(name) + _fallen(facts)
    if layers >= time and _jumps(facts):
        return f"{name}, 10^{facts.ratio:.1f} from the last layer to the first, with no trend between them"
    factor, unit = (facts.factor, "layer") if layers >= time else (facts.time_factor, "time step")
    return str(name) if factor is None else f"{name}, {_number(factor)} per {unit}"


def _jumps(facts: Diagnosis) -> bool:
    """Whether less than half of the ratio is explained by a factor per layer, as with layers on different branches."""
    if facts.ratio is None or facts.factor is None or facts.layers is None:
        return False
    return math.log10(facts.factor) * (facts.layers - 1) / facts.ratio < 0.5


def _fallen(facts: Diagnosis) -> str:
    """Describes a gradient that reaches exactly 0."""
    falls = f", {_number(facts.factor)} per layer" if facts.factor is not None else ""
    what = f"below {facts.precision}'s range" if facts.precision else "exactly 0"
    why = f": all weights of {facts.zero_weights} are 0" if facts.zero_weights else ""
    return f"{falls}, {what} in {facts.zeros} of {facts.layers} layers{why}"


def _threshold() -> float:
    from suite.protocol.outcomes import THRESHOLDS

    return THRESHOLDS.gradient_ratio


def causes_in_words(causes: Sequence[Cause | str], facts: Diagnosis) -> str:
    """All causes of a run: "vanishing, 0.24 per layer; saturated, 84% of hidden_1"; empty if there is none."""
    return "; ".join(cause_in_words(cause, facts) for cause in causes)


def run_in_words(run: Replicate, layers: Sequence[str] = ()) -> str:
    """Outcome and causes of a run: "stalled: vanishing, 0.24 per layer".

    Args:
        run: The run.
        layers: Names of the layers, if it has traces.
    """
    words, why = _outcome_in_words(run), causes_in_words(run.causes, _facts_of_replicate(run, layers))
    return f"{words}: {why}" if why else words


def record_causes_in_words(record: Record) -> str:
    """All causes of a cell's runs, each with the number of the first run that has it."""
    told: dict[str, str] = {}
    for run in record.replicates:
        for cause in run.causes:
            if cause not in told:
                told[cause] = cause_in_words(cause, _facts_of_replicate(run, record.layers))
    return "; ".join(told.values())


def record_in_words(record: Record) -> str:
    """The most common outcome of a cell with its number of runs, and the causes of the first such run."""
    outcomes = Counter(run.outcome for run in record.replicates)
    if not outcomes:
        return "no replicates"
    outcome, count = outcomes.most_common(1)[0]
    first = next(run for run in record.replicates if run.outcome == outcome)
    return f"{count} of {len(record.replicates)} {run_in_words(first, record.layers)}"


def _outcome_in_words(run: Replicate) -> str:
    if run.outcome == Outcome.NONFINITE:
        began = f" at step {run.nonfinite_step}" if run.nonfinite_step is not None else ""
        return f"{run.outcome}{began}, in {run.nonfinite_layer}" if run.nonfinite_layer else f"{run.outcome}{began}"
    trained = run.outcome == Outcome.TRAINED and run.steps_to_target is not None
    return f"{run.outcome} in {run.steps_to_target} steps" if trained else str(run.outcome)


def _facts_of_replicate(run: Replicate, layers: Sequence[str]) -> Diagnosis:
    if run.traces and layers:
        return diagnose(run.traces, layers)
    known = run.statistics
    ratio, initial = known.get("gradient_ratio_median"), known.get("gradient_ratio_init")
    # The factor is only known at the first step; it is used if the gradient ratio there is typical of the run.
    alike = ratio is not None and initial is not None and abs(ratio - initial) <= 0.25 * abs(ratio)
    factor = known.get("gradient_factor_init") if alike else None
    rest = Diagnosis(dead=known.get("dead_fraction"), saturated=known.get("saturated_fraction"))
    if len(layers) == 1:  # a single layer: its statistics are along time
        return replace(rest, time_ratio=ratio, time_factor=factor)
    return replace(rest, ratio=ratio, factor=factor)


def _share(fraction: float | None, layer: str | None) -> str:
    if fraction is None:
        return ""
    return f", {fraction:.0%} of {layer or 'a layer'}"


def _number(value: float) -> str:
    if not 1e-3 <= abs(value) < 1e4:
        return f"{value:.1e}"
    return f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}"
