"""The interval of everything that is shown: cells, differences, main effects, interactions, settings of a claim.

Each of these is a weighted sum of cells' mean scores. Someone who repeats a benchmark draws other data, other seeds and
tunes again, so the variance of such a sum has two parts:

- *within tunings*: how much runs of one tuning differ, by seed and draw of the data. It is estimated from the sum itself,
  replicate by replicate (all cells share their draws, so what they have in common cancels in differences), and from
  other cells that behave alike: as many degrees of freedom as those are worth, the fewer the more their spreads differ
  (empirical Bayes; Smyth 2004, "Linear models and empirical Bayes methods for assessing differential expression");
- *between tunings*: how much another tuning would change the sum. A board has two or four tunings, so this part is
  estimated over all cells that behave alike: those of which all, some, or no runs train, or that learn nothing.

Of shares of runs, such as success rates, a cell whose runs all agree is not certain: each cell's share has at least the
variance that it would have if one run more had gone either way (Agresti and Coull 1998, "Approximate is better than exact").

The degrees of freedom of their sum are Satterthwaite's (1946, "An approximate distribution of estimates of variance
components"), and the interval is Student's t. With one tuning, as under protocol 2, the second part is unknown and left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from suite.protocol.statistics import UNBOUNDED, Interval

LEAST_PRIOR, MOST_PRIOR = 4.0, 60.0
"""Degrees of freedom that other cells are worth if their spreads differ as much as can be, and if they do not differ."""

_ROUNDING = 1e-12


@dataclass(frozen=True)
class Component:
    """A variance with the degrees of freedom of its estimate; no degrees of freedom say that it is unknown."""

    variance: float
    degrees: float


@dataclass(frozen=True)
class Spread:
    """How much the scores of cells that behave alike vary.

    Attributes:
        within: Variance of a run within a tuning.
        between: Variance of the effect of a tuning.
        prior: Degrees of freedom that `within` is worth for the variance of one more such cell.
    """

    within: Component
    between: Component
    prior: float


@dataclass(frozen=True)
class Estimate:
    """An estimated quantity.

    Attributes:
        mean: Its value.
        error: Its standard error; NaN if unknown.
        degrees: Degrees of freedom of the standard error.
    """

    mean: float
    error: float
    degrees: float

    def interval(self, confidence: float = 0.95, bounds: tuple[float, float] = UNBOUNDED) -> Interval:
        """The mean and the ends of its interval, cut at `bounds`; NaN if there is none."""
        if math.isnan(self.error):
            return self.mean, math.nan, math.nan
        half = self.error * float(special.stdtrit(self.degrees, 0.5 + confidence / 2)) if self.error else 0.0
        return self.mean, max(self.mean - half, bounds[0]), min(self.mean + half, bounds[1])

    def p_above(self, bound: float) -> float:
        """One-sided p-value for the hypothesis that the quantity is at most `bound`."""
        return self._tail(self.mean - bound)

    def p_below(self, bound: float) -> float:
        """One-sided p-value for the hypothesis that the quantity is at least `bound`."""
        return self._tail(bound - self.mean)

    def _tail(self, beyond: float) -> float:
        if math.isnan(self.error):
            return 1.0
        if not self.error:
            return 0.0 if beyond > 1e-9 else 1.0
        return float(special.stdtr(self.degrees, -beyond / self.error))


@dataclass(frozen=True)
class Scores:
    """A measure of the cells of one board, by replicate, and how much it varies.

    Attributes:
        values: Values, shape (cells, replicates); NaN if missing. All cells share the seed and data of a column.
        tunings: Index of the tuning of each replicate, shape (replicates,).
        alike: Class of each cell; cells of one class behave alike. Shape (cells,).
        levels: Spread of the cells of each class.
        differences: The same without what all cells of a class have in common in a replicate, for differences.
        least: Least variance of each cell's mean, shape (cells,); zero but for shares.
    """

    values: NDArray[np.float64]
    tunings: NDArray[np.int64]
    alike: NDArray[np.int64]
    levels: Sequence[Spread]
    differences: Sequence[Spread]
    least: NDArray[np.float64]

    def estimate(self, weights: ArrayLike, rows: ArrayLike | None = None) -> Estimate:
        """The sum of cells' means, weighted.

        Args:
            weights: Weight of each cell of `rows`; 1 for a cell's own mean, 1 and -1 for a difference.
            rows: Indices of the cells; default: all.
        """
        chosen = np.arange(len(self.values)) if rows is None else np.asarray(rows, dtype=int)
        weight = np.asarray(weights, dtype=float)
        return combined([(1.0, Combination(self, chosen, weight, weight @ self.values[chosen]))])


@dataclass(frozen=True, eq=False)
class Combination:
    """A value that is computed from some cells of a board, replicate by replicate.

    Attributes:
        scores: Scores of the board.
        rows: Indices of the cells, shape (k,).
        weights: Derivative of the value by the score of each cell, shape (k,).
        series: The value by replicate, shape (replicates,); NaN if a cell has no score.
    """

    scores: Scores
    rows: NDArray[np.int64]
    weights: NDArray[np.float64]
    series: NDArray[np.float64]


def combined(parts: Sequence[tuple[float, Combination]]) -> Estimate:
    """The weighted sum of values, of one board (paired by replicate) or several (independent).

    Args:
        parts: Weight and value of each part.
    """
    by_board: dict[int, list[tuple[float, Combination]]] = {}
    for weight, part in parts:
        by_board.setdefault(id(part.scores), []).append((weight, part))
    found = [_of_board(own) for own in by_board.values()]
    if len(found) == 1:
        return found[0]
    squares = [estimate.error**2 for estimate in found]
    total = sum(squares)
    degrees = total**2 / sum(s**2 / e.degrees for s, e in zip(squares, found, strict=True)) if total else 1.0
    return Estimate(sum(estimate.mean for estimate in found), math.sqrt(total), degrees)


def _of_board(parts: Sequence[tuple[float, Combination]]) -> Estimate:
    scores = parts[0][1].scores
    series = np.sum([weight * part.series for weight, part in parts], axis=0)
    weights = np.zeros(len(scores.values))
    for weight, part in parts:
        np.add.at(weights, part.rows, weight * part.weights)
    present = ~np.isnan(series)
    if not present.any():
        return Estimate(math.nan, math.nan, math.nan)
    spreads = scores.differences if abs(weights.sum()) < 1e-9 else scores.levels
    squares = np.bincount(scores.alike, weights**2, len(spreads)).astype(float)
    within = _combined(squares, [spread.within for spread in spreads])
    between = _combined(squares, [spread.between for spread in spreads])
    # What these cells say themselves counts once.
    outside = within.degrees - (present.sum() - len(np.unique(scores.tunings[present]))) * (weights != 0).sum()
    prior = _combined(squares, [Component(spread.within.variance, spread.prior) for spread in spreads])
    worth = Component(within.variance, max(min(prior.degrees, outside), 0.0))
    found = _estimate(series[present], scores.tunings[present], worth, between)
    least = math.sqrt(float(weights**2 @ scores.least))
    # As wide as by the normal distribution, at the least: the variance of a share is not estimated from a sum of squares.
    return Estimate(found.mean, least, math.inf) if found.error < least else found


def scores_of(
    values: ArrayLike,
    tunings: Sequence[int] | None = None,
    alike: Sequence[int] | None = None,
    *,
    shares: bool = False,
) -> Scores:
    """Estimates how much the scores of a board vary.

    Args:
        values: Values, shape (cells, replicates); NaN if missing.
        tunings: Index of the tuning of each replicate; default: one tuning.
        alike: Class of each cell, from 0; default: all cells are alike.
        shares: Whether the values are 1 or 0, whose means are shares of runs.
    """
    table = np.atleast_2d(np.asarray(values, dtype=float))
    of_replicate = np.zeros(table.shape[1], int) if tunings is None else np.asarray(tunings, dtype=int)
    kinds = np.zeros(len(table), int) if alike is None else np.asarray(alike, dtype=int)
    levels, differences = [], []
    for kind in range(int(kinds.max(initial=-1)) + 1):
        own = table[kinds == kind]
        counts = np.maximum((~np.isnan(own)).sum(axis=0), 1)
        common = np.nansum(own, axis=0) / counts
        levels.append(_spread(own, of_replicate, 1.0))
        # Without the common part, k cells have the squares of k - 1.
        differences.append(_spread(own - common, of_replicate, 1 - 1 / max(len(own), 2)))
    runs = (~np.isnan(table)).sum(axis=1)
    share = (np.nansum(table, axis=1) + 1) / (runs + 2)
    least = share * (1 - share) / np.maximum(runs, 1) if shares else np.zeros(len(table))
    return Scores(table, of_replicate, kinds, levels, differences, least)


def _spread(table: NDArray[np.float64], tunings: NDArray[np.int64], share: float) -> Spread:
    """Components of variance of the rows of a table, by the analysis of variance of one random factor.

    Args:
        table: Values, shape (cells, replicates).
        tunings: Index of the tuning of each replicate.
        share: Share of the squares that are left of independent cells.
    """
    squares_within = degrees_within = squares_between = degrees_between = 0.0
    sizes, of_rows = [], []
    for row in table:
        known = ~np.isnan(row)
        found = np.unique(tunings[known])
        groups = [row[known & (tunings == tuning)] for tuning in found]
        means = np.array([group.mean() for group in groups])
        squares = sum(float(np.square(g - m).sum()) for g, m in zip(groups, means, strict=True))
        degrees = int(known.sum()) - len(groups)
        if degrees:
            of_rows.append((squares / degrees, degrees))
        squares_within += squares
        degrees_within += degrees
        if len(groups) > 1:
            size = len(groups) / sum(1 / len(group) for group in groups)
            squares_between += float(np.square(means - means.mean()).sum())
            degrees_between += len(groups) - 1
            sizes.append(size)
    within = squares_within / degrees_within / share if degrees_within else 0.0
    prior = _worth(of_rows)
    if not degrees_between:
        return Spread(Component(within, degrees_within), Component(0.0, 0.0), prior)
    between = squares_between / degrees_between / share - within / float(np.mean(sizes))
    return Spread(Component(within, degrees_within), Component(max(between, 0.0), degrees_between), prior)


def _worth(rows: Sequence[tuple[float, int]]) -> float:
    """Degrees of freedom of the prior: variances vary by 2 / d by chance, what they vary more is their own difference.

    If the true variances are distributed as a scaled inverse chi squared of f degrees of freedom, the square of their
    coefficient of variation is 2 / (f - 4).

    Args:
        rows: Variance within tunings and its degrees of freedom by cell.
    """
    if len(rows) < 3:
        return LEAST_PRIOR
    variances, degrees = np.array(rows, dtype=float).T
    chance = 2 / float(degrees.mean())
    if not variances.mean():
        return MOST_PRIOR
    found = float(variances.var(ddof=1) / variances.mean() ** 2)
    own = (found - chance) / (1 + chance)
    return min(LEAST_PRIOR + 2 / own, MOST_PRIOR) if own > 0 else MOST_PRIOR


def _combined(squares: NDArray[np.float64], components: Sequence[Component]) -> Component:
    """The component of a weighted sum of cells of several classes; unknown if that of a class is."""
    parts = [(square * c.variance, c.degrees) for square, c in zip(squares, components, strict=True) if square > 0]
    if not parts or any(not degrees for _, degrees in parts):
        return Component(0.0, 0.0)
    total = sum(variance for variance, _ in parts)
    if not total:
        return Component(0.0, sum(degrees for _, degrees in parts))
    return Component(total, total**2 / sum(variance**2 / degrees for variance, degrees in parts))


def _estimate(
    series: NDArray[np.float64], tunings: NDArray[np.int64], prior: Component, between: Component
) -> Estimate:
    """Mean and standard error of one value by replicate.

    Args:
        series: Values.
        tunings: Index of the tuning of each.
        prior: Their variance within tunings as other cells have it.
        between: Variance of the effect of a tuning on the value.
    """
    n, groups = len(series), [series[tunings == tuning] for tuning in np.unique(tunings)]
    mean = float(series.mean())
    own = n - len(groups)
    squares = sum(float(np.square(group - group.mean()).sum()) for group in groups)
    if not own:  # each tuning has one run, whose variance is the sum of both parts
        own, squares, between = n - 1, float(np.square(series - mean).sum()), Component(0.0, 0.0)
    if not own:
        return Estimate(mean, math.nan, math.nan)
    noise = (_ROUNDING * max(1.0, float(np.abs(series).max()))) ** 2 * n
    if squares <= noise and prior.variance <= noise and between.variance <= noise:
        return Estimate(mean, 0.0, own)
    variance = (squares + prior.degrees * prior.variance) / (own + prior.degrees) / n
    shares = sum((len(group) / n) ** 2 for group in groups)  # 1 / tunings, if they have as many runs each
    tuning = between.variance * shares
    total = variance + tuning
    if not total:
        return Estimate(mean, 0.0, own)
    degrees = total**2 / (variance**2 / (own + prior.degrees) + (tuning**2 / between.degrees if tuning else 0.0))
    return Estimate(mean, math.sqrt(total), degrees)
