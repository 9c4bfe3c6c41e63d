"""Searches: which rate is tried next. Optuna asks and is told; what it has no sampler for is a policy in ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.trial import TrialState

from suite.protocol.rates import FINEST, coarse_to_fine
from tools.studies.tuner.regret import SEEDS
from tools.studies.tuner.rules import Rule, blend, posterior, window
from tools.studies.tuner.trials import Seen, curve_of, order

LOW, HIGH = 1e-4, 1.0
"""The range, four decades."""

Look = Callable[[float, int], Seen]
"""A trial at a rate, with the first tuning seed (0) or one of the next."""

Policy = Callable[[Sequence[Seen]], tuple[float, int]]
"""From the trials so far to the next: its rate, and its repeat."""


@dataclass(frozen=True)
class Search:
    """A grid that comes first, and what chooses after it.

    Attributes:
        grid: Points of the grid for a number of trials; a search is nested if it is the same for all numbers.
        sampler: From a seed to what chooses the rest; None if the grid is all.
        nested: Whether the first trials do not depend on how many there will be.
    """

    grid: Callable[[int], int]
    sampler: Callable[[int], BaseSampler] | None
    nested: bool = True

    def run(self, trials: int, look: Look, seed: int) -> list[Seen]:
        """All trials of one tuning, in their order."""
        seen: list[Seen] = []
        distributions: dict[str, BaseDistribution] = {
            "rate": FloatDistribution(LOW, HIGH, log=True),
            "repeat": IntDistribution(0, SEEDS - 1),
        }
        sampler = self.sampler(seed) if self.sampler else optuna.samplers.RandomSampler(seed=seed)
        if not isinstance(sampler, Refining):
            del distributions["repeat"]
        study = optuna.create_study(direction="maximize", sampler=sampler)
        points = min(self.grid(trials), trials)
        for rate in grid_rates(points) if points else []:
            study.enqueue_trial({"rate": rate, "repeat": 0} if "repeat" in distributions else {"rate": rate})
        for _ in range(trials):
            asked = study.ask(distributions)
            found = look(asked.params["rate"], asked.params.get("repeat", 0))
            seen.append(found)
            for name in ("score", "loss"):
                asked.set_user_attr(name, getattr(found, name))
            study.tell(asked, max(found.score or 0.0, 0.0))
        return seen


def grid_rates(count: int) -> list[float]:
    """Evenly spaced in log10, both ends included, and the coarse before the fine: each beginning is a grid too.

    The middle comes first, then the middles of both halves, then the ends, then every gap that is left.
    """
    rates = [float(rate) for rate in np.geomspace(LOW, HIGH, count)] if count > 1 else [float(np.sqrt(LOW * HIGH))]
    return [rates[index] for index in coarse_to_fine(count)]


class Refining(BaseSampler):
    """Asks a policy, which sees all that was told. It has no state of its own, so a study may be taken up again."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, BaseDistribution]:
        """Both parameters are chosen together."""
        return {"rate": FloatDistribution(LOW, HIGH, log=True), "repeat": IntDistribution(0, SEEDS - 1)}

    def sample_relative(self, study: Any, trial: Any, search_space: Mapping[str, Any]) -> dict[str, Any]:
        """The policy's choice."""
        told = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if not told or "rate" in trial.system_attrs.get("fixed_params", {}):
            return {}
        seen = [Seen(t.params["rate"], t.params["repeat"], t.user_attrs["score"], t.user_attrs["loss"]) for t in told]
        rate, repeat = self._policy(seen)
        return {"rate": rate, "repeat": repeat}

    def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
        """Only the grid comes here, and it is enqueued."""
        raise RuntimeError(f"{param_name} is neither queued nor chosen by the policy")


def bisecting(rule: Rule, repeat: int = 0) -> Policy:
    """Halves the wider gap beside the best rate; where both are fine, beside the next best."""

    def policy(seen: Sequence[Seen]) -> tuple[float, int]:
        curve = curve_of(seen)
        x = curve.log_rates
        for index in order(curve, rule(curve)):
            gaps = [(x[j] - x[i], i) for i, j in ((index - 1, index), (index, index + 1)) if i >= 0 and j < len(x)]
            wide = [gap for gap in gaps if gap[0] > FINEST]
            if wide:
                # Of two equal gaps the lower one: below the best rate no cliff waits.
                _, left = max(wide, key=lambda gap: (round(gap[0], 6), -gap[1]))
                return float(10 ** (0.5 * (x[left] + x[left + 1]))), repeat
        return repeating(rule)(seen)

    return policy


def repeating(rule: Rule, among: int = 3) -> Policy:
    """Of the best few rates the one that the fewest seeds have seen, with the next seed."""

    def policy(seen: Sequence[Seen]) -> tuple[float, int]:
        curve = curve_of(seen)
        ranked = order(curve, rule(curve))
        open_to_more = [index for index in ranked if curve.counts[index] < SEEDS]
        few = [index for index in ranked[:among] if index in open_to_more] or open_to_more[:1]
        index = min(few, key=lambda index: int(curve.counts[index])) if few else ranked[0]
        taken = {trial.repeat for trial in seen if trial.rate == curve.rates[index]}
        return float(curve.rates[index]), min(set(range(SEEDS)) - taken, default=0)

    return policy


def in_turns(grid: int, *turns: tuple[int, Policy]) -> Policy:
    """After the grid, one policy for a number of trials, then the next, and from the start again."""
    cycle = [policy for count, policy in turns for _ in range(count)]
    return lambda seen: cycle[(len(seen) - grid) % len(cycle)](seen)


def improving(length: float, noise: float) -> Policy:
    """Upper bound of a Gaussian process, mean plus one deviation, over 65 rates."""
    at = np.linspace(np.log10(LOW), np.log10(HIGH), 65)

    def policy(seen: Sequence[Seen]) -> tuple[float, int]:
        curve = curve_of(seen)
        mean, deviation = posterior(curve, at, length, noise)
        near = np.min(np.abs(at[:, None] - curve.log_rates[None, :]), axis=1) < FINEST / 2
        rate = 10 ** at[int(np.argmax(np.where(near, -np.inf, mean + deviation)))]
        return float(np.clip(rate, LOW, HIGH)), 0

    return policy


def tpe(seed: int) -> BaseSampler:
    """Optuna's TPE, which starts from the grid."""
    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=1)


def uniform(seed: int) -> BaseSampler:
    """Random rates, evenly in log."""
    return optuna.samplers.RandomSampler(seed=seed)


def searches() -> dict[str, Search]:
    """Every search that is compared, by name: a number stands for the points of a grid that comes first."""
    near = blend(0.5, window(0.75))
    found = {
        "random": Search(lambda n: 0, uniform),
        "grid": Search(lambda n: n, None, nested=False),
        "half grid + TPE": Search(lambda n: -(-n // 2), tpe, nested=False),
        "5 + TPE": _from_grid(5, tpe),
        "9 + TPE": _from_grid(9, tpe),
    }
    policies: dict[str, Sequence[tuple[int, Policy]]] = {
        "process": [(1, improving(0.7, 0.2))],
        "bisect": [(1, bisecting(near))],
        "3 repeat, 3 bisect": [(3, repeating(near)), (3, bisecting(near))],
    }
    repeats: dict[str, Sequence[tuple[int, Policy]]] = {
        "bisect, second seed": [(1, bisecting(near, repeat=1))],
        "repeat": [(1, repeating(near))],
        "repeat among 2": [(1, repeating(near, among=2))],
        "2 bisect, 1 repeat": [(2, bisecting(near)), (1, repeating(near))],
        "1 repeat, 1 bisect": [(1, repeating(near)), (1, bisecting(near))],
        "3 repeat, 3 process": [(3, repeating(near)), (3, improving(0.7, 0.2))],
    }
    for points, turns_by_name in ((5, policies), (9, policies | repeats)):
        for name, turns in turns_by_name.items():
            found[f"{points} + {name}"] = _from_grid(points, _refining(in_turns(points, *turns)))
    return found


def _from_grid(points: int, sampler: Callable[[int], BaseSampler]) -> Search:
    return Search(lambda n: points, sampler)


def _refining(policy: Policy) -> Callable[[int], BaseSampler]:
    return lambda seed: Refining(policy)
