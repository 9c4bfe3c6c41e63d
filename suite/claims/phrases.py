"""Formats numbers, sides and sentences of claims for the terminal and the pages."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from suite.claims.answers import Answer
from suite.claims.contexts import Excluded
from suite.claims.evidence import Levels
from suite.claims.expressions import parse
from suite.claims.verdicts import Ruling, Verdict
from suite.protocol.statistics import Interval
from suite.protocol.written import counted

_TITLES = {
    "steps_to_target": "number of steps to the target",
    "success_rate": "share of runs that train",
    "gradient_ratio_init": "R at the first step",
    "abs(gradient_ratio_init)": "|R| at the first step",
    "abs(gradient_ratio_median)": "|R| over the run",
    "saturated_fraction": "share of saturated outputs",
    "zero_fraction_init": "share of zeros at the first step",
    "zero_fraction_end": "share of zeros at the end",
    "exp10(gradient_ratio_init)": "ratio of the first gradient to the last",
    "minimum(gradient_ratio_init, 0)": "R at the first step, at most 0",
    "sqrt(test_score)": "root of the squared error",
    "milliseconds_per_step": "time of a step",
    "train_score - test_score": "gap between training and test score",
    "basin_decades": "range of learning rates that work",
    "basin_high": "highest learning rate that works",
    "effective_beta_median": "roughness along the gradient",
}
"""Measures in words; others are shown without their underscores."""

_UNITS = {"gradient_ratio_init": " decades", "abs(gradient_ratio_init)": " decades", "basin_decades": " decades"}
_MOST_LEVELS = 4
"""Levels that a sentence lists; of more, the first and the last."""


def figure(value: float) -> str:
    """A number with at most three digits and a true minus sign."""
    if math.isnan(value):
        return "?"
    text = f"{value:.2g}" if 0 < abs(value) < 0.01 else f"{value:.3g}"
    text = text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
    return ("0" if text in ("-0", "0", "") else text).replace("-", "−")


def signed(value: float) -> str:
    """A number with a plus sign if it is positive."""
    return f"+{figure(value)}" if value > 0 and figure(value) != "0" else figure(value)


def between(low: float, high: float) -> str:
    return "no interval" if math.isnan(low) else f"{signed(low)} to {signed(high)}"


def measure_text(measure: str) -> str:
    return measure.replace("_", " ")


def side_text(side: Levels) -> str:
    """One side in words: `relu`, `glorot_uniform or he_normal`, `relu and identity`."""
    return " and ".join(" or ".join(labels) for labels in side.values())


def where_text(where: Levels) -> str:
    """The part of the grid in words: `; depth 20, width 64`, or an empty text."""
    parts = [f"{factor} {' or '.join(labels)}" for factor, labels in where.items()]
    return f"; {', '.join(parts)}" if parts else ""


def verdict_text(verdict: Verdict, factor: str | None) -> str:
    """The verdict, with the factor that it depends on."""
    return f"depends on {factor.replace('_', ' ')}" if verdict is Verdict.DEPENDS and factor else str(verdict)


def sentence(reason: str) -> str:
    """Adds a full stop and, unless the text begins with a name, a capital letter."""
    first = reason.split(" ", 1)[0]
    return f"{reason if '_' in first or not first.isalpha() else reason[:1].upper() + reason[1:]}."


@dataclass(frozen=True)
class Amounts:
    """Writes amounts of a measure: differences of log10 as factors, shares in percentage points, others as they are.

    Attributes:
        measure: The measure.
        is_difference: Whether amounts are differences, with a sign, and not figures.
    """

    measure: str
    is_difference: bool = True

    @property
    def of(self) -> str:
        """What is measured, without the logarithm."""
        return self.measure[len("log10(") : -1] if self._is_log else self.measure

    @property
    def title(self) -> str:
        """What is measured, in words."""
        if self.is_of_runs and self.of not in _TITLES:
            return f"share of runs with {self.of}"
        return _TITLES.get(self.of, measure_text(self.of))

    @property
    def is_of_runs(self) -> bool:
        """Whether it is a share of runs."""
        return parse(self.measure).is_share

    @property
    def _is_log(self) -> bool:
        return self.measure.startswith("log10(") and self.measure.endswith(")")

    def amount(self, value: float) -> str:
        """A difference in words, without its sign unless it is that of an interval's end."""
        if self._is_log and self.is_difference:
            return f"a factor of {figure(10**value)}"
        if self.is_of_runs and self.is_difference:
            return f"{figure(round(100 * value))} percentage points"
        if self.is_of_runs:
            return f"{figure(round(100 * value))}%"
        return figure(value) + _UNITS.get(self.measure, "")

    def interval(self, interval: Interval) -> str:
        """The interval in brackets, in the amount's unit."""
        _, low, high = interval
        if math.isnan(low):
            return "(no interval)"
        if self._is_log and self.is_difference:
            low, high = 10**low, 10**high
        elif self.is_of_runs:
            low, high = round(100 * low), round(100 * high)
        return f"({figure(low)} to {figure(high)})"

    def told(self, answer: Answer, by: float) -> str:
        """What an answer adds to the mean effect, for a delta of `by`."""
        least = self.amount(by)
        return {
            Answer.BETTER: f"; whether by {least}, which would count, is open",
            Answer.NONE: f", less than {least}, which would count",
            Answer.OPPOSITE: ", the other way round",
            Answer.OPEN: f": not enough data to tell {least} from none"
            if by
            else ": not enough data to tell the order",
        }.get(answer, "")

    def varying(self, ruling: Ruling) -> Iterator[str]:
        """What the effect depends on or varies with."""
        if ruling.moderator is None:
            return
        levels = ruling.moderator.levels
        shown = levels if len(levels) <= _MOST_LEVELS else (levels[0], levels[-1])
        lead = "Depends on" if ruling.verdict is Verdict.DEPENDS else "Varies with"
        parts = [f"{self._signed(level.mean)} {self.interval(level.interval)} for {level.label}" for level in shown]
        told = ", ".join(parts) if len(shown) == len(levels) else f"from {' to '.join(parts)}"
        on = f" on {ruling.moderator.benchmark}" if ruling.moderator.benchmark and len(ruling.places) > 1 else ""
        yield f"{lead} {ruling.moderator.factor.replace('_', ' ')}{on}: {told}."

    def _signed(self, value: float) -> str:
        """A difference with its sign, or a figure."""
        told = self.amount(value)
        return f"+{told}" if self.is_difference and not self._is_log and value > 0 and told[0].isdigit() else told


def turned(interval: Interval) -> Interval:
    """The same difference, of the second side over the first."""
    mean, low, high = interval
    return -mean, -high, -low


def counts_text(ruling: Ruling) -> Iterator[str]:
    """Numbers of contexts by what their own intervals say, and of those that cannot speak."""
    live = len(ruling.live)
    parts = []
    if live > 1:
        counts = {
            "holds in": ruling.count(Answer.ENOUGH, Answer.BETTER),
            "no difference that counts in": ruling.count(Answer.NONE),
            "opposite in": ruling.count(Answer.OPPOSITE),
            "does not hold in": ruling.count(Answer.LACKING),
            "open in": ruling.count(Answer.OPEN),
        }
        told = [f"{words} {count}" for words, count in counts.items() if count]
        parts.append(f"Of {live} settings by themselves: {', '.join(told)}.")
    if edges := sum(context.at_edge for context in ruling.live):
        parts.append(
            f"In {counted(edges, 'setting')} a side's best learning rate lies at the edge of the range searched."
        )
    reasons = [f"{why} ({ruling.excluded(why)})" for why in Excluded if ruling.excluded(why)]
    if reasons:
        parts.append(f"Not counted: {counted(len(ruling.contexts) - live, 'setting')}, {', '.join(reasons)}.")
    yield from parts
