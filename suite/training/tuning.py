"""Tunes the learning rate of a cell with Optuna.

The default sampler follows `suite.protocol.rates`: none of Optuna's own spends trials on further seeds of a rate. A spec
may name one of Optuna's instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.trial import TrialState

from suite.protocol.rates import TrialSummary, any_at_edge, best_rate, coarse_to_fine, next_rate, shared_grid, tried_of
from suite.protocol.records import OWN_SAMPLER, Budget, Trial

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
    """The trials of one tuning and the rate they chose."""

    trials: tuple[Trial, ...]
    learning_rate: float
    at_edge: bool


def tune(
    try_rate: Callable[[float, int], TrialResult],
    budget: Budget,
    *,
    higher_is_better: bool,
    chance_score: float,
    tuning: int = 0,
    seed: int = 0,
    trained: Sequence[Trial] = (),
) -> Tuning:
    """Spends the trials of one tuning and picks its rate.

    No sampler knows how many trials there will be, so the first n of more trials are those of n: `trained` is taken as
    it is, and the result is that of asking for all at once.

    Args:
        try_rate: Trains once at a learning rate with a tuning seed, by its number from 0.
        budget: Number of trials, range of rates, and sampler.
        higher_is_better: Which way scores are ranked.
        chance_score: What the best constant scores; a run that is no better, or not finite, counts as that.
        tuning: Index of the tuning.
        seed: Seed of samplers that draw at random.
        trained: Trials of an earlier and smaller budget.

    Raises:
        ValueError: `trained` are not the first trials of this cell.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    low, high = budget.learning_rate_low, budget.learning_rate_high
    shared = budget.sampler == OWN_SAMPLER
    sampler = SharedGridSampler(low, high) if shared else getattr(optuna.samplers, budget.sampler)(seed=seed)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    grid = set(shared_grid(low, high).tolist()) if shared else set()

    trials: list[Trial] = []
    for number in range(budget.trials):
        asked = study.ask(_distributions(low, high, _MOST_SEEDS if shared else 0))
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
                shared_grid=rate in grid and repeat == 0,
                repeat=repeat,
                validation_loss=found.loss,
                train_loss=found.train_loss,
                best_score=found.best_score,
                tuning=tuning,
            )
        trials.append(trial)
        shown = tried_of([trial], higher_is_better=higher_is_better, chance_score=chance_score)[0]
        asked.set_user_attr(_LOSS, shown.loss)
        study.tell(asked, shown.gain)
    best = best_rate(tried_of(trials, higher_is_better=higher_is_better, chance_score=chance_score))
    return Tuning(tuple(trials), best, any_at_edge([best], low, high))


class SharedGridSampler(BaseSampler):
    """Tries a grid of rates that all cells share, the coarse before the fine, then further seeds of the best rates and
    rates beside them, in turns (`suite.protocol.rates`). It draws nothing at random and keeps no state.

    Args:
        low: Lower end of the range of learning rates.
        high: Upper end of it.
    """

    def __init__(self, low: float, high: float) -> None:
        self._low, self._high = low, high
        rates = shared_grid(low, high)
        self._grid = [float(rates[index]) for index in coarse_to_fine(len(rates))]

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, BaseDistribution]:
        """Rate and seed, which are chosen together."""
        return _distributions(self._low, self._high, _MOST_SEEDS)

    def sample_relative(self, study: Any, trial: Any, search_space: Mapping[str, Any]) -> dict[str, Any]:
        """The next trial."""
        told = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if len(told) < len(self._grid):
            return {_RATE: self._grid[len(told)], _REPEAT: 0}
        tried = [TrialSummary(t.params[_RATE], t.params[_REPEAT], t.value, t.user_attrs[_LOSS]) for t in told]
        rate, repeat = next_rate(tried, len(self._grid))
        return {_RATE: rate, _REPEAT: repeat}

    def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
        """Never called, since rate and seed are sampled together."""
        raise RuntimeError(f"{param_name} is not chosen by the protocol")


def _distributions(low: float, high: float, most_seeds: int) -> dict[str, BaseDistribution]:
    return {_RATE: FloatDistribution(low, high, log=True), _REPEAT: IntDistribution(0, most_seeds)}
