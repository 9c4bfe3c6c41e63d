"""One look at a model as it is: first checks, a table per layer and a verdict, no training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from suite.monitor.advice import advice, outlook
from suite.monitor.batches import MonitorError, read_batch
from suite.monitor.checks import Check, ModelCheck, checks_of
from suite.monitor.history import History
from suite.monitor.looking import Observer
from suite.monitor.report import Report, folded
from suite.monitor.traits import Traits
from suite.protocol.measurements import OF_LAYERS

if TYPE_CHECKING:
    from suite.pictures import Picture

_SHOWN = 30
"""Rows of the printed table: of more layers, the first, middle and last are printed."""


class Probe(Report):
    """What `suite.probe` saw. Printed, it is a verdict, what to try, and a table.

    Args:
        name: The model's name.
        history: One look.
        unreached: Layers that the loss does not depend on.
        traits: What the model is.
        checks: What was measured before any gradient.

    Attributes:
        loss: Loss of the batch.
        unreached: As given.
        checks: As given; `print(probe.checks)` shows them.
    """

    def __init__(
        self, name: str, history: History, unreached: tuple[str, ...], traits: Traits, checks: Sequence[Check] = ()
    ) -> None:
        self._name, self.history, self.unreached, self._traits = name, history, unreached, traits
        self.checks = ModelCheck(list(checks))
        self.loss = history.observations[0].loss

    def picture(self) -> Picture:
        """Gradients layer by layer, and through time: for `suite.pictures`."""
        from suite.monitor.drawing import profile_of

        return profile_of(self.history, self._name)

    def __repr__(self) -> str:
        diagnoses = self.history.diagnoses()
        lines = [f"Verdict: {self.verdict}."]
        if self.unreached:
            lines.append(f"The loss does not depend on {', '.join(self.unreached)}.")
        lines += outlook(diagnoses, self._traits)
        for diagnosis in diagnoses:
            if found := advice(diagnosis, self._traits):
                lines += [f"Try for {diagnosis.cause}:", *(f"  {line}" for line in found)]
        return "\n".join([*lines, "", f"{self._name}, loss {self.loss:.4g}", *folded(self._table(), _SHOWN)])

    def _table(self) -> list[str]:
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
        return ["  ".join(to(text, wide) for to, text, wide in zip(sides, row, widths, strict=True)) for row in rows]


def probe(
    model: Any, x: Any, y: Any = None, loss: Any = None, *, sample_weight: Any = None, class_weight: Any = None
) -> Probe:
    """Looks once at a model as it is: first checks, then gradients, activations, saturated and dead units of every layer.

    The model, its optimizer and its random state are left as they were.

    Args:
        model: A built Keras model.
        x: Inputs of one batch, as `fit` takes them; of a dataset or generator, the first batch is taken.
        y: Targets, likewise.
        loss: As `compile` takes it; None for what the model is compiled with.
        sample_weight: As `fit` takes it.
        class_weight: As `fit` takes it.

    Raises:
        MonitorError: Model, batch or loss do not fit.

    Examples:
        >>> suite.probe(model, x[:128], y[:128], "sparse_categorical_crossentropy").verdict
        'vanishing, 0.24 per layer'
    """
    batch = read_batch(x, y, sample_weight=sample_weight, class_weight=class_weight)
    observer = Observer(model, batch, loss)
    checks = list(checks_of(model, batch, loss, observer))
    problems = [check for check in checks if check.problem]
    try:
        seen = observer.seen or observer()
    except Exception as error:  # as of a class that there is not, which ends the loss itself
        if not problems:
            raise
        raise MonitorError("; ".join(check.text for check in problems)) from error
    texts = [f"{check.name}: {check.text}" for check in problems if check.name not in ("data", "layers")]
    history = History(observer.places, data=batch.nonfinite(), checks=texts)
    history.untrained = tuple(observer.untrained)
    history.add(0, 0, seen)
    return Probe(model.name, history, tuple(observer.structure.unreached), observer.traits(), checks)


def _share(value: float) -> str:
    return "-" if value != value else f"{value:.0%}"


def _number(value: float) -> str:
    return "0" if value == 0 else f"{value:.2e}" if abs(value) < 1e-2 or abs(value) >= 1e3 else f"{value:.3g}"
