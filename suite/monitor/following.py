"""Tensors followed through a traced graph: back to what they are made of, and forward to the activation that reads them."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from suite.catalog.activations import slope_facts
from suite.monitor.calls import Activation, Call

_OPERATIONS: Mapping[str, Callable[[Any], Any]] = {
    "Relu": tf.nn.relu,
    "Relu6": tf.nn.relu6,
    "Elu": tf.nn.elu,
    "Selu": tf.nn.selu,
    "Sigmoid": tf.nn.sigmoid,
    "Tanh": tf.nn.tanh,
    "Softplus": tf.nn.softplus,
    "Softsign": tf.nn.softsign,
}
"""Functions that may be called on a tensor with no layer around them, by the type of the operation they make."""

_PASSED = ("Identity", "AddV2", "Reshape")
"""Operations between a layer and its activation that are looked past: casts to itself, skip connections, flattening."""

_LAYERS = (keras.layers.ReLU, keras.layers.LeakyReLU, keras.layers.ELU)


def depends_on(tensors: Sequence[Any], sources: Sequence[Any]) -> bool:
    """Whether any tensor is computed from any of the sources; eagerly, only whether it is one of them."""
    if not sources or tf.executing_eagerly():
        return any(tensor is source for tensor in tensors for source in sources)
    wanted, seen, left = {source.name for source in sources}, set[str](), list(tensors)
    while left:
        tensor = left.pop()
        if tensor.name in wanted:
            return True
        if tensor.name not in seen:
            seen.add(tensor.name)
            left += tensor.op.inputs
    return False


def elementwise(function: Callable[..., Any]) -> Callable[[Any], Any]:
    """The function itself, or of an activation layer one that is the same for all layers of equal settings."""
    return (
        _of_layer(type(function).__name__, json.dumps(_settings(function)))
        if isinstance(function, _LAYERS)
        else function
    )


def find_activation(tensor: Any, calls: Sequence[Call], kernels: Mapping[int, Any]) -> Activation:
    """Follows a linear map's output forward to the activation that reads it, past normalization, dropout and sums.

    Args:
        tensor: The linear map's output.
        calls: Of all layers that are made of no others, in order.
        kernels: By the layers' ids: where the next layer with weights begins, the search ends.

    Returns:
        A linear one on `tensor` itself, where none is found.
    """
    end = Activation(keras.activations.linear, tensor, tensor)
    for _ in range(100):  # longer than any way between two layers with weights
        reader = next((call for call in calls if any(tensor is read for read in call.inputs)), None)
        if reader is not None and id(reader.layer) not in kernels:
            found = _function_of(reader.layer)
            if found is not None:
                return Activation(found, tensor, reader.outputs[0])
            if isinstance(reader.layer, (keras.layers.Softmax, keras.layers.PReLU)):
                return Activation(None, tensor, reader.outputs[0], type(reader.layer).__name__)
            tensor = reader.outputs[0]
            continue
        operation = _only_reader(tensor) if reader is None else None
        if operation is None:
            return end
        if operation.type in _OPERATIONS:
            return Activation(_OPERATIONS[operation.type], tensor, operation.outputs[0])
        if operation.type not in _PASSED:
            return end
        tensor = operation.outputs[0]
    return end


def _function_of(layer: Any) -> Callable[[Any], Any] | None:
    if isinstance(layer, keras.layers.Activation):
        return elementwise(layer.activation)
    return elementwise(layer) if isinstance(layer, _LAYERS) else None


def _only_reader(tensor: Any) -> Any:
    """The operation that reads a tensor, where there is just one. swish(x) = x * sigmoid(x) reads x twice."""
    if tf.executing_eagerly():
        return None
    readers = tensor.consumers()
    return readers[0] if len(readers) == 1 else None


def _settings(layer: Any) -> dict[str, Any]:
    config = layer.get_config()
    return {key: config[key] for key in sorted(config) if key not in ("name", "trainable", "dtype")}


@functools.lru_cache(maxsize=64)
def _of_layer(name: str, settings: str) -> Callable[[Any], Any]:
    layer = next(kind for kind in _LAYERS if kind.__name__ == name)(**json.loads(settings))

    def call(u: Any) -> Any:
        return layer.call(u)

    call.__name__ = name
    return call


@functools.lru_cache(maxsize=64)
def has_slope(function: Callable[[Any], Any]) -> bool:
    """Whether a function is elementwise and has a slope: softmax is not, nor what does not take a line of numbers."""
    line = tf.constant([-1.0, 0.5, 2.0])
    try:
        # In pairs: a softmax of a single number is warned of by Keras, as if the user had made it.
        pairs = tf.concat([function(line[:2]), function(line[1:])[1:]], axis=0)
        together = function(line)
        return bool(tf.reduce_all(tf.abs(together - pairs) < 1e-6)) and slope_facts(function).largest > 0
    except Exception:  # of whatever kind a user's function raises
        return False
