"""Selects the next learning rate to try and the final one, from the results of a cell's trials.

Search and selection are those with the lowest regret in `tools/studies/tuner`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Any

import numpy as np

from suite.protocol.records import Trial

SPACING = 0.5
"""Largest distance between two points of the shared grid, in powers of ten."""

TURN = 3
"""Number of trials that repeat the best rates with further seeds, alternating with as many that try rates next to them."""

FINEST = 0.12
"""Smallest gap between two rates that is halved, in powers of ten."""

WINDOW = 1.0
"""Width of the window around a rate whose mean counts for half of its value, in powers of ten."""

EDGE = 0.01
"""Share of the range of learning rates (on a log scale) at either end that counts as its edge."""

_OFFSETS = WINDOW * np.linspace(-0.5, 0.5, 17)


@dataclass(frozen=True)
class TrialSummary:
    """Result of one trial.

    Attributes:
        rate: Learning rate.
        repeat: Index of the tuning seed, from 0.
        gain: Score minus that of the best constant prediction; 0 if it is worse or not finite.
        loss: Validation loss; infinite if it is not finite.
    """

    rate: float
    repeat: int
    gain: float
    loss: float


def tried_of(trials: Sequence[Trial], *, higher_is_better: bool, chance_score: float) -> list[TrialSummary]:
    """Summarizes trials.

    Args:
        trials: Trials in the order they were run.
        higher_is_better: Whether higher scores are better.
        chance_score: Score of the best constant prediction.
    """
    found = []
    for trial in trials:
        score = chance_score if trial.validation_score is None else trial.validation_score
        gain = score - chance_score if higher_is_better else chance_score - score
        loss = math.inf if trial.validation_loss is None else trial.validation_loss
        found.append(TrialSummary(trial.learning_rate, trial.repeat, max(gain, 0.0), loss))
    return found


def any_at_edge(rates: Iterable[float], low: float, high: float) -> bool:
    """Whether a chosen rate is at the edge of the range searched, so that a better one may lie outside."""
    margin = EDGE * math.log(high / low)
    return any(not math.log(low) + margin < math.log(rate) < math.log(high) - margin for rate in rates)


def typical_rate(rates: Iterable[float]) -> float:
    """The median of the rates that the tunings of a cell chose, one of them: the lower of two in the middle."""
    return median_low(rates)


def shared_grid(low: float, high: float) -> np.ndarray:
    """The grid of learning rates, evenly spaced in log10 with both ends, at most `SPACING` apart."""
    return np.geomspace(low, high, math.ceil(math.log10(high / low) / SPACING - 1e-9) + 1)


def coarse_to_fine(count: int) -> list[int]:
    """The indices of a grid from coarse to fine: the middle, the middles of both halves, the ends, then all gaps."""
    ordered: list[int] = []
    gaps = [(0, count - 1)]
    while gaps:
        halved = []
        for low, high in gaps:
            middle = (low + high) // 2
            if low < middle < high:
                ordered.append(middle)
                halved += [(low, middle), (middle, high)]
        if len(ordered) == 3 or not halved:
            ordered += [end for end in sorted({0, count - 1}) if end not in ordered]
        gaps = halved
    return ordered


def next_rate(tried: Sequence[TrialSummary], grid_size: int) -> tuple[float, int]:
    """Rate and repeat of the next trial after the grid. It depends only on the previous trials."""
    turn = (len(tried) - grid_size) // TURN
    return _with_another_seed(tried) if turn % 2 == 0 else _beside_the_best(tried)


def best_rate(tried: Sequence[TrialSummary]) -> float:
    """The rate with the highest value; ties go to the lowest loss, then to the lowest rate."""
    return ranked(tried)[0]


def chosen_rate(trials: Sequence[Trial], facts: Mapping[str, Any]) -> float:
    """The rate that the trials of one tuning choose.

    Args:
        trials: Trials of the tuning.
        facts: Facts of the task, see `suite.protocol.records.Record.task_facts`.
    """
    higher, chance = bool(facts["higher_is_better"]), float(facts["chance_score"])
    return best_rate(tried_of(trials, higher_is_better=higher, chance_score=chance))


def ranked(tried: Sequence[TrialSummary]) -> list[float]:
    """All rates that were tried, best first.

    The value of a rate is half its own mean gain and half the mean of the linearly interpolated gains around it, over
    `WINDOW` powers of ten. So a rate next to divergence, which trains under some seeds only, does not win by one lucky seed.
    """
    rates = np.array(sorted({trial.rate for trial in tried}))
    at = [[trial for trial in tried if trial.rate == rate] for rate in rates]
    gains = np.array([np.mean([trial.gain for trial in trials]) for trials in at])
    losses = np.array([np.mean([trial.loss for trial in trials]) for trials in at])
    logs = np.log10(rates)
    around = np.array([np.interp(x + _OFFSETS, logs, gains).mean() for x in logs])
    worth = 0.5 * gains + 0.5 * around
    # Rounded, so that rounding errors do not decide between equal values.
    return [float(rates[index]) for index in np.lexsort((rates, losses, -np.round(worth, 9)))]


def _with_another_seed(tried: Sequence[TrialSummary]) -> tuple[float, int]:
    """The one of the best few rates with the fewest seeds, and its next repeat."""
    seeds = {rate: [trial.repeat for trial in tried if trial.rate == rate] for rate in ranked(tried)[:TURN]}
    rate = min(seeds, key=lambda rate: len(seeds[rate]))
    return rate, max(seeds[rate]) + 1


def _beside_the_best(tried: Sequence[TrialSummary]) -> tuple[float, int]:
    """The middle of the wider gap next to the best rate, or next to the first rate with a gap above `FINEST`."""
    rates = sorted({trial.rate for trial in tried})
    for rate in ranked(tried):
        pairs = [pair for pair in itertools.pairwise(rates) if rate in pair]
        # Of two equal gaps the lower one: rates below the best do not diverge.
        widest = max(pairs, key=lambda pair: round(math.log10(pair[1] / pair[0]), 6), default=(rate, rate))
        if math.log10(widest[1] / widest[0]) > FINEST:
            return math.sqrt(widest[0] * widest[1]), 0
    return _with_another_seed(tried)
