"""The learning rate of a cell: Optuna asks and is told, a sampler of ours follows `suite.protocol.rates`.

Optuna lives here only. None of its samplers spends trials on further seeds of a rate, so the sampler is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.trial import TrialState

from suite.protocol.ranks import at_edge
from suite.protocol.rates import TrialSummary, best_rate, coarse_to_fine, next_rate, shared_grid, tried_of
from suite.protocol.records import Budget, Trial

_RATE, _REPEAT, _LOSS = "learning_rate", "repeat", "loss"
_MOST_SEEDS = 10_000


@dataclass(frozen=True)
class TrialResult:
    """What trying one learning rate gave; numbers are None where the run went non-finite.

    Attributes:
        score: Validation metric at the last step.
        loss: Validation loss there, which decides between rates that are worth the same.
        train_loss: Training loss there.
        best_score: The best validation metric on the way.
        outcome: Verdict on the run.
    """

    score: float | None
    loss: float | None
    train_loss: float | None
    best_score: float | None
    outcome: str


@dataclass(frozen=True)
class Tuning:
    """The trials of a cell and the rate they chose."""

    trials: tuple[Trial, ...]
    learning_rate: float
    at_edge: bool


def tune(
    try_rate: Callable[[float, int], TrialResult],
    budget: Budget,
    *,
    higher_is_better: bool,
    chance_score: float,
    trained: Sequence[Trial] = (),
) -> Tuning:
    """Spends the trials of a cell and picks its rate.

    The shared grid comes first, the coarse before the fine; then its best rates see further seeds, and rates beside
    them are tried, in turns. Nothing is drawn by lot and nothing depends on how many trials there will be, so the
    first n of more trials are those of n: `trained` is taken as it is, and the result is that of asking for all at once.

    Args:
        try_rate: Trains once at a learning rate with a tuning seed, by its number from 0.
        budget: How many trials, in which range.
        higher_is_better: Which way scores are ranked.
        chance_score: What the best constant scores; a run that is no better, or not finite, counts as that.
        trained: Trials of an earlier and smaller budget.

    Raises:
        ValueError: `trained` are not the first trials of this cell.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    low, high = budget.learning_rate_low, budget.learning_rate_high
    rates = [float(rate) for rate in shared_grid(low, high)]
    study = optuna.create_study(direction="maximize", sampler=_Sampler(len(rates), low, high))
    for index in coarse_to_fine(len(rates)):
        study.enqueue_trial({_RATE: rates[index], _REPEAT: 0})

    trials: list[Trial] = []
    for number in range(budget.trials):
        asked = study.ask(_distributions(low, high))
        rate, repeat = float(asked.params[_RATE]), int(asked.params[_REPEAT])
        if number < len(trained):
            trial = trained[number]
            if (trial.learning_rate, trial.repeat) != (rate, repeat):
                raise ValueError(
                    f"Expected trial {number} at a learning rate of {rate} with tuning seed {repeat}. "
                    f"Received: {trial.learning_rate} with {trial.repeat}"
                )
        else:
            found = try_rate(rate, repeat)
            trial = Trial(
                trial=number,
                learning_rate=rate,
                validation_score=found.score,
                outcome=found.outcome,
                shared_grid=number < len(rates),
                repeat=repeat,
                validation_loss=found.loss,
                train_loss=found.train_loss,
                best_score=found.best_score,
            )
        trials.append(trial)
        shown = tried_of([trial], higher_is_better=higher_is_better, chance_score=chance_score)[0]
        asked.set_user_attr(_LOSS, shown.loss)
        study.tell(asked, shown.gain)
    best = best_rate(tried_of(trials, higher_is_better=higher_is_better, chance_score=chance_score))
    return Tuning(tuple(trials), best, at_edge(best, low, high))


class _Sampler(BaseSampler):
    """Asks `suite.protocol.rates`, which sees all that was told. It keeps nothing itself."""

    def __init__(self, grid_size: int, low: float, high: float) -> None:
        self._grid_size, self._low, self._high = grid_size, low, high

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, BaseDistribution]:
        """Rate and seed are chosen together."""
        return _distributions(self._low, self._high)

    def sample_relative(self, study: Any, trial: Any, search_space: Mapping[str, Any]) -> dict[str, Any]:
        """The next trial; those of the grid stand in the queue already."""
        told = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if len(told) < self._grid_size:
            return {}
        tried = [TrialSummary(t.params[_RATE], t.params[_REPEAT], t.value, t.user_attrs[_LOSS]) for t in told]
        rate, repeat = next_rate(tried, self._grid_size)
        return {_RATE: rate, _REPEAT: repeat}

    def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
        """Never called: every trial is queued, or sampled as a whole."""
        raise RuntimeError(f"{param_name} is neither queued nor chosen by the protocol")


def _distributions(low: float, high: float) -> dict[str, BaseDistribution]:
    return {_RATE: FloatDistribution(low, high, log=True), _REPEAT: IntDistribution(0, _MOST_SEEDS)}
