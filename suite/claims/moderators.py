"""Finds the factor that explains most of the variance of an effect between contexts, and tests its interaction."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suite.claims.contexts import Context, mean_effect
from suite.protocol.intervals import combined
from suite.protocol.statistics import Interval

BENCHMARK = "benchmark"


@dataclass(frozen=True)
class Moderated:
    """The effect within one level of the moderator.

    Attributes:
        label: Label of the level.
        mean: Mean effect over the contexts with that level.
        low: Lower end of the 95% interval; for a single context, of that context.
        high: Upper end of the 95% interval.
        contexts: Number of contexts.
    """

    label: str
    mean: float
    low: float
    high: float
    contexts: int


@dataclass(frozen=True)
class Moderator:
    """A factor that an effect depends on.

    Attributes:
        factor: Name of the factor, or `benchmark`.
        most: Level with the largest effect.
        least: Level with the smallest effect.
        interaction: Difference between these two effects, everything else equal, with its interval, corrected for all
            pairs of levels of all factors.
        levels: Effect within each level, largest first.
    """

    factor: str
    most: str
    least: str
    interaction: Interval
    levels: tuple[Moderated, ...]

    @property
    def is_significant(self) -> bool:
        """Whether the interval of the interaction excludes zero."""
        return self.interaction[1] > 0


def moderator(contexts: Sequence[Context]) -> Moderator | None:
    """The factor that explains most of the variance of the effect between contexts; None if none explains any."""
    keys = [_key(context) for context in contexts]
    factors = [name for name in keys[0] if all(name in key for key in keys)] if keys else []
    means = np.array([context.mean for context in contexts])
    candidates = {}
    for factor in factors:
        labels = [key[factor] for key in keys]
        if len(set(labels)) > 1:
            candidates[factor] = _explained(labels, means)
    if not candidates:
        return None
    factor = max(candidates, key=lambda name: candidates[name])
    if not candidates[factor] > 0:
        return None
    looks = sum(math.comb(len({key[name] for key in keys}), 2) for name in candidates)
    levels = sorted(_within(contexts, [key[factor] for key in keys]), key=lambda level: -level.mean)
    most, least = levels[0].label, levels[-1].label
    interaction = _interaction(contexts, keys, factor, (most, least), 1 - 0.05 / looks)
    return Moderator(factor, most, least, interaction, tuple(levels))


def _key(context: Context) -> dict[str, str]:
    return {BENCHMARK: context.benchmark, **context.levels}


def _explained(labels: Sequence[str], means: NDArray[np.float64]) -> float:
    """Share of the variance explained by the levels, corrected for chance (epsilon squared)."""
    levels = sorted(set(labels))
    within = sum(_squares(means[[label == level for label in labels]]) for level in levels)
    total, n, k = _squares(means), len(means), len(levels)
    if total == 0 or n <= k:
        return 1 - within / total if total else 0.0
    return 1 - (within / (n - k)) / (total / (n - 1))


def _squares(values: NDArray[np.float64]) -> float:
    return float(((values - values.mean()) ** 2).sum())


def _within(contexts: Sequence[Context], labels: Sequence[str]) -> list[Moderated]:
    """The mean over the contexts of each level; a single context keeps its own interval."""
    levels = {level: [c for c, label in zip(contexts, labels, strict=True) if label == level] for level in labels}
    return [
        Moderated(level, *(own[0].decision if len(own) == 1 else mean_effect(own)).interval(), len(own))
        for level, own in levels.items()
    ]


def _interaction(
    contexts: Sequence[Context],
    keys: Sequence[Mapping[str, str]],
    factor: str,
    levels: tuple[str, str],
    confidence: float,
) -> Interval:
    """The effect at one level minus that at another, paired if contexts agree in all other factors."""

    def at(level: str) -> dict[tuple[tuple[str, str], ...], Context]:
        rest = [tuple((name, label) for name, label in key.items() if name != factor) for key in keys]
        return {r: c for r, c, key in zip(rest, contexts, keys, strict=True) if key[factor] == level}

    most, least = map(at, levels)
    paired = most.keys() & least.keys()
    sides = [[c for rest, c in side.items() if rest in paired or not paired] for side in (most, least)]
    parts = [(sign / len(side), c.effect) for sign, side in zip((1, -1), sides, strict=True) for c in side]
    return combined(parts).interval(confidence)
