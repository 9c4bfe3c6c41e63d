"""Which learning rate a cell tries next, and which it is left with: pure arithmetic on what its trials have shown.

Search and choice are those of least regret in `tools/studies/tuner`, which has the figures.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from suite.protocol.records import Trial

SPACING = 0.5
"""Decades between two points of the shared grid, at most."""

TURN = 3
"""Trials that go to further seeds of the best rates, then as many that go to rates beside them, in turns."""

FINEST = 0.12
"""Decades below which a gap between two rates is not halved."""

WINDOW = 1.0
"""Decades around a rate whose mean counts for one half of what the rate is worth."""

_OFFSETS = WINDOW * np.linspace(-0.5, 0.5, 17)


@dataclass(frozen=True)
class TrialSummary:
    """What one trial showed.

    Attributes:
        rate: Learning rate.
        repeat: Which of the tuning seeds it had, from 0.
        gain: Score above the best constant's; 0 where it is no better, or not finite.
        loss: Validation loss; infinite where it is not finite.
    """

    rate: float
    repeat: int
    gain: float
    loss: float


def tried_of(trials: Sequence[Trial], *, higher_is_better: bool, chance_score: float) -> list[TrialSummary]:
    """What trials have shown.

    Args:
        trials: In the order they were run.
        higher_is_better: Which way scores are ranked.
        chance_score: What the best constant scores.
    """
    found = []
    for trial in trials:
        score = chance_score if trial.validation_score is None else trial.validation_score
        gain = score - chance_score if higher_is_better else chance_score - score
        loss = math.inf if trial.validation_loss is None else trial.validation_loss
        found.append(TrialSummary(trial.learning_rate, trial.repeat, max(gain, 0.0), loss))
    return found


def shared_grid(low: float, high: float) -> np.ndarray:
    """Evenly spaced in log10, both ends included, at most half a decade apart; the same for all cells."""
    return np.geomspace(low, high, math.ceil(math.log10(high / low) / SPACING - 1e-9) + 1)


def coarse_to_fine(count: int) -> list[int]:
    """The indices of a grid in the order in which they are tried, so that each beginning is a grid too, a coarser one.

    The middle comes first, then the middles of both halves, then the ends, then every gap that is left.
    """
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
    """Rate and repeat of the next trial, once the grid has been tried. It depends on what was tried, and on nothing else."""
    turn = (len(tried) - grid_size) // TURN
    return _with_another_seed(tried) if turn % 2 == 0 else _beside_the_best(tried)


def best_rate(tried: Sequence[TrialSummary]) -> float:
    """The rate that is worth most, then the one of least loss, then the least."""
    return ranked(tried)[0]


def ranked(tried: Sequence[TrialSummary]) -> list[float]:
    """All rates that were tried, from the best to the worst.

    A rate is worth one half its own gain and one half the mean of the gains around it, read as broken lines over
    `WINDOW` decades: a score that its neighbours do not confirm counts for less. So the last rate before the cliff, which
    trains under some seeds and not under others, does not win by one lucky seed.
    """
    rates = np.array(sorted({trial.rate for trial in tried}))
    at = [[trial for trial in tried if trial.rate == rate] for rate in rates]
    gains = np.array([np.mean([trial.gain for trial in trials]) for trials in at])
    losses = np.array([np.mean([trial.loss for trial in trials]) for trials in at])
    logs = np.log10(rates)
    around = np.array([np.interp(x + _OFFSETS, logs, gains).mean() for x in logs])
    worth = 0.5 * gains + 0.5 * around
    # Rounded, so that the last bit of a mean does not decide between rates that are worth the same.
    return [float(rates[index]) for index in np.lexsort((rates, losses, -np.round(worth, 9)))]


def _with_another_seed(tried: Sequence[TrialSummary]) -> tuple[float, int]:
    """Of the best few rates, the one that the fewest seeds have seen."""
    seeds = {rate: [trial.repeat for trial in tried if trial.rate == rate] for rate in ranked(tried)[:TURN]}
    rate = min(seeds, key=lambda rate: len(seeds[rate]))
    return rate, max(seeds[rate]) + 1


def _beside_the_best(tried: Sequence[TrialSummary]) -> tuple[float, int]:
    """The middle of the wider gap beside the best rate; where both are fine, beside the next best."""
    rates = sorted({trial.rate for trial in tried})
    for rate in ranked(tried):
        pairs = [pair for pair in itertools.pairwise(rates) if rate in pair]
        # Of two equal gaps the lower one: no cliff waits below the best rate.
        widest = max(pairs, key=lambda pair: round(math.log10(pair[1] / pair[0]), 6), default=(rate, rate))
        if math.log10(widest[1] / widest[0]) > FINEST:
            return math.sqrt(widest[0] * widest[1]), 0
    return _with_another_seed(tried)
