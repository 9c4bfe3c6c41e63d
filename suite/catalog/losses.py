"""Losses: names to what is minimized, with the output activation that belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from suite.catalog.base import Entry, Parameter, catalog_of

if TYPE_CHECKING:
    import numpy as np

LOSSES = catalog_of(
    [
        Entry("auto", "cross-entropy for classes, squared error for numbers"),
        Entry("cross_entropy", "softmax cross-entropy: its gradient does not vanish where the output saturates",
              aliases=("crossentropy",)),
        Entry("mse", "mean squared error; of classes, on one-hot targets",
              parameters=(Parameter("output", "output activation for classes", "choice", "softmax",
                                    choices=("softmax", "sigmoid", "linear")),),
              aliases=("squared_error",)),
        Entry("huber", "squared near zero, linear beyond delta; for numbers",
              parameters=(Parameter("delta", "where it turns linear", "number", 1.0, low=0, low_open=True),)),
    ]
)  # fmt: skip


def resolve_loss(level: Mapping[str, Any], classes: int | None) -> Mapping[str, Any]:
    """The level that `auto` stands for, given the number of classes (None for regression)."""
    if level["name"] != "auto":
        return level
    return {"name": "mse", "output": "linear"} if classes is None else {"name": "cross_entropy"}


def build_loss(level: Mapping[str, Any], classes: int | None, label_smoothing: float = 0.0) -> Any:
    """A function (targets, outputs) -> one loss per example, shape (batch,), on logits or plain numbers.

    Targets of classes are integers of the outputs' shape less its last axis; numbers have the outputs' shape. Further
    axes (time) are averaged.
    """
    from keras import ops

    level = resolve_loss(level, classes)

    def mean_over_all_but_batch(values: Any) -> Any:
        axes = tuple(range(1, len(values.shape)))
        return ops.mean(values, axis=axes) if axes else values

    if level["name"] == "cross_entropy":

        def cross_entropy(targets: Any, logits: Any) -> Any:
            if label_smoothing:
                wanted = ops.one_hot(targets, classes, dtype=logits.dtype)
                wanted = wanted * (1 - label_smoothing) + label_smoothing / classes
                return mean_over_all_but_batch(ops.categorical_crossentropy(wanted, logits, from_logits=True))
            return mean_over_all_but_batch(ops.sparse_categorical_crossentropy(targets, logits, from_logits=True))

        return cross_entropy

    squash = {"softmax": ops.softmax, "sigmoid": ops.sigmoid, "linear": lambda x: x}[level.get("output", "linear")]

    def difference(targets: Any, outputs: Any) -> Any:
        if classes is None:
            return ops.cast(targets, outputs.dtype) - outputs
        wanted = ops.one_hot(targets, classes, dtype=outputs.dtype)
        return wanted * (1 - label_smoothing) + label_smoothing / classes - squash(outputs)

    if level["name"] == "mse":
        return lambda targets, outputs: mean_over_all_but_batch(ops.square(difference(targets, outputs)))

    delta = level["delta"]

    def huber(targets: Any, outputs: Any) -> Any:
        size = ops.abs(difference(targets, outputs))
        return mean_over_all_but_batch(ops.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta)))

    return huber


def baseline_loss(level: Mapping[str, Any], targets: np.ndarray, classes: int | None) -> float:
    """The loss of the best constant predictor on these targets (without label smoothing).

    Of classes: the entropy of their shares p, or sum p(1 - p) / classes for squared error on one-hot. Of numbers:
    their variance; for Huber the least over constants, found numerically.
    """
    import numpy as np

    level = resolve_loss(level, classes)
    if classes is not None:
        share = np.bincount(targets.reshape(-1), minlength=classes) / targets.size
        if level["name"] == "cross_entropy":
            return float(-np.sum(share[share > 0] * np.log(share[share > 0])))
        return float(np.sum(share * (1 - share)) / classes)
    values = targets.reshape(-1).astype(np.float64)
    if level["name"] == "mse":
        return float(np.var(values))
    from scipy.optimize import minimize_scalar
    from scipy.special import huber

    found = minimize_scalar(lambda c: np.mean(huber(level["delta"], values - c)), bounds=(values.min(), values.max()))
    return float(found.fun)
