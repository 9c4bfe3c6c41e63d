"""One look at a model as it is: a table per layer and a verdict, no training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suite.monitor.history import History
from suite.monitor.look import Look
from suite.protocol.records import Cause
from suite.protocol.words import remedy

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

_COLUMNS = {
    "gradient_rms": "dLoss/dz",
    "weight_gradient_norm": "dLoss/dW",
    "activation_mean": "mean",
    "activation_std": "std",
    "saturated_fraction": "saturated",
    "dead_fraction": "dead",
}


class Probe:
    """What `suite.probe` saw. Printed, it is a table and a verdict.

    Args:
        name: Of the model.
        history: Of one look.
        unreached: Layers that the loss does not depend on.

    Attributes:
        loss: Of the batch.
        unreached: As given.
    """

    def __init__(self, name: str, history: History, unreached: tuple[str, ...]) -> None:
        self._name, self._history, self.unreached = name, history, unreached
        self.loss = history.sights[0].loss

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Why the model would not train, by the rules of the protocol."""
        return self._history.causes()

    @property
    def verdict(self) -> str:
        """The same in words."""
        return self._history.verdict()

    @property
    def frame(self) -> pandas.DataFrame:
        """One row per layer."""
        return self._history.frame().drop(columns=["step", "epoch", "update_ratio"])

    @property
    def through_time(self) -> pandas.DataFrame:
        """One row per recurrent layer, state and time step."""
        return self._history.frame_through_time().drop(columns=["step"])

    def plot(self) -> Figure:
        """Gradients layer by layer."""
        from suite.monitor.drawing import profile

        return profile(self._history, self._name)

    def __repr__(self) -> str:
        places = self._history.places
        values = [self._history.array(name)[0] for name in _COLUMNS]
        rows = [("", "layer", "activation", "gradient of", *_COLUMNS.values())]
        for index, place in enumerate(places):
            numbers = [_number(column[index]) for column in values[:4]] + [
                _share(column[index]) for column in values[4:]
            ]
            number = str(index + 1) if place.hidden else "out"
            rows.append((number, place.name, place.activation, place.where, *numbers))
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        sides = [str.rjust, str.ljust, str.ljust, str.ljust, *[str.rjust] * len(_COLUMNS)]
        lines = ["  ".join(to(text, wide) for to, text, wide in zip(sides, row, widths, strict=True)) for row in rows]
        facts = self._history.facts()
        tries = [f"Try for {cause}: {remedy(cause, facts)}." for cause in self.causes]
        lost = [f"The loss does not depend on {', '.join(self.unreached)}."] if self.unreached else []
        return "\n".join([f"{self._name}, loss {self.loss:.4g}", *lines, f"Verdict: {self.verdict}.", *lost, *tries])


def probe(model: Any, x: Any, y: Any, loss: Any = None) -> Probe:
    """Looks once at a model as it is: gradients, activations, saturated and dead units of every layer.

    The model, its optimizer and its random state are left as they were.

    Args:
        model: A built Keras model.
        x: Inputs of one batch, as `fit` takes arrays of them.
        y: Their targets.
        loss: As `compile` takes it; None for what the model is compiled with.

    Raises:
        MonitorError: Model, batch or loss do not fit.

    Example:
        >>> suite.probe(model, x[:128], y[:128], "sparse_categorical_crossentropy").verdict
        'vanishing, 0.24 per layer'
    """
    look = Look(model, x, y, loss)
    history = History(look.places)
    history.add(0, 0, look())
    return Probe(model.name, history, tuple(look.unreached))


def _share(value: float) -> str:
    return "-" if value != value else f"{value:.0%}"


def _number(value: float) -> str:
    return "0" if value == 0 else f"{value:.2e}" if abs(value) < 1e-2 or abs(value) >= 1e3 else f"{value:.3g}"
