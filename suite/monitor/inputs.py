"""What a look needs: a built model, one batch, a loss. Everything wrong with them is said before anything is traced."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

_OF_PROBABILITIES = ("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy")


class MonitorError(ValueError):
    """The model, the batch or the loss does not fit. Its text says what was expected and what was received."""


def check_model(model: Any, x: Any = None) -> None:
    """Raises where a model cannot be looked at.

    Args:
        model: The model.
        x: Inputs of a batch on whose first example a model that is not built is built; None if it must be.

    Raises:
        MonitorError: Another backend, no Keras model, not built, or nothing to train.
    """
    if keras.backend.backend() != "tensorflow":
        raise MonitorError(f"Expected the TensorFlow backend. Received: {keras.backend.backend()!r}")
    if not isinstance(model, keras.Model):
        raise MonitorError(f"Expected a Keras model. Received: {model!r}")
    unbuilt = [layer.name for layer in model._flatten_layers() if not layer.built]
    if unbuilt and x is not None:
        first = keras.tree.map_structure(lambda value: _to_tensor(value)[:1], x)
        with explained("a model that can be built on the monitor's batch", first):
            model(first, training=False) if model._call_has_training_arg else model(first)
    elif unbuilt:
        raise MonitorError(
            f"Expected a built model: call it on a batch first, as in `model(x[:1])`. "
            f"Received: {model.name!r}, in which {', '.join(map(repr, unbuilt[:3]))} has no weights yet"
        )
    if not model.trainable_variables:
        raise MonitorError(f"Expected a model with a trainable layer. Received: {model.name!r}, which has none")


def to_batch(x: Any, y: Any) -> tuple[Any, Any]:
    """Inputs and targets as tensors, floats in Keras's own float type as `fit` has them.

    Raises:
        MonitorError: The batch is empty, or the arrays do not have one length.
    """
    tensors = keras.tree.map_structure(_to_tensor, (x, y))
    lengths = {int(leaf.shape[0]) if leaf.shape.rank else -1 for leaf in keras.tree.flatten(tensors)}
    if -1 in lengths:
        raise MonitorError(f"Expected arrays whose first axis is the batch. Received: {_shapes(tensors)}")
    if len(lengths) > 1:
        raise MonitorError(f"Expected inputs and targets of one length. Received: {_shapes(tensors)}")
    if not lengths or 0 in lengths:
        raise MonitorError(f"Expected a batch of at least one example. Received: {_shapes(tensors)}")
    return tensors


def _to_tensor(value: Any) -> Any:
    if not isinstance(value, tf.Tensor):
        try:
            value = np.asarray(value)
        except Exception as error:
            raise MonitorError(f"Expected arrays. Received: {type(value).__name__}") from error
        if value.dtype == object:
            raise MonitorError(f"Expected arrays of numbers. Received: {type(value).__name__}")
    if value.dtype in (np.float32, np.float64, np.float16):
        return tf.cast(value, keras.config.floatx())
    return tf.convert_to_tensor(value)


def loss_of(model: Any, loss: Any) -> Callable[[Any, Any, Any], Any]:
    """The loss as a function of (x, y, outputs), penalties included.

    Args:
        model: The model.
        loss: A loss as `compile` takes it, for every output; None for what the model is compiled with.

    Raises:
        MonitorError: There is none, or no loss of that name.
    """
    if loss is None:
        own = type(model).compute_loss is not keras.Model.compute_loss
        if not own and getattr(model, "loss", None) is None:
            raise MonitorError("Expected a loss, or a model that is compiled with one. Received: neither")
        return lambda x, y, outputs: model.compute_loss(x=x, y=y, y_pred=outputs)
    try:
        functions = keras.tree.map_structure(keras.losses.get, loss)
    except ValueError as error:
        raise MonitorError(f"Expected a loss that Keras knows. Received: {loss!r}") from error

    def total(x: Any, y: Any, outputs: Any) -> Any:
        return tf.add_n([*_losses_of_outputs(functions, y, outputs), *model.losses])

    return total


def _losses_of_outputs(functions: Any, y: Any, outputs: Any) -> list[Any]:
    predicted, targets = keras.tree.flatten(outputs), keras.tree.flatten(y)
    if isinstance(functions, Mapping):  # sorted by key, as flattening a mapping does
        functions = [functions[key] for key in sorted(functions)]
    each = list(functions) if isinstance(functions, (list, tuple)) else [functions] * len(predicted)
    if not len(each) == len(targets) == len(predicted):
        raise MonitorError(
            f"Expected a target and a loss for each of {len(predicted)} outputs. "
            f"Received: {len(targets)} targets, {len(each)} losses"
        )
    return [
        tf.reduce_mean(function(*_of_one_rank(t, p))) for function, t, p in zip(each, targets, predicted, strict=True)
    ]


def _of_one_rank(target: Any, output: Any) -> tuple[Any, Any]:
    """Targets (n,) for outputs (n, 1) get the last axis that `fit` gives them."""
    if output.shape.rank == target.shape.rank + 1 and output.shape[-1] == 1:
        target = target[..., None]
    return target, output


def check_targets_fit(loss: Any, y: Any, outputs: Any) -> None:
    """Raises where targets have shapes that a loss of Keras would broadcast, or classes that there are not.

    Args:
        loss: As given, or as the model is compiled with.
        y: Targets.
        outputs: What the model puts out; only shapes are looked at.

    Raises:
        MonitorError: They do not fit.
    """
    name, _ = _facts(loss)
    leaves, targets = keras.tree.flatten(outputs), keras.tree.flatten(y)
    if name is None or len(leaves) != 1 or len(targets) != 1 or not leaves[0].shape.is_fully_defined():
        return
    output, target = tuple(leaves[0].shape), np.asarray(targets[0])
    if name.startswith("sparse"):
        expected = output[:-1]
        if target.shape not in (expected, (*expected, 1)):
            raise MonitorError(f"Expected targets of shape {expected} for {name}. Received: shape {target.shape}")
        if target.min() < 0 or target.max() >= output[-1]:
            raise MonitorError(
                f"Expected classes from 0 to {output[-1] - 1}, as many as the model has outputs. "
                f"Received: {target.min():g} to {target.max():g}"
            )
    elif _squeezed(target.shape) != _squeezed(output):
        raise MonitorError(
            f"Expected targets of the outputs' shape {output} for {name}. Received: shape {target.shape}"
        )


def check_probabilities(loss: Any, outputs: Any) -> None:
    """Raises where a loss of Keras takes numbers for probabilities that are none.

    Args:
        loss: As given, or as the model is compiled with.
        outputs: What the model puts out for the batch.

    Raises:
        MonitorError: Some are below 0 or above 1.
    """
    name, from_logits = _facts(loss)
    leaves = keras.tree.flatten(outputs)
    if name not in _OF_PROBABILITIES or from_logits or len(leaves) != 1:
        return
    output = np.asarray(tf.cast(leaves[0], tf.float32))
    known = output[np.isfinite(output)]
    if ((known < -1e-6) | (known > 1 + 1e-6)).any():
        raise MonitorError(
            f"Expected probabilities for {name}: end the model in a softmax or sigmoid, or use the loss with "
            f"`from_logits=True`. Received: outputs from {known.min():.3g} to {known.max():.3g}"
        )


def _facts(loss: Any) -> tuple[str | None, bool]:
    """Name of a loss of Keras's, as a function is called, and whether it takes logits; None for others' losses."""
    if loss is None or isinstance(loss, (list, tuple, Mapping)):
        return None, False
    try:
        found = keras.losses.get(loss)
    except ValueError:
        return None, False
    function = getattr(found, "fn", found)
    if not getattr(function, "__module__", "").startswith("keras"):
        return None, False
    given = getattr(found, "_fn_kwargs", {})
    name = getattr(function, "__name__", None)
    default = inspect.signature(function).parameters.get("from_logits")
    return name, bool(given.get("from_logits", default is not None and default.default))


def _squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape


def _shapes(tensors: Any) -> str:
    x, y = (", ".join(str(tuple(leaf.shape)) for leaf in keras.tree.flatten(part)) for part in tensors)
    return f"inputs of shape {x}, targets of shape {y}"


@contextlib.contextmanager
def explained(expected: str, tensors: Any) -> Iterator[None]:
    """Tells another library's error as ours, with the beginning of its text on one line."""
    try:
        yield
    except MonitorError:
        raise
    except Exception as error:
        text = " ".join(str(error).split())
        text = text if len(text) <= 300 else text[:299] + "…"
        raise MonitorError(f"Expected {expected}. Received: {_shapes(tensors)}. Keras says: {text}") from error
