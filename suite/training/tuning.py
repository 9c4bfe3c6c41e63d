"""The learning rate of a cell: one log-spaced grid shared by all cells, then Optuna, which lives here only."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from suite.protocol.ranks import at_edge
from suite.protocol.records import Budget, Trial

_FAILED = -1e30  # what a run without a finite score tells the sampler: it ranks values, their size does not matter


@dataclass(frozen=True)
class Scored:
    """What trying one learning rate gave.

    Attributes:
        score: Validation metric at the last step; None where the run went non-finite.
        loss: Validation loss there, which decides between equal scores.
        outcome: Verdict on the run.
    """

    score: float | None
    loss: float | None
    outcome: str


@dataclass(frozen=True)
class Tuning:
    """The trials of a cell and the rate they chose."""

    trials: tuple[Trial, ...]
    learning_rate: float
    at_edge: bool


def shared_grid(budget: Budget) -> np.ndarray:
    """The first half of the trials: evenly spaced in log10, both ends included; the same for all cells."""
    count = math.ceil(budget.trials / 2)
    if count == 1:
        return np.array([math.sqrt(budget.learning_rate_low * budget.learning_rate_high)])
    return np.geomspace(budget.learning_rate_low, budget.learning_rate_high, count)


def tune(try_rate: Callable[[float], Scored], budget: Budget, seed: int, *, higher_is_better: bool) -> Tuning:
    """Spends the trials of a cell and picks the best rate: best score, then least loss, then least rate.

    Args:
        try_rate: Trains once at a learning rate.
        budget: How many trials, in which range.
        seed: Of the sampler.
        higher_is_better: Which way scores are ranked.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    grid = [float(rate) for rate in shared_grid(budget)]
    distribution = optuna.distributions.FloatDistribution(budget.learning_rate_low, budget.learning_rate_high, log=True)
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=len(grid))
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for rate in grid:
        study.enqueue_trial({"learning_rate": rate})

    trials: list[Trial] = []
    ranking: list[tuple[float, float, float]] = []
    for index in range(budget.trials):
        asked = study.ask({"learning_rate": distribution})
        rate = float(asked.params["learning_rate"])
        found = try_rate(rate)
        value = _FAILED if found.score is None else found.score if higher_is_better else -found.score
        study.tell(asked, value)
        trials.append(Trial(index, rate, found.score, found.outcome, shared_grid=index < len(grid)))
        ranking.append((-value, math.inf if found.loss is None else found.loss, rate))
    best = min(ranking)[2]
    return Tuning(tuple(trials), best, at_edge(best, budget.learning_rate_low, budget.learning_rate_high))
