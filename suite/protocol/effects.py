"""What a level does in a factorial design: paired main effects, interactions and the frontier.

For two levels of a factor, a *pair* is two cells alike in every other factor; their difference is taken replicate by
replicate (same seeds) and averaged. The interval resamples those pairs of cells with all their replicates together:
replicates of one pair share its cells, so counting each of them as a pair of its own would promise too much.
Where there is only one pair of cells, its replicates are all there is to resample.

Each interval holds its own difference 95 times in 100. Whoever picks one of them by its size needs the wider one of
`suite.protocol.multiplicity`: `Effect.among_all`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from suite.protocol.multiplicity import interval_of_all, sample_of
from suite.protocol.statistics import UNBOUNDED, Interval, mean_intervals

Label = str | int | float | bool

EVERY_PAIR = 40
"""Levels up to which every two of a factor are compared. Of more, each is held against the best and the worst of them by
their means: 2,000 levels have two million pairs, and the widest differences are among those 4,000."""


@dataclass(frozen=True)
class Effect:
    """The mean paired difference of test score, `level` minus `other`.

    Attributes:
        factor: The factor that is varied.
        level: The level looked at.
        other: The level it is held against; None for the mean of all others.
        given: The second factor and its level within which the pairs were taken; None for a main effect.
        mean: Of the paired differences.
        low: End of the 95% interval; NaN where a single difference gives none.
        high: The other end.
        pairs: Pairs of cells.
        wins: Pairs of cells in which `level` scored higher.
        losses: Pairs of cells in which it scored lower.
        of: Differences asked together, of which this is one.
        of_all: The ends of the interval with which all of those hold together; NaN where there is none.
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
    of: int
    of_all: tuple[float, float]

    def turned(self) -> Effect:
        """The same difference seen from the other level; there must be one."""
        assert self.other is not None
        return replace(
            self, level=self.other, other=self.level, mean=-self.mean, low=-self.high, high=-self.low, wins=self.losses,
            losses=self.wins, of_all=(-self.of_all[1], -self.of_all[0]),
        )  # fmt: skip

    @property
    def among_all(self) -> Effect:
        """The same with the wider interval: how one that is picked from all must be read."""
        return replace(self, low=self.of_all[0], high=self.of_all[1])

    @property
    def significant(self) -> bool:
        """Whether the interval leaves zero out."""
        return bool(self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class FrontierPoint:
    """How far one combination of the other factors goes.

    Attributes:
        context: Every other factor with its level.
        tried: All levels for which there is a result, ascending.
        trained: Those of them at which at least half of the replicates trained.
    """

    context: Mapping[str, Label]
    tried: tuple[float, ...]
    trained: tuple[float, ...]

    @property
    def reached(self) -> float | None:
        """The highest level at which at least half of the replicates trained; None if there is none."""
        return max(self.trained, default=None)


@dataclass(frozen=True)
class _Design:
    """Scores by (context, level, replicate) for one factor, with the level of every other factor in each context."""

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
    """`mean_intervals` that neither the order of the cells nor which of two levels comes first can change.

    What the bootstrap draws depends on the order of its sample and on its sign: both are made one of the sample's own.
    """
    turned = [np.sort(-sample).tolist() < np.sort(sample).tolist() for sample in samples]
    drawn = [np.sort(-sample if turn else sample) for sample, turn in zip(samples, turned, strict=True)]
    return [
        (-mean, -high, -low) if turn else (mean, low, high)
        for (mean, low, high), turn in zip(mean_intervals(drawn, seed=seed, bounds=bounds), turned, strict=True)
    ]


_Question = tuple[str, Label, Label | None, tuple[str, Label] | None, NDArray[np.float64]]


def _answer(questions: Sequence[_Question], seed: int, bounds: tuple[float, float], unasked: int = 0) -> list[Effect]:
    """The effects; `unasked` are differences passed over since others are bigger, which were candidates all the same."""
    samples = [sample_of(differences) for *_, differences in questions]
    intervals = _intervals([sample.values for sample in samples], seed, bounds)
    of = unasked + sum(sample.pairs > 0 for sample in samples)
    return [
        Effect(
            factor, level, other, given, mean, low, high, sample.pairs, sample.wins, sample.losses, of,
            interval_of_all(sample, of, bounds),
        )
        for (factor, level, other, given, _), sample, (mean, low, high) in zip(
            questions, samples, intervals, strict=True
        )
        if sample.pairs
    ]  # fmt: skip


def _against_the_rest(table: NDArray[np.float64], level: int) -> NDArray[np.float64]:
    """Level minus the mean of the other levels that its context has."""
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
    """Of every level of every factor against the mean of the factor's other levels in the same context.

    Args:
        factors: Each factor with its level in every cell.
        scores: (cells, replicates) test scores; NaN is missing.
        seed: Of the bootstrap.
        bounds: What a difference cannot leave: -1 and 1 for scores from 0 to 1.
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
    """Of every pair of levels of every factor (see `EVERY_PAIR`), over all pairs of cells alike in the other factors.

    Args and returns as `level_effects`; `level` is the earlier of the two in the table.
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
    """The same as `factor_effects`, within each level of each second factor."""
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
    """Which levels of a (contexts, levels, replicates) table are compared, the earlier first."""
    levels = range(table.shape[1])
    if len(levels) <= EVERY_PAIR:
        return list(itertools.combinations(levels, 2))
    present = ~np.isnan(table)
    counts = present.sum(axis=(0, 2))
    means = np.where(present, table, 0.0).sum(axis=(0, 2)) / np.maximum(counts, 1)
    ends = (int(np.argmax(np.where(counts, means, -np.inf))), int(np.argmin(np.where(counts, means, np.inf))))
    return sorted({(min(level, end), max(level, end)) for level in levels for end in ends if level != end})


def frontier(factors: Mapping[str, Sequence[Label]], success_rate: Sequence[float], along: str) -> list[FrontierPoint]:
    """The highest level of the numeric factor `along` at which the success rate is at least one half, others equal."""
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
