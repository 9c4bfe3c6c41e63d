"""Effects in a factorial design: paired main effects, effects within a level of a second factor, and the frontier.

For two levels of a factor, a *pair* is two cells that agree in every other factor. An effect is the mean difference over
all pairs, and its interval says how much a repetition of the same grid would change it (`suite.protocol.intervals`): the
pairs are what was tested, not a sample of something larger.

Each 95% interval covers its own difference. The largest of a hundred null effects often looks significant by its own
interval, so effects that are selected by size have simultaneous ones: at level 1 - 0.05 / n (Bonferroni) all n of them hold
together with 95% probability. Intervals are shown everywhere else, so they are preferred here to corrected p-values
(Holm) and to shrunken estimates; the price is a little power.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from suite.protocol.intervals import Scores
from suite.protocol.statistics import UNBOUNDED

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
        low: Lower end of the 95% interval; NaN if there is a single replicate.
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
class Grid:
    """The cells of a grid by some of its factors.

    Attributes:
        levels: Levels of each of these factors.
        rows: Row of the cell of each context and combination of levels, shape (contexts, levels of the first factor,
            levels of the second, ...); -1 if there is none with a score.
        others: Levels of the other factors in each context.
    """

    levels: tuple[tuple[Label, ...], ...]
    rows: NDArray[np.int64]
    others: Mapping[str, NDArray[np.object_]]


def _levels(column: Sequence[Label]) -> tuple[Label, ...]:
    return tuple(dict.fromkeys(column))


def grid_by(factors: Mapping[str, Sequence[Label]], scores: Scores, *chosen: str) -> Grid:
    """Arranges the cells by the chosen factors, within contexts of all others."""
    rest = [name for name in factors if name not in chosen]
    levels = tuple(_levels(factors[name]) for name in chosen)
    places = [{level: at for at, level in enumerate(own)} for own in levels]
    keys = list(zip(*(factors[name] for name in rest), strict=True)) if rest else [()] * len(scores.values)
    contexts = {key: index for index, key in enumerate(dict.fromkeys(keys))}
    rows = np.full((len(contexts), *map(len, levels)), -1)
    for row, key in enumerate(keys):
        if not np.isnan(scores.values[row]).all():
            at = (own[factors[name][row]] for name, own in zip(chosen, places, strict=True))
            rows[contexts[key], *at] = row
    others = {
        name: np.array([*(key[index] for key in contexts), None], dtype=object)[:-1] for index, name in enumerate(rest)
    }
    return Grid(levels, rows, others)


@dataclass(frozen=True)
class _Question:
    """The difference between two levels of a factor, or between one and the mean of the others in each context.

    Attributes:
        factor: As in `Effect`, as are the next three.
        rows: Rows of the cells of each pair, shape (pairs, k).
        weights: Their weights, of the same shape; 0 for what is missing.
    """

    factor: str
    level: Label
    other: Label | None
    given: tuple[str, Label] | None
    rows: NDArray[np.int64]
    weights: NDArray[np.float64]


def _answer(
    questions: Sequence[_Question], scores: Scores, bounds: tuple[float, float], unasked: int = 0
) -> list[Effect]:
    """The effects of `questions`; `unasked` smaller differences were skipped but count as comparisons."""
    asked = [question for question in questions if len(question.rows)]
    n_comparisons = unasked + len(asked)
    means = np.nan_to_num(row_means(scores))
    effects = []
    for question in asked:
        differences = (question.weights * means[question.rows]).sum(axis=1)
        used = question.weights != 0
        found = scores.estimate(question.weights[used] / len(question.rows), question.rows[used])
        interval = found.interval(bounds=bounds)
        _, *ends = found.interval(1 - 0.05 / n_comparisons, bounds)
        effects.append(
            Effect(
                question.factor, question.level, question.other, question.given, *interval, len(question.rows),
                int((differences > 0).sum()), int((differences < 0).sum()), n_comparisons, (ends[0], ends[1]),
            )
        )  # fmt: skip
    return effects


def row_means(scores: Scores) -> NDArray[np.float64]:
    """The mean score of each cell, shape (cells,); NaN without scores."""
    known = ~np.isnan(scores.values)
    total = np.where(known, scores.values, 0.0).sum(axis=1)
    return np.divide(total, known.sum(axis=1), out=np.full(len(total), np.nan), where=known.any(axis=1))


def _against_the_rest(factor: str, grid: Grid, level: int) -> _Question:
    """A level minus the mean of the other levels in the same context."""
    there = grid.rows >= 0
    others = there.sum(axis=1) - 1
    kept = there[:, level] & (others > 0)
    weights = np.where(there, -1 / np.maximum(others, 1)[:, None], 0.0)
    weights[:, level] = 1.0
    return _Question(factor, grid.levels[0][level], None, None, grid.rows[kept], weights[kept])


def level_effects(
    factors: Mapping[str, Sequence[Label]], scores: Scores, *, bounds: tuple[float, float] = UNBOUNDED
) -> list[Effect]:
    """Main effects: every level against the mean of the other levels of its factor in the same context.

    Args:
        factors: Level in every cell, by factor.
        scores: Test scores of the cells.
        bounds: Smallest and largest possible difference: -1 and 1 for scores from 0 to 1.
    """
    questions = [
        _against_the_rest(factor, grid, index)
        for factor in factors
        if (grid := grid_by(factors, scores, factor)).rows.shape[1] > 1
        for index in range(grid.rows.shape[1])
    ]
    return _answer(questions, scores, bounds)


def factor_effects(
    factors: Mapping[str, Sequence[Label]], scores: Scores, *, bounds: tuple[float, float] = UNBOUNDED
) -> list[Effect]:
    """Differences between all pairs of levels of each factor (see `EVERY_PAIR`), with the arguments of `level_effects`.

    `level` is the one that comes first in the table.
    """
    questions: list[_Question] = []
    unasked = 0
    for factor in factors:
        grid = grid_by(factors, scores, factor)
        questions += (asked := _pairwise(factor, grid, scores))
        unasked += math.comb(len(grid.levels[0]), 2) - len(asked)
    return _answer(questions, scores, bounds, unasked)


def interactions(
    factors: Mapping[str, Sequence[Label]], scores: Scores, *, bounds: tuple[float, float] = UNBOUNDED
) -> list[Effect]:
    """`factor_effects` within each level of each second factor."""
    questions: list[_Question] = []
    unasked = 0
    for factor in factors:
        grid = grid_by(factors, scores, factor)
        for second in grid.others:
            for level in _levels(factors[second]):
                questions += (asked := _pairwise(factor, grid, scores, (second, level)))
                unasked += math.comb(len(grid.levels[0]), 2) - len(asked)
    return _answer(questions, scores, bounds, unasked)


def _pairwise(factor: str, grid: Grid, scores: Scores, given: tuple[str, Label] | None = None) -> list[_Question]:
    """The differences between levels, in all contexts or in those with a level of a second factor."""
    rows = grid.rows if given is None else grid.rows[grid.others[given[0]] == given[1]]
    found = []
    for a, b in pairs_compared(grid.rows, scores):
        pairs = rows[:, [a, b]]
        pairs = pairs[(pairs >= 0).all(axis=1)]
        weights = np.broadcast_to([1.0, -1.0], pairs.shape)
        found.append(_Question(factor, grid.levels[0][a], grid.levels[0][b], given, pairs, weights))
    return found


def pairs_compared(rows: NDArray[np.int64], scores: Scores) -> list[tuple[int, int]]:
    """Index pairs of the levels to compare.

    Args:
        rows: Row of the cell of each context and level, shape (contexts, levels); -1 if there is none.
        scores: Scores of the cells.
    """
    levels = range(rows.shape[1])
    if len(levels) <= EVERY_PAIR:
        return list(itertools.combinations(levels, 2))
    known = rows >= 0
    counts = known.sum(axis=0)
    means = np.where(known, np.nan_to_num(row_means(scores))[rows], 0.0).sum(axis=0) / np.maximum(counts, 1)
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
