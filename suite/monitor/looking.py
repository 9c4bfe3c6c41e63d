"""Looks at a model on one batch, leaving nothing changed: the pass is traced once, and what it would change is put back."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from suite.monitor.batches import Batch, MonitorError, one_line, shapes
from suite.monitor.losses import loss_of, loss_scales, outputs_of
from suite.monitor.observation import Observation, Place
from suite.monitor.passes import Pass, Structure, measured_pass
from suite.monitor.traits import Traits, traits_of
from suite.probes import StepSnapshot, step_probes

_WAKING_STEP = 0.05
"""How far variables that start at 0 are moved, each entry against its gradient's sign, to see what they let through."""

_WAKING_ROUNDS = 6
"""Of a zero output layer behind zero branches, the first lets a gradient through to the second, and so on."""


class Observer:
    """Looks at a model on one batch, compiled.

    Args:
        model: A Keras model.
        batch: As `read_batch` makes it.
        loss: As `compile` takes it; None for what the model is compiled with.
        build: Whether a model that is not built is built, by calling it on the first example.

    Attributes:
        structure: What the model is made of.
        untrained: Layers whose gradient is lost in a `tf.function` of the model's own.
        seen: The last look.
        found: Its tensors.

    Raises:
        MonitorError: Model, batch or loss do not fit.
    """

    found: Pass

    def __init__(self, model: Any, batch: Batch, loss: Any = None, *, build: bool = False) -> None:
        _check(model, batch, build)
        self._model, self._batch, self._loss = model, batch, loss_of(model, loss)
        self._trainable = list(model.trainable_variables)
        self._others: Sequence[Any] = ()
        self.structure = Structure()
        self.untrained: Sequence[str] = ()
        self.seen: Observation | None = None
        self._measure = self._prepared()

    def __call__(self) -> Observation:
        """Looks once."""
        values = [tf.convert_to_tensor(variable.value) for variable in self._trainable]
        self.found = self._look(values)
        self.seen = self._observation(self.found)
        if self.seen.finite and (self.seen.layers["weight_gradient_norm"] == 0).any():
            awake = self._look_awake(values)
            self.seen = replace(self.seen, awake=None if awake is None else self._observation(awake))
        return self.seen

    @property
    def places(self) -> Sequence[Place]:
        """The layers in the order in which they are called."""
        return self.structure.places

    def traits(self) -> Traits:
        """What the model is now."""
        pairs = zip(self.structure.points, self.places, strict=True)
        return traits_of(self._model, self.structure.layers, [point for point, place in pairs if place.hidden])

    def measure_update(self) -> dict[str, np.ndarray]:
        """What the probes of updates measure from the last look's weights to those now, one number a layer."""
        return {name: np.asarray(value) for name, value in self._update(self.found.kernels).items()}

    def moved_since(self, before: Sequence[Any]) -> np.ndarray:
        """Norm of each layer's move from given weights to those of the last look, over their norm; infinite from zero."""
        with np.errstate(divide="ignore", invalid="ignore"):
            pairs = [
                (np.asarray(w, float), np.asarray(n, float)) for w, n in zip(before, self.found.kernels, strict=True)
            ]
            return np.array([np.linalg.norm(now - was) / np.linalg.norm(was) for was, now in pairs])

    @cached_property
    def _update(self) -> Any:
        probes = [probe for probe in step_probes(recurrent=False) if probe.of_update]

        def compare(before: Sequence[Any]) -> dict[str, Any]:
            after = [tf.convert_to_tensor(point.kernel.value) for point in self.structure.points]
            look = StepSnapshot(kernels_before=before, kernels_after=after)
            return {name: value for probe in probes for name, value in probe.measure(look).items()}

        return tf.function(compare, autograph=False).get_concrete_function(self.found.kernels)

    def _prepared(self) -> Callable[[Sequence[Any], Any], Pass]:
        """The pass, traced; as it is where it cannot be traced, as with NumPy inside. A `call` that is a `tf.function` is run
        as the plain function, to see its layers, unless it has control flow that only a `tf.function` can have."""
        errors: list[Exception] = []
        for traced, look_inside in ((True, True), (True, False), (False, True)):
            state = random.getstate(), np.random.get_state()
            try:
                made = self._made(traced=traced, look_inside=look_inside)
                if not self.places:
                    raise MonitorError(
                        "Expected a loss that depends on a layer with weights. Received: one that does not"
                    )
                if self.structure.functions:
                    lost = self._lost_in_training()
                    self.untrained = [point.name for point in self.structure.points if id(point.kernel) in lost]
                return made
            except Exception as error:
                errors.append(error)
            finally:
                random.setstate(state[0])
                np.random.set_state(state[1])
        first = errors[0]
        if isinstance(first, MonitorError):
            raise first
        raise MonitorError(f"Expected a model and loss that take {shapes(self._batch)}. {one_line(first)}") from first

    def _made(self, *, traced: bool, look_inside: bool) -> Callable[[Sequence[Any], Any], Pass]:
        def run(values: Sequence[Any], scale: Any) -> Pass:
            self.structure, found = measured_pass(self._model, self._batch, self._loss, values, scale, look_inside)
            return found

        if not traced:
            run([tf.convert_to_tensor(v.value) for v in self._trainable], tf.ones([]))  # to know the layers
            return run
        # Concrete functions: TensorFlow warns of many that are traced when called, one for every model.
        specs = [tf.TensorSpec(v.shape, v.value.dtype) for v in self._trainable]
        made = tf.function(run, autograph=False).get_concrete_function(specs, tf.TensorSpec([]))
        ours = {id(variable.value) for variable in self._model.variables}
        self._others = [v for v in made.graph.variables if id(v) not in ours]
        return lambda values, scale: made(list(values), scale)

    def _lost_in_training(self) -> set[int]:
        """Ids of the variables for which `fit` has no gradient, as of a layer that its `tf.function` has not kept track of."""
        lost = set[int]()

        def trace() -> None:
            with tf.GradientTape() as tape:
                loss = self._loss(self._batch, outputs_of(self._model, self._batch.x))
            gradients = tape.gradient(loss, [v.value for v in self._trainable])
            lost.update(id(v) for v, gradient in zip(self._trainable, gradients, strict=True) if gradient is None)

        tf.function(trace, autograph=False).get_concrete_function()  # traced only: nothing runs
        return lost

    def _look(self, values: Sequence[Any]) -> Pass:
        """One pass. A scale under which gradients overflow is halved, as training does, which skips such a step."""
        before = [tf.identity(variable) for variable in self._others]
        for scale in loss_scales(self._model):
            found = self._measure(values, tf.constant(scale))
            for variable, value in zip(self._others, before, strict=True):
                variable.assign(value)
            if np.isfinite(found.numbers["gradient_norm"]) or not np.isfinite(found.numbers["loss"]):
                break
        return found

    def _look_awake(self, values: Sequence[Any]) -> Pass | None:
        """A look in which variables that are all 0 and have a gradient have moved, and those behind them, one after the other.

        What starts at 0 (an output layer, the end of a residual branch, its scale) keeps the gradient from others for its
        first step only.
        """
        asleep, values = {index for index, value in enumerate(values) if not np.any(value)}, list(values)
        found, moved = self.found, None
        for _ in range(_WAKING_ROUNDS if asleep else 0):
            gradients = found.weight_gradients
            woken = [i for i in asleep if gradients[i] is not None and np.any(gradients[i])]
            if not woken:
                break
            asleep -= set(woken)
            for index in woken:
                values[index] = tf.cast(-_WAKING_STEP * tf.sign(gradients[index]), values[index].dtype)
            moved = found = self._look(values)
        return moved

    def _observation(self, found: Pass) -> Observation:
        numbers: Mapping[str, Any] = tf.nest.map_structure(np.asarray, found.numbers)
        scalars = {name: float(numbers[name]) for name in ("loss", "gradient_norm", "output_gradient")}
        seen = Observation(**{**numbers, **scalars})
        if not seen.finite:
            names = [*(place.name for place in self.places), "output"]
            weights_are_finite = all(bool(tf.reduce_all(tf.math.is_finite(kernel))) for kernel in found.kernels)
            layer = names[int(found.nonfinite_layer)]
            seen = replace(seen, nonfinite_layer=layer, weights_are_finite=weights_are_finite)
        if (seen.layers["weight_gradient_norm"] == 0).any():
            seen = replace(seen, zero_weights=[i for i, kernel in enumerate(found.kernels) if not np.any(kernel)])
        return seen


def _check(model: Any, batch: Batch, build: bool) -> None:
    """Raises where a model cannot be looked at; builds it if asked."""
    if keras.backend.backend() != "tensorflow":
        raise MonitorError(f"Expected the TensorFlow backend. Received: {keras.backend.backend()!r}")
    if not isinstance(model, keras.Model):
        raise MonitorError(f"Expected a Keras model. Received: {model!r}")
    if type(model).call is keras.Model.call:
        raise MonitorError(
            f"Expected a model with a `call`. Received: {model.name!r}, which has a `train_step` only; "
            f"give its parts to `suite.probe`, one by one"
        )
    if not model.built:
        if not build:
            raise MonitorError(
                f"Expected a built model: call it on a batch first, as in `model(x[:1])`. Received: {model.name!r}"
            )
        first = keras.tree.map_structure(lambda leaf: leaf[:1], batch.x)
        try:
            outputs_of(model, first, training=False)
        except Exception as error:
            raise MonitorError(f"Expected inputs that the model takes. {one_line(error)}") from error
    if not model.trainable_variables:
        raise MonitorError(f"Expected a model with a trainable layer. Received: {model.name!r}, which has none")
