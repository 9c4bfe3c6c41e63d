"""The loss that trains a model: the one it is compiled with, or one as `compile` takes it, penalties included."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import keras

from suite.monitor.batches import MonitorError, one_line


class _WithLoss(keras.Model):
    """A model around another, compiled with a loss: Keras pairs losses, outputs and targets by their names."""

    def __init__(self, model: Any, loss: Any) -> None:
        super().__init__()
        self.inner = model
        if names := getattr(model, "output_names", None):
            self.output_names = names
        self.compile(loss=loss)


def loss_of(model: Any, loss: Any = None) -> Callable[..., Any]:
    """The loss as a function of `x`, `y`, `y_pred` and `sample_weight`, given by keyword.

    Args:
        model: The model.
        loss: A loss as `compile` takes it; None for what the model is compiled with.

    Raises:
        MonitorError: No such loss.
    """
    if loss is None:
        compute = model.compute_loss
        if "training" in inspect.signature(compute).parameters:
            return lambda **data: compute(**data, training=True)
        return lambda **data: compute(**data)
    try:
        keras.tree.map_structure(keras.losses.get, loss)
        return _WithLoss(model, loss).compute_loss
    except ValueError as error:
        raise MonitorError(f"Expected a loss that Keras knows. Received: {loss!r}. {one_line(error)}") from error


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
