"""One look at a model: forward and backward on one batch, measured by the project's probes, leaving nothing changed.

The pass is made as in training (dropout on, batch normalization by the batch's own statistics), because that is the
pass whose gradient trains the model. What such a pass would change is caught: Keras's variables by a `StatelessScope`,
others by putting their values back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from suite.monitor.units import Units
from suite.probes import Look, StepProbe, nonfinite_layer, step_probes
from suite.probes.through_time import rms_of_each_step


@dataclass(frozen=True)
class Place:
    """A layer that is looked at.

    Attributes:
        name: Its path in the model.
        hidden: Whether it is a hidden layer: what the model puts out itself is not, and counts in no verdict.
        where: Of what the gradient is: `pre-activation`, `output` or `state`.
        activation: Name of the function that follows.
    """

    name: str
    hidden: bool
    where: str
    activation: str


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
    """

    loss: float
    gradient_norm: float
    layers: dict[str, np.ndarray]
    through_time: Mapping[tuple[int, str], np.ndarray]
    nonfinite_layer: str | None
    weights_are_finite: bool


class Observer:
    """Looks at a model on one batch, compiled.

    Args:
        model: A built Keras model.
        x: Inputs, as `fit` takes arrays of them.
        y: Targets.
        loss: As `compile` takes it; None for what the model is compiled with.

    Attributes:
        places: The layers in the order in which they are called.
        unreached: Layers whose output the loss does not depend on; they are not looked at.

    Raises:
        MonitorError: Model, batch or loss do not fit.
    """

    def __init__(self, model: Any, x: Any, y: Any, loss: Any = None) -> None:
        check_model(model)
        self._model, self._loss = model, loss_of(model, loss)
        self._named_loss = getattr(model, "loss", None) if loss is None else loss
        self._batch = to_batch(x, y)
        self.places: Sequence[Place] = ()
        self.unreached: Sequence[str] = ()
        self._kernels: Sequence[Any] = ()
        self._others: Sequence[Any] = ()
        self._activations: Sequence[Activation] = ()
        self._units: Units | None = None
        probes = step_probes(recurrent=False)
        self._probes = [probe for probe in probes if not probe.of_update]
        self._update_probes = [probe for probe in probes if probe.of_update]
        if model.run_eagerly:
            self._measure = self._pass
            self._pass()  # to know the layers before the first look
        else:
            compiled = tf.function(self._pass, autograph=False)
            self._measure = compiled
            ours = {id(variable.value) for variable in model.variables}
            self._others = [v for v in compiled.get_concrete_function().graph.variables if id(v) not in ours]
        self._update = tf.function(self._compare, autograph=False)

    def __call__(self) -> Observation:
        """Looks once."""
        before = [variable.numpy() for variable in self._others]
        found = self._measure()
        for variable, value in zip(self._others, before, strict=True):
            variable.assign(value)
        if self._units is None:
            check_probabilities(self._named_loss, found["outputs"])
            self._units = Units(self._activations)
        names = [*(place.name for place in self.places), "output"]
        loss, norm = float(found["loss"]), float(found["gradient_norm"])
        finite = np.isfinite(loss) and np.isfinite(norm)
        return Observation(
            loss,
            norm,
            {name: value.numpy() for name, value in found["layers"].items()} | self._units(found["read"]),
            {key: value.numpy() for key, value in found["through_time"].items()},
            None if finite else names[int(found["nonfinite_layer"])],
            finite or all(bool(tf.reduce_all(tf.math.is_finite(kernel.value))) for kernel in self._kernels),
        )

    def copy_kernels(self) -> list[Any]:
        """The layers' weights as they are now."""
        return [tf.identity(kernel.value) for kernel in self._kernels]

    def measure_update(self, before: Sequence[Any]) -> dict[str, np.ndarray]:
        """What the probes of updates say of the way from the weights before to those now, one number a layer."""
        return {name: value.numpy() for name, value in self._update(before).items()}

    def _compare(self, before: Sequence[Any]) -> dict[str, Any]:
        look = Look(kernels_before=before, kernels_after=[kernel.value for kernel in self._kernels])
        return _measured(self._update_probes, look)

    def _pass(self) -> dict[str, Any]:
        """Forward, backward, and all measurements, in one graph."""
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
        # As they are now: a layer may have replaced its own weights for this pass, as spectral normalization does.
        current = [scope.get_current_value(variable) for variable in trainable]
        additions = {(i, name): zeros for i, w in enumerate(windows) if w.states for name, zeros in w.states.named()}
        weights, sources, states = tape.gradient(loss, [current, [w.source for w in windows], list(additions.values())])
        by_id = {id(v): g for v, g in zip(trainable, weights, strict=True)}
        reached = [i for i, gradient in enumerate(sources) if gradient is not None]
        if not reached:
            raise MonitorError(
                "Expected a loss that depends on a layer with weights. Received: one whose gradient reaches none"
            )
        look = Look(
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
            "nonfinite_layer": nonfinite_layer(loss, look),
            "layers": _measured(self._probes, look),
            "read": _alike([a.input for a in self._activations if a.input is not None]),
            "through_time": through_time,
        }

    def _forward(self, x: Any) -> Any:
        taken = getattr(self._model, "input_shape", None)
        with explained("inputs that the model takes" + (f", of shape {taken}" if taken else ""), self._batch):
            return self._model(x, training=True) if self._model._call_has_training_arg else self._model(x)

    def _describe(self, windows: Sequence[Window], unreached: Sequence[str]) -> None:
        # A model of one layer has no hidden ones; then the verdict is on what there is.
        only_outputs = all(w.is_output for w in windows)
        self.places = [Place(w.name, only_outputs or not w.is_output, w.where, w.activation.name) for w in windows]
        self.unreached = unreached
        self._kernels = [w.kernel for w in windows]
        self._activations = [w.activation for w in windows]


def _measured(probes: Sequence[StepProbe], look: Look) -> dict[str, Any]:
    return {name: value for probe in probes for name, value in probe.measure(look).items()}


def _alike(tensors: Sequence[Any]) -> list[Any]:
    """Tensors of one float type (float64 where there is one, else float32) and of known shapes."""
    double = any(tensor.dtype == tf.float64 for tensor in tensors)
    cast = [tf.cast(tensor, tf.float64 if double else tf.float32) for tensor in tensors]
    return [t if t.shape.is_fully_defined() else tf.reshape(t, [-1, *_units_of(t)]) for t in cast]


def _units_of(tensor: Any) -> list[int]:
    return [int(tensor.shape[-1])] if tensor.shape.rank and tensor.shape[-1] else [1]


def _gradient(gradient: Any, kernel: Any) -> Any:
    if gradient is None:
        return tf.zeros(kernel.shape, kernel.dtype)
    return tf.convert_to_tensor(gradient)  # an embedding's is sparse


def _over_time(gradient: Any, backwards: bool) -> Any:
    by_time = rms_of_each_step(gradient)
    return tf.reverse(by_time, [0]) if backwards else by_time
