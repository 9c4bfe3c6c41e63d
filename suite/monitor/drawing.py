"""What is drawn of a monitor's history, and of a single look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from suite.monitor.history import History
from suite.pictures import Picture
from suite.pictures.axes import Scale, fitted
from suite.pictures.cells import by_place, curves_over, heat
from suite.pictures.views import Gradients
from suite.protocol.gradient_axis import DEPTH, TIME, GradientAxis


def picture_of(history: History, title: str, logs: Sequence[tuple[int, Mapping[str, float]]]) -> Picture:
    """The heat map of all layers over the looks, gradients through time, and the curves that `fit` and the looks give.

    Args:
        history: What was seen.
        title: Of the picture.
        logs: What `fit` said at the end of each epoch, with the updates made by then.
    """
    last = history.steps[-1]
    x = Scale(0, max(1, last, *(step for step, _ in logs)))
    shown = _shown(history)
    panels = [(name, heat(each, x)) for name, each in shown.items() if each.block.size]
    losses = {
        "monitor's batch": [(step, seen.loss) for step, seen in zip(history.steps, history.observations, strict=True)]
    }
    scores: dict[str, list[tuple[int, float]]] = {}
    for name in logs[0][1] if logs else ():
        points = [(step, float(row.get(name, np.nan))) for step, row in logs]
        curves = losses if name in ("loss", "val_loss") else scores if "acc" in name else {}
        curves["validation" if name.startswith("val_") else "training"] = points
    panels.append(("loss", curves_over(x, losses, fitted((y for line in losses.values() for _, y in line), log=True))))
    if scores:
        panels.append(("accuracy", curves_over(x, scores, Scale(0, 1))))
    facts = {"layers": str(len(history.places)), "looks": str(len(history)), "steps": str(last)}
    return Picture(title, history.verdict(), panels, shown, facts)


def profile_of(history: History, title: str) -> Picture:
    """One look, layer by layer: the backpropagated gradient and the weights' gradient, and gradients through time.

    The scale holds all gradients that there are; a zero lies at its foot.
    """
    layers = len(history.places)
    curves = {
        label: list(enumerate(history.array(name)[-1].astype(float).tolist(), 1))
        for name, label in (("gradient_rms", "dLoss/dz, RMS"), ("weight_gradient_norm", "dLoss/dW, norm"))
    }
    scale = fitted((value for line in curves.values() for _, value in line), log=True)
    drawing = curves_over(Scale(1, max(layers, 2), whole=True), curves, scale, "layer")
    panels = [("gradient by layer, 1 is nearest the input", drawing)]
    shown = _shown(history)
    for name, gradients in list(shown.items())[1:]:
        if (through_time := by_place(gradients, "time step, 1 is the first input")) is not None:
            panels.append((name, through_time))
    facts = {"layers": str(layers), "loss": f"{history.observations[-1].loss:.4g}"}
    return Picture(title, history.verdict(), panels, shown, facts)


def _shown(history: History) -> dict[str, Gradients]:
    """Gradients by layer, and through time of each state; of one training, as there are no replicates of it."""

    def gradients(values: np.ndarray, along: GradientAxis, names: Sequence[str] = ()) -> Gradients:
        finite = np.where(np.isfinite(values), values, np.inf)
        return Gradients([0], np.array(history.steps), finite[None].astype(float), along, names)

    names = [place.name for place in history.places]
    by_layer = gradients(history.array("gradient_rms"), DEPTH, names)
    return {"backpropagated gradient": by_layer} | {
        f"gradient through time: {state} of {names[layer]}": gradients(values, TIME)
        for (layer, state), values in history.through_time().items()
    }
