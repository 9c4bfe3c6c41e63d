"""One number of a run for what its probes saw layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np


def layer_figures(traces: Mapping[str, np.ndarray]) -> dict[str, float | None]:
    """Of one run: the update ratio of the first and of the last layer, median over the probed steps, and the share of
    exact zeros among the activations' outputs, mean over the layers, at the first and at the last probed step.

    Args:
        traces: As in `suite.protocol.records.Replicate.traces`.
    """
    updates, zeros = traces["update_ratio"], traces["zero_fraction"]
    return {
        "update_ratio_first": _known(np.median(updates[:, 0])) if updates.size else None,
        "update_ratio_last": _known(np.median(updates[:, -1])) if updates.size else None,
        "zero_fraction_init": _known(zeros[0].mean()) if zeros.size else None,
        "zero_fraction_end": _known(zeros[-1].mean()) if zeros.size else None,
    }


def landscape_figures(traces: Mapping[str, np.ndarray]) -> dict[str, float | None]:
    """Of one run: what was seen along the gradient, median over the probed steps where it is known; None where it was not
    looked for.

    Args:
        traces: As in `suite.protocol.records.Replicate.traces`.
    """
    found: dict[str, float | None] = {}
    for name in ("loss_range", "effective_beta"):
        values = np.asarray(traces.get(name, ()), np.float64)
        known = values[np.isfinite(values)]
        found[f"{name}_median"] = float(np.median(known)) if known.size else None
    return found


def largest_singular_value(kernels: Sequence[np.ndarray]) -> float | None:
    """The largest of all layers' weights, each a matrix of its last axis against the others.

    None where there are no layers, or a weight is not finite.
    """
    if not kernels or not all(np.isfinite(kernel).all() for kernel in kernels):
        return None
    return max(float(np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), 2)) for kernel in kernels)


def _known(value: np.floating) -> float | None:
    return float(value) if np.isfinite(value) else None
