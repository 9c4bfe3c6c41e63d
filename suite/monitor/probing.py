"""One look at a model as it is: a table per layer and a verdict, no training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suite.monitor.advice import advice, outlook
from suite.monitor.history import History
from suite.monitor.observer import Observer
from suite.monitor.report import Report, deprecated
from suite.monitor.traits import Traits
from suite.protocol.measurements import OF_LAYERS

if TYPE_CHECKING:
    import pandas

    from suite.pictures import Picture


class Probe(Report):
    """What `suite.probe` saw. Printed, it is a table and a verdict.

    Args:
        name: Of the model.
        history: Of one look.
        unreached: Layers that the loss does not depend on.
        traits: What the model is.

    Attributes:
        loss: Of the batch.
        unreached: As given.
    """

    def __init__(self, name: str, history: History, unreached: tuple[str, ...], traits: Traits) -> None:
        self._name, self.history, self.unreached, self._traits = name, history, unreached, traits
        self.loss = history.observations[0].loss

    @property
    def frame(self) -> pandas.DataFrame:
        """Deprecated: `by_layer()` has the columns of the monitor's."""
        deprecated("Probe.frame", "by_layer()")
        return self.by_layer().drop(columns=["step", "epoch", "update_ratio"])

    @property
    def through_time(self) -> pandas.DataFrame:
        """Deprecated: `by_time()` has the columns of the monitor's."""
        deprecated("Probe.through_time", "by_time()")
        return self.by_time().drop(columns=["step"])

    def picture(self) -> Picture:
        """Gradients layer by layer, and through time: for `suite.pictures`."""
        from suite.monitor.drawing import profile_of

        return profile_of(self.history, self._name)

    def __repr__(self) -> str:
        shown = [measurement for measurement in OF_LAYERS if measurement.head]
        columns = [
            [(_share if measurement.share else _number)(value) for value in self.history.array(measurement.name)[0]]
            for measurement in shown
        ]
        rows = [("", "layer", "activation", "gradient of", *(measurement.head for measurement in shown))]
        for index, (place, *numbers) in enumerate(zip(self.history.places, *columns, strict=True), 1):
            row = (str(index) if place.hidden else "out", place.name, place.activation, place.where)
            rows.append((*row, *numbers))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        sides = [str.rjust, str.ljust, str.ljust, str.ljust, *[str.rjust] * len(shown)]
        lines = ["  ".join(to(text, wide) for to, text, wide in zip(sides, row, widths, strict=True)) for row in rows]
        facts = self.history.facts()
        tries = [*outlook(self.causes, facts, self._traits)]
        for cause in self.causes:
            tries += [f"Try for {cause}:", *(f"  {line}" for line in advice(cause, facts, self._traits))]
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
    observer = Observer(model, x, y, loss)
    history = History(observer.places)
    history.add(0, 0, observer())
    return Probe(model.name, history, tuple(observer.unreached), observer.traits())


def _share(value: float) -> str:
    return "-" if value != value else f"{value:.0%}"


def _number(value: float) -> str:
    return "0" if value == 0 else f"{value:.2e}" if abs(value) < 1e-2 or abs(value) >= 1e3 else f"{value:.3g}"
