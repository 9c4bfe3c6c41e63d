"""Every figure of a cell: the one table that pages, MLflow and `suite plot` draw from.

A new figure is one entry of `FIGURES`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from suite.pictures import charts
from suite.pictures.axes import BETA, Scale, gradient_scale, loss_scale
from suite.pictures.charts import Dot, Line, Mark
from suite.pictures.drawing import SERIES, Drawing, Text
from suite.pictures.numbers import significant
from suite.pictures.scale import thinned
from suite.pictures.strips import strip
from suite.pictures.views import CellView, Curves, Gradients
from suite.protocol.gradient_axis import TIME
from suite.protocol.ranks import basin_of
from suite.protocol.records import Outcome


@dataclass(frozen=True)
class Figure:
    """One figure of a cell.

    Attributes:
        title: Title, with names of `CellView.words` in braces.
        caption: Caption, likewise.
        draw: Function that draws it; returns None if there is nothing to show.
    """

    title: str
    caption: str
    draw: Callable[[CellView], Drawing | None]


def _loss(view: CellView) -> Drawing | None:
    baseline = float(view.cell.task_facts["baseline_loss"])
    mark = [Mark("constant predictor", baseline)]
    return _over_training(view, "training loss", lambda run: run.loss, loss_scale(baseline), mark)


def _scores(view: CellView) -> Drawing | None:
    mark = [Mark("target", view.scale.target)]
    return _over_training(view, f"validation {view.scale.metric}", lambda run: run.score, view.scale.axis, mark)


def _beta(view: CellView) -> Drawing | None:
    if not any(math.isfinite(value) for run in view.curves for value in run.beta):
        return None
    return _over_training(view, "effective beta", lambda run: run.beta, BETA, [])


def _over_training(
    view: CellView, name: str, values: Callable[[Curves], Sequence[float]], y: Scale, marks: Sequence[Mark]
) -> Drawing | None:
    series = [
        Line(
            f"replicate {run.replicate}: {ended}", f"l-{ended}", list(zip(run.steps, values(run), strict=False)), ended
        )
        for run in view.curves
        if len(values(run)) and (ended := view.outcome(run.replicate))
    ]
    last = ", ".join(significant(line.points[-1][1]) for line in series)
    label = f"{name.capitalize()} of {len(series)} runs over training, the last value of each: {last}"
    return (
        charts.lines(series, x=view.training, y=y, x_title="step", label=label, marks=marks, end=view.end)
        if series
        else None
    )


def _gradients(view: CellView) -> Drawing | None:
    return heat(view.gradients, view.training, view.end) if view.gradients.block.size else None


def heat(shown: Gradients, x: Scale, end: charts.End | None = None) -> Drawing:
    """The median gradient by place and step, on an axis of steps."""
    return charts.heat_map(
        shown.median, x=x, until=float(shown.steps[-1]), y=Scale(0.5, len(shown.places) + 0.5, whole=True),
        x_title="step", y_title=shown.along.way, label=f"Median gradient RMS by {shown.along.place} and step", end=end,
    )  # fmt: skip


def curves_over(
    x: Scale, curves: Mapping[str, Sequence[tuple[float, float]]], y: Scale, x_title: str = "step"
) -> Drawing:
    """Named curves, each in its own colour, over the steps or another quantity."""
    inks = itertools.cycle(SERIES)
    series = [Line(name, f"l-{ink}", points, name) for (name, points), ink in zip(curves.items(), inks, strict=False)]
    return charts.lines(series, x=x, y=y, x_title=x_title, label=", ".join(curves))


def _depth(view: CellView) -> Drawing | None:
    return None if view.gradients.along is TIME else by_place(view.gradients, "layer, 1 is nearest the input")


def _time(view: CellView) -> Drawing | None:
    return by_place(view.through_time, "time step, 1 is the first input") if view.through_time else None


def by_place(shown: Gradients, x_title: str) -> Drawing | None:
    """The gradient at the first, the middle and the last probed step; a zero lies at the foot of the scale, which
    reaches as far as the gradients do."""
    if not shown.median.size:
        return None
    picks = dict.fromkeys((0, len(shown.steps) // 2, len(shown.steps) - 1))
    kept = thinned(shown.median.shape[1], 60)
    series = [
        Line(step, f"l-{ink}", list(zip((kept + 1).tolist(), shown.median[pick, kept].tolist(), strict=True)), step)
        for pick, ink in zip(picks, ("first", "middle", "last"), strict=False)
        if (step := f"step {shown.steps[pick]}")
    ]
    label = f"Median gradient RMS by {shown.along.place}, at the first, middle and last probed step"
    x = Scale(1, max(shown.median.shape[1], 2), whole=True)
    y = gradient_scale(value for line in series for _, value in line.points)
    return charts.lines(series, x=x, y=y, x_title=x_title, label=label)


def _strips(view: CellView) -> Drawing | None:
    shown = view.gradients
    if not shown.block.size:
        return None
    ends = [view.outcome(replicate) for replicate in shown.replicates]
    named = [
        (f"{replicate} {end}", strip(run, view.budget.evaluations, end == Outcome.NONFINITE))
        for replicate, run, end in zip(shown.replicates, shown.block, ends, strict=True)
    ]
    return charts.strips(named, "Gradient of every run: " + ", ".join(name for name, _ in named))


def _rates(view: CellView) -> Drawing | None:
    scale, best, budget = view.scale, view.cell.learning_rates, view.budget
    dots = [
        Dot(
            f"{significant(trial.learning_rate)}: {scale.write(trial.validation_score)}, {trial.outcome}",
            trial.learning_rate, trial.validation_score, trial.shared_grid,
            trial.learning_rate == best[trial.tuning],
        )
        for trial in view.cell.trials
    ]  # fmt: skip
    label = f"Validation {scale.metric} of {len({dot.rate for dot in dots})} learning rates, the best: {', '.join(map(significant, best))}"
    x, marks = Scale(budget.learning_rate_low, budget.learning_rate_high, log=True), [Mark("target", scale.target)]
    return charts.rates(dots, basin_of(view.cell) or [], x=x, y=scale.axis, label=label, marks=marks) if dots else None


FIGURES: Mapping[str, Figure] = {
    "loss": Figure("Training loss", "Batch loss at each probed step, one line per run.", _loss),
    "scores": Figure("Validation {metric}", "After each probed step, on the complete validation split.", _scores),
    "beta": Figure(
        "Effective beta",
        "Change of the gradient per unit of distance along it, one line per run. Low values mean a smooth loss.",
        _beta,
    ),
    "gradients": Figure(
        "Gradient by {place}",
        "log10 of dLoss/{symbol}, median over runs. The {first} is at the bottom: a vanishing gradient gets darker "
        "towards it.",
        _gradients,
    ),
    "depth": Figure("Gradient by depth", "At the first, middle and last probed step. Flat is healthy.", _depth),
    "time": Figure(
        "Gradient through time",
        "dLoss/dh of the first recurrent layer, at the first, middle and last probed step. The loss is at the right end.",
        _time,
    ),
    "strips": Figure("Gradient of each run", "The same picture for each run.", _strips),
    "rates": Figure(
        "Learning rates tried",
        "● grid · ○ adaptive · ◎ chosen · × NaN; shaded: learning rates that work. No line where no rate was tried.",
        _rates,
    ),
}
"""Charts of a cell, in the order of its page."""


@dataclass(frozen=True)
class Drawn:
    """A chart of one cell with its title and caption."""

    title: str
    caption: str
    drawing: Drawing


def draw_figures(view: CellView, names: Sequence[str] = tuple(FIGURES)) -> dict[str, Drawn]:
    """The charts of a cell that have data; a chart that cannot be drawn contains the error message instead."""
    found, words = {}, view.words
    for name in names:
        figure = FIGURES[name]
        title, caption = figure.title.format(**words), figure.caption.format(**words)
        try:
            drawing = figure.draw(view)
        except (ArithmeticError, ValueError) as error:
            drawing = Drawing(charts.WIDTH, 40, title, [Text(0, 20, f"cannot be drawn: {error}")])
        if drawing is not None:
            found[name] = Drawn(title, caption, drawing)
    return found
