"""A rehearsal of training that leaves no trace: the first update, and some steps on one batch, by a copy of the optimizer."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from suite.monitor.batches import Batch
from suite.monitor.looking import Observer
from suite.monitor.losses import loss_of, outputs_of

_SCHEDULE_STEPS = (0, *(10**power for power in range(7)), *(3 * 10**power for power in range(6)))


def first_update(optimizer: Any, observer: Observer) -> np.ndarray | None:
    """Norm of the first update over the norm of the weights, one number a layer whose weights are not all 0.

    Args:
        optimizer: The model's; a copy of it makes the update, of copies of the weights.
        observer: Of the model, after a look.

    Returns:
        None where the optimizer cannot be copied.
    """
    copy = _copy_of(getattr(optimizer, "inner_optimizer", optimizer))
    if copy is None:
        return None
    copy.loss_scale_factor = None  # a look's gradients are not scaled
    before, gradients = observer.found.kernels, observer.found.kernel_gradients
    pairs = [(w, g) for w, g in zip(before, gradients, strict=True) if np.any(w) and np.any(g)]
    if not pairs:
        return None
    variables = [keras.Variable(weight, dtype=weight.dtype) for weight, _ in pairs]
    copy.build(variables)
    for _ in range(copy.gradient_accumulation_steps or 1):
        copy.apply([tf.cast(gradient, weight.dtype) for weight, gradient in pairs], variables)
    moved = [v.numpy() - np.asarray(weight) for v, (weight, _) in zip(variables, pairs, strict=True)]
    return np.array(
        [np.linalg.norm(move) / np.linalg.norm(weight) for move, (weight, _) in zip(moved, pairs, strict=True)]
    )


def fitting(model: Any, batch: Batch, loss: Any, steps: int) -> np.ndarray | None:
    """The loss of one batch over some steps of training on it; model and optimizer are left as they were.

    Args:
        model: A built model.
        batch: The batch.
        loss: As `compile` takes it; None for what the model is compiled with.
        steps: Number of updates.

    Returns:
        Shape (steps + 1,), shorter if the loss is not finite any more; None for a model without an optimizer that can be copied.
    """
    optimizer = _copy_of(getattr(model, "optimizer", None))
    if optimizer is None:
        return None
    compute, trainable = loss_of(model, loss), list(model.trainable_variables)
    optimizer.build(trainable)

    def step() -> Any:
        with tf.GradientTape() as tape:
            value = compute(batch, outputs_of(model, batch.x))
            scaled = optimizer.scale_loss(value)
        optimizer.apply(tape.gradient(scaled, trainable), trainable)
        return value

    run: Any = step if model.run_eagerly else tf.function(step, autograph=False).get_concrete_function()
    kept = {id(v): v for v in (*(w.value for w in model.variables), *(() if run is step else run.graph.variables))}
    before = [tf.identity(variable) for variable in kept.values()]
    losses = list[float]()
    try:
        for _ in range(steps * (optimizer.gradient_accumulation_steps or 1) + 1):
            losses.append(float(run()))
            if not np.isfinite(losses[-1]):
                break
    finally:
        for variable, value in zip(kept.values(), before, strict=True):
            variable.assign(value)
    return np.array(losses)


def _copy_of(optimizer: Any) -> Any:
    """A fresh optimizer of the same settings; of a schedule of learning rates, at its highest rate."""
    if optimizer is None:
        return None
    try:
        config = optimizer.get_config()
        inner = config["inner_optimizer"]["config"] if "inner_optimizer" in config else config
        if isinstance(inner.get("learning_rate"), dict):
            schedule = keras.optimizers.schedules.deserialize(inner["learning_rate"])
            inner["learning_rate"] = max(float(schedule(step)) for step in _SCHEDULE_STEPS)
        return type(optimizer).from_config(config)
    except Exception:  # a class of the user's that Keras cannot make again
        return None
