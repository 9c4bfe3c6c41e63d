"""What is drawn of a monitor's history, and of a single look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from suite.monitor.history import History
from suite.pictures import Picture
from suite.pictures.axes import Scale, fitted
from suite.pictures.cells import Gradients, curves_over, heat
from suite.protocol.along import DEPTH, TIME, Along

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def picture_of(history: History, title: str, logs: Sequence[tuple[int, Mapping[str, float]]]) -> Picture:
    """The heat map of all layers over the looks, gradients through time, and the curves that `fit` and the looks give.

    Args:
        history: What was seen.
        title: Of the picture.
        logs: What `fit` said at the end of each epoch, with the updates made by then.
    """
    steps = np.array(history.steps)
    x = Scale(0, max(1, int(steps[-1]), *(step for step, _ in logs)))
    names = [place.name for place in history.places]
    shown = {"backpropagated gradient": _gradients(steps, history.array("gradient_rms"), DEPTH, names)}
    for (layer, state), values in history.through_time().items():
        shown[f"gradient through time: {state} of {history.places[layer].name}"] = _gradients(steps, values, TIME)
    panels = [(name, heat(each, x)) for name, each in shown.items() if each.block.size]
    losses = {"monitor's batch": list(zip(history.steps, (seen.loss for seen in history.observations), strict=True))}
    scores: dict[str, list[tuple[int, float]]] = {}
    for name in logs[0][1] if logs else ():
        points = [(step, float(row.get(name, np.nan))) for step, row in logs]
        curves = losses if name in ("loss", "val_loss") else scores if "acc" in name else {}
        curves["validation" if name.startswith("val_") else "training"] = points
    panels.append(("loss", curves_over(x, losses, fitted((y for line in losses.values() for _, y in line), log=True))))
    if scores:
        panels.append(("accuracy", curves_over(x, scores, Scale(0, 1))))
    facts = {"layers": str(len(history.places)), "looks": str(len(history)), "steps": str(history.steps[-1])}
    return Picture(title, history.verdict(), panels, shown, facts)


def _gradients(steps: np.ndarray, values: np.ndarray, along: Along, names: Sequence[str] = ()) -> Gradients:
    """One training's looks: there are no replicates of it."""
    return Gradients([0], steps, np.where(np.isfinite(values), values, np.inf)[None].astype(float), along, names)


def profile(history: History, title: str) -> Figure:
    """One look, layer by layer: the backpropagated gradient and the weights' gradient side by side, on a log scale."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(8.4, 3.6), dpi=100)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.1, 0.15, 0.86, 0.68))
    layers = np.arange(1, len(history.places) + 1)
    for name, label, color, marker in (
        ("gradient_rms", "backpropagated gradient, RMS of dLoss/dz", "#00429d", "o"),
        ("weight_gradient_norm", "weight gradient, norm of dLoss/dW", "#d55e00", "s"),
    ):
        values = history.array(name)[-1].astype(float)
        shown = np.isfinite(values) & (values > 0)
        axes.plot(layers[shown], values[shown], color=color, marker=marker, markersize=4, linewidth=1, label=label)
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("layer (1: input)", size=9)
    axes.tick_params(labelsize=8)
    axes.grid(linewidth=0.3)
    axes.legend(fontsize=8, frameon=False)
    figure.text(0.1, 0.93, title, size=11, weight="bold")
    figure.text(0.1, 0.87, history.verdict(), size=9, color="#333333")
    return figure
