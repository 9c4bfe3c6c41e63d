"""Whether a mean difference lies above or below a bound: intervals, one-sided tests and the replicates they need.

Three kinds of evidence, each with an interval and tests that agree with it:

- paired differences of numbers: Student's t, exact for normal values at every n;
- two shares, as of runs that train: Newcombe's hybrid score interval for the difference of two proportions (Newcombe
  1998, "Interval estimation for the difference between independent proportions", method 10), which stays honest at 5
  of 5 against 0 of 5, where differences that are all alike would promise certainty. It does not use that runs are paired,
  which makes it, if anything, too wide;
- one share, as of cells for which a prediction holds: Wilson's score interval.

Several tests at once are corrected by Holm's procedure (Holm 1979, "A simple sequentially rejective multiple test
procedure"), which holds the chance of any false rejection among them.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from suite.protocol.statistics import Interval, wilson_of

ALPHA = 0.025
"""One-sided level of every single test, so that it agrees with the two-sided 95% interval."""

MOST_REPLICATES = 1000
"""More are not asked for: that is a difference on the edge of what counts."""

_ROUNDING = 1e-9  # differences that are all alike up to here are alike


@dataclass(frozen=True)
class Differences:
    """A mean difference of numbers.

    Attributes:
        values: Differences by replicate, shape (replicates,).
    """

    values: NDArray[np.float64]

    @property
    def n(self) -> int:
        """Replicates that it rests on."""
        return len(self.values)

    @property
    def mean(self) -> float:
        return float(self.values.mean()) if self.n else math.nan

    @property
    def _error(self) -> float:
        """Standard error of the mean; 0 where all values are alike, NaN of one value."""
        if self.n < 2:
            return math.nan
        if np.ptp(self.values) <= _ROUNDING * max(1.0, float(np.abs(self.values).max())):
            return 0.0
        return float(self.values.std(ddof=1)) / math.sqrt(self.n)

    def interval(self) -> Interval:
        """The mean and its 95% interval; NaN where there is none."""
        half = float(special.stdtrit(max(self.n - 1, 1), 1 - ALPHA)) * self._error
        return self.mean, self.mean - half, self.mean + half

    def p_above(self, bound: float) -> float:
        """One-sided p-value of the mean being at most `bound`: small where it is above."""
        return self._tail(self.mean - bound)

    def p_below(self, bound: float) -> float:
        """One-sided p-value of the mean being at least `bound`: small where it is below."""
        return self._tail(bound - self.mean)

    def _tail(self, beyond: float) -> float:
        error = self._error
        if math.isnan(error):
            return 1.0
        if error == 0:
            return 0.0 if beyond > _ROUNDING else 1.0
        return float(special.stdtr(self.n - 1, -beyond / error))

    def replicates_needed(self, bound: float) -> int | None:
        """Replicates that would tell the mean from `bound`, if mean and spread stay as they are; None if too many."""
        spread, beyond = self._error * math.sqrt(self.n), abs(self.mean - bound)
        if math.isnan(spread):
            return None
        return _least(lambda n: special.stdtrit(n - 1, 1 - ALPHA) * spread / math.sqrt(n) < beyond, self.n + 1)


@dataclass(frozen=True)
class Shares:
    """The difference of two shares: `first` of `n` minus `second` of `of`."""

    first: float
    n: int
    second: float
    of: int

    def interval(self) -> Interval:
        low, high = self._ends(float(special.ndtri(1 - ALPHA)))
        return self.first / self.n - self.second / self.of, low, high

    def _ends(self, z: float, scale: float = 1.0) -> tuple[float, float]:
        """Newcombe's, from Wilson's intervals of the two; `scale` times as many runs with the same shares."""
        a, b = self.first / self.n, self.second / self.of
        (a_low, a_high), (b_low, b_high) = wilson_of(a, self.n * scale, z), wilson_of(b, self.of * scale, z)
        return a - b - math.hypot(a - a_low, b_high - b), a - b + math.hypot(a_high - a, b - b_low)

    def p_above(self, bound: float) -> float:
        return _inverted(lambda z: self._ends(z)[0] >= bound, self.first / self.n - self.second / self.of > bound)

    def p_below(self, bound: float) -> float:
        return _inverted(lambda z: self._ends(z)[1] <= bound, self.first / self.n - self.second / self.of < bound)

    def replicates_needed(self, bound: float) -> int | None:
        z, above = float(special.ndtri(1 - ALPHA)), self.first / self.n - self.second / self.of > bound
        fewest = min(self.n, self.of)

        def enough(n: int) -> bool:
            low, high = self._ends(z, n / fewest)
            return low > bound if above else high < bound

        return _least(enough, fewest + 1)


@dataclass(frozen=True)
class Share:
    """One share: `count` of `n`."""

    count: float
    n: int

    def interval(self) -> Interval:
        low, high = wilson_of(self.count / self.n, self.n, float(special.ndtri(1 - ALPHA)))
        return self.count / self.n, low, high

    def p_above(self, bound: float) -> float:
        share = self.count / self.n
        return _inverted(lambda z: wilson_of(share, self.n, z)[0] >= bound, share > bound)

    def p_below(self, bound: float) -> float:
        share = self.count / self.n
        return _inverted(lambda z: wilson_of(share, self.n, z)[1] <= bound, share < bound)

    def replicates_needed(self, bound: float) -> int | None:
        z, share = float(special.ndtri(1 - ALPHA)), self.count / self.n
        end = 0 if share > bound else 1
        return _least(lambda n: (wilson_of(share, n, z)[end] - bound) * (1 if end == 0 else -1) > 0, self.n + 1)


Decision = Differences | Shares | Share
"""A mean with its interval and tests; all three have the same methods."""


def _inverted(beyond: Callable[[float], bool], right_side: bool) -> float:
    """The p-value of an interval: the least level at which its end, `z` standard errors away, is beyond the bound."""
    if not right_side:
        return 1.0
    low, high = 0.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if beyond(middle) else (low, middle)
    return float(special.ndtr(-low))


def _least(enough: Callable[[int], bool], start: int) -> int | None:
    """The least number from `start` on that is enough; None above `MOST_REPLICATES`."""
    numbers = range(max(start, 2), MOST_REPLICATES + 1)
    place = bisect.bisect_left(numbers, True, key=enough)
    return numbers[place] if place < len(numbers) else None


def holm(p_values: Sequence[float], alpha: float = ALPHA) -> list[bool]:
    """Which hypotheses are rejected, so that the chance of rejecting any true one is at most `alpha`."""
    rejected = [False] * len(p_values)
    for place, index in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        if p_values[index] > alpha / (len(p_values) - place):
            break
        rejected[index] = True
    return rejected
