"""What a simulated tuner has seen so far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Seen:
    """One trial.

    Attributes:
        rate: Learning rate.
        repeat: 0 with the first tuning seed, 1 with the second, and so on.
        score: Validation score above the best constant's; None where the run was not finite.
        loss: Validation loss over that of the best constant; None likewise.
    """

    rate: float
    repeat: int
    score: float | None
    loss: float | None


@dataclass(frozen=True)
class Curve:
    """Trials by rate, ascending; those that share a rate are averaged.

    Attributes:
        rates: Shape (N,).
        gains: Mean score above the best constant's, never below 0: a run that was not finite is worth the constant.
        losses: Mean loss, infinite where one was not finite.
        counts: Trials at each rate.
    """

    rates: np.ndarray
    gains: np.ndarray
    losses: np.ndarray
    counts: np.ndarray

    @property
    def log_rates(self) -> np.ndarray:
        """log10 of the rates."""
        return np.log10(self.rates)


def curve_of(seen: Sequence[Seen]) -> Curve:
    """The trials so far by rate."""
    rates = sorted({trial.rate for trial in seen})
    at = [[trial for trial in seen if trial.rate == rate] for rate in rates]
    return Curve(
        np.array(rates),
        np.array([np.mean([max(t.score or 0.0, 0.0) for t in group]) for group in at]),
        np.array([np.mean([math.inf if t.loss is None else t.loss for t in group]) for group in at]),
        np.array([len(group) for group in at]),
    )


def order(curve: Curve, worth: np.ndarray) -> np.ndarray:
    """Indices from the best rate to the worst: worth most, then least loss, then least rate."""
    return np.lexsort((curve.rates, curve.losses, -np.round(worth, 9)))
