"""Small static charts on fixed scales: lines, points, heat maps and bars, as drawings."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suite.pictures.axes import Scale
from suite.pictures.drawing import Circle, Drawing, Image, Inset, Path, Rect, Shape, Text
from suite.pictures.scale import GRADIENT_DECADES, NONFINITE, VIRIDIS, ZERO, thinned

WIDTH, HEIGHT = 400, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 12, 24, 38
_CHARACTER = 6.2  # pixels of one, at most
_MOST_COLUMNS = 60

RATE_GAP = 0.5
"""Largest distance of two learning rates that are joined by a line, in powers of ten."""


@dataclass(frozen=True)
class Line:
    """A series of points.

    Attributes:
        name: Text shown on hover.
        style: Key of `suite.pictures.drawing.STYLES`.
        points: (x, y) of each point; a NaN interrupts the line.
        legend: Entry of the legend above the chart; no entry if empty.
    """

    name: str
    style: str
    points: Sequence[tuple[float, float]]
    legend: str = ""


@dataclass(frozen=True)
class Mark:
    """A horizontal line across the chart with its name, such as a target."""

    name: str
    value: float


@dataclass(frozen=True)
class End:
    """The step at which all runs became non-finite, and a sentence that says so."""

    step: int
    words: str


@dataclass(frozen=True)
class Dot:
    """A learning rate that was tried: its score (None if NaN), and whether it is of the shared grid and the best."""

    name: str
    rate: float
    score: float | None
    shared: bool
    best: bool


def tick(value: float, log: bool, x: float, y: float, anchor: str = "middle") -> Text:
    """Label of a tick; powers of ten have a raised exponent."""
    power = round(math.log10(value)) if log else 0
    if -1 <= power <= 1 or not math.isclose(value, 10.0**power):
        return Text(x, y, f"{value:g}", anchor)
    return Text(x, y, "10", anchor, power=str(power).replace("-", "−"))


class _Chart:
    """A drawing with its axes, to which a chart is added."""

    def __init__(self, x: Scale, y: Scale, x_title: str, label: str, y_title: str = "", grid: bool = True) -> None:
        self.x, self.y, self.foot = x, y, HEIGHT - _BOTTOM
        self.drawing = Drawing(WIDTH, HEIGHT, label)
        for value in y.ticks():
            top = self.py(value)
            if grid:
                self.add(Path("gr", [[(_LEFT, top), (WIDTH - _RIGHT, top)]]))
            self.add(tick(value, y.log, _LEFT - 7, top + 3.5, "end"))
        for value in x.ticks():
            self.add(tick(value, x.log, self.px(value), self.foot + 16))
        self.add(Path("ax", [[(_LEFT, self.foot), (WIDTH - _RIGHT, self.foot)]]))
        self.add(Text(WIDTH - _RIGHT, HEIGHT - 5, x_title, "end"))
        if y_title:
            self.add(Text(11, (_TOP + self.foot) / 2, y_title, "middle", upright=True))

    def add(self, shape: Shape) -> None:
        self.drawing.shapes.append(shape)

    def px(self, value: float) -> float:
        return _LEFT + self.x.at(value) * (WIDTH - _LEFT - _RIGHT)

    def py(self, value: float) -> float:
        return self.foot - self.y.at(value) * (self.foot - _TOP)

    def mark(self, mark: Mark, at_left: bool = False) -> None:
        top = self.py(mark.value)
        self.add(Path("mark", [[(_LEFT, top), (WIDTH - _RIGHT, top)]]))
        left, anchor = (_LEFT + 4, "start") if at_left else (WIDTH - _RIGHT, "end")
        self.add(Text(left, top + (11 if top < _TOP + 12 else -4), mark.name, anchor))

    def line(self, line: Line) -> None:
        known = [
            [(self.px(x), self.py(y)) for x, y in points]
            for there, points in itertools.groupby(line.points, key=lambda point: not math.isnan(point[1]))
            if there
        ]
        if known:
            self.add(Path(line.style, known, line.name))
        for points in known:
            if len(points) == 1:
                self.add(Circle(line.style, *points[0], 2.5, line.name))

    def end(self, end: End) -> None:
        """Paints all that follows the end of the runs, and says so in place of a legend."""
        left = self.px(end.step)
        self.drawing.shapes.insert(0, Rect("bar", left, _TOP, WIDTH - _RIGHT - left, self.foot - _TOP, NONFINITE))
        self.add(Text(_LEFT, 11.5, end.words))

    def legend(self, entries: Sequence[tuple[str, str]]) -> None:
        """Styles with their meaning, in a row above the chart; entries that do not fit are left out."""
        left = float(_LEFT)
        for style, text in dict.fromkeys(entries):
            if left + 18 + len(text) * _CHARACTER > WIDTH:
                break
            self.add(Path(style, [[(left, 8), (left + 14, 8)]]))
            self.add(Text(left + 18, 11.5, text))
            left += 30 + len(text) * _CHARACTER


def lines(
    series: Sequence[Line], *, x: Scale, y: Scale, x_title: str, label: str, marks: Sequence[Mark] = (),
    points: bool = False, end: End | None = None,
) -> Drawing:  # fmt: skip
    """Lines over a shared axis, such as the loss of every replicate; with `points`, each value has a dot."""
    chart = _Chart(x, y, x_title, label)
    for mark in marks:
        chart.mark(mark, at_left=end is not None)
    for line in series:
        chart.line(line)
        for value, score in line.points if points else ():
            chart.add(Circle("dot", chart.px(value), chart.py(score), 2.5, line.name))
    if end:
        chart.end(end)
    else:
        chart.legend([(line.style, line.legend) for line in series if line.legend])
    return chart.drawing


def rates(
    dots: Sequence[Dot], basin: Sequence[tuple[float, float]], *, x: Scale, y: Scale, label: str,
    marks: Sequence[Mark] = (),
) -> Drawing:  # fmt: skip
    """Score by learning rate: learning rates that work are shaded, non-finite runs are crosses at the bottom. Rates of the
    shared grid are joined by a line only if they are at most `RATE_GAP` apart, since others in between were not tried."""
    chart = _Chart(x, y, "learning rate", label)
    for low, high in basin:
        left, right = chart.px(low), chart.px(high)
        chart.drawing.shapes.insert(0, Rect("basin", left, _TOP, right - left, chart.foot - _TOP))
    for mark in marks:
        chart.mark(mark)
    shared = sorted((dot.rate, dot.score) for dot in dots if dot.shared and dot.score is not None)
    for first, second in itertools.pairwise(shared):
        if math.log10(second[0] / first[0]) <= RATE_GAP + 1e-9:
            chart.line(Line("shared grid", "l-thin", [first, second]))
    for dot in dots:
        left = chart.px(dot.rate)
        if dot.score is None:
            a, b = chart.foot - 9, chart.foot - 1
            chart.add(Path("cross", [[(left - 4, a), (left + 4, b)], [(left + 4, a), (left - 4, b)]], dot.name))
            continue
        top = chart.py(dot.score)
        if dot.best:
            chart.add(Circle("ring", left, top, 8))
        chart.add(Circle("dot" if dot.shared else "hollow", left, top, 4, dot.name))
    return chart.drawing


def heat_map(
    gradients: NDArray[np.float64], *, x: Scale, until: float, y: Scale, x_title: str, y_title: str, label: str,
    end: End | None = None,
) -> Drawing:  # fmt: skip
    """(steps, places) of gradients on the fixed scale of colours, the last place on top. It fills the axis up to the
    value `until`, since a run may have ended early, or up to the step at which all runs became non-finite."""
    chart = _Chart(x, y, x_title, label, y_title, grid=False)
    rows = gradients[thinned(len(gradients), _MOST_COLUMNS)].T[::-1]
    chart.add(Image(_LEFT, _TOP, chart.px(max(until, end.step) if end else until) - _LEFT, chart.foot - _TOP, rows))
    if end:
        chart.end(end)
    return chart.drawing


def strips(pictures: Sequence[tuple[str, NDArray[np.float64]]], label: str) -> Drawing:
    """Heat strips, named, three in a row."""
    wide, tall, gap = 120, 64, 20
    drawing = Drawing(WIDTH, math.ceil(len(pictures) / 3) * (tall + gap) + 4, label)
    for index, (name, rows) in enumerate(pictures):
        left, top = index % 3 * (wide + gap), index // 3 * (tall + gap)
        drawing.shapes.extend([Image(left, top, wide, tall, rows), Text(left, top + tall + 12, name)])
    return drawing


def color_key() -> Drawing:
    """The fixed scale of colours with its ticks."""
    low, high = GRADIENT_DECADES
    step, drawing = 16, Drawing(
        WIDTH, 26, f"Colours run from 1e{low} and below, dark, to 1e{high} and above, bright; "
        "grey is exactly 0, orange not finite",
    )  # fmt: skip
    drawing.shapes.extend([Rect("bar", i * step, 0, step, 10, color) for i, color in enumerate(VIRIDIS)])
    for power in range(low, high + 1, 4):
        drawing.shapes.append(tick(10.0**power, True, (power - low) * step, 23, "start" if power == low else "middle"))
    left = len(VIRIDIS) * step + 14
    for color, text, room in ((ZERO, "exactly 0", 70), (NONFINITE, "not finite", 0)):
        drawing.shapes.extend([Rect("bar", left, 0, 12, 10, color), Text(left + 16, 9, text)])
        left += 16 + room
    return drawing


def sheet(
    title: str, words: str, panels: Sequence[tuple[str, Drawing]], *, columns: int = 2, label: str = ""
) -> Drawing:
    """Drawings side by side, each under its name, with the colour scale of gradients if one of them needs it."""
    gap, margin = 28, 20
    columns = max(1, min(columns, len(panels)))
    width = 2 * margin + columns * (WIDTH + gap) - gap
    whole: list[Shape] = []
    top = 40.0 if title else 8.0
    for text, size, ink in ((title, 15, "ink"), (words, 12, "muted")):
        most = int((width - 2 * margin) / size / 0.52)
        fits = text if len(text) <= most else text[: most - 1] + "…"
        if fits:
            whole.append(Text(margin, top, fits, size=size, ink=ink, bold=ink == "ink"))
            top += 22
    for start in range(0, len(panels), columns):
        row = panels[start : start + columns]
        for column, (name, drawing) in enumerate(row):
            left = margin + column * (WIDTH + gap)
            whole += [Text(left, top + 12, name, size=12, ink="ink", bold=True), Inset(left, top + 22, drawing)]
        top += 44 + max(drawing.height for _, drawing in row)
    if any(isinstance(shape, Image) for _, drawing in panels for shape in drawing.shapes):
        whole.append(Inset(margin, top, color_key()))
        top += 36
    return Drawing(width, top, label or f"{title}: {words}", whole)
