"""A test of a model, for continuous integration: it trains, or the test says why not."""

from __future__ import annotations

from typing import Any

from suite.monitor.batches import read_batch
from suite.monitor.checks import checks_of
from suite.monitor.diagnosis import Fault, diagnoses_of
from suite.monitor.looking import Observer


class NotTrainable(AssertionError):
    """A model does not train; the message says why, one reason a line."""


def assert_trainable(
    model: Any,
    x: Any,
    y: Any = None,
    loss: Any = None,
    *,
    sample_weight: Any = None,
    class_weight: Any = None,
    fit_batch: bool = True,
) -> None:
    """Raises where a model would not train on a batch; the model is left as it was.

    Args:
        model: A built Keras model, compiled with its optimizer.
        x: Inputs of one batch, as `fit` takes them: some 32 to 128 examples.
        y: Targets, likewise.
        loss: As `compile` takes it; None for what the model is compiled with.
        sample_weight: As `fit` takes it.
        class_weight: As `fit` takes it.
        fit_batch: Whether one batch must be fitted in 50 steps, too.

    Raises:
        NotTrainable: With what was measured.
        MonitorError: Model, batch or loss do not fit.
    """
    batch = read_batch(x, y, sample_weight=sample_weight, class_weight=class_weight)
    observer = Observer(model, batch, loss)
    checks = list(checks_of(model, batch, loss, observer, fit_batch=fit_batch))
    problems = [f"{check.name}: {check.text}" for check in checks if check.problem]
    if observer.seen is not None:
        found = diagnoses_of([observer.seen], observer.places, []) if observer.seen.finite else []
        problems += [diagnosis.text for diagnosis in found if diagnosis.cause is not Fault.UNTRAINED]
        if not observer.seen.finite:
            problems.append(f"loss or gradient is not finite, and that begins in {observer.seen.nonfinite_layer}")
    if problems:
        raise NotTrainable("\n".join([f"{model.name!r} would not train:", *(f"- {text}" for text in problems)]))
