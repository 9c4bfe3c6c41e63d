"""Where to measure somebody else's Keras model: the calls of its layers, recorded during one forward pass.

Every layer passes through `keras.layers.Layer.__call__`, so that nested models, subclassed models, lists of layers and shared
layers are seen as they are called; a layer that is called twice gives two points.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf

from suite.monitor.calls import Activation, Call, ProbePoint
from suite.monitor.following import depends_on, elementwise, find_activation
from suite.monitor.states import replaced, watch_states

OPAQUE = (keras.layers.RNN, keras.layers.TimeDistributed)
"""Layers that call others once a time step: they are measured as a whole."""

NORMALIZATIONS = (
    keras.layers.BatchNormalization, keras.layers.LayerNormalization, keras.layers.GroupNormalization,
    keras.layers.RMSNormalization,
)  # fmt: skip
_ELEMENTWISE = (*NORMALIZATIONS, keras.layers.PReLU)
"""Layers whose arrays scale single entries, however many axes they have: no linear maps."""


class Recorder:
    """The calls of one forward pass.

    Args:
        tape: Watches every z, so that frozen layers below do not matter.
        look_inside: Whether a `call` that is a `tf.function` is run as the plain function, so that its layers are seen.

    Attributes:
        calls: All that returned floating-point tensors, in the order in which they ended.
        functions: Layers whose `call` is a `tf.function`.
    """

    def __init__(self, tape: Any, *, look_inside: bool = False) -> None:
        self._tape, self._look_inside = tape, look_inside
        self.calls: list[Call] = []
        self.functions: list[Any] = []
        self._stack: list[Call] = []
        self._clock = itertools.count()
        self._graph = None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """Records the calls that this thread makes as long as the context lasts."""
        original, thread = keras.layers.Layer.__call__, threading.get_ident()

        @functools.wraps(original)
        def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
            run = functools.partial(original, layer, *args, **kwargs)
            hidden = threading.get_ident() != thread or any(isinstance(c.layer, OPAQUE) for c in self._stack)
            return run() if hidden else self._record(layer, run, _tensors([args, kwargs]))

        keras.layers.Layer.__call__ = call
        try:
            yield
        finally:
            keras.layers.Layer.__call__ = original

    @property
    def layers(self) -> list[Any]:
        """Every layer that was called, each once."""
        return list({id(call.layer): call.layer for call in self.calls}.values())

    def points(self, outputs: Any, trainable: Sequence[Any]) -> list[ProbePoint]:
        """A point for every call of a layer with weights, in the order of the calls.

        Args:
            outputs: What the model returned.
            trainable: The model's trainable variables.
        """
        kernels = self._kernels(trainable)
        calls = sorted((c for c in self.calls if id(c.layer) in kernels), key=lambda call: call.order)
        ends = {id(tensor) for tensor in _tensors(outputs)}
        made = [call.outputs[0] for call in calls]
        points: list[ProbePoint] = []
        for index, call in enumerate(calls):
            before = [other for other, earlier in enumerate(calls[:index]) if earlier.layer is call.layer]
            activation = self._activation_of(call, kernels)
            points.append(
                ProbePoint(
                    f"{call.path} ({len(before) + 1})" if before else call.path,
                    call,
                    kernels[id(call.layer)],
                    activation,
                    call is calls[-1] or bool({id(call.outputs[0]), id(activation.output)} & ends),
                    not depends_on(call.inputs, made[:index]),
                    next((o for o in before if not depends_on(call.inputs, [made[o]])), index),
                )
            )
        return points

    def frozen(self, trainable: Sequence[Any]) -> list[str]:
        """Layers with weights that are switched off (`trainable=False`) although a layer before them is trained.

        A frozen base below a new head is meant so; a frozen model inside another one is, too.
        """
        known, found, trained = {id(variable) for variable in trainable}, dict[str, None](), False
        for call in sorted(self.calls, key=lambda call: call.order):
            own = self._own(call)
            trained = trained or any(id(variable) in known for variable in own)
            switched_off = not call.layer.trainable and not isinstance(call.layer, (*_ELEMENTWISE, keras.Model))
            if trained and switched_off and any(_is_matrix(v) for v in own) and not self._in_frozen_model(call):
                found[call.path] = None
        return list(found)

    def _in_frozen_model(self, call: Call) -> bool:
        models = [c for c in self.calls if isinstance(c.layer, keras.Model) and not c.layer.trainable]
        return any(call.path.startswith(f"{model.path}/") for model in models)

    def _kernels(self, trainable: Sequence[Any]) -> dict[int, Any]:
        """The variable that stands for each layer's weights, by the layer's id.

        Layers count that own a trainable matrix (an array of two or more axes): normalizations do not. In a model without
        any matrix, all layers count that own a trainable array.
        """
        known = {id(variable) for variable in trainable}
        owned = {id(c.layer): (c.layer, [v for v in self._own(c) if id(v) in known]) for c in self.calls}
        for counts in (_is_matrix, lambda variable: True):
            found = {
                key: min(large, key=lambda v: (v is not _named_kernel(layer), -math.prod(v.shape)))
                for key, (layer, variables) in owned.items()
                if (large := [v for v in variables if counts(v)]) and not isinstance(layer, _ELEMENTWISE)
            }
            if found:
                return found
        return {}

    def _own(self, call: Call) -> list[Any]:
        """Variables of a layer that belong to no recorded layer that it called: what runs inside a loop is its own."""
        recorded = {id(other.layer) for other in self.calls}
        others = {id(variable) for part in call.parts if id(part) in recorded for variable in part.variables}
        return [variable for variable in call.layer.variables if id(variable) not in others]

    def _activation_of(self, call: Call, kernels: dict[int, Any]) -> Activation:
        if call.states:
            return Activation(call.states.activation, call.states.pre_activations, call.states.outputs)
        if call.own is not None and call.own.function is not keras.activations.linear:
            return call.own
        return find_activation(call.outputs[0], [c for c in self.calls if not c.parts], kernels)

    def _record(self, layer: Any, run: Callable[[], Any], inputs: Sequence[Any]) -> Any:
        names = [*(outer.layer.name for outer in self._stack[1:]), layer.name]
        paired = bool(self._stack) and isinstance(self._stack[-1].layer, keras.layers.Bidirectional)
        entry = Call(layer, "/".join(names), inputs, paired=paired)
        for outer in self._stack:
            outer.parts.append(layer)
        self._stack.append(entry)
        try:
            with replaced(layer, **self._hooks(entry)):
                returned = run()
        finally:
            self._stack.pop()
        entry.outputs = [tensor for tensor in _tensors(returned) if self._is_ours(tensor)]
        if entry.outputs:
            output_mask = getattr(entry.outputs[0], "_keras_mask", None)  # Keras has no public way to read it
            entry.mask = entry.states.mask if entry.states else output_mask
            self.calls.append(entry)
            if entry.own is None:
                self._watch(entry, entry.outputs[0])
        return returned

    def _hooks(self, entry: Call) -> dict[str, Any]:
        """What to put in the place of a layer's attributes during its call, by name."""
        layer = entry.layer
        if isinstance(layer, keras.layers.RNN):
            loop = watch_states(layer, self._tape, lambda states: setattr(entry, "states", states))
            return {} if loop is None else {"inner_loop": loop}
        hooks: dict[str, Any] = {}
        if callable(activation := vars(layer).get("activation")):
            hooks["activation"] = self._recorded_activation(entry, activation)
        if (plain := getattr(layer.call, "python_function", None)) is not None:
            self.functions.append(layer)
            if self._look_inside:
                hooks["call"] = plain
        return hooks

    def _recorded_activation(self, entry: Call, activation: Callable[..., Any]) -> Callable[..., Any]:
        def recorded(z: Any, *args: Any, **kwargs: Any) -> Any:
            if self._stack[-1] is not entry or not self._is_ours(z):
                return activation(z, *args, **kwargs)
            self._watch(entry, z)
            activated = activation(z, *args, **kwargs)
            entry.own = Activation(elementwise(activation), z, activated)
            return activated

        return recorded

    def _watch(self, entry: Call, tensor: Any) -> None:
        entry.order = next(self._clock)
        self._tape.watch(tensor)

    def _is_ours(self, tensor: Any) -> bool:
        """Whether a tensor belongs to the recorded pass itself, not to the inside of a loop in it."""
        if not tensor.dtype.is_floating:
            return False
        return self._graph is None or tensor.graph is self._graph


def _is_matrix(variable: Any) -> bool:
    """Whether it has two axes or more; leading ones of size 1 are there to be broadcast."""
    return len(list(itertools.dropwhile(lambda size: size == 1, variable.shape))) > 1


def _named_kernel(layer: Any) -> Any:
    if isinstance(layer, keras.layers.RNN):
        return getattr(layer.cell, "recurrent_kernel", None)
    if isinstance(layer, keras.layers.TimeDistributed):
        layer = layer.layer
    return getattr(layer, "kernel", None)


def _tensors(structure: Any) -> list[Any]:
    return [leaf for leaf in keras.tree.flatten(structure) if isinstance(leaf, tf.Tensor)]
