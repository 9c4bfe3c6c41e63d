"""One forward and backward pass on one batch with all its measurements, as one graph, and what layers it finds.

The pass is made as in training (dropout on, batch normalization by the batch's own statistics), because that is the pass
whose gradient trains the model. A `StatelessScope` keeps what it would change in Keras's variables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from suite.monitor.batches import Batch
from suite.monitor.calls import ProbePoint
from suite.monitor.losses import outputs_of
from suite.monitor.measuring import measured_layers, over_time
from suite.monitor.observation import Place
from suite.monitor.recording import NORMALIZATIONS, Recorder
from suite.probes import nonfinite_layer, step_probes


@dataclass(frozen=True)
class Structure:
    """What a pass finds a model to be made of.

    Attributes:
        points: Where the layers are measured, in the order in which they are called.
        places: The same layers, for people.
        unreached: Layers whose output the loss does not depend on; they are not measured.
        frozen: Layers that are switched off behind layers that are trained.
        layers: Every layer that is called.
        functions: Layers whose `call` is a `tf.function`.
        output_shapes: Shapes of the model's outputs.
    """

    points: Sequence[ProbePoint] = ()
    places: Sequence[Place] = ()
    unreached: Sequence[str] = ()
    frozen: Sequence[str] = ()
    layers: Sequence[Any] = ()
    functions: Sequence[Any] = ()
    output_shapes: Sequence[tuple[int | None, ...]] = ()

    @property
    def normalizes_batch(self) -> bool:
        """Whether a BatchNormalization is trained."""
        return any(isinstance(layer, NORMALIZATIONS[0]) and layer.trainable for layer in self.layers)


class Pass(NamedTuple):
    """Tensors of one pass.

    Attributes:
        outputs: What the model returned.
        weight_gradients: dLoss by each trainable variable; None where there is none.
        kernels: W of each layer.
        kernel_gradients: dLoss/dW of each layer.
        nonfinite_layer: Index of the layer in which the first value that is not finite arose.
        numbers: What an `Observation` takes over, by its names.
    """

    outputs: Any
    weight_gradients: Any
    kernels: Any
    kernel_gradients: Any
    nonfinite_layer: Any
    numbers: dict[str, Any]


def measured_pass(
    model: Any,
    batch: Batch,
    loss_function: Callable[[Batch, Any], Any],
    values: Sequence[Any],
    scale: Any,
    look_inside: bool,
) -> tuple[Structure, Pass]:
    """Forward, backward, and all measurements.

    Args:
        model: The model.
        batch: The batch.
        loss_function: As `loss_of` makes it.
        values: Of the trainable variables.
        scale: Factor of the loss on the way back, which the optimizer applies so that float16 does not underflow.
        look_inside: As a `Recorder` takes it.
    """
    trainable = model.trainable_variables
    with (
        tf.GradientTape() as tape,
        keras.StatelessScope(list(zip(trainable, values, strict=True)), collect_losses=True) as scope,
    ):
        tape.watch(values)
        recorder = Recorder(tape, look_inside=look_inside)
        with recorder.recording():
            outputs = outputs_of(model, batch.x)
        points = recorder.points(outputs, trainable)
        ends = [leaf for leaf in keras.tree.flatten(outputs) if tf.is_tensor(leaf) and leaf.dtype.is_floating]
        tape.watch(ends)
        loss = loss_function(batch, outputs)
        scaled = loss * tf.cast(scale, loss.dtype)
    # As they are now: a layer may have replaced its own weights for this pass, as spectral normalization does.
    current = [scope.get_current_value(variable) for variable in trainable]
    additions = {
        (i, name): zeros for i, p in enumerate(points) if p.call.states for name, zeros in p.call.states.named()
    }
    wanted = [current, [point.call.source for point in points], list(additions.values()), ends]
    weights, sources, states, pushes = (
        [_unscaled(gradient, scale) for gradient in each] for each in tape.gradient(scaled, wanted)
    )
    reached = [i for i, gradient in enumerate(sources) if gradient is not None]
    kept, gradients = [points[i] for i in reached], [sources[i] for i in reached]
    by_variable = {id(v): g for v, g in zip(trainable, weights, strict=True)}
    of_kernels = [
        tf.zeros(p.kernel.shape, p.kernel.dtype) if (g := by_variable[id(p.kernel)]) is None else g for p in kept
    ]
    times = {
        (reached.index(i), name): over_time(gradient, points[i])
        for (i, name), gradient in zip(additions, states, strict=True)
        if i in reached and gradient is not None
    }
    probes = [probe for probe in step_probes(recurrent=False) if not probe.of_update]
    layers, look = measured_layers(probes, kept, gradients, of_kernels, batch.size)
    known = [tf.reduce_max(tf.abs(push)) for push in pushes if push is not None]
    structure = Structure(
        kept,
        _places(kept, reached),
        [point.name for i, point in enumerate(points) if i not in reached],
        recorder.frozen(trainable),
        recorder.layers,
        recorder.functions,
        [tuple(leaf.shape) for leaf in keras.tree.flatten(outputs)],
    )
    numbers = {
        "loss": loss,
        "gradient_norm": tf.linalg.global_norm([tf.cast(g, tf.float32) for g in weights if g is not None]),
        "layers": layers,
        "through_time": {key: by_step for key, (by_step, _) in times.items()},
        "time_ends": {key: at_ends for key, (_, at_ends) in times.items()},
        "output_gradient": tf.reduce_max(tf.stack(known)) if known else tf.ones([]),
    }
    first = nonfinite_layer(loss, look) if kept else tf.zeros([], tf.int32)
    kernels = [tf.identity(point.kernel.value) for point in kept]
    return structure, Pass(outputs, weights, kernels, of_kernels, first, numbers)


def _places(kept: Sequence[ProbePoint], reached: Sequence[int]) -> list[Place]:
    shared = [reached.index(p.shared) if p.shared in reached else at for at, p in enumerate(kept)]
    outputs = {shared[at] for at, point in enumerate(kept) if point.is_output}
    # A model of one layer has no hidden ones; then the verdict is on what there is.
    hidden = [at not in outputs or len(outputs) == len(set(shared)) for at in shared]
    return [
        Place(p.name, hidden[at], p.call.where, p.activation.name, p.call.source.dtype.name, shared[at])
        for at, p in enumerate(kept)
    ]


def _unscaled(gradient: Any, scale: Any) -> Any:
    """In a float type that holds what the scale has lifted into float16's range."""
    if gradient is None:
        return None
    gradient = tf.convert_to_tensor(gradient)  # an embedding's is sparse
    wide = tf.cast(gradient, tf.float64 if gradient.dtype == tf.float64 else tf.float32)
    return wide / tf.cast(scale, wide.dtype)
