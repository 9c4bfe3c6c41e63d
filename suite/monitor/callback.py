"""The monitor: a Keras callback that looks at a model while `fit` trains it, and changes nothing in what it learns."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from suite.monitor.advice import advice, outlook, remedies
from suite.monitor.batches import Batch, MonitorError, one_line, read_batch
from suite.monitor.diagnosis import Diagnosis, Fault, still
from suite.monitor.feeding import TrainingBatches
from suite.monitor.history import History
from suite.monitor.looking import Observer
from suite.monitor.report import Report
from suite.monitor.tracking import ActiveRun
from suite.monitor.traits import Traits
from suite.protocol.records import Cause, Outcome

if TYPE_CHECKING:
    import pandas

    from suite.pictures import Picture

_SLOW_RATE = 1e-7

_WAKING_UPDATES = 10
"""Updates within which what starts at 0 lets the gradient through to the layers before it."""


class GradientWarning(UserWarning):
    """A monitor has seen why a model does not train."""


@dataclass(frozen=True)
class Finding:
    """What a monitor has warned of.

    Attributes:
        step: Number of updates before it was seen.
        cause: A cause of the protocol, `nonfinite`, or a fault that only the monitor knows.
        text: The same in words.
        remedy: What to try, line by line, with what is measured of it.
    """

    step: int
    cause: Cause | Outcome | Fault
    text: str
    remedy: str


def _harmless(hook: Callable[..., None]) -> Callable[..., None]:
    """A hook of the callback that never ends `fit`: where it cannot do its work, it says why, once."""

    @functools.wraps(hook)
    def guarded(self: GradientMonitor, *args: Any, **kwargs: Any) -> None:
        if self.blind is not None and hook.__name__ != "on_train_begin":
            return
        try:
            hook(self, *args, **kwargs)
        except Exception as error:
            self.give_up(error)

    return guarded


class GradientMonitor(Report, keras.callbacks.Callback):
    """Watches gradients, activations and updates of every layer during `fit`, and says why a model does not train.

    At every look, one forward and backward pass is made on a batch of its own, as in training (dropout on, batch
    normalization by the batch), and nothing that it would change is kept: the model learns exactly what it would have
    learned without. It never ends `fit`: where it cannot look at a model, it says why in one line.

    Args:
        x: Inputs of the batch to look at, as `fit` takes them: some 64 to 256 examples of the training data. Of a dataset or
            generator, the first batch is taken.
        y: Targets, likewise.
        sample_weight: As `fit` takes it, for this batch.
        class_weight: As `fit` takes it.
        every: `"epoch"`, to look at the first step of every epoch; or a number of updates. The trained model is looked
            at in the end too.
        loss: As `compile` takes it; by default what the model is compiled with.
        warn: Whether to warn, once per cause, as soon as it is seen.
        mlflow: Whether to log to the MLflow run that is active in this process, if there is one.

    Attributes:
        findings: What was warned of.
        history: All that was seen.
        blind: Why the model could not be looked at, if so.

    Raises:
        MonitorError: Here, if `every` is wrong; never during `fit`.

    Examples:
        >>> monitor = suite.GradientMonitor(x_train[:128], y_train[:128])
        >>> model.fit(x_train, y_train, epochs=5, callbacks=[monitor])
        >>> monitor.verdict
        'vanishing, 0.24 per layer'
        >>> monitor.save("gradients.html")
    """

    _observer: Observer
    _run: ActiveRun | None = None

    def __init__(
        self,
        x: Any,
        y: Any = None,
        *,
        sample_weight: Any = None,
        class_weight: Any = None,
        every: int | str = "epoch",
        loss: Any = None,
        warn: bool = True,
        mlflow: bool = True,
    ) -> None:
        super().__init__()
        if every != "epoch" and (isinstance(every, bool) or not isinstance(every, int) or every < 1):
            raise MonitorError(f"Expected every='epoch' or a whole number of steps, at least 1. Received: {every!r}")
        self._data = {"x": x, "y": y, "sample_weight": sample_weight, "class_weight": class_weight}
        self._loss, self._every, self._warn, self._mlflow = loss, every, warn, mlflow
        self._batch: Batch | None = None
        self._fed: TrainingBatches | None = None
        self._start()

    def _start(self) -> None:
        self.history = History(())
        self.blind: str | None = None
        self.findings: list[Finding] = []
        self.logs: list[tuple[int, Mapping[str, float]]] = []
        self._traits, self._first_weights = Traits(), None
        self._batches = self._epoch = self._begun = 0
        self._due, self._looked = True, False
        self._stop()

    def _stop(self) -> None:
        if self._fed is not None:
            self._fed.stop()

    @_harmless
    def on_train_begin(self, logs: Any = None) -> None:
        """Compiles what looks. A second `fit` starts afresh."""
        self._start()
        self._batch = self._batch or read_batch(**self._data)
        self._observer = Observer(self.model, self._batch, self._loss, build=True)
        self.history = History(self._observer.places, data=self._batch.nonfinite(), untrained=self._observer.untrained)
        self._fed = TrainingBatches(self.model)
        self._run = ActiveRun.find() if self._mlflow else None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """With `every="epoch"`, a look is due."""
        self._epoch = epoch
        self._due = self._due or self._every == "epoch"

    @_harmless
    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Looks, if a look is due, at the model that the next update will change."""
        self._begun = batch
        if self._due and not self._looked:
            self._due, self._looked = False, True
            self._see()

    @_harmless
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Measures the update that followed a look, and notes the first loss that is not finite."""
        before = self._step
        self._batches += batch - self._begun + 1
        if self._looked and self._step > before:  # with gradient accumulation, several batches make an update
            if self._step == before + 1:  # several in one execution are no single update
                self.history.observations[-1].layers.update(self._observer.measure_update())
            self._looked = False
            self._report()
        if isinstance(self._every, int):
            self._due = self._due or self._step // self._every > before // self._every
        if self._batches == batch - self._begun + 1:
            self._check_weights()
        loss = (logs or {}).get("loss")
        if loss is not None and self.history.nonfinite_step is None and not np.isfinite(float(loss)):
            self.history.nonfinite_step = max(self._step, 1)
            self._report()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keeps what `fit` says of the epoch, for the picture."""
        numbers = {name: float(v) for name, v in (logs or {}).items() if np.ndim(v) == 0}
        self.logs.append((self._step, numbers))

    @_harmless
    def on_train_end(self, logs: Any = None) -> None:
        """A last look, at the trained model."""
        self._stop()
        self._see()
        self._report()
        if self._run is not None:
            self._run.finish(lambda: self.verdict, self.picture)

    def give_up(self, error: Exception) -> None:
        """Looks no more during this `fit`, and says why."""
        reason = str(error) if isinstance(error, MonitorError) else one_line(error)
        self.blind = " ".join(reason.split())
        self._stop()
        _warn(f"GradientMonitor cannot look at this model; training goes on. {self.blind}")

    @property
    def verdict(self) -> str:
        """What was seen, in words; or why nothing could be."""
        return super().verdict if self.blind is None or len(self.history) else f"not looked at: {self.blind}"

    def curves(self) -> pandas.DataFrame:
        """One row per look: the loss of the monitor's batch and the global gradient norm."""
        return self.history.curves()

    def picture(self) -> Picture:
        """What is drawn: for `suite.pictures`."""
        from suite.monitor.drawing import picture_of

        if not self.history.observations:
            raise MonitorError("Expected a monitor that has been given to `fit`. Received: one that has seen nothing")
        return picture_of(self.history, self.model.name, self.logs)

    def __repr__(self) -> str:
        return f"GradientMonitor: {self.verdict}"

    @property
    def _step(self) -> int:
        """Number of updates of the weights."""
        accumulated = getattr(getattr(self.model, "optimizer", None), "gradient_accumulation_steps", None)
        return self._batches // (accumulated or 1)

    def _see(self) -> None:
        seen = self._observer()
        self._traits = self._observer.traits()
        self.history.add(self._step, self._epoch, seen)
        if self._first_weights is None:
            self._first_weights = self._observer.found.kernels
        elif self._step and seen.finite:
            first, self.history.still = self.history.observations[0], None
            waits = first.awake is not None and self._step < _WAKING_UPDATES
            if first.output_gradient and not waits:  # without a gradient, it began at a minimum
                moved = self._observer.moved_since(self._first_weights)
                self.history.still = still(self.history.places, moved, self._step, self._why_still())

    def _why_still(self) -> str:
        last = None if self._fed is None else self._fed.last
        if last is not None and last.size == 1 and self._observer.structure.normalizes_batch:
            return "`fit` trains on batches of 1 example, of which BatchNormalization leaves nothing but its offset"
        rate = float(tf.convert_to_tensor(self.model.optimizer.learning_rate))
        return f"the learning rate is {rate:.1e}" if rate < _SLOW_RATE else ""

    def _check_weights(self) -> None:
        """Says so if `fit` weights its examples and the monitor does not."""
        last = None if self._fed is None else self._fed.last
        if last is None or last.sample_weight is None or (self._batch and self._batch.sample_weight is not None):
            return
        weights = np.asarray(keras.tree.flatten(last.sample_weight)[0], float)
        _warn(
            f"`fit` weights its examples (from {weights.min():.3g} to {weights.max():.3g} in the first batch) and the "
            f"monitor's batch has no weights: give it the same class_weight= or sample_weight="
        )

    def _report(self) -> None:
        """Warns of what the last look shows for the first time, and logs it."""
        if self.history.data is None and self._fed is not None:
            self.history.data = self._fed.nonfinite
        known = {finding.cause for finding in self.findings}
        for diagnosis in self.history.diagnoses(slice(-1, None)):
            if diagnosis.cause not in known:
                self._find(diagnosis)
        if self._run is not None:
            self._run.log(self.history)

    def _find(self, diagnosis: Diagnosis) -> None:
        step, text, traits = self.history.steps[-1], diagnosis.text, self._traits
        if diagnosis.cause is Outcome.NONFINITE:
            step, layer = self.history.nonfinite_step or 0, self.history.nonfinite_layer
            unknown = "" if self._every == 1 else "; with `every=1` the layer it begins in can be named"
            where = f", and began in {layer}" if layer else unknown
            text = f"a value was not finite at step {step}{where}"
            # Weights that were looked at already are those of that look: nothing that came after had a say.
            traits = replace(traits, trained=traits.trained or step > self.history.steps[-1] + 1)
        self.findings.append(Finding(step, diagnosis.cause, text, "\n".join(advice(diagnosis, traits))))
        if self._warn:
            when = f"after {step} updates" if step else "before the first update"
            best = next(iter(remedies(diagnosis, traits, 1)), "")
            lines = [f"{text} (seen {when}).", *outlook([diagnosis], traits)[:1], best and f"Try {best}."]
            _warn(" ".join(line for line in lines if line))


def _warn(text: str) -> None:
    """A warning of one line: no file name, no line of our own source."""
    shown = warnings.formatwarning
    warnings.formatwarning = lambda message, category, *_args, **_kwargs: f"{category.__name__}: {message}\n"
    try:
        warnings.warn(text, GradientWarning, stacklevel=2)
    finally:
        warnings.formatwarning = shown
