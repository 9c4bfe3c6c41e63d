"""The fixed scales of every chart and bar, so that any two of them can be compared by eye."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from suite.pictures.scale import GRADIENT_DECADES
from suite.protocol.statistics import difference_bounds
from suite.results.manifest import Manifest


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high`; values beyond are drawn at its end.

    Attributes:
        low: Value at 0.
        high: Value at 1.
        log: Whether it is logarithmic.
        whole: Whether only whole numbers lie on it, such as layers.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def at(self, value: float) -> float:
        """Where a value lies, from 0 to 1; infinite is at the end, NaN must not be asked for."""
        if self.log:
            if value <= self.low:
                return 0.0
            place = math.log(value / self.low) / math.log(self.high / self.low) if value < math.inf else 1.0
        else:
            place = (value - self.low) / (self.high - self.low)
        return min(1.0, max(0.0, place))

    def ticks(self, count: int = 5) -> list[float]:
        """Round values on it, about `count` of them."""
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


@dataclass(frozen=True)
class ScoreScale:
    """How a task's scores are drawn and written.

    Attributes:
        metric: Its name.
        higher_is_better: Which way is up.
        chance: What the constant predictor scores.
        target: From where on a run counts as trained.
        axis: From 0 to 1 for shares, logarithmic around chance and target for errors.
    """

    metric: str
    higher_is_better: bool
    chance: float
    target: float
    axis: Scale

    @classmethod
    def of(cls, manifest: Manifest) -> ScoreScale:
        """The scale of a benchmark; it hangs on its manifest only, so one record moves no other's bars."""
        task, target = manifest.task, manifest.target
        higher, chance = task.higher_is_better, task.chance_score
        if higher:
            axis = Scale(0.0, 1.0)
        else:
            floor = max(min(target, chance) / 10, 1e-12)
            top = max(chance * 3, floor * 10)
            axis = Scale(10.0 ** math.floor(math.log10(floor)), 10.0 ** math.ceil(math.log10(top)), log=True)
        return cls(task.metric, higher, chance, target, axis)

    @property
    def difference_bounds(self) -> tuple[float, float]:
        """What no difference of two scores can leave."""
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
            return f"{value:+.3f}".replace("-", "−")
        return ("+" if value >= 0 else "") + significant(value, 2)

    def write(self, value: float | None) -> str:
        """A score as text."""
        if value is None or math.isnan(value):
            return "–"
        if self.higher_is_better:
            return f"{value:.3f}"
        return significant(value, 2)


def loss_scale(baseline: float) -> Scale:
    """Of training losses: from far below the constant predictor's to where a run counts as long diverged."""
    decade = math.log10(baseline) if baseline > 0 else 0.0  # targets that are constant leave nothing to lose
    return Scale(10.0 ** math.floor(decade - 3.5), 10.0 ** math.ceil(decade + 1), log=True)


def significant(value: float | None, digits: int = 2) -> str:
    """A number in few digits: `0.24`, `3.2e-4`, `1.2e+9`."""
    if value is None or math.isnan(value):
        return "–"
    if value == 0:
        return "0"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if 1e-3 <= abs(value) < 1e5:
        places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
        return f"{value:.{places}f}".replace("-", "−")
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa}e{int(exponent)}".replace("-", "−")


def gradient_text(value: float) -> str:
    """A gradient in words: a zero is below the range of its float."""
    if math.isnan(value):
        return "none"
    return "below range" if value == 0 else "not finite" if math.isinf(value) else significant(value, 1)


def written_range(low: float | None, high: float | None, write: Any) -> str:
    """An interval as text, empty where there is none."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    return f"{write(low)}–{write(high)}"
