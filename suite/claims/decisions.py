"""Intervals, one-sided tests and sample sizes for the question whether an effect lies above or below a bound.

There are three kinds of effects, each with an interval and tests that agree with it:

- paired differences of numbers: the intervals of `suite.protocol.intervals`;
- the difference of two shares, such as success rates: Newcombe's hybrid score interval (Newcombe 1998, "Interval
  estimation for the difference between independent proportions", method 10). It stays valid for 5 of 5 against 0 of 5,
  where identical differences would give an empty interval; ignoring the pairing makes it conservative;
- one share, such as the cells for which a prediction holds: Wilson's score interval.

Several tests are corrected by Holm's procedure (Holm 1979, "A simple sequentially rejective multiple test procedure"),
which controls the probability of any false rejection.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scipy import special

from suite.protocol.intervals import Estimate
from suite.protocol.statistics import Interval, wilson_of

ALPHA = 0.025
"""One-sided level of a single test, which agrees with the two-sided 95% interval."""

MOST_REPLICATES = 1000
"""Larger numbers of replicates are not suggested: the effect is too close to delta."""


@dataclass(frozen=True)
class Differences:
    """A mean difference of numbers.

    Attributes:
        estimate: The difference with its standard error.
        n: Number of replicates.
    """

    estimate: Estimate
    n: int

    def interval(self) -> Interval:
        """The mean and its 95% interval, NaN if there is none."""
        return self.estimate.interval()

    def p_above(self, bound: float) -> float:
        """One-sided p-value for the hypothesis that the mean is at most `bound`."""
        return self.estimate.p_above(bound)

    def p_below(self, bound: float) -> float:
        """One-sided p-value for the hypothesis that the mean is at least `bound`."""
        return self.estimate.p_below(bound)

    def replicates_needed(self, bound: float) -> int | None:
        """Number of replicates that would separate the mean from `bound`, given this spread; None if too many."""
        spread, beyond = self.estimate.error * math.sqrt(self.n), abs(self.estimate.mean - bound)
        if math.isnan(spread):
            return None
        return _least(lambda n: special.stdtrit(n - 1, 1 - ALPHA) * spread / math.sqrt(n) < beyond, self.n + 1)


@dataclass(frozen=True)
class Shares:
    """The difference of two shares: `first` of `n` runs minus `second` of `second_n` runs."""

    first: float
    n: int
    second: float
    second_n: int

    def interval(self) -> Interval:
        low, high = self._ends(float(special.ndtri(1 - ALPHA)))
        return self.first / self.n - self.second / self.second_n, low, high

    def _ends(self, z: float, scale: float = 1.0) -> tuple[float, float]:
        """Newcombe's interval, for `scale` times as many runs with the same shares."""
        a, b = self.first / self.n, self.second / self.second_n
        (a_low, a_high), (b_low, b_high) = wilson_of(a, self.n * scale, z), wilson_of(b, self.second_n * scale, z)
        return a - b - math.hypot(a - a_low, b_high - b), a - b + math.hypot(a_high - a, b - b_low)

    def p_above(self, bound: float) -> float:
        return _inverted(lambda z: self._ends(z)[0] >= bound, self.first / self.n - self.second / self.second_n > bound)

    def p_below(self, bound: float) -> float:
        return _inverted(lambda z: self._ends(z)[1] <= bound, self.first / self.n - self.second / self.second_n < bound)

    def replicates_needed(self, bound: float) -> int | None:
        z, above = float(special.ndtri(1 - ALPHA)), self.first / self.n - self.second / self.second_n > bound
        fewest = min(self.n, self.second_n)

        def enough(n: int) -> bool:
            low, high = self._ends(z, n / fewest)
            return low > bound if above else high < bound

        return _least(enough, fewest + 1)


@dataclass(frozen=True)
class Share:
    """A single share: `count` of `n`."""

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
"""An effect with its interval and tests; all three classes have the same methods."""


def _inverted(beyond: Callable[[float], bool], right_side: bool) -> float:
    """The p-value that agrees with an interval: the smallest level at which it excludes the bound."""
    if not right_side:
        return 1.0
    low, high = 0.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if beyond(middle) else (low, middle)
    return float(special.ndtr(-low))


def _least(enough: Callable[[int], bool], start: int) -> int | None:
    """The smallest number from `start` that is enough; None above `MOST_REPLICATES`."""
    numbers = range(max(start, 2), MOST_REPLICATES + 1)
    place = bisect.bisect_left(numbers, True, key=enough)
    return numbers[place] if place < len(numbers) else None


def holm(p_values: Sequence[float], alpha: float = ALPHA) -> list[bool]:
    """Hypotheses rejected by Holm's procedure, with family-wise error rate `alpha`."""
    rejected = [False] * len(p_values)
    for place, index in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        if p_values[index] > alpha / (len(p_values) - place):
            break
        rejected[index] = True
    return rejected
