"""The numbers of one look, layer by layer: the suite's own probes on what is real of each tensor, and what a layer feels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from suite.monitor.calls import ProbePoint
from suite.monitor.units import measure_units
from suite.probes import StepProbe, StepSnapshot
from suite.probes.layers import per_layer, scaled_rms


def measured_layers(
    probes: Sequence[StepProbe],
    points: Sequence[ProbePoint],
    gradients: Sequence[Any],
    weight_gradients: Sequence[Any],
    examples: int,
) -> tuple[dict[str, Any], StepSnapshot]:
    """Every measurement of every layer, and what the probes were given.

    Beside the probes' own measurements: `gradient_norm` and `gradient_sum`, dLoss/dz of an example and unit as the norm and
    as the sum over its positions, RMS over examples and units; `input_rms`, RMS of what the layer reads. Pooling over
    positions divides each position's gradient by their number, and weights that are shared by them feel the sum.

    Args:
        probes: Probes of a step.
        points: Where the layers are measured.
        gradients: dLoss/dz of each.
        weight_gradients: dLoss/dW of each.
        examples: Size of the batch.

    Returns:
        Numbers by the name of the measurement, shape (layers,).
    """
    parts = [p.call.z for p in points], gradients, [p.activation.output for p in points]
    wide = _common_type([*weight_gradients, *(tensor for part in parts for tensor in part)])
    z, real_gradients, outputs = (
        [_real(tf.cast(tensor, wide), p.call.mask) for tensor, p in zip(part, points, strict=True)] for part in parts
    )
    look = StepSnapshot(z, real_gradients, [tf.cast(gradient, wide) for gradient in weight_gradients], outputs)
    layers = dict(_measured(probes, look))
    read = [
        None if p.activation.input is None else _real(_units_last(tf.cast(p.activation.input, wide), p), p.call.mask)
        for p in points
    ]
    layers |= measure_units([p.activation for p in points], read)
    if points:
        units = [_units_last(gradient, p).shape[-1] or 1 for gradient, p in zip(gradients, points, strict=True)]
        positions = [_size(g) / (examples * count) for g, count in zip(real_gradients, units, strict=True)]
        norm = layers["gradient_rms"] * tf.sqrt(tf.cast(tf.stack(positions), wide))
        sums = [_sum_over_positions(tf.cast(g, wide), p, examples) for g, p in zip(gradients, points, strict=True)]
        inputs = [u if p.reads_data else None for u, p in zip(read, points, strict=True)]
        layers |= {
            "gradient_norm": norm,
            "gradient_sum": tf.stack([norm[i] if total is None else total for i, total in enumerate(sums)]),
            "input_rms": _rms_of_nonzero([p.call.input for p in points], wide),
            "activation_input_rms": _rms_of_nonzero(inputs, wide),
        }
    return layers, look


def over_time(gradient: Any, point: ProbePoint) -> tuple[Any, Any]:
    """RMS of dLoss by a state at every time step over its real examples; and over examples at three of their real steps: the
    first, one half-way to the last, and the last. Of a bidirectional layer each direction has half of the way to go.

    Args:
        gradient: Shape (batch, time, units).
        point: Of the layer.

    Returns:
        Shapes (time,), NaN where no example is real, and (3,).
    """
    states = point.call.states
    assert states is not None
    mask = states.mask
    mask = tf.ones(tf.shape(gradient)[:2], tf.bool) if mask is None else tf.cast(mask, tf.bool)
    if states.backwards:
        gradient, mask = tf.reverse(gradient, [1]), tf.reverse(mask, [1])
    kept = tf.where(mask[..., None], gradient, tf.zeros_like(gradient))
    there = tf.cast(mask, gradient.dtype)
    all_rows = scaled_rms(tf.transpose(kept, [1, 0, 2]))
    share = tf.reduce_mean(there, axis=0)
    by_step = tf.where(share > 0, all_rows / tf.sqrt(share), float("nan"))
    rows = tf.boolean_mask(kept, tf.reduce_any(mask, axis=1))
    real = tf.cast(tf.boolean_mask(mask, tf.reduce_any(mask, axis=1)), tf.int32)
    first = tf.argmax(real, axis=1, output_type=tf.int32)
    last = tf.shape(real)[1] - 1 - tf.argmax(tf.reverse(real, [1]), axis=1, output_type=tf.int32)
    half = last - (last - first) // (4 if point.call.paired else 2)
    ends = [tf.gather(rows, step, batch_dims=1) for step in (first, half, last)]
    return by_step, scaled_rms(tf.stack(ends))


def _measured(probes: Sequence[StepProbe], look: StepSnapshot) -> Mapping[str, Any]:
    """Layers are measured together; where the length of one is not known, each alone."""
    parts = (look.pre_activations, look.pre_activation_gradients, look.kernel_gradients, look.activations)
    looks = [look]
    if not all(t.shape.is_fully_defined() for part in (look.pre_activations, look.activations) for t in part):
        looks = [StepSnapshot([z], [dz], [w], [a]) for z, dz, w, a in zip(*parts, strict=True)]
    each = [{n: v for probe in probes for n, v in probe.measure(one).items()} for one in looks]
    return {name: tf.concat([one[name] for one in each], axis=0) for name in each[0]}


def _size(tensor: Any) -> Any:
    known = tensor.shape.num_elements()
    return tf.cast(tf.size(tensor), tf.float32) if known is None else float(known)


def _sum_over_positions(gradient: Any, point: ProbePoint, examples: int) -> Any:
    """Length of the sum over positions, RMS over examples and units; None where there is one position, or rows are no examples."""
    gradient = _units_last(gradient, point)
    units, size = gradient.shape[-1] or 1, gradient.shape.num_elements()
    if size is None or size % (examples * units) or size == examples * units:
        return None
    total = tf.reduce_sum(tf.reshape(gradient, [examples, -1, units]), axis=1)
    return scaled_rms(total[None])[0]


def _units_last(tensor: Any, point: ProbePoint) -> Any:
    if getattr(point.call.layer, "data_format", None) != "channels_first" or tensor.shape.rank < 3:
        return tensor
    return tf.transpose(tensor, [0, *range(2, tensor.shape.rank), 1])


def _real(tensor: Any, mask: Any) -> Any:
    """The positions that count, (positions, units); of tensors without a mask, the tensor, with its unknown axes as one."""
    if mask is not None and tensor.shape[: mask.shape.rank].is_compatible_with(mask.shape):
        return tf.boolean_mask(tensor, tf.cast(mask, tf.bool))
    if tensor.shape.is_fully_defined():
        return tensor
    return tf.reshape(tensor, [-1, tensor.shape[-1] if tensor.shape.rank and tensor.shape[-1] else 1])


def _rms_of_nonzero(tensors: Sequence[Any], wide: Any) -> Any:
    """RMS of the entries that are not 0, so that one-hot and sparse inputs have their size; NaN where nothing is read."""

    def measure(stack: Any) -> Any:
        some = tf.reduce_mean(tf.cast(stack != 0, wide), axis=list(range(1, len(stack.shape))))
        return tf.math.divide_no_nan(scaled_rms(stack), tf.sqrt(some))

    known = [i for i, tensor in enumerate(tensors) if tensor is not None]
    found = tf.fill([len(tensors)], tf.constant(float("nan"), wide))
    alike = [tf.cast(tensors[i], wide) for i in known]
    if not alike:
        return found
    if all(tensor.shape.is_fully_defined() for tensor in alike):
        sizes = per_layer(alike, measure)
    else:
        sizes = tf.concat([measure(tensor[None]) for tensor in alike], axis=0)
    return tf.tensor_scatter_nd_update(found, [[i] for i in known], sizes)


def _common_type(tensors: Sequence[Any]) -> Any:
    return tf.float64 if any(tensor.dtype == tf.float64 for tensor in tensors) else tf.float32
