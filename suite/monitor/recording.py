"""Where to look into somebody else's Keras model: its layer calls, recorded while it is traced once.

Every layer's `call` is wrapped for the length of one forward pass, on the object, so that nested models, subclassed
models and shared layers are seen as they are called; a layer that is called twice gives two windows.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import tensorflow as tf

from suite.monitor.calls import Activation, Call, Window
from suite.monitor.following import elementwise, find_activation
from suite.monitor.states import States, replaced, watch_states

OPAQUE = (keras.layers.RNN, keras.layers.TimeDistributed)
"""Layers that call others once a time step: they are looked at as a whole."""


@dataclass
class Recorder:
    """The calls of one forward pass.

    Args:
        model: The model that is traced.
        tape: Watches every z, so that frozen layers below do not matter.
        kernels: Of every layer that gets a window.
    """

    model: Any
    tape: Any
    kernels: dict[int, Any]
    calls: list[Call] = field(default_factory=list)
    _stack: list[Call] = field(default_factory=list)
    _clock: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self._graph = None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()

    def wrapped(self, layer: Any) -> dict[str, Any]:
        """What to put in the place of a layer's attributes, by name."""
        parts = {"call": self._recorded(layer, layer.call)}
        if isinstance(layer, keras.layers.RNN):
            loop = watch_states(layer, self.tape, self._keep_states)
            return parts if loop is None else {**parts, "inner_loop": loop}
        if id(layer) in self.kernels and callable(vars(layer).get("activation")):
            parts["activation"] = self._recorded_activation(layer, layer.activation)
        return parts

    def windows(self, outputs: Any) -> list[Window]:
        """A window for every call of a layer with weights, in the order of the calls.

        Args:
            outputs: Of the model.
        """
        calls = sorted((c for c in self.calls if id(c.layer) in self.kernels), key=lambda call: call.order)
        put_out = {id(tensor) for tensor in _tensors(outputs)}
        windows: list[Window] = []
        seen: dict[str, int] = {}
        for call in calls:
            seen[call.path] = seen.get(call.path, 0) + 1
            name = call.path if seen[call.path] == 1 else f"{call.path} ({seen[call.path]})"
            activation = self._activation_of(call)
            ends = {id(call.outputs[0]), id(activation.output)}
            windows.append(
                Window(
                    name,
                    call.layer,
                    self.kernels[id(call.layer)],
                    self._where(call),
                    call.states.additions[0] if call.states else self._z(call),
                    self._z(call),
                    activation,
                    call.states,
                    is_output=call is calls[-1] or bool(ends & put_out),
                )
            )
        return windows

    def _where(self, call: Call) -> str:
        if call.states:
            return "state"
        return "output" if call.own is None else "pre-activation"

    def _z(self, call: Call) -> Any:
        return call.outputs[0] if call.own is None else call.own.input

    def _activation_of(self, call: Call) -> Activation:
        if call.states:
            return Activation(call.states.activation, call.states.pre_activations, call.states.outputs)
        if call.own is not None and call.own.function is not keras.activations.linear:
            return call.own
        return find_activation(call.outputs[0], [c for c in self.calls if not c.has_parts], self.kernels)

    def _recorded(self, layer: Any, call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def recorded(*args: Any, **kwargs: Any) -> Any:
            if any(isinstance(outer.layer, OPAQUE) for outer in self._stack):
                return call(*args, **kwargs)
            within = [outer.layer.name for outer in self._stack[1:]]
            entry = Call(layer, "/".join([*within, layer.name]), _tensors([args, kwargs]))
            for outer in self._stack:
                outer.has_parts = True
            self._stack.append(entry)
            try:
                returned = call(*args, **kwargs)
            finally:
                self._stack.pop()
            entry.outputs = [tensor for tensor in _tensors(returned) if self._is_ours(tensor)]
            if entry.outputs:
                self.calls.append(entry)
                if entry.own is None and id(layer) in self.kernels:
                    self._watch(entry, entry.outputs[0])
            return returned

        return recorded

    def _recorded_activation(self, layer: Any, activation: Callable[..., Any]) -> Callable[..., Any]:
        def recorded(z: Any, *args: Any, **kwargs: Any) -> Any:
            entry = self._stack[-1]
            if entry.layer is not layer or not self._is_ours(z):
                return activation(z, *args, **kwargs)
            self._watch(entry, z)
            activated = activation(z, *args, **kwargs)
            entry.own = Activation(elementwise(activation), z, activated)
            return activated

        return recorded

    def _keep_states(self, states: States) -> None:
        self._stack[-1].states = states

    def _watch(self, entry: Call, tensor: Any) -> None:
        entry.order = next(self._clock)
        self.tape.watch(tensor)

    def _is_ours(self, tensor: Any) -> bool:
        """Whether a tensor belongs to the traced pass itself, not to the inside of a loop in it."""
        if not tensor.dtype.is_floating:
            return False
        return self._graph is None or tensor.graph is self._graph


@contextlib.contextmanager
def record_calls(model: Any, tape: Any) -> Iterator[Recorder]:
    """Records the layer calls of `model` as long as the context lasts; the layers are as before afterwards."""
    recorder = Recorder(model, tape, find_kernels(model))
    inside = {id(part) for layer in _layers(model) if isinstance(layer, OPAQUE) for part in _layers(layer)[1:]}
    with contextlib.ExitStack() as stack:
        for layer in (layer for layer in _layers(model) if id(layer) not in inside):
            stack.enter_context(replaced(layer, **recorder.wrapped(layer)))
        yield recorder


def find_kernels(model: Any) -> dict[int, Any]:
    """The weights that stand for each layer, by its id: its `kernel` or `recurrent_kernel`, or its largest array.

    Layers count that own a trainable array of two or more axes, so not normalizations; in a model without any, all
    layers that own a trainable array.
    """
    trainable = {id(variable) for variable in model.trainable_variables}
    owned: dict[int, list[Any]] = {}
    named: dict[int, Any] = {}
    for layer in _layers(model):
        parts = [] if isinstance(layer, OPAQUE) else _layers(layer)[1:]
        others = {id(variable) for part in parts for variable in part.variables}
        owned[id(layer)] = [v for v in layer.trainable_variables if id(v) in trainable and id(v) not in others]
        named[id(layer)] = _named_kernel(layer)
    found = {}
    for axes in (2, 1):
        for layer_id, variables in owned.items():
            large = [variable for variable in variables if len(variable.shape) >= axes]
            if large:
                by_name = [variable for variable in large if variable is named[layer_id]]
                found[layer_id] = (by_name or sorted(large, key=lambda v: -math.prod(v.shape)))[0]
        if found:
            break
    return found


def _named_kernel(layer: Any) -> Any:
    if isinstance(layer, keras.layers.RNN):
        return getattr(layer.cell, "recurrent_kernel", None)
    if isinstance(layer, keras.layers.TimeDistributed):
        layer = layer.layer
    return getattr(layer, "kernel", None)


def _layers(model: Any) -> list[Any]:
    return list(model._flatten_layers())


def _tensors(structure: Any) -> list[Any]:
    return [leaf for leaf in keras.tree.flatten(structure) if isinstance(leaf, tf.Tensor)]
