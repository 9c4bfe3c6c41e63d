"""Saturated and dead units, and what else the validation probes measure, of layers whose activation is known."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import tensorflow as tf

from suite.monitor.calls import Activation
from suite.monitor.following import has_slope
from suite.probes import ValidationProbe, validation_probes
from suite.probes.layers import group_alike


def measure_units(activations: Sequence[Activation], read: Sequence[Any]) -> dict[str, Any]:
    """Numbers by the name of the measurement, shape (layers,); NaN for layers whose activation is not known.

    Args:
        activations: Of every layer.
        read: What each of them read, of one float type; None where that cannot be had.
    """
    known = [
        (layer, a.function)
        for layer, (a, u) in enumerate(zip(activations, read, strict=True))
        if u is not None and a.function is not None and _eagerly(has_slope, a.function)
    ]
    # Those of unknown length cannot be stacked: a model that folds patches or time steps into the batch has them.
    alone = [-1 if read[layer].shape.is_fully_defined() else layer for layer, _ in known]
    rows: dict[str, Any] = {}
    for members in group_alike(alone):
        layers = [[known[member][0]] for member in members]
        found = _measured(tuple(known[member][1] for member in members), [read[layer] for (layer,) in layers])
        for name, values in found.items():
            row = rows.get(name, tf.fill([len(activations)], float("nan")))
            rows[name] = tf.tensor_scatter_nd_update(row, layers, values)
    return rows


def _measured(functions: tuple[Callable[[Any], Any], ...], read: Sequence[Any]) -> Mapping[str, Any]:
    as_one = [tensor[None] for tensor in read]  # one example each
    found: dict[str, Any] = {}
    for probe in _eagerly(_probes, functions):
        found |= probe.finish([tensor.shape for tensor in as_one], probe.measure_chunk(as_one, tf.ones([1])))
    return found


@functools.lru_cache(maxsize=64)
def _probes(functions: tuple[Callable[[Any], Any], ...]) -> Sequence[ValidationProbe]:
    return validation_probes(functions)


def _eagerly(find: Callable[[Any], Any], of: Any) -> Any:
    """What is known of a function, which are found eagerly whatever is traced here: in a thread that has no part in it."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(find, of).result()
