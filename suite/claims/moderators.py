"""Does an effect depend on a factor? Levels of factors, and of pairs of factors, are told apart by their mean effects."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suite.claims.answers import Answer, Question
from suite.claims.contexts import Context, mean_effect
from suite.protocol.intervals import combined
from suite.protocol.statistics import Interval


@dataclass(frozen=True)
class Moderated:
    """The effect within one level of the moderator.

    Attributes:
        label: Label of the level.
        mean: Mean effect over the contexts with that level.
        low: Lower end of the 95% interval.
        high: Upper end of the 95% interval.
        contexts: Number of contexts.
    """

    label: str
    mean: float
    low: float
    high: float
    contexts: int

    @property
    def interval(self) -> Interval:
        return self.mean, self.low, self.high


@dataclass(frozen=True)
class Moderator:
    """What an effect depends on.

    Attributes:
        factor: Name of the factor, two names joined by `and`, or `benchmark`.
        benchmark: Name of the benchmark; empty if the levels are benchmarks.
        levels: Effect within each level, largest first.
        explained: Share of the variance between contexts that the levels explain, corrected for chance.
    """

    factor: str
    benchmark: str
    levels: tuple[Moderated, ...]
    explained: float = math.nan


def depends_on(contexts: Sequence[Context], question: Question) -> Moderator | None:
    """The factor that the answer depends on, or else the pair of factors; None if there is none.

    At one of its levels the mean effect counts, at another it is told not to, and the two are told apart from each other:
    by the interval of their difference, corrected for all pairs of levels of all factors (or pairs of factors). Of several
    factors, the one that explains most of the variance between contexts.
    """

    def decisive(high: Moderated, low: Moderated) -> bool:
        pairs = [(high, low)] if question.is_difference else [(high, low), (low, high)]
        return any(question.answer(a.interval) is Answer.ENOUGH and question.lacks(b.interval) for a, b in pairs)

    for together in (1, 2):
        candidates = _candidates(contexts, together, question)
        found = [one for one in candidates if _told_apart(contexts, one, decisive, together)]
        if found:
            return max(found, key=lambda one: one.explained)
    return None


def varies_with(contexts: Sequence[Context], question: Question) -> Moderator | None:
    """The factor, with levels told apart, that explains most of the variance between contexts; None if there is none."""
    found = [one for one in _candidates(contexts, 1, question) if _told_apart(contexts, one, lambda *_: True, 1)]
    return max(found, key=lambda one: one.explained, default=None)


def _candidates(contexts: Sequence[Context], together: int, question: Question) -> Iterator[Moderator]:
    """Each factor (or pair) with several levels, with the effect within each level."""
    means = np.array([context.mean for context in contexts])
    for names in itertools.combinations(_factors(contexts), together):
        labels = [_label(context, names) for context in contexts]
        if len(set(labels)) > 1:
            levels = sorted(_within(contexts, labels, question), key=lambda level: -level.mean)
            yield Moderator(" and ".join(names), contexts[0].benchmark, tuple(levels), _explained(labels, means))


def _factors(contexts: Sequence[Context]) -> list[str]:
    shared = contexts[0].levels if contexts else {}
    varied = [name for name in shared if all(name in context.levels for context in contexts)]
    return [name for name in varied if len({context.levels[name] for context in contexts}) > 1]


def _label(context: Context, names: Sequence[str]) -> str:
    return " · ".join(context.levels[name] for name in names)


def _told_apart(
    contexts: Sequence[Context], found: Moderator, asked: Callable[[Moderated, Moderated], bool], together: int
) -> bool:
    """Whether two levels that are asked about have mean effects that differ."""
    names = tuple(found.factor.split(" and "))
    counts = [
        len({_label(c, other) for c in contexts}) for other in itertools.combinations(_factors(contexts), together)
    ]
    confidence = 1 - 0.05 / max(sum(math.comb(count, 2) for count in counts), 1)
    pairs = itertools.combinations(found.levels, 2)  # larger first
    widest = sorted(pairs, key=lambda pair: pair[1].mean - pair[0].mean)
    return any(
        _difference(contexts, names, (high.label, low.label), confidence)[1] > 0
        for high, low in widest
        if asked(high, low)
    )


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


def _within(contexts: Sequence[Context], labels: Sequence[str], question: Question) -> list[Moderated]:
    """The mean over the contexts of each level; a single context keeps its own interval."""
    levels = {level: [c for c, label in zip(contexts, labels, strict=True) if label == level] for level in labels}
    return [
        Moderated(
            level, *(own[0].interval if len(own) == 1 else mean_effect(own).interval(bounds=question.bounds)), len(own)
        )
        for level, own in levels.items()
    ]


def _difference(
    contexts: Sequence[Context], names: Sequence[str], levels: tuple[str, str], confidence: float
) -> Interval:
    """The effect at one level minus that at another, paired if contexts agree in all other factors."""

    def at(level: str) -> Mapping[tuple[tuple[str, str], ...], Context]:
        own = [context for context in contexts if _label(context, names) == level]
        return {tuple((n, label) for n, label in c.levels.items() if n not in names): c for c in own}

    high, low = map(at, levels)
    paired = high.keys() & low.keys()
    sides = [[c for rest, c in side.items() if rest in paired or not paired] for side in (high, low)]
    totals = [sum(context.weight for context in side) for side in sides]
    parts = [
        (sign * c.weight / total, c.effect)
        for sign, side, total in zip((1, -1), sides, totals, strict=True)
        for c in side
    ]
    return combined(parts).interval(confidence)
