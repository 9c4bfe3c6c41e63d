"""First checks of a model, before any gradient: what it is given, what it is asked for, how it starts, what trains it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from suite.monitor.batches import Batch, read_batch
from suite.monitor.diagnosis import Fault, diagnoses_of, listed, number
from suite.monitor.looking import Observer
from suite.monitor.losses import settings_of
from suite.monitor.observation import Observation
from suite.monitor.rehearsal import first_update, fitting

UNIT_SCALE = (0.02, 30.0)
"""RMS of inputs, and of what the first activations read, outside of which a usual initializer and rate do not fit."""

LARGE_UPDATE, SMALL_UPDATE = 0.5, 1e-7
"""Norm of the first update over that of the weights; about 1e-3 to 1e-2 is usual."""

_START = {"crossentropy": 5.0, "error": 100.0}
"""How many times the constant predictor's loss a first loss may be."""

_FITTED = 0.99
"""Share of the loss to which one batch must be brought."""

FIT_STEPS = 50

_RANGES = {
    **dict.fromkeys(("sigmoid", "hard_sigmoid", "softmax", "Softmax"), (0.0, 1.0)),
    **dict.fromkeys(("tanh", "hard_tanh", "softsign"), (-1.0, 1.0)),
    **dict.fromkeys(("relu", "softplus", "ReLU"), (0.0, np.inf)),
    "relu6": (0.0, 6.0),
}
"""What an activation can return."""

_OF_PROBABILITIES = ("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy")
_ERRORS = ("mean_squared_error", "mean_absolute_error", "huber", "log_cosh", "mean_squared_logarithmic_error")


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: What was checked.
        text: What was measured.
        problem: Whether it keeps the model from training.
    """

    name: str
    text: str
    problem: bool = False

    def __str__(self) -> str:
        return f"{'PROBLEM' if self.problem else 'ok':<8}{self.name}: {self.text}"


@dataclass(frozen=True)
class ModelCheck:
    """What `suite.check_model` measured, check by check."""

    checks: Sequence[Check]

    @property
    def problems(self) -> list[str]:
        """What keeps the model from training, in words."""
        return [f"{check.name}: {check.text}" for check in self.checks if check.problem]

    def __repr__(self) -> str:
        found = len(self.problems)
        head = "No problem found." if not found else f"{found} problem{'s' * (found > 1)} found."
        return "\n".join([head, *map(str, self.checks)])


def check_model(
    model: Any,
    x: Any,
    y: Any = None,
    loss: Any = None,
    *,
    sample_weight: Any = None,
    class_weight: Any = None,
    fit_batch: bool = False,
) -> ModelCheck:
    """Checks a model on one batch, and leaves it as it was.

    Args:
        model: A built Keras model.
        x: Inputs of one batch, as `fit` takes them.
        y: Targets, likewise.
        loss: As `compile` takes it; None for what the model is compiled with.
        sample_weight: As `fit` takes it.
        class_weight: As `fit` takes it.
        fit_batch: Whether to train on this batch for 50 steps, on a copy of the optimizer, and to see whether its loss falls.

    Raises:
        MonitorError: Model, batch or loss do not fit.
    """
    batch = read_batch(x, y, sample_weight=sample_weight, class_weight=class_weight)
    return ModelCheck(list(checks_of(model, batch, loss, Observer(model, batch, loss), fit_batch=fit_batch)))


def checks_of(model: Any, batch: Batch, loss: Any, observer: Observer, *, fit_batch: bool = False) -> Iterator[Check]:
    """The checks in order; where one finds what makes the next ones meaningless, they end."""
    nonfinite = batch.nonfinite()
    yield Check("data", nonfinite or f"{batch.size} examples, all values finite", nonfinite is not None)
    if nonfinite:
        return
    yield from _constant(batch)
    named = settings_of(getattr(model, "loss", None) if loss is None else loss)
    single = len(observer.structure.output_shapes) == 1 and isinstance(batch.y, tf.Tensor)
    unreachable = list(_shape_and_classes(named, batch, observer.structure.output_shapes[0])) if single else []
    yield from unreachable
    if any(check.problem for check in unreachable):
        return
    seen = observer()
    if batch.size == 1 and observer.structure.normalizes_batch and not seen.layers["weight_gradient_norm"].all():
        yield Check("batch", "1 example, of which BatchNormalization leaves nothing but its offset", True)
        return
    yield from _scale(observer, seen)
    if single:
        yield from _reachable(named, batch, observer)
        base = constant_loss(named, batch, observer.structure.output_shapes[0])
        yield from _start(named, seen.loss, base)
    yield from _untrained(observer, seen)
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and seen.finite:
        yield from _update(observer, optimizer)
    if fit_batch and seen.finite:
        base = constant_loss(named, batch, observer.structure.output_shapes[0]) if single else None
        yield from _fits(model, batch, loss, base)


def _constant(batch: Batch) -> Iterator[Check]:
    if batch.size < 2:
        return
    for what, part in (("inputs", batch.x), ("targets", batch.y)):
        leaves = [leaf for leaf in keras.tree.flatten(part) if isinstance(leaf, tf.Tensor) and leaf.shape.rank]
        same = [bool(tf.reduce_all(leaf == leaf[:1])) for leaf in leaves]
        if same and all(same):
            kind = "of one class" if what == "targets" and leaves[0].shape.rank < 2 else "the same"
            yield Check(what, f"{kind} in all {batch.size} examples", True)


def _shape_and_classes(named: Any, batch: Batch, output: tuple[int | None, ...]) -> Iterator[Check]:
    name, target = named.get("name", ""), np.asarray(batch.y)
    if name.startswith("sparse") and output[-1] and np.issubdtype(target.dtype, np.number):
        counted = target[target != named["ignore_class"]] if named.get("ignore_class") is not None else target
        if counted.size and (counted.min() < 0 or counted.max() >= output[-1]):
            found = f"from {counted.min():g} to {counted.max():g}"
            yield Check("targets", f"Expected classes from 0 to {output[-1] - 1}. Received: {found}", True)
    elif name in (*_ERRORS, *_OF_PROBABILITIES) and not name.startswith("sparse") and None not in output[1:]:
        given, made = (shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape for shape in (target.shape, output))
        if given[1:] != made[1:]:
            yield Check("targets", f"of shape {target.shape}, broadcast to outputs of shape {output}", True)


def _scale(observer: Observer, seen: Observation) -> Iterator[Check]:
    """Far from unit scale is a problem where the first activations see it: not with a normalization between."""
    low, high = UNIT_SCALE
    for index, (point, place) in enumerate(zip(observer.structure.points, observer.places, strict=True)):
        size, read = (float(seen.layers[name][index]) for name in ("input_rms", "activation_input_rms"))
        if point.reads_data and np.isfinite(size):
            far = not low <= size <= high and not low <= read <= high
            behind = f"far from unit scale, so that the activation of {place.name} reads {number(read)}" if far else ""
            yield Check("inputs", f"RMS {number(size)} where {place.name} reads them{behind and ', ' + behind}", far)


def _reachable(named: Any, batch: Batch, observer: Observer) -> Iterator[Check]:
    name, activation = named.get("name", ""), observer.structure.points[-1].activation.name
    values = np.asarray(tf.cast(keras.tree.flatten(observer.found.outputs)[0], tf.float32))
    if activation.lower() == "softmax" and values.shape[-1] == 1:
        yield Check("outputs", "a softmax over 1 unit always returns 1; use a sigmoid", True)
        return
    if name in _OF_PROBABILITIES and not named.get("from_logits"):
        known = values[np.isfinite(values)]
        if known.size and (known.min() < -1e-6 or known.max() > 1 + 1e-6):
            expected = (
                f"Expected probabilities for {name}: end the model in a softmax or sigmoid, or use `from_logits=True`"
            )
            yield Check("outputs", f"{expected}. Received: outputs from {known.min():.3g} to {known.max():.3g}", True)
            return
    if activation in _RANGES and name in (*_ERRORS, *_OF_PROBABILITIES) and not name.startswith("sparse"):
        low, high = _RANGES[activation]
        target = np.asarray(batch.y, float)
        out = float(np.mean((target < low - 1e-6) | (target > high + 1e-6)))
        span = f"{activation} returns values from {low:g} to {high:g}"
        yield Check("targets", f"{span}, and {out:.0%} of the targets lie outside", out > 0.01)


def constant_loss(named: Any, batch: Batch, output: tuple[int | None, ...]) -> float | None:
    """Loss of the best constant prediction on a batch; None where it is not known for the loss.

    Args:
        named: Name and settings of the loss.
        batch: The batch.
        output: Shape of the model's output.
    """
    name, target = named.get("name", ""), np.asarray(batch.y)
    if batch.sample_weight is not None or not np.issubdtype(target.dtype, np.number) or None in output[1:]:
        return None
    flat = target.reshape(-1, target.shape[-1]) if target.ndim > 1 else target[:, None]
    if name == "sparse_categorical_crossentropy":
        counted = target[target != named["ignore_class"]] if named.get("ignore_class") is not None else target
        best = np.bincount(counted.astype(int).ravel(), minlength=int(output[-1] or 0)) / max(counted.size, 1)
    elif name in ("categorical_crossentropy", "binary_crossentropy", "mean_squared_error", "huber", "log_cosh"):
        best = flat.mean(axis=0)
    elif name == "mean_absolute_error":
        best = np.median(flat, axis=0)
    else:
        return None
    if name.endswith("crossentropy"):
        best = np.clip(best, 1e-7, 1 - 1e-7 if name.startswith("binary") else 1.0)
        if named.get("from_logits"):
            best = np.log(best / (1 - best)) if name.startswith("binary") else np.log(best)
    function = keras.losses.get(
        {"class_name": _class_of(name), "config": {k: v for k, v in named.items() if k != "name"}}
    )
    shape = (batch.size, *output[1:])
    with np.errstate(all="ignore"):
        return float(function(batch.y, tf.broadcast_to(tf.cast(best, tf.float32), [int(size or 1) for size in shape])))


def _start(named: Any, loss: float, base: float | None) -> Iterator[Check]:
    if base is None:
        return
    times = loss / base if base > 0 else np.inf
    limit = _START["crossentropy" if named["name"].endswith("crossentropy") else "error"]
    far = not times <= limit and base > 1e-6
    text = f"{loss:.4g} at the start, a constant prediction has {base:.4g}"
    yield Check("loss", f"{text}: {number(times)} times as much" if far else text, far)


def _untrained(observer: Observer, seen: Observation) -> Iterator[Check]:
    reasons = [
        (observer.structure.unreached, "the loss does not depend on"),
        (observer.structure.frozen, "`trainable=False` in the midst of trained layers:"),
        (observer.untrained, "the gradient is lost in the `tf.function` around"),
    ]
    found = [f"{reason} {listed(list(names))}" for names, reason in reasons if names]
    found += [d.text for d in diagnoses_of([seen], observer.places, []) if d.cause is Fault.UNTRAINED]
    for text in found:
        yield Check("layers", f"nothing trains some weights: {text}", True)
    if not found:
        yield Check("layers", f"a gradient reaches all {len(observer.places)} layers that are trained")


def _update(observer: Observer, optimizer: Any) -> Iterator[Check]:
    sizes = first_update(optimizer, observer)
    if sizes is None or not sizes.size:
        return
    middle = float(np.median(sizes))
    problem = middle > LARGE_UPDATE or float(sizes.max()) < SMALL_UPDATE
    wrong = f", far too {'large' if middle > 1e-3 else 'small'}" if problem else ""
    yield Check("first update", f"{number(middle)} of the weights' size, median of {sizes.size} layers{wrong}", problem)


def _fits(model: Any, batch: Batch, loss: Any, base: float | None) -> Iterator[Check]:
    losses = fitting(model, batch, loss, FIT_STEPS)
    if losses is None:
        return
    start, end = float(losses[0]), float(np.median(losses[-5:]))
    goal = _FITTED * (start if base is None or start <= 0 else min(start, base))
    on_its_way = base is not None and start > base and end < 0.8 * start
    problem = not (np.isfinite(end) and (end <= goal or on_its_way or start <= 1e-6))
    text = f"its loss goes from {start:.4g} to {end:.4g} in {len(losses)} steps"
    less = "" if base is None else f" (a constant prediction: {base:.4g})"
    yield Check("one batch", text + less, problem)


def _class_of(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
