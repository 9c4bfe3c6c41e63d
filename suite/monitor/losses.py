"""The loss that trains a model, with its penalties and its scale: the one it is compiled with, or one as `compile` takes it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import tensorflow as tf

from suite.monitor.batches import Batch, MonitorError, one_line


class _WithLoss(keras.Model):
    """A model around another, compiled with a loss: Keras pairs losses, outputs and targets by their names."""

    def __init__(self, model: Any, loss: Any) -> None:
        super().__init__()
        self.inner = model
        if names := getattr(model, "output_names", None):
            self.output_names = names
        self.compile(loss=loss)


def outputs_of(model: Any, x: Any, *, training: bool = True) -> Any:
    """What a model returns, in training or not; some models do not ask."""
    return model(x, training=training) if "training" in model.call_signature_parameters else model(x)


def loss_of(model: Any, loss: Any = None) -> Callable[[Batch, Any], Any]:
    """The loss as a function of a batch and what the model returns for it.

    Args:
        model: The model.
        loss: A loss as `compile` takes it; None for what the model is compiled with.

    Raises:
        MonitorError: No such loss.
    """
    compute, training = model.compute_loss, {}
    if loss is None:
        training = {"training": True} if "training" in inspect.signature(compute).parameters else {}
    else:
        try:
            keras.tree.map_structure(keras.losses.get, loss)
            compute = _WithLoss(model, loss).compute_loss
        except ValueError as error:
            raise MonitorError(f"Expected a loss that Keras knows. Received: {loss!r}. {one_line(error)}") from error
    return lambda batch, outputs: compute(
        x=batch.x, y=batch.y, y_pred=outputs, sample_weight=batch.sample_weight, **training
    )


def loss_scales(model: Any) -> Iterator[float]:
    """What the optimizer multiplies the loss by before it goes back, and, of a scale that adapts, its halves down to 1.

    A model that is not compiled has what `compile` would take.
    """
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None and model.dtype_policy.name == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())
    scale = 1.0 if optimizer is None else float(optimizer.scale_loss(tf.ones([])))
    yield scale
    while isinstance(optimizer, keras.optimizers.LossScaleOptimizer) and scale > 1:
        scale /= 2
        yield scale


def settings_of(loss: Any) -> Mapping[str, Any]:
    """Name and settings of one of Keras's losses: `from_logits`, `ignore_class`, ...; empty for any other loss."""
    if loss is None or isinstance(loss, (list, tuple, Mapping)):
        return {}
    try:
        found = keras.losses.get(loss)
    except ValueError:
        return {}
    if not type(found).__module__.startswith("keras") and not getattr(found, "__module__", "").startswith("keras"):
        return {}
    if isinstance(found, keras.losses.Loss):
        try:
            config = found.get_config()
        except Exception:  # of a class of the user's
            return {}
        return {**config, "name": _snake(type(found).__name__)}
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(found).parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }
    return {**defaults, "name": found.__name__}


def _snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")
