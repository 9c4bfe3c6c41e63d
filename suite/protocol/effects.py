"""Effects in a factorial design: paired main effects, interactions and the frontier.

For two levels of a factor, a *pair* is two cells that agree in every other factor. Their difference is taken replicate
by replicate (same seeds) and averaged. The interval resamples pairs of cells with all their replicates, since
replicates of one pair are not independent. With a single pair of cells, its replicates are resampled.

Each 95% interval covers its own difference. Effects that are selected by size need the wider intervals of
`suite.protocol.multiplicity`: `Effect.simultaneous`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from suite.protocol.multiplicity import sample_of, simultaneous_interval
from suite.protocol.statistics import UNBOUNDED, Interval, mean_intervals

Label = str | int | float | bool

EVERY_PAIR = 40
"""Largest number of levels of which all pairs are compared. With more, each level is only compared with the best and the
worst: 2,000 levels have two million pairs, and the largest differences are among those 4,000."""


@dataclass(frozen=True)
class Effect:
    """The mean paired difference of test score, `level` minus `other`.

    Attributes:
        factor: Name of the factor.
        level: First level.
        other: Second level; None for the mean of all other levels.
        given: Second factor and its level within which the pairs were taken; None for a main effect.
        mean: Mean of the paired differences.
        low: Lower end of the 95% interval; NaN for a single difference.
        high: Upper end of the 95% interval.
        pairs: Number of pairs of cells.
        wins: Number of pairs in which `level` scored higher.
        losses: Number of pairs in which it scored lower.
        n_comparisons: Number of differences in the family that this one is corrected for.
        simultaneous_ends: Ends of the simultaneous 95% interval; NaN if there is none.
    """

    factor: str
    level: Label
    other: Label | None
    given: tuple[str, Label] | None
    mean: float
    low: float
    high: float
    pairs: int
    wins: int
    losses: int
    n_comparisons: int
    simultaneous_ends: tuple[float, float]

    def turned(self) -> Effect:
        """The difference `other` minus `level`; `other` must not be None."""
        assert self.other is not None
        return replace(
            self, level=self.other, other=self.level, mean=-self.mean, low=-self.high, high=-self.low, wins=self.losses,
            losses=self.wins, simultaneous_ends=(-self.simultaneous_ends[1], -self.simultaneous_ends[0]),
        )  # fmt: skip

    @property
    def simultaneous(self) -> Effect:
        """The effect with its simultaneous interval, for effects that are selected by size."""
        return replace(self, low=self.simultaneous_ends[0], high=self.simultaneous_ends[1])

    @property
    def significant(self) -> bool:
        """Whether the interval excludes zero."""
        return bool(self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class FrontierPoint:
    """The levels of a numeric factor at which one combination of the other factors trains.

    Attributes:
        context: Level of every other factor.
        tried: Levels with a result, ascending.
        trained: Levels at which at least half of the replicates trained.
    """

    context: Mapping[str, Label]
    tried: tuple[float, ...]
    trained: tuple[float, ...]

    @property
    def reached(self) -> float | None:
        """The largest level in `trained`; None if it is empty."""
        return max(self.trained, default=None)


@dataclass(frozen=True)
class _Design:
    """Scores of one factor, shape (contexts, levels, replicates), and the levels of the other factors in each context."""

    factor: str
    levels: tuple[Label, ...]
    scores: NDArray[np.float64]
    others: Mapping[str, NDArray[np.object_]]


def _levels(column: Sequence[Label]) -> tuple[Label, ...]:
    return tuple(dict.fromkeys(column))


def _design(factors: Mapping[str, Sequence[Label]], scores: NDArray[np.float64], factor: str) -> _Design:
    names = [name for name in factors if name != factor]
    levels = _levels(factors[factor])
    level_of = {level: index for index, level in enumerate(levels)}
    contexts: dict[tuple[Label, ...], int] = {}
    keys = zip(*(factors[name] for name in names), strict=True) if names else [()] * len(scores)
    rows = [contexts.setdefault(key, len(contexts)) for key in keys]
    columns = [level_of[level] for level in factors[factor]]
    table = np.full((len(contexts), len(levels), scores.shape[1]), np.nan)
    table[rows, columns] = scores
    others = {
        name: np.array([*(key[index] for key in contexts), None], dtype=object)[:-1] for index, name in enumerate(names)
    }
    return _Design(factor, levels, table, others)


def _intervals(samples: Sequence[NDArray[np.float64]], seed: int, bounds: tuple[float, float]) -> list[Interval]:
    """`mean_intervals` that do not depend on the order of the cells or on which level comes first.

    Bootstrap draws depend on the order and the sign of the sample, so both are put into a canonical form.
    """
    turned = [np.sort(-sample).tolist() < np.sort(sample).tolist() for sample in samples]
    drawn = [np.sort(-sample if turn else sample) for sample, turn in zip(samples, turned, strict=True)]
    return [
        (-mean, -high, -low) if turn else (mean, low, high)
        for (mean, low, high), turn in zip(mean_intervals(drawn, seed=seed, bounds=bounds), turned, strict=True)
    ]


_Question = tuple[str, Label, Label | None, tuple[str, Label] | None, NDArray[np.float64]]


def _answer(questions: Sequence[_Question], seed: int, bounds: tuple[float, float], unasked: int = 0) -> list[Effect]:
    """The effects of `questions`; `unasked` smaller differences were skipped but count as comparisons."""
    samples = [sample_of(differences) for *_, differences in questions]
    intervals = _intervals([sample.values for sample in samples], seed, bounds)
    n_comparisons = unasked + sum(sample.pairs > 0 for sample in samples)
    return [
        Effect(
            factor, level, other, given, mean, low, high, sample.pairs, sample.wins, sample.losses, n_comparisons,
            simultaneous_interval(sample, n_comparisons, bounds),
        )
        for (factor, level, other, given, _), sample, (mean, low, high) in zip(
            questions, samples, intervals, strict=True
        )
        if sample.pairs
    ]  # fmt: skip


def _against_the_rest(table: NDArray[np.float64], level: int) -> NDArray[np.float64]:
    """A level minus the mean of the other levels in the same context, shape (contexts, replicates)."""
    rest = np.delete(table, level, axis=1)
    present = ~np.isnan(rest)
    counts = present.sum(axis=1)
    mean = np.divide(
        np.where(present, rest, 0.0).sum(axis=1), counts, out=np.full(counts.shape, np.nan), where=counts > 0
    )
    return np.asarray(table[:, level] - mean)


def level_effects(
    factors: Mapping[str, Sequence[Label]],
    scores: ArrayLike,
    *,
    seed: int = 0,
    bounds: tuple[float, float] = UNBOUNDED,
) -> list[Effect]:
    """Main effects: every level against the mean of the other levels of its factor in the same context.

    Args:
        factors: Level in every cell, by factor.
        scores: Test scores, shape (cells, replicates); NaN if missing.
        seed: Seed of the bootstrap.
        bounds: Smallest and largest possible difference: -1 and 1 for scores from 0 to 1.
    """
    table = np.asarray(scores, dtype=float)
    questions: list[_Question] = []
    for factor in factors:
        design = _design(factors, table, factor)
        for index, level in enumerate(design.levels):
            if len(design.levels) > 1:
                questions.append((factor, level, None, None, _against_the_rest(design.scores, index)))
    return _answer(questions, seed, bounds)


def factor_effects(
    factors: Mapping[str, Sequence[Label]],
    scores: ArrayLike,
    *,
    seed: int = 0,
    bounds: tuple[float, float] = UNBOUNDED,
) -> list[Effect]:
    """Differences between all pairs of levels of each factor (see `EVERY_PAIR`), with the arguments of `level_effects`.

    `level` is the one that comes first in the table.
    """
    table = np.asarray(scores, dtype=float)
    questions: list[_Question] = []
    unasked = 0
    for factor in factors:
        design = _design(factors, table, factor)
        questions += (asked := _pairwise(design))
        unasked += math.comb(len(design.levels), 2) - len(asked)
    return _answer(questions, seed, bounds, unasked)


def interactions(
    factors: Mapping[str, Sequence[Label]],
    scores: ArrayLike,
    *,
    seed: int = 0,
    bounds: tuple[float, float] = UNBOUNDED,
) -> list[Effect]:
    """`factor_effects` within each level of each second factor."""
    table = np.asarray(scores, dtype=float)
    questions: list[_Question] = []
    unasked = 0
    for factor in factors:
        design = _design(factors, table, factor)
        for second, column in design.others.items():
            for level in _levels(factors[second]):
                questions += (asked := _pairwise(design, (second, level), column == level))
                unasked += math.comb(len(design.levels), 2) - len(asked)
    return _answer(questions, seed, bounds, unasked)


def _pairwise(
    design: _Design, given: tuple[str, Label] | None = None, contexts: NDArray[np.bool_] | None = None
) -> list[_Question]:
    table = design.scores if contexts is None else design.scores[contexts]
    return [
        (design.factor, design.levels[a], design.levels[b], given, table[:, a] - table[:, b])
        for a, b in pairs_compared(design.scores)
    ]


def pairs_compared(table: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Index pairs of the levels to compare, from scores of shape (contexts, levels, replicates)."""
    levels = range(table.shape[1])
    if len(levels) <= EVERY_PAIR:
        return list(itertools.combinations(levels, 2))
    present = ~np.isnan(table)
    counts = present.sum(axis=(0, 2))
    means = np.where(present, table, 0.0).sum(axis=(0, 2)) / np.maximum(counts, 1)
    ends = (int(np.argmax(np.where(counts, means, -np.inf))), int(np.argmin(np.where(counts, means, np.inf))))
    return sorted({(min(level, end), max(level, end)) for level in levels for end in ends if level != end})


def frontier(factors: Mapping[str, Sequence[Label]], success_rate: Sequence[float], along: str) -> list[FrontierPoint]:
    """Levels of the numeric factor `along` with a success rate of at least one half, by combination of the others."""
    names = [name for name in factors if name != along]
    found: dict[tuple[Label, ...], dict[float, float]] = {}
    for index, rate in enumerate(success_rate):
        context = tuple(factors[name][index] for name in names)
        found.setdefault(context, {})[float(factors[along][index])] = rate
    return [
        FrontierPoint(
            dict(zip(names, context, strict=True)),
            tuple(sorted(rates)),
            tuple(sorted(level for level, rate in rates.items() if rate >= 0.5)),
        )
        for context, rates in found.items()
    ]
