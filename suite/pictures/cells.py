"""What there is to draw of a cell, and every figure of it: the one table that pages, MLflow and `suite plot` draw from.

A new figure is one entry of `FIGURES`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suite.pictures import charts
from suite.pictures.axes import BETA, GRADIENT, Scale, ScoreScale, loss_scale
from suite.pictures.charts import Dot, Line, Mark
from suite.pictures.drawing import SERIES, Drawing, Text
from suite.pictures.numbers import significant
from suite.pictures.scale import median_over_replicates, thinned
from suite.pictures.strips import strip
from suite.protocol.along import DEPTH, TIME, Along
from suite.protocol.ranks import Ran, basin_of
from suite.protocol.records import Budget, Record, Replicate


@dataclass(frozen=True)
class Gradients:
    """What was probed of a cell's gradients.

    Attributes:
        replicates: Their indices.
        steps: The probed steps.
        block: RMS, shape (replicates, steps, places); infinite where it was not finite, NaN where nothing was probed.
        along: What the places are.
        names: Of the places; their numbers if empty.
    """

    replicates: Sequence[int]
    steps: NDArray[Any]
    block: NDArray[np.float64]
    along: Along = DEPTH
    names: Sequence[str] = ()

    @cached_property
    def median(self) -> NDArray[np.float64]:
        """(steps, places), over the replicates."""
        return median_over_replicates(self.block)

    @property
    def places(self) -> Sequence[str]:
        """A name for each."""
        return self.names or [str(place + 1) for place in range(self.block.shape[2])]


@dataclass(frozen=True)
class Curves:
    """The curves of one replicate at its probed steps; effective beta is empty or NaN where nobody asked for it."""

    replicate: int
    steps: Sequence[int]
    loss: Sequence[float]
    score: Sequence[float]
    beta: Sequence[float] = ()


@dataclass(frozen=True)
class CellView:
    """All there is to draw of a cell, from its record or from the exported tables alike.

    Attributes:
        cell: Its trials and replicates.
        budget: What it could spend.
        scale: Of the task's scores.
        curves: Of its replicates.
        gradients: Along layers, or time steps where there is one recurrent layer only.
        through_time: Along time steps, of the first recurrent layer; None if there is none.
    """

    cell: Ran
    budget: Budget
    scale: ScoreScale
    curves: Sequence[Curves]
    gradients: Gradients
    through_time: Gradients | None = None

    @property
    def words(self) -> dict[str, str]:
        """What the titles and captions of figures leave open."""
        along = self.gradients.along
        return {"metric": self.scale.metric, "place": along.place, "symbol": along.symbol, "first": along.first}

    @property
    def training(self) -> Scale:
        """The axis of the steps of a whole run."""
        return Scale(0, max(1, self.budget.steps))

    def outcome(self, replicate: int) -> str:
        """How a run ended."""
        return next((str(run.outcome) for run in self.cell.replicates if run.replicate == replicate), "")


def view_of_record(record: Record) -> CellView:
    """What a record has to draw."""
    scale = ScoreScale.of(record.task_facts, record.cell.target)
    layers = _probed(record, "gradient_rms", DEPTH, record.layers)
    time = _probed(record, "gradient_rms_through_time", TIME)
    shown = time if time.block.size and len(record.layers) == 1 else layers
    curves = [_curves_of(run) for run in record.replicates]
    return CellView(record, record.cell.budget, scale, curves, shown, time if time.block.size else None)


def _curves_of(run: Replicate) -> Curves:
    steps, loss = np.asarray(run.traces.get("probed_step", ()), dtype=int), np.asarray(run.traces.get("loss", ()))
    scores = np.asarray(run.traces.get("validation_score", ()), dtype=float)
    seen = loss[steps[steps < len(loss)]].astype(float)
    beta = np.asarray(run.traces.get("effective_beta", ()), dtype=float)
    return Curves(run.replicate, (steps + 1).tolist(), seen.tolist(), scores.tolist(), beta.tolist())


def _probed(record: Record, trace: str, along: Along, names: Sequence[str] = ()) -> Gradients:
    """One trace of all replicates; of recurrent layers the first."""
    known = [(run, np.asarray(run.traces[trace], dtype=float)) for run in record.replicates if trace in run.traces]
    known = [(run, values if values.ndim == 2 else values[:, 0]) for run, values in known if values.size]
    if not known:
        return Gradients([], np.zeros(0, dtype=int), np.zeros((0, 0, len(names))), along, names)
    steps = np.unique(np.concatenate([run.traces["probed_step"] for run, _ in known])).astype(int)
    block = np.full((len(known), len(steps), known[0][1].shape[1]), np.nan)
    for index, (run, values) in enumerate(known):
        block[index, np.searchsorted(steps, run.traces["probed_step"])] = np.where(np.isfinite(values), values, np.inf)
    return Gradients([run.replicate for run, _ in known], steps + 1, block, along, names)


@dataclass(frozen=True)
class Figure:
    """One figure of a cell.

    Attributes:
        title: Over it; what `CellView.words` knows may stand in braces.
        caption: Under it, likewise.
        draw: Makes it; None where there is nothing to show.
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
    return charts.lines(series, x=view.training, y=y, x_title="step", label=label, marks=marks) if series else None


def _gradients(view: CellView) -> Drawing | None:
    return heat(view.gradients, view.training) if view.gradients.block.size else None


def heat(shown: Gradients, x: Scale) -> Drawing:
    """The median gradient by place and step, on an axis of steps."""
    return charts.heat_map(
        shown.median, x=x, until=float(shown.steps[-1]), y=Scale(0.5, len(shown.places) + 0.5, whole=True),
        x_title="step", y_title=shown.along.way, label=f"Median gradient RMS by {shown.along.place} and step",
    )  # fmt: skip


def curves_over(
    x: Scale, curves: Mapping[str, Sequence[tuple[float, float]]], y: Scale, x_title: str = "step"
) -> Drawing:
    """Named curves over the steps, or what else the axis is of, a colour each."""
    inks = itertools.cycle(SERIES)
    series = [Line(name, f"l-{ink}", points, name) for (name, points), ink in zip(curves.items(), inks, strict=False)]
    return charts.lines(series, x=x, y=y, x_title=x_title, label=", ".join(curves))


def _depth(view: CellView) -> Drawing | None:
    return None if view.gradients.along is TIME else by_place(view.gradients, "layer, 1 is nearest the input")


def _time(view: CellView) -> Drawing | None:
    return by_place(view.through_time, "time step, 1 is the first input") if view.through_time else None


def by_place(shown: Gradients, x_title: str) -> Drawing | None:
    """The gradient at the first, the middle and the last probed step; a zero lies at the foot of the scale."""
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
    return charts.lines(series, x=x, y=GRADIENT, x_title=x_title, label=label)


def _strips(view: CellView) -> Drawing | None:
    shown = view.gradients
    if not shown.block.size:
        return None
    named = [
        (f"{r} {view.outcome(r)}", strip(shown.block[i], view.budget.evaluations))
        for i, r in enumerate(shown.replicates)
    ]
    return charts.strips(named, "Gradient of every run: " + ", ".join(name for name, _ in named))


def _rates(view: CellView) -> Drawing | None:
    scale, best, budget = view.scale, view.cell.learning_rate, view.budget
    dots = [
        Dot(
            f"{significant(trial.learning_rate)}: {scale.write(trial.validation_score)}, {trial.outcome}",
            trial.learning_rate, trial.validation_score, trial.shared_grid, trial.learning_rate == best,
        )
        for trial in view.cell.trials
    ]  # fmt: skip
    label = f"Validation {scale.metric} of {len({dot.rate for dot in dots})} learning rates, the best is {significant(best)}"
    x, marks = Scale(budget.learning_rate_low, budget.learning_rate_high, log=True), [Mark("target", scale.target)]
    return charts.rates(dots, basin_of(view.cell) or [], x=x, y=scale.axis, label=label, marks=marks) if dots else None


FIGURES: Mapping[str, Figure] = {
    "loss": Figure("Training loss", "One line a run: the batch’s loss at each probed step.", _loss),
    "scores": Figure("Validation {metric}", "After each probed step, on all of the validation split.", _scores),
    "beta": Figure(
        "Effective beta",
        "One line a run: how far the gradient changes for each unit of way along itself. Low is smooth.",
        _beta,
    ),
    "gradients": Figure(
        "Gradient, {place} by {place}",
        "log10 of dLoss/{symbol}, median over replicates. The {first} is at the foot: a gradient that vanishes darkens "
        "on its way down.",
        _gradients,
    ),
    "depth": Figure("Gradient by depth", "At the first, middle and last probed step. Flat is healthy.", _depth),
    "time": Figure(
        "Gradient through time",
        "dLoss/dh of the first recurrent layer, at the first, middle and last probed step. The loss is at the right end.",
        _time,
    ),
    "strips": Figure("Gradient, run by run", "The same picture for every replicate.", _strips),
    "rates": Figure(
        "Learning rates tried",
        "Filled: the shared grid; open: the sampler’s; ringed: the best; ×: went non-finite. Shaded is the basin. "
        "Nothing is drawn where nothing was tried.",
        _rates,
    ),
}
"""Every figure of a cell, in the order of its page."""


@dataclass(frozen=True)
class Drawn:
    """A figure of one cell, ready for a page."""

    title: str
    caption: str
    drawing: Drawing


def draw_figures(view: CellView, names: Sequence[str] = tuple(FIGURES)) -> dict[str, Drawn]:
    """The figures of a cell that have something to show. One that numbers beyond all measure keep from being drawn
    says so in its place, and costs no other."""
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
