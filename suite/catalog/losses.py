"""Training losses and their output activations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from suite.catalog.entries import Catalog, Entry, Parameter

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class LossEntry(Entry):
    """A loss.

    Attributes:
        of: The targets that it is of; either, if nothing is said.
    """

    of: Literal["classes", "numbers"] | None = None


LOSSES: Catalog[LossEntry] = Catalog(
    [
        LossEntry("auto", "cross-entropy for classes, squared error for numbers"),
        LossEntry("cross_entropy", "softmax cross-entropy: its gradient does not vanish if the output saturates",
              aliases=("crossentropy",), of="classes"),
        LossEntry("binary_cross_entropy", "cross-entropy of a sigmoid output, for numbers in [0, 1] or for each class separately",
              aliases=("binary_crossentropy",)),
        LossEntry("mse", "mean squared error; with one-hot targets for classes",
              parameters=(Parameter("output", "output activation; auto is softmax for classes, linear for numbers", "choice",
                                    "auto", choices=("auto", "softmax", "sigmoid", "linear")),),
              aliases=("squared_error",)),
        LossEntry("huber", "squared near zero, linear beyond delta; for numbers",
              parameters=(Parameter("delta", "error at which it becomes linear", "number", 1.0, low=0, low_open=True),), of="numbers"),
    ]
)  # fmt: skip


def resolve_loss(level: Mapping[str, Any], classes: int | None) -> Mapping[str, Any]:
    """The level that `auto` stands for, given the number of classes (None for regression)."""
    if level["name"] == "auto":
        level = {"name": "mse", "output": "auto"} if classes is None else {"name": "cross_entropy"}
    if level.get("output") == "auto":
        level = {**level, "output": "linear" if classes is None else "softmax"}
    return level


def output_activation(level: Mapping[str, Any], classes: int | None) -> Callable[[Any], Any]:
    """From the model's output, which is linear, to the prediction that belongs to the loss."""
    from keras import ops

    level = resolve_loss(level, classes)
    by_name = {"cross_entropy": "softmax", "binary_cross_entropy": "sigmoid"}
    name = by_name.get(level["name"], level.get("output", "linear"))
    return {"softmax": ops.softmax, "sigmoid": ops.sigmoid, "linear": lambda outputs: outputs}[name]


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

    def wanted(targets: Any, outputs: Any) -> Any:
        if classes is None:
            return ops.cast(targets, outputs.dtype)
        one_hot = ops.one_hot(targets, classes, dtype=outputs.dtype)
        return one_hot * (1 - label_smoothing) + label_smoothing / classes

    if level["name"] == "cross_entropy":

        def cross_entropy(targets: Any, logits: Any) -> Any:
            if label_smoothing:
                losses = ops.categorical_crossentropy(wanted(targets, logits), logits, from_logits=True)
            else:
                losses = ops.sparse_categorical_crossentropy(targets, logits, from_logits=True)
            return mean_over_all_but_batch(losses)

        return cross_entropy

    if level["name"] == "binary_cross_entropy":
        return lambda targets, logits: mean_over_all_but_batch(
            ops.binary_crossentropy(wanted(targets, logits), logits, from_logits=True)
        )

    squash = output_activation(level, classes)
    if level["name"] == "mse":
        return lambda targets, outputs: mean_over_all_but_batch(ops.square(wanted(targets, outputs) - squash(outputs)))

    delta = level["delta"]

    def huber(targets: Any, outputs: Any) -> Any:
        size = ops.abs(wanted(targets, outputs) - outputs)
        return mean_over_all_but_batch(ops.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta)))

    return huber


def baseline_loss(level: Mapping[str, Any], targets: np.ndarray, classes: int | None) -> float:
    """The loss of the best constant predictor on these targets (without label smoothing).

    Of classes: the entropy of their shares p; sum p(1 - p) / classes for squared error on one-hot; the mean entropy of
    each class against the rest for binary cross-entropy. Of numbers: their variance, the entropy of their mean for binary
    cross-entropy, and for Huber the least over constants, found numerically. Where every time step has a target, the
    predictor is a constant at each of them, and their losses are averaged: it knows the time, but has seen nothing.

    Args:
        level: Canonical level of the losses.
        targets: Classes, shape (examples,) or (examples, time); or numbers, shape (examples, outputs).
        classes: How many, or None for numbers.
    """
    import numpy as np

    level = resolve_loss(level, classes)
    columns = targets.reshape(len(targets), -1).T
    return float(np.mean([_baseline_of_column(level, column, classes) for column in columns]))


def _baseline_of_column(level: Mapping[str, Any], targets: np.ndarray, classes: int | None) -> float:
    import numpy as np
    from scipy.special import huber, xlogy

    if classes is not None:
        share = np.bincount(targets, minlength=classes) / targets.size
        if level["name"] == "cross_entropy":
            return float(-np.sum(xlogy(share, share)))
        if level["name"] == "binary_cross_entropy":
            return float(-np.mean(xlogy(share, share) + xlogy(1 - share, 1 - share)))
        return float(np.sum(share * (1 - share)) / classes)
    values = targets.astype(np.float64)
    if level["name"] == "binary_cross_entropy":
        mean = values.mean()
        return float(-xlogy(mean, mean) - xlogy(1 - mean, 1 - mean))
    if level["name"] == "mse" or values.min() == values.max():
        return float(np.var(values))
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(lambda c: np.mean(huber(level["delta"], values - c)), bounds=(values.min(), values.max()))
    return float(found.fun)
