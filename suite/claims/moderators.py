"""Finds the factor that explains most of the variance of an effect between contexts, and tests its interaction."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from suite.claims.contexts import Context
from suite.protocol.statistics import Interval, mean_intervals

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
    intervals = mean_intervals([np.array([context.mean for context in own]) for own in levels.values()])
    return [
        Moderated(level, *(own[0].decision.interval() if len(own) == 1 else interval), len(own))
        for (level, own), interval in zip(levels.items(), intervals, strict=True)
    ]


def _interaction(
    contexts: Sequence[Context],
    keys: Sequence[Mapping[str, str]],
    factor: str,
    levels: tuple[str, str],
    confidence: float,
) -> Interval:
    """The effect at one level minus that at another, paired if contexts agree in all other factors."""
    most, least = levels
    by_rest: dict[tuple[tuple[str, str], ...], dict[str, Context]] = {}
    for context, key in zip(contexts, keys, strict=True):
        rest = tuple((name, label) for name, label in key.items() if name != factor)
        by_rest.setdefault(rest, {})[key[factor]] = context
    pairs = [(found[most], found[least]) for found in by_rest.values() if most in found and least in found]
    if len(pairs) > 1:
        return mean_intervals([np.array([a.mean - b.mean for a, b in pairs])], confidence=confidence)[0]
    if len(pairs) == 1 and len(pairs[0][0].values) == len(pairs[0][1].values):
        return mean_intervals([pairs[0][0].values - pairs[0][1].values], confidence=confidence)[0]
    apart = {level: [c.mean for c, key in zip(contexts, keys, strict=True) if key[factor] == level] for level in levels}
    return _welch(np.array(apart[most]), np.array(apart[least]), confidence)


def _welch(a: NDArray[np.float64], b: NDArray[np.float64], confidence: float) -> Interval:
    """Difference of two unpaired means with its interval (Welch 1947)."""
    mean = float(a.mean() - b.mean())
    if min(len(a), len(b)) < 2:
        return mean, math.nan, math.nan
    errors = [float(x.var(ddof=1)) / len(x) for x in (a, b)]
    if sum(errors) == 0:
        return mean, mean, mean
    degrees = sum(errors) ** 2 / sum(e**2 / (len(x) - 1) for e, x in zip(errors, (a, b), strict=True))
    half = float(special.stdtrit(degrees, 0.5 + confidence / 2)) * math.sqrt(sum(errors))
    return mean, mean - half, mean + half
