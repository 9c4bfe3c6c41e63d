"""What an interval answers to the question whether an effect counts: yes, no, the other way round, or not yet."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from scipy import special

from suite.protocol.intervals import Estimate
from suite.protocol.statistics import UNBOUNDED, Interval

_ROUNDING = 1e-12
_POWER = 0.8


class Answer(StrEnum):
    """What is known of an effect."""

    ENOUGH = "enough"
    BETTER = "better"
    NONE = "none"
    OPPOSITE = "opposite"
    LACKING = "lacking"
    OPEN = "open"

    @property
    def words(self) -> str:
        """The answer as pages and the terminal show it."""
        return {
            "enough": "holds", "better": "in this direction", "none": "no difference that counts", "lacking": "does not hold"
        }.get(self, str(self))  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What an effect is asked.

    Attributes:
        low: Least effect that counts: delta, or the lower end of the effects that a claim allows.
        high: Largest effect that it allows; infinite for differences.
        is_difference: Whether it has a direction, so that it can be nil or opposite. Shares and published figures have none.
        bounds: What no effect can leave, such as 0 and 1 for shares.
    """

    low: float
    high: float = math.inf
    is_difference: bool = True
    bounds: tuple[float, float] = UNBOUNDED

    def answer(self, interval: Interval) -> Answer:
        """The answer of a 95% interval. That no difference counts is an equivalence test: all of it lies below delta."""
        _, low, high = interval
        if math.isnan(low):
            return Answer.OPEN
        if (
            low >= self.low - _ROUNDING
            and high <= self.high + _ROUNDING
            and (self.low > 0 or low > 0 or not self.is_difference)
        ):
            return Answer.ENOUGH
        if not self.is_difference:
            return Answer.LACKING if self.lacks(interval) else Answer.OPEN
        if -self.low < low and high < self.low:
            return Answer.NONE
        return Answer.OPPOSITE if high < 0 else Answer.BETTER if low > 0 else Answer.OPEN

    def lacks(self, interval: Interval) -> bool:
        """Whether the effect is told to lie outside of what counts."""
        return interval[2] < self.low or interval[1] > self.high


def detectable(estimate: Estimate) -> float:
    """The smallest effect that would be told from zero in 80% of repetitions; NaN without an interval."""
    if math.isnan(estimate.error):
        return math.nan
    return estimate.error * float(special.stdtrit(estimate.degrees, 0.975) + special.stdtrit(estimate.degrees, _POWER))
