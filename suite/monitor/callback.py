"""The monitor: a Keras callback that looks at a model while `fit` trains it, and changes nothing in what it learns."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from suite.monitor.advice import advice, outlook
from suite.monitor.history import History
from suite.monitor.inputs import MonitorError
from suite.monitor.observer import Observer
from suite.monitor.report import Report, deprecated
from suite.monitor.tracking import ActiveRun
from suite.monitor.traits import Traits
from suite.protocol.records import Cause, Outcome
from suite.protocol.words import Diagnosis, cause_in_words

if TYPE_CHECKING:
    import pandas

    from suite.pictures import Picture


class GradientWarning(UserWarning):
    """A monitor has seen why a model does not train."""


@dataclass(frozen=True)
class Finding:
    """What a monitor has warned of.

    Attributes:
        step: Updates that had been made.
        cause: A cause of the protocol; `nonfinite` for a value that is not finite.
        text: In words.
        remedy: What to try, line by line, with what is measured of it.
    """

    step: int
    cause: Cause | Outcome
    text: str
    remedy: str


class GradientMonitor(Report, keras.callbacks.Callback):
    """Watches gradients, activations and updates of every layer during `fit`, and says why a model does not train.

    At every look, one forward and backward pass is made on a batch of its own, as in training (dropout on, batch
    normalization by the batch), and nothing that it would change is kept: the model learns exactly what it would have
    learned without. A model that goes NaN between two looks is told of with its step, but the layer it began in only
    if a look saw it: `every=1` always does.

    Args:
        x: Inputs of the batch to look at, as `fit` takes arrays of them: some 64 to 256 examples of the training data.
        y: Their targets.
        every: `"epoch"`, to look at the first step of every epoch; or a number of steps. The trained model is looked
            at in the end too.
        loss: As `compile` takes it; by default what the model is compiled with.
        warn: Whether to warn, once per cause, as soon as it is seen.
        mlflow: Whether to log to the MLflow run that is active in this process, if there is one.

    Attributes:
        findings: What was warned of.
        history: All that was seen.

    Raises:
        MonitorError: Here, if `every` or the batch is wrong; when `fit` begins, if model or loss do not fit.

    Example:
        >>> monitor = suite.GradientMonitor(x_train[:128], y_train[:128])
        >>> model.fit(x_train, y_train, epochs=5, callbacks=[monitor])
        >>> monitor.verdict
        'vanishing, 0.24 per layer'
        >>> monitor.save("gradients.html")
    """

    def __init__(
        self, x: Any, y: Any, *, every: int | str = "epoch", loss: Any = None, warn: bool = True, mlflow: bool = True
    ) -> None:
        super().__init__()
        if every != "epoch" and (isinstance(every, bool) or not isinstance(every, int) or every < 1):
            raise MonitorError(f"Expected every='epoch' or a whole number of steps, at least 1. Received: {every!r}")
        self._x, self._y, self._loss, self._every = x, y, loss, every
        self._warn, self._mlflow = warn, mlflow
        self._observer: Observer | None = None
        self._run: ActiveRun | None = None
        self._step = self._epoch = self._begun = 0
        self._due, self._looked, self._traits = True, False, Traits()
        self.history = History(())
        self.findings: list[Finding] = []
        self.logs: list[tuple[int, Mapping[str, float]]] = []

    def on_train_begin(self, logs: Any = None) -> None:
        """Compiles what looks. A second `fit` starts afresh."""
        self._observer = Observer(self.model, self._x, self._y, self._loss, build=True)
        self.history, self.findings, self.logs = History(self._observer.places), [], []
        self._run = ActiveRun.find() if self._mlflow else None
        self._step, self._due, self._looked = 0, True, False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """With `every="epoch"`, a look is due."""
        self._epoch = epoch
        self._due = self._due or self._every == "epoch"

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Looks, if a look is due, at the model that the next update will change."""
        self._begun = batch
        if self._due and self._observer is not None:
            self._due = False
            self._looked = True
            self._see()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Measures the update that followed a look, and notes the first loss that is not finite."""
        updates = batch - self._begun + 1
        before = self._step
        self._step += updates
        if self._looked and self._observer is not None:
            if updates == 1:  # several in one execution are no single update
                self.history.observations[-1].layers.update(self._observer.measure_update())
            self._looked = False
            self._report()
        if isinstance(self._every, int):
            self._due = self._step // self._every > before // self._every
        loss = (logs or {}).get("loss")
        if loss is not None and self.history.nonfinite_step is None and not np.isfinite(float(loss)):
            self.history.nonfinite_step = self._step
            self._report_nonfinite()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keeps what `fit` says of the epoch, for the picture."""
        self.logs.append((self._step, {name: float(value) for name, value in (logs or {}).items()}))

    def on_train_end(self, logs: Any = None) -> None:
        """A last look, at the trained model."""
        self._see()
        self._report()
        if self._run is not None:
            self._run.finish(lambda: self.verdict, self.picture)

    def frame(self) -> pandas.DataFrame:
        """Deprecated: now `by_layer()`."""
        deprecated("GradientMonitor.frame()", "by_layer()")
        return self.by_layer()

    def frame_through_time(self) -> pandas.DataFrame:
        """Deprecated: now `by_time()`."""
        deprecated("GradientMonitor.frame_through_time()", "by_time()")
        return self.by_time()

    def curves(self) -> pandas.DataFrame:
        """One row per look: the loss of the monitor's batch and the global gradient norm."""
        return self.history.curves()

    def picture(self) -> Picture:
        """What is drawn: for `suite.pictures`."""
        from suite.monitor.drawing import picture_of

        if not self.history.observations:
            raise MonitorError("Expected a monitor that has been given to `fit`. Received: one that has seen nothing")
        return picture_of(self.history, self.model.name, self.logs)

    def _see(self) -> None:
        if self._observer is not None:
            self._traits = self._observer.traits()
            self.history.add(self._step, self._epoch, self._observer())

    def _report(self) -> None:
        """Warns of what the last look shows for the first time, and logs it."""
        latest = slice(-1, None)
        if self.history.nonfinite_step is not None:
            self._report_nonfinite()
        else:
            told = {known.cause for known in self.findings}
            step = self.history.steps[-1]
            if new := [cause for cause in self.history.causes(latest) if cause not in told]:
                facts = self.history.facts(latest)
                for cause in new:
                    self._find(step, cause, cause_in_words(cause, facts), facts, self._traits)
        if self._run is not None:
            self._run.log(self.history)

    def _report_nonfinite(self) -> None:
        step, layer = self.history.nonfinite_step, self.history.nonfinite_layer
        where = f", and began in {layer}" if layer else "; with `every=1` the layer it begins in can be named"
        text = f"a value was not finite at step {step}{where}"
        # Weights that were looked at already are those of that look: nothing that came after had a say.
        later = (step or 0) > self.history.steps[-1] + 1
        traits = replace(self._traits, trained=self._traits.trained or later)
        self._find(step or 0, Outcome.NONFINITE, text, Diagnosis(), traits)

    def _find(self, step: int, cause: Cause | Outcome, text: str, facts: Diagnosis, traits: Traits) -> None:
        if any(known.cause is cause for known in self.findings):
            return
        remedy = "\n".join(advice(cause, facts, traits))
        self.findings.append(Finding(step, cause, text, remedy))
        if self._warn:
            when = f"after {step} steps" if step else "before the first step"
            lines = [f"{text} (seen {when}).", *outlook([cause], facts, traits), "Try:", remedy]
            warnings.warn("\n".join(lines), GradientWarning, stacklevel=2)
