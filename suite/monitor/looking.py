"""One look at a model: forward and backward on one batch, measured by the project's probes, leaving nothing changed.

The pass is made as in training (dropout on, batch normalization by the batch's own statistics), because that is the pass
whose gradient trains the model. What such a pass would change is caught: Keras's variables by a `StatelessScope`,
others by putting their values back.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from suite.monitor.batches import Batch, MonitorError, one_line, shapes
from suite.monitor.calls import ProbePoint
from suite.monitor.losses import loss_of
from suite.monitor.measuring import measured_layers, over_time
from suite.monitor.recording import NORMALIZATIONS, Recorder
from suite.monitor.scaling import LossScale
from suite.monitor.traits import Traits, traits_of
from suite.probes import StepSnapshot, nonfinite_layer, step_probes

_WAKING_STEP = 0.05
"""How far variables that start at 0 are moved, each entry against its gradient's sign, to see what they let through."""

_WAKING_ROUNDS = 6
"""Of a zero output layer behind zero branches, the first lets a gradient through to the second, and so on."""


@dataclass(frozen=True)
class Place:
    """A layer that is measured.

    Attributes:
        name: Its path in the model.
        hidden: Whether it is a hidden layer; output layers count in no ratio of gradients.
        where: What the gradient is of: `pre-activation`, `output` or `state`.
        activation: Name of the function that follows.
        precision: Float type in which the gradient comes back.
        shared: Index of the first call of the same layer that does not lead to this one.
    """

    name: str
    hidden: bool
    where: str
    activation: str
    precision: str = "float32"
    shared: int = -1


@dataclass(frozen=True)
class Observation:
    """What one look shows.

    Attributes:
        loss: Loss of the batch, penalties included.
        gradient_norm: Global norm of the gradient of all trainable weights.
        layers: One number a layer, by the name of the measurement; what could not be measured is not there.
        through_time: RMS of dLoss by a state at every time step, by (index of the layer, name of the state); NaN at time
            steps that are padding in every example.
        time_ends: The same, at three real steps of each example: the first, one half-way to the last, and the last.
        nonfinite_layer: Where the first value that is not finite arose, if one did: a layer, or "output".
        weights_are_finite: Whether the layers' weights were, before this look.
        zero_weights: Indices of layers all of whose weights are 0; looked for where a gradient is exactly 0.
        awake: What is judged: the same look, or, where weights that start at 0 keep a gradient from others, a look in which
            such weights have moved.
        output_gradient: Largest dLoss/doutput; 0 at a minimum of the loss.
    """

    loss: float
    gradient_norm: float
    layers: dict[str, np.ndarray]
    through_time: Mapping[tuple[int, str], np.ndarray] = field(default_factory=dict)
    time_ends: Mapping[tuple[int, str], np.ndarray] = field(default_factory=dict)
    nonfinite_layer: str | None = None
    weights_are_finite: bool = True
    zero_weights: Sequence[int] = ()
    awake: Observation | None = None
    output_gradient: float = 1.0

    @property
    def finite(self) -> bool:
        """Whether loss and gradients are."""
        return bool(np.isfinite(self.loss) and np.isfinite(self.gradient_norm))


class Observer:
    """Looks at a model on one batch, compiled.

    Args:
        model: A Keras model.
        batch: As `read_batch` makes it.
        loss: As `compile` takes it; None for what the model is compiled with.
        build: Whether a model that is not built is built, by calling it on the first example.

    Attributes:
        places: The layers in the order in which they are called.
        unreached: Layers whose output the loss does not depend on; they are not measured.
        frozen: Layers that are switched off behind layers that are trained.
        untrained: Layers whose gradient is lost in a `tf.function` of the model's own.
        normalizes_batch: Whether the model has a BatchNormalization that is trained.
        points: Where the layers are measured.
        output_shapes: Shapes of the model's outputs.
        seen: The last look.

    Raises:
        MonitorError: Model, batch or loss do not fit.
    """

    def __init__(self, model: Any, batch: Batch, loss: Any = None, *, build: bool = False) -> None:
        _check(model, batch, build)
        self._model, self._batch, self._loss = model, batch, loss_of(model, loss)
        self._trainable = list(model.trainable_variables)
        self._takes_training = "training" in model.call_signature_parameters
        self.places: Sequence[Place] = ()
        self.points: Sequence[ProbePoint] = ()
        self.unreached: Sequence[str] = ()
        self.frozen: Sequence[str] = ()
        self.untrained: Sequence[str] = ()
        self.normalizes_batch = False
        self.output_shapes: Sequence[tuple[int | None, ...]] = ()
        self.seen: Observation | None = None
        self._found: Mapping[str, Any] = {}
        self._layers: Sequence[Any] = ()
        self._functions: Sequence[Any] = ()
        self._others: Sequence[Any] = ()
        self._before: Sequence[Any] = ()
        self._scale = LossScale(model)
        probes = step_probes(recurrent=False)
        self._probes = [probe for probe in probes if not probe.of_update]
        self._update_probes = [probe for probe in probes if probe.of_update]
        self._measure = self._prepared()

    def __call__(self) -> Observation:
        """Looks once."""
        values = [tf.convert_to_tensor(variable.value) for variable in self._trainable]
        self._found = found = self._look(values)
        self._before = found["kernels"]
        seen = self._observation(found)
        if seen.finite and (seen.layers["weight_gradient_norm"] == 0).any():
            awake = self._look_awake(values, found)
            seen = self._observation(found, None if awake is None else self._observation(awake))
        self.seen = seen
        return seen

    @property
    def outputs(self) -> Any:
        """What the model returned at the last look."""
        return self._found["outputs"]

    @property
    def kernel_gradients(self) -> Sequence[Any]:
        """dLoss/dW of each layer at the last look."""
        return self._found["kernel_gradients"]

    def traits(self) -> Traits:
        """What the model is now."""
        hidden = [point for point, place in zip(self.points, self.places, strict=True) if place.hidden]
        return traits_of(self._model, self._layers, hidden)

    def measure_update(self) -> dict[str, np.ndarray]:
        """What the probes of updates measure from the last look's weights to those now, one number a layer."""
        return {name: np.asarray(value) for name, value in self._update(self._before).items()}

    def moved_since(self, before: Sequence[Any]) -> np.ndarray:
        """Norm of each layer's move from given weights to those of the last look, over their norm; infinite from zero."""
        with np.errstate(divide="ignore", invalid="ignore"):
            pairs = [(np.asarray(w, float), np.asarray(n, float)) for w, n in zip(before, self._before, strict=True)]
            return np.array([np.linalg.norm(now - was) / np.linalg.norm(was) for was, now in pairs])

    @property
    def weights(self) -> Sequence[Any]:
        """The layers' weights at the last look, one array a layer."""
        return self._before

    @cached_property
    def _update(self) -> Any:
        return tf.function(self._compare, autograph=False).get_concrete_function(self._before)

    def _compare(self, before: Sequence[Any]) -> dict[str, Any]:
        look = StepSnapshot(
            kernels_before=before, kernels_after=[tf.convert_to_tensor(p.kernel.value) for p in self.points]
        )
        return {name: value for probe in self._update_probes for name, value in probe.measure(look).items()}

    def _prepared(self) -> Callable[..., Mapping[str, Any]]:
        """The pass, traced; as it is where it cannot be traced, as with NumPy inside. A `call` that is a `tf.function` is run
        as the plain function, to see its layers, unless it has control flow that only a `tf.function` can have."""
        specs = [tf.TensorSpec(v.shape, v.value.dtype) for v in self._trainable]
        errors: list[Exception] = []
        for traced, look_inside in ((True, True), (True, False), (False, True)):
            state = random.getstate(), np.random.get_state()
            try:
                made = self._made(specs, traced=traced, look_inside=look_inside)
                if not self.places:
                    raise MonitorError(
                        "Expected a loss that depends on a layer with weights. Received: one that does not"
                    )
                if self._functions:
                    lost = self._lost_in_training()
                    self.untrained = [point.name for point in self.points if id(point.kernel) in lost]
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

    def _lost_in_training(self) -> set[int]:
        """Ids of the variables for which `fit` has no gradient, as of a layer that its `tf.function` has not kept track of."""
        lost = set[int]()

        def trace() -> None:
            x, y, sample_weight = self._batch
            with tf.GradientTape() as tape:
                outputs = self._model(x, training=True) if self._takes_training else self._model(x)
                loss = self._loss(x=x, y=y, y_pred=outputs, sample_weight=sample_weight)
            gradients = tape.gradient(loss, [v.value for v in self._trainable])
            lost.update(id(v) for v, gradient in zip(self._trainable, gradients, strict=True) if gradient is None)

        tf.function(trace, autograph=False).get_concrete_function()  # traced only: nothing runs
        return lost

    def _made(self, specs: Sequence[Any], *, traced: bool, look_inside: bool) -> Callable[..., Mapping[str, Any]]:
        def run(values: Sequence[Any], scale: Any) -> Mapping[str, Any]:
            return self._pass(values, scale, look_inside)

        if not traced:
            run([tf.convert_to_tensor(v.value) for v in self._trainable], tf.ones([]))  # to know the layers
            return run
        # Concrete functions: TensorFlow warns of many that are traced when called, one for every model.
        made = tf.function(run, autograph=False).get_concrete_function(list(specs), tf.TensorSpec([]))
        ours = {id(variable.value) for variable in self._model.variables}
        self._others = [v for v in made.graph.variables if id(v) not in ours]
        return lambda values, scale: made(list(values), scale)

    def _look(self, values: Sequence[Any]) -> Mapping[str, Any]:
        """One pass. A scale under which gradients overflow is halved, as training does, which skips such a step."""
        before = [tf.identity(variable) for variable in self._others]
        for scale in self._scale.tried():
            found = self._measure(values, tf.constant(scale))
            for variable, value in zip(self._others, before, strict=True):
                variable.assign(value)
            if np.isfinite(found["gradient_norm"]) or not np.isfinite(found["loss"]):
                break
        return found

    def _look_awake(self, values: list[Any], found: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """A look in which variables that are all 0 and have a gradient have moved, and those behind them, one after the other.

        What starts at 0 (an output layer, the end of a residual branch, its scale) keeps the gradient from others for its
        first step only.
        """
        asleep = {index for index, value in enumerate(values) if not np.any(value)}
        moved = None
        for _ in range(_WAKING_ROUNDS if asleep else 0):
            gradients = found["weight_gradients"]
            woken = [i for i in asleep if gradients[i] is not None and np.any(gradients[i])]
            if not woken:
                break
            asleep -= set(woken)
            values = list(values)
            for index in woken:
                values[index] = tf.cast(-_WAKING_STEP * tf.sign(gradients[index]), values[index].dtype)
            moved = found = self._look(values)
        return moved

    def _observation(self, found: Mapping[str, Any], awake: Observation | None = None) -> Observation:
        names = [*(place.name for place in self.places), "output"]
        loss, norm = float(found["loss"]), float(found["gradient_norm"])
        finite = bool(np.isfinite(loss) and np.isfinite(norm))
        layers = {name: np.asarray(value) for name, value in found["layers"].items()}
        zero = (layers["weight_gradient_norm"] == 0).any()
        return Observation(
            loss,
            norm,
            layers,
            {key: np.asarray(value) for key, value in found["through_time"].items()},
            {key: np.asarray(value) for key, value in found["time_ends"].items()},
            None if finite else names[int(found["nonfinite_layer"])],
            finite or all(bool(tf.reduce_all(tf.math.is_finite(kernel))) for kernel in found["kernels"]),
            [i for i, kernel in enumerate(found["kernels"]) if not np.any(kernel)] if zero else [],
            awake,
            float(found["output_gradient"]),
        )

    def _pass(self, values: Sequence[Any], scale: Any, look_inside: bool) -> dict[str, Any]:
        """Forward, backward, and all measurements, in one graph.

        Args:
            values: Of the trainable variables.
            scale: Factor of the loss on the way back, which the optimizer applies so that float16 does not underflow.
            look_inside: As a `Recorder` takes it.
        """
        x, y, sample_weight = self._batch
        with (
            tf.GradientTape() as tape,
            keras.StatelessScope(list(zip(self._trainable, values, strict=True)), collect_losses=True) as scope,
        ):
            tape.watch(values)
            recorder = Recorder(tape, look_inside=look_inside)
            with recorder.recording():
                outputs = self._model(x, training=True) if self._takes_training else self._model(x)
            points = recorder.points(outputs, self._trainable)
            ends = [leaf for leaf in keras.tree.flatten(outputs) if tf.is_tensor(leaf) and leaf.dtype.is_floating]
            tape.watch(ends)
            self.output_shapes = [tuple(leaf.shape) for leaf in keras.tree.flatten(outputs)]
            loss = self._loss(x=x, y=y, y_pred=outputs, sample_weight=sample_weight)
            scaled = loss * tf.cast(scale, loss.dtype)
        # As they are now: a layer may have replaced its own weights for this pass, as spectral normalization does.
        current = [scope.get_current_value(variable) for variable in self._trainable]
        additions = {(i, name): zeros for i, p in enumerate(points) if p.states for name, zeros in p.states.named()}
        wanted = [current, [point.source for point in points], list(additions.values()), ends]
        weights, sources, states, pushes = (
            [_unscaled(gradient, scale) for gradient in each] for each in tape.gradient(scaled, wanted)
        )
        reached = [i for i, gradient in enumerate(sources) if gradient is not None]
        by_variable = {id(v): g for v, g in zip(self._trainable, weights, strict=True)}
        kept = [points[i] for i in reached]
        gradients = [sources[i] for i in reached]
        of_kernels = [_or_zeros(by_variable[id(point.kernel)], point.kernel) for point in kept]
        self._describe(recorder, points, reached)
        through_time = {
            (reached.index(i), name): over_time(gradient, points[i])
            for (i, name), gradient in zip(additions, states, strict=True)
            if i in reached and gradient is not None
        }
        layers, look = measured_layers(self._probes, kept, gradients, of_kernels, self._batch.size)
        known = [tf.reduce_max(tf.abs(push)) for push in pushes if push is not None]
        return {
            "outputs": outputs,
            "loss": loss,
            "gradient_norm": tf.linalg.global_norm([tf.cast(g, tf.float32) for g in weights if g is not None]),
            "weight_gradients": weights,
            "kernel_gradients": of_kernels,
            "output_gradient": tf.reduce_max(tf.stack(known)) if known else tf.ones([]),
            "kernels": [tf.identity(point.kernel.value) for point in kept],
            "nonfinite_layer": nonfinite_layer(loss, look) if kept else tf.zeros([], tf.int32),
            "layers": layers,
            "through_time": {key: by_step for key, (by_step, _) in through_time.items()},
            "time_ends": {key: both for key, (_, both) in through_time.items()},
        }

    def _describe(self, recorder: Recorder, points: Sequence[ProbePoint], reached: Sequence[int]) -> None:
        kept = [points[i] for i in reached]
        shared = [reached.index(p.shared) if p.shared in reached else at for at, p in enumerate(kept)]
        outputs = {shared[at] for at, point in enumerate(kept) if point.is_output}
        # A model of one layer has no hidden ones; then the verdict is on what there is.
        hidden = [shared[at] not in outputs or len(outputs) == len(set(shared)) for at in range(len(kept))]
        self.points = kept
        self.places = [
            Place(p.name, hidden[at], p.where, p.activation.name, p.source.dtype.name, shared[at])
            for at, p in enumerate(kept)
        ]
        self.unreached = [point.name for i, point in enumerate(points) if i not in reached]
        self.frozen = recorder.frozen(self._trainable)
        self._layers, self._functions = recorder.layers, recorder.functions
        self.normalizes_batch = any(
            isinstance(layer, NORMALIZATIONS[0]) and layer.trainable for layer in recorder.layers
        )


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
            model(first, training=False) if "training" in model.call_signature_parameters else model(first)
        except Exception as error:
            raise MonitorError(f"Expected inputs that the model takes. {one_line(error)}") from error
    if not model.trainable_variables:
        raise MonitorError(f"Expected a model with a trainable layer. Received: {model.name!r}, which has none")


def _or_zeros(gradient: Any, kernel: Any) -> Any:
    return tf.zeros(kernel.shape, kernel.dtype) if gradient is None else gradient


def _unscaled(gradient: Any, scale: Any) -> Any:
    """In a float type that holds what the scale has lifted into float16's range."""
    if gradient is None:
        return None
    gradient = tf.convert_to_tensor(gradient)  # an embedding's is sparse
    wide = tf.cast(gradient, tf.float64 if gradient.dtype == tf.float64 else tf.float32)
    return wide / tf.cast(scale, wide.dtype)
