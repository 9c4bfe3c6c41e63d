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

from suite.monitor.calls import Activation
from suite.monitor.errors import MonitorError
from suite.monitor.inputs import check_model, check_probabilities, check_targets_fit, explain, loss_of, to_batch
from suite.monitor.taps import Tap, record_calls
from suite.monitor.units import Units
from suite.probes import StepLook, nonfinite_layer
from suite.probes.activations import ActivationProbe
from suite.probes.base import scaled_rms
from suite.probes.gradients import GradientProbe
from suite.probes.updates import UpdateProbe


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
class Sight:
    """What one look shows.

    Attributes:
        loss: Of the batch, penalties included.
        gradient_norm: Global norm over all trainable weights.
        layers: By trace name (as in `suite.protocol.records.Replicate.traces`), one number a layer.
        through_time: RMS of dLoss by a state at every time step, by (index of the layer, name of the state).
        nonfinite_layer: Where the first value that is not finite arose, if one did: a layer, or "output".
        weights_are_finite: Whether the layers' weights were, before this look.
    """

    loss: float
    gradient_norm: float
    layers: Mapping[str, np.ndarray]
    through_time: Mapping[tuple[int, str], np.ndarray]
    nonfinite_layer: str | None
    weights_are_finite: bool


class Look:
    """A compiled look at a model on one batch.

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
        if model.run_eagerly:
            self._measure = self._pass
            self._pass()  # to know the layers before the first look
        else:
            compiled = tf.function(self._pass, autograph=False)
            self._measure = compiled
            ours = {id(variable.value) for variable in model.variables}
            self._others = [v for v in compiled.get_concrete_function().graph.variables if id(v) not in ours]
        self._update = tf.function(self._compare, autograph=False)

    def __call__(self) -> Sight:
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
        return Sight(
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

    def update_ratio(self, before: Sequence[Any]) -> np.ndarray:
        """Norm of the change of each layer's weights over their norm before; shape (layers,)."""
        return np.asarray(self._update(before))

    def _compare(self, before: Sequence[Any]) -> Any:
        after = [kernel.value for kernel in self._kernels]
        return UpdateProbe().measure(StepLook((), (), (), (), (), before, after))["update_ratio"]

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
                taps = recorder.taps(outputs)
            check_targets_fit(self._named_loss, y, outputs)
            try:
                loss = self._loss(x, y, outputs)
            except MonitorError:
                raise
            except Exception as error:
                shapes = ", ".join(str(tuple(leaf.shape)) for leaf in keras.tree.flatten(outputs))
                raise explain(error, f"a loss that takes outputs of shape {shapes}", self._batch) from error
        # As they are now: a layer may have replaced its own weights for this pass, as spectral normalization does.
        current = [scope.get_current_value(variable) for variable in trainable]
        additions = {(i, name): zeros for i, tap in enumerate(taps) if tap.states for name, zeros in tap.states.named()}
        weights, sources, states = tape.gradient(loss, [current, [t.source for t in taps], list(additions.values())])
        by_id = {id(v): g for v, g in zip(trainable, weights, strict=True)}
        reached = [i for i, gradient in enumerate(sources) if gradient is not None]
        if not reached:
            raise MonitorError(
                "Expected a loss that depends on a layer with weights. Received: one whose gradient reaches none"
            )
        look = StepLook(
            _alike([taps[i].value for i in reached]),
            _alike([sources[i] for i in reached]),
            _alike([_gradient(by_id[id(taps[i].kernel)], taps[i].kernel) for i in reached]),
            _alike([taps[i].activation.output for i in reached]),
        )
        self._describe([taps[i] for i in reached], [t.name for i, t in enumerate(taps) if i not in reached])
        backwards = [tap.states is not None and tap.states.backwards for tap in taps]
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
            "layers": {**GradientProbe().measure(look), **ActivationProbe().measure(look)},
            "read": _alike([a.input for a in self._activations if a.input is not None]),
            "through_time": through_time,
        }

    def _forward(self, x: Any) -> Any:
        try:
            return self._model(x, training=True) if self._model._call_has_training_arg else self._model(x)
        except MonitorError:
            raise
        except Exception as error:
            taken = getattr(self._model, "input_shape", None)
            expected = "inputs that the model takes" + (f", of shape {taken}" if taken else "")
            raise explain(error, expected, self._batch) from error

    def _describe(self, taps: Sequence[Tap], unreached: Sequence[str]) -> None:
        # A model of one layer has no hidden ones; then the verdict is on what there is.
        only_outputs = all(tap.is_output for tap in taps)
        self.places = [Place(t.name, only_outputs or not t.is_output, t.where, t.activation.name) for t in taps]
        self.unreached = unreached
        self._kernels = [tap.kernel for tap in taps]
        self._activations = [tap.activation for tap in taps]


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
    by_time = tf.transpose(gradient, [1, 0, 2])
    return scaled_rms(tf.reverse(by_time, [0]) if backwards else by_time)
