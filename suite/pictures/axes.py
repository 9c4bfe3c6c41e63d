"""The axes of charts and bars. Those of scores are fixed by the benchmark, so that charts can be compared by eye."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suite.pictures.numbers import significant
from suite.pictures.scale import GRADIENT_DECADES
from suite.protocol.effects import Effect
from suite.protocol.statistics import difference_bounds
from suite.protocol.written import difference


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high`; values beyond are drawn at its end.

    Attributes:
        low: Value at the start.
        high: Value at the end.
        log: Whether the axis is logarithmic.
        whole: Whether its values are whole numbers, such as layers.
        levels: Values of the ticks; round values by default.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False
    levels: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Widens an axis whose ends are equal."""
        if not 0 < self.high - self.low < math.inf or (self.log and self.low <= 0):
            middle = self.low if math.isfinite(self.low) and (self.low > 0 or not self.log) else 1.0
            low, high = (middle / 10, middle * 10) if self.log else (middle - 1, middle + 1)
            object.__setattr__(self, "low", low)
            object.__setattr__(self, "high", high)

    def at(self, value: float) -> float:
        """Position of a value on the axis, from 0 to 1; infinity is at 1, NaN is not allowed."""
        if self.log:
            if value <= self.low:
                return 0.0
            place = math.log(value / self.low) / math.log(self.high / self.low) if value < math.inf else 1.0
        else:
            place = (value - self.low) / (self.high - self.low)
        return min(1.0, max(0.0, place))

    def ticks(self, count: int = 5) -> list[float]:
        """About `count` round values on the axis, or its levels."""
        if self.levels:
            return list(self.levels)
        if self.log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            step = max(1, math.ceil((last - first) / count))
            return [10.0**power for power in range(first, last + 1, step)]
        span = (self.high - self.low) / count
        magnitude = 10 ** math.floor(math.log10(span))
        step = next(m * magnitude for m in (1, 2, 2.5, 5, 10) if m * magnitude >= span * 0.999)
        step = max(1, math.ceil(step)) if self.whole else step
        first = math.ceil(self.low / step - 1e-9)
        return [round(n * step, 10) for n in range(first, math.floor(self.high / step + 1e-9) + 1)]


GRADIENT = Scale(10.0 ** GRADIENT_DECADES[0], 10.0 ** GRADIENT_DECADES[1], log=True)


def gradient_scale(values: Iterable[float]) -> Scale:
    """The axis of gradients, extended to the decades of what lies beyond it; zero and infinity stay at its ends."""
    known = [value for value in values if 0 < value < math.inf]
    needed = _decades(min(known), max(known)) if known else GRADIENT
    return Scale(min(GRADIENT.low, needed.low), max(GRADIENT.high, needed.high), log=True)


BETA = Scale(1e-2, 1e4, log=True)
"""Axis of effective beta, the same on all boards."""


@dataclass(frozen=True)
class ScoreScale:
    """How a task's scores are drawn and written.

    Attributes:
        metric: Name of the metric.
        higher_is_better: Whether larger scores are better.
        chance: Score of the constant predictor.
        target: Score from which on a run counts as trained.
        axis: From 0 to 1 for shares; logarithmic around chance and target for errors.
    """

    metric: str
    higher_is_better: bool
    chance: float
    target: float
    axis: Scale

    @classmethod
    def of(cls, task: Mapping[str, Any], target: float) -> ScoreScale:
        """The scale of a task. It does not depend on any record, so a new result does not move the bars of others."""
        higher, chance = bool(task["higher_is_better"]), float(task["chance_score"])
        floor = max(min(target, chance) / 10, 1e-12)
        axis = Scale(0.0, 1.0) if higher else _decades(floor, max(chance * 3, floor * 10))
        return cls(str(task["metric"]), higher, chance, float(target), axis)

    @property
    def difference_bounds(self) -> tuple[float, float]:
        """Smallest and largest possible difference of two scores."""
        return difference_bounds(self.higher_is_better)

    def goodness(self, value: float) -> float:
        """From 0 (chance or worse) to 1 (the good end of the axis)."""
        chance, place = self.axis.at(self.chance), self.axis.at(value)
        reach = (1.0 if self.higher_is_better else 0.0) - chance
        return min(1.0, max(0.0, (place - chance) / reach)) if reach else 0.0

    def difference(self, value: float | None) -> str:
        """A difference of two scores with its sign: `+0.120`, `−3.2e−4`."""
        if value is None or math.isnan(value):
            return "–"
        if self.higher_is_better:
            return difference(value)
        return ("+" if value >= 0 else "") + significant(value, 2)

    def write(self, value: float | None) -> str:
        """A score as text."""
        if value is None or math.isnan(value):
            return "–"
        if self.higher_is_better:
            return f"{value:.3f}"
        return significant(value, 2)

    def short(self, value: float | None) -> str:
        """A score in two digits, for a place with little room."""
        known = value is not None and not math.isnan(value)
        return f"{value:.2f}" if known and self.higher_is_better else self.write(value)


def loss_scale(baseline: float) -> Scale:
    """Axis of training losses: from far below that of the constant predictor to far above, where runs count as diverged."""
    known = baseline if 0 < baseline < math.inf else 1.0
    return _decades(known * 10**-3.5, known * 10)


def fitted(values: Iterable[float], *, log: bool) -> Scale:
    """An axis that covers all finite values, to the next powers of ten if it is logarithmic."""
    known = [value for value in values if math.isfinite(value) and (value > 0 or not log)] or [1.0]
    return _decades(min(known), max(known)) if log else Scale(min(known), max(known))


def reach(effects: Sequence[Effect]) -> Scale:
    """An axis for differences that covers zero, all means and the intervals, wide intervals cut."""
    if not effects:
        return Scale(-1.0, 1.0)
    most = 2 * max(5e-4, *(abs(effect.mean) for effect in effects))
    lows = [max(-most, effect.mean if math.isnan(effect.low) else effect.low) for effect in effects]
    highs = [min(most, effect.mean if math.isnan(effect.high) else effect.high) for effect in effects]
    low, high = min(0.0, *lows), max(0.0, *highs)
    margin = 0.05 * (high - low)
    return Scale(low - margin, high + margin)


def _decades(low: float, high: float) -> Scale:
    """A logarithmic axis of whole powers of ten around two values."""
    return Scale(
        10.0 ** max(-307, math.floor(math.log10(low))), 10.0 ** min(307, math.ceil(math.log10(high))), log=True
    )
