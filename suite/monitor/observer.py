"""One look at a model: forward and backward on one batch, measured by the project's probes, leaving nothing changed.

The pass is made as in training (dropout on, batch normalization by the batch's own statistics), because that is the
pass whose gradient trains the model. What such a pass would change is caught: Keras's variables by a `StatelessScope`,
others by putting their values back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from suite.monitor.calls import Activation, Window
from suite.monitor.inputs import (
    MonitorError,
    check_model,
    check_probabilities,
    check_targets_fit,
    explained,
    loss_of,
    to_batch,
)  # fmt: skip
from suite.monitor.recording import record_calls
from suite.monitor.scaling import LossScale
from suite.monitor.traits import Traits, traits_of
from suite.monitor.units import measure_units
from suite.probes import StepProbe, StepSnapshot, nonfinite_layer, step_probes
from suite.probes.through_time import rms_of_each_step


@dataclass(frozen=True)
class Place:
    """A layer that is looked at.

    Attributes:
        name: Its path in the model.
        hidden: Whether it is a hidden layer: what the model puts out itself is not, and counts in no verdict.
        where: Of what the gradient is: `pre-activation`, `output` or `state`.
        activation: Name of the function that follows.
        precision: Float type in which the gradient comes back.
    """

    name: str
    hidden: bool
    where: str
    activation: str
    precision: str = "float32"


@dataclass(frozen=True)
class Observation:
    """What one look shows.

    Attributes:
        loss: Of the batch, penalties included.
        gradient_norm: Global norm over all trainable weights.
        layers: By the name of the measurement, one number a layer; what could not be measured is not there.
        through_time: RMS of dLoss by a state at every time step, by (index of the layer, name of the state).
        nonfinite_layer: Where the first value that is not finite arose, if one did: a layer, or "output".
        weights_are_finite: Whether the layers' weights were, before this look.
        zero_weights: Indices of layers all of whose weights are 0; looked for where a gradient is exactly 0.
    """

    loss: float
    gradient_norm: float
    layers: dict[str, np.ndarray]
    through_time: Mapping[tuple[int, str], np.ndarray]
    nonfinite_layer: str | None
    weights_are_finite: bool
    zero_weights: Sequence[int] = ()


class Observer:
    """Looks at a model on one batch, compiled.

    Args:
        model: A built Keras model.
        x: Inputs, as `fit` takes arrays of them.
        y: Targets.
        loss: As `compile` takes it; None for what the model is compiled with.
        build: Whether a model that is not built is built, by calling it on the first example.

    Attributes:
        places: The layers in the order in which they are called.
        unreached: Layers whose output the loss does not depend on; they are not looked at.

    Raises:
        MonitorError: Model, batch or loss do not fit.
    """

    def __init__(self, model: Any, x: Any, y: Any, loss: Any = None, *, build: bool = False) -> None:
        check_model(model, x if build else None)
        self._model, self._loss = model, loss_of(model, loss)
        self._named_loss = getattr(model, "loss", None) if loss is None else loss
        self._batch = to_batch(x, y)
        self.places: Sequence[Place] = ()
        self.unreached: Sequence[str] = ()
        self._kernels: Sequence[Any] = ()
        self._others: Sequence[Any] = ()
        self._hidden: Sequence[Window] = ()
        self._before: Sequence[Any] = ()
        self._checked = False
        self._scale = LossScale(model)
        probes = step_probes(recurrent=False)
        self._probes = [probe for probe in probes if not probe.of_update]
        self._update_probes = [probe for probe in probes if probe.of_update]
        if model.run_eagerly:
            self._measure: Any = self._pass
            self._pass(tf.ones([]))  # to know the layers before the first look
        else:
            # Concrete functions: TensorFlow warns of many that are traced when called, one for every model.
            self._measure = tf.function(self._pass, autograph=False).get_concrete_function(tf.TensorSpec([]))
            ours = {id(variable.value) for variable in model.variables}
            self._others = [v for v in self._measure.graph.variables if id(v) not in ours]

    def __call__(self) -> Observation:
        """Looks once."""
        found = self._look()
        self._before = found["kernels"]
        if not self._checked:
            check_probabilities(self._named_loss, found["outputs"])
            self._checked = True
        names = [*(place.name for place in self.places), "output"]
        loss, norm = float(found["loss"]), float(found["gradient_norm"])
        finite = np.isfinite(loss) and np.isfinite(norm)
        layers = {name: value.numpy() for name, value in found["layers"].items()}
        zero = (layers["gradient_rms"] == 0).any()
        return Observation(
            loss,
            norm,
            layers,
            {key: value.numpy() for key, value in found["through_time"].items()},
            None if finite else names[int(found["nonfinite_layer"])],
            finite or all(bool(tf.reduce_all(tf.math.is_finite(kernel))) for kernel in self._before),
            [i for i, kernel in enumerate(self._before) if not np.any(kernel)] if zero else [],
        )

    def traits(self) -> Traits:
        """What the model is now."""
        return traits_of(self._model, self._hidden)

    def measure_update(self) -> dict[str, np.ndarray]:
        """What the probes of updates say of the way from the last look's weights to those now, one number a layer."""
        return {name: value.numpy() for name, value in self._update(self._before).items()}

    @cached_property
    def _update(self) -> Any:
        return tf.function(self._compare, autograph=False).get_concrete_function(self._before)

    def _compare(self, before: Sequence[Any]) -> dict[str, Any]:
        look = StepSnapshot(kernels_before=before, kernels_after=[kernel.value for kernel in self._kernels])
        return _measured(self._update_probes, look)

    def _look(self) -> dict[str, Any]:
        """One pass. A scale under which gradients overflow is halved, as training does, which skips such a step."""
        before = [variable.numpy() for variable in self._others]
        for scale in self._scale.tried():
            found = self._measure(tf.constant(scale))
            for variable, value in zip(self._others, before, strict=True):
                variable.assign(value)
            if np.isfinite(found["gradient_norm"]) or not np.isfinite(found["loss"]):
                break
        return dict(found)

    def _pass(self, scale: Any) -> dict[str, Any]:
        """Forward, backward, and all measurements, in one graph.

        Args:
            scale: Of the loss on the way back, as the optimizer scales it so that float16 does not underflow.
        """
        x, y = self._batch
        trainable = self._model.trainable_variables
        with (
            tf.GradientTape() as tape,
            keras.StatelessScope([(v, v.value) for v in trainable], collect_losses=True) as scope,
        ):
            with record_calls(self._model, tape) as recorder:
                outputs = self._forward(x)
                windows = recorder.windows(outputs)
            check_targets_fit(self._named_loss, y, outputs)
            shapes = ", ".join(str(tuple(leaf.shape)) for leaf in keras.tree.flatten(outputs))
            with explained(f"a loss that takes outputs of shape {shapes}", self._batch):
                loss = self._loss(x, y, outputs)
            scaled = loss * tf.cast(scale, loss.dtype)
        # As they are now: a layer may have replaced its own weights for this pass, as spectral normalization does.
        current = [scope.get_current_value(variable) for variable in trainable]
        additions = {(i, name): zeros for i, w in enumerate(windows) if w.states for name, zeros in w.states.named()}
        watched = [current, [w.source for w in windows], list(additions.values())]
        weights, sources, states = (
            [_unscaled(gradient, scale) for gradient in each] for each in tape.gradient(scaled, watched)
        )
        by_id = {id(v): g for v, g in zip(trainable, weights, strict=True)}
        reached = [i for i, gradient in enumerate(sources) if gradient is not None]
        if not reached:
            raise MonitorError(
                "Expected a loss that depends on a layer with weights. Received: one whose gradient reaches none"
            )
        look = StepSnapshot(
            _alike([windows[i].value for i in reached]),
            _alike([sources[i] for i in reached]),
            _alike([_gradient(by_id[id(windows[i].kernel)], windows[i].kernel) for i in reached]),
            _alike([windows[i].activation.output for i in reached]),
        )
        self._describe([windows[i] for i in reached], [w.name for i, w in enumerate(windows) if i not in reached])
        backwards = [w.states is not None and w.states.backwards for w in windows]
        through_time = {
            (reached.index(layer), name): _over_time(gradient, backwards[layer])
            for (layer, name), gradient in zip(additions, states, strict=True)
            if layer in reached and gradient is not None
        }
        return {
            "outputs": outputs,
            "loss": loss,
            "gradient_norm": tf.linalg.global_norm([tf.cast(g, tf.float32) for g in weights if g is not None]),
            "kernels": [tf.identity(kernel.value) for kernel in self._kernels],
            "nonfinite_layer": nonfinite_layer(loss, look),
            "layers": _measured(self._probes, look) | _units([windows[i].activation for i in reached]),
            "through_time": through_time,
        }

    def _forward(self, x: Any) -> Any:
        taken = getattr(self._model, "input_shape", None)
        with explained("inputs that the model takes" + (f", of shape {taken}" if taken else ""), self._batch):
            return self._model(x, training=True) if self._model._call_has_training_arg else self._model(x)

    def _describe(self, windows: Sequence[Window], unreached: Sequence[str]) -> None:
        # A model of one layer has no hidden ones; then the verdict is on what there is.
        only_outputs = all(w.is_output for w in windows)
        self._hidden = [w for w in windows if only_outputs or not w.is_output]
        self.places = [
            Place(w.name, only_outputs or not w.is_output, w.where, w.activation.name, w.source.dtype.name)
            for w in windows
        ]
        self.unreached = unreached
        self._kernels = [w.kernel for w in windows]


def _measured(probes: Sequence[StepProbe], look: StepSnapshot) -> dict[str, Any]:
    return {name: value for probe in probes for name, value in probe.measure(look).items()}


def _alike(tensors: Sequence[Any]) -> list[Any]:
    """Tensors of one float type (float64 where there is one, else float32) and of known shapes."""
    double = any(tensor.dtype == tf.float64 for tensor in tensors)
    cast = [tf.cast(tensor, tf.float64 if double else tf.float32) for tensor in tensors]
    return [t if t.shape.is_fully_defined() else tf.reshape(t, [-1, *_units_of(t)]) for t in cast]


def _units_of(tensor: Any) -> list[int]:
    return [int(tensor.shape[-1])] if tensor.shape.rank and tensor.shape[-1] else [1]


def _gradient(gradient: Any, kernel: Any) -> Any:
    return tf.zeros(kernel.shape, kernel.dtype) if gradient is None else gradient


def _unscaled(gradient: Any, scale: Any) -> Any:
    """In a float type that holds what the scale has lifted into float16's range."""
    if gradient is None:
        return None
    gradient = tf.convert_to_tensor(gradient)  # an embedding's is sparse
    wide = tf.cast(gradient, tf.float64 if gradient.dtype == tf.float64 else tf.float32)
    return wide / tf.cast(scale, wide.dtype)


def _units(activations: Sequence[Activation]) -> dict[str, Any]:
    known = iter(_alike([a.input for a in activations if a.input is not None]))
    return measure_units(activations, [None if a.input is None else next(known) for a in activations])


def _over_time(gradient: Any, backwards: bool) -> Any:
    by_time = rms_of_each_step(gradient)
    return tf.reverse(by_time, [0]) if backwards else by_time
