"""Small static charts as inline SVG: lines, points and heat maps on fixed scales, styled by the page's stylesheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from leaderboard.scales import GRADIENT, Scale
from suite.pictures.scale import GRADIENT_DECADES
from suite.pictures.strips import NONFINITE, VIRIDIS, image
from suite.protocol.effects import Effect

WIDTH, HEIGHT = 400, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 12, 12, 38


@dataclass(frozen=True)
class Line:
    """A series of points.

    Attributes:
        name: Shown on hover.
        style: Class of the stylesheet.
        points: (x, y); a NaN ends the line there.
    """

    name: str
    style: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Mark:
    """A level across the chart, such as a target, with what it is."""

    name: str
    value: float


def tick_text(value: float, log: bool) -> str:
    """A tick's label as SVG: powers of ten with a raised exponent."""
    if not log:
        return f"{value:g}"
    power = round(math.log10(value))
    if -1 <= power <= 1:
        return f"{value:g}"
    return f'10<tspan dy="-4" font-size="8">{str(power).replace("-", "−")}</tspan>'


class _Canvas:
    """An SVG in the making, with axes already drawn."""

    def __init__(self, x: Scale, y: Scale, x_title: str, y_title: str, height: int = HEIGHT, grid: bool = True) -> None:
        self.x, self.y, self.height = x, y, height
        self.parts: list[str] = []
        bottom = height - _BOTTOM
        for value in y.ticks():
            top = self.py(value)
            if grid:
                self.parts.append(f'<path class="gr" d="M{_LEFT} {top:.1f}H{WIDTH - _RIGHT}"/>')
            self.parts.append(
                f'<text x="{_LEFT - 7}" y="{top + 3.5:.1f}" text-anchor="end">{tick_text(value, y.log)}</text>'
            )
        for value in x.ticks():
            self.parts.append(
                f'<text x="{self.px(value):.1f}" y="{bottom + 16}" text-anchor="middle">'
                f"{tick_text(value, x.log)}</text>"
            )
        self.parts.append(f'<path class="ax" d="M{_LEFT} {bottom}H{WIDTH - _RIGHT}"/>')
        self.parts.append(
            f'<text class="t" x="{WIDTH - _RIGHT}" y="{height - 5}" text-anchor="end">{escape(x_title)}</text>'
        )
        if y_title:
            self.parts.append(f'<text class="t" x="{_LEFT + 4}" y="{_TOP + 9}">{escape(y_title)}</text>')

    def px(self, value: float) -> float:
        return _LEFT + self.x.at(value) * (WIDTH - _LEFT - _RIGHT)

    def py(self, value: float) -> float:
        return self.height - _BOTTOM - self.y.at(value) * (self.height - _TOP - _BOTTOM)

    def mark(self, mark: Mark) -> None:
        top = self.py(mark.value)
        below = 11 if top < _TOP + 24 else -4
        self.parts.append(
            f'<path class="mark" d="M{_LEFT} {top:.1f}H{WIDTH - _RIGHT}"/>'
            f'<text class="t" x="{WIDTH - _RIGHT}" y="{top + below:.1f}" text-anchor="end">{escape(mark.name)}</text>'
        )

    def line(self, line: Line) -> None:
        path, pen = [], "M"
        for x, y in line.points:
            if math.isnan(y):
                pen = "M"
                continue
            path.append(f"{pen}{self.px(x):.1f} {self.py(y):.1f}")
            pen = "L"
        if path:
            self.parts.append(
                f'<path class="{line.style}" d="{"".join(path)}"><title>{escape(line.name)}</title></path>'
            )

    def svg(self, label: str) -> Markup:
        # Every text that is not ours went through `escape` above.
        return Markup(
            f'<svg class="chart" viewBox="0 0 {WIDTH} {self.height}" role="img" aria-label="{escape(label)}">'
            f"{''.join(self.parts)}</svg>"
        )


def lines(
    series: Sequence[Line], *, x: Scale, y: Scale, x_title: str, y_title: str, label: str, marks: Sequence[Mark] = ()
) -> Markup:
    """Lines over a shared axis, such as the loss of every replicate."""
    canvas = _Canvas(x, y, x_title, y_title)
    for mark in marks:
        canvas.mark(mark)
    for line in series:
        canvas.line(line)
    return canvas.svg(label)


@dataclass(frozen=True)
class Dot:
    """A learning rate tried: where, how good, whether of the shared grid, whether the best."""

    name: str
    rate: float
    score: float | None
    shared: bool
    best: bool


def rates(
    dots: Sequence[Dot], basin: Sequence[tuple[float, float]], *, x: Scale, y: Scale, y_title: str, label: str,
    marks: Sequence[Mark] = (),
) -> Markup:  # fmt: skip
    """Validation score by learning rate, the basin shaded, non-finite runs as crosses at the foot."""
    canvas = _Canvas(x, y, "learning rate", y_title)
    foot = canvas.height - _BOTTOM
    for low, high in basin:
        left, right = canvas.px(low), canvas.px(high)
        canvas.parts.insert(
            0, f'<rect class="basin" x="{left:.1f}" y="{_TOP}" width="{right - left:.1f}" height="{foot - _TOP}"/>'
        )
    for mark in marks:
        canvas.mark(mark)
    shared = [
        Line("shared grid", "l-thin", sorted((d.rate, d.score) for d in dots if d.shared and d.score is not None))
    ]
    for line in shared:
        canvas.line(line)
    for dot in dots:
        left, title = canvas.px(dot.rate), f"<title>{escape(dot.name)}</title>"
        if dot.score is None:
            cross = f"M{left - 4:.1f} {foot - 9}l8 8m0 -8l-8 8"
            canvas.parts.append(f'<path class="cross" d="{cross}">{title}</path>')
            continue
        top, style = canvas.py(dot.score), "dot" if dot.shared else "dot hollow"
        if dot.best:
            canvas.parts.append(f'<circle class="ring" cx="{left:.1f}" cy="{top:.1f}" r="8"/>')
        canvas.parts.append(f'<circle class="{style}" cx="{left:.1f}" cy="{top:.1f}" r="4">{title}</circle>')
    return canvas.svg(label)


def heat_map(
    gradients: NDArray[np.float64], *, x: Scale, until: float, y: Scale, x_title: str, y_title: str, label: str
) -> Markup:
    """A (rows, columns) array of gradients, its first row on top, on the fixed scale of colours; it fills the axis
    up to the share `until`, since a run may have ended early."""
    canvas = _Canvas(x, y, x_title, "", grid=False)
    width, height = until * (WIDTH - _LEFT - _RIGHT), canvas.height - _TOP - _BOTTOM
    canvas.parts.append(
        f'<image x="{_LEFT}" y="{_TOP}" width="{width:.1f}" height="{height}" preserveAspectRatio="none" '
        f'class="px" href="{image(gradients)}"/>'
    )
    canvas.parts.append(
        f'<text class="t" transform="translate(11 {_TOP + height / 2:.0f}) rotate(-90)" text-anchor="middle">'
        f"{escape(y_title)}</text>"
    )
    return canvas.svg(label)


def gradient_lines(series: Sequence[Line], *, x: Scale, x_title: str, label: str) -> Markup:
    """Gradients by depth or through time, on the fixed scale."""
    return lines(series, x=x, y=GRADIENT, x_title=x_title, y_title="", label=label)


def color_key() -> Markup:
    """The fixed scale of colours with its ticks."""
    low, high = GRADIENT_DECADES
    step = 18
    parts = [
        f'<rect x="{i * step}" y="0" width="{step}" height="10" fill="{color}"/>' for i, color in enumerate(VIRIDIS)
    ]
    for power in range(low, high + 1, 4):
        anchor = "start" if power == low else "middle"
        parts.append(
            f'<text x="{(power - low) * step}" y="23" text-anchor="{anchor}">{tick_text(10.0**power, True)}</text>'
        )
    end = len(VIRIDIS) * step + 14
    parts.append(f'<rect x="{end}" y="0" width="12" height="10" fill="{NONFINITE}"/>')
    parts.append(f'<text x="{end + 17}" y="9">not finite</text>')
    return Markup(
        f'<svg class="key" viewBox="0 -1 {end + 72} 28" width="{end + 72}" height="28" role="img" '
        f'aria-label="Colours run from 1e{low} and below, dark, to 1e{high} and above, bright; orange is not finite">'
        f"{''.join(parts)}</svg>"
    )


def reach(effects: Sequence[Effect]) -> tuple[float, float]:
    """The ends of an axis for differences: zero and all means lie on it, and of intervals what is sensible."""
    if not effects:
        return -1.0, 1.0
    most = 2 * max(5e-4, *(abs(effect.mean) for effect in effects))
    lows = [max(-most, effect.mean if math.isnan(effect.low) else effect.low) for effect in effects]
    highs = [min(most, effect.mean if math.isnan(effect.high) else effect.high) for effect in effects]
    low, high = min(0.0, *lows), max(0.0, *highs)
    margin = 0.05 * (high - low)
    return low - margin, high + margin


def axis_ticks(low: float, high: float) -> list[float]:
    """A few round differences between the ends."""
    return Scale(low, high).ticks(6)


def dot_style(effect: Effect, low: float, high: float) -> str:
    """Where an effect's mean, interval and zero lie between the ends of its axis, for the stylesheet to draw."""
    axis = Scale(low, high)
    ends = (effect.mean, effect.mean) if math.isnan(effect.low) else (effect.low, effect.high)
    places = {"a": ends[0], "m": effect.mean, "b": ends[1], "z": 0.0}
    return ";".join(f"--{name}:{axis.at(value):.4f}" for name, value in places.items())


def histogram(values: Sequence[float], axis: Scale, *, mark: Mark, past: bool, label: str, bins: int = 40) -> Markup:
    """How many cells score how much, as bars; in the accent those most of which are on the good side of the mark."""
    counts, good = [0] * bins, [0] * bins
    for value in values:
        index = min(bins - 1, int(axis.at(value) * bins))
        counts[index] += 1
        good[index] += value >= mark.value if past else value <= mark.value
    most, width, height = max(counts, default=0) or 1, 320, 56
    at = axis.at(mark.value)
    parts = []
    for index, count in enumerate(counts):
        if count:
            tall = max(2.0, 44 * count / most)
            style = "bar past" if 2 * good[index] >= count else "bar"
            parts.append(
                f'<rect class="{style}" x="{index * width / bins:.1f}" y="{height - tall:.1f}" '
                f'width="{width / bins - 1.5:.1f}" height="{tall:.1f}"/>'
            )
    x = at * width
    parts.append(f'<path class="mark" d="M{x:.1f} 0V{height}"/>')
    anchor, shift = ("end", -4) if at > 0.5 else ("start", 4)
    parts.append(f'<text class="t" x="{x + shift:.1f}" y="9" text-anchor="{anchor}">{escape(mark.name)}</text>')
    parts.append(f'<path class="ax" d="M0 {height}H{width}"/>')
    first, last = (tick_text(value, axis.log) for value in (axis.low, axis.high))
    parts.append(f'<text x="0" y="{height + 13}">{first}</text>')
    parts.append(f'<text x="{width}" y="{height + 13}" text-anchor="end">{last}</text>')
    return Markup(
        f'<svg class="chart" viewBox="0 0 {width} {height + 16}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )
