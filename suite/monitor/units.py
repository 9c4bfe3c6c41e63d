"""Saturated and dead units, and what else the validation probes measure, of layers whose activation is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from suite.monitor.calls import Activation
from suite.monitor.following import has_slope
from suite.probes import validation_probes


class Units:
    """Measures what the activations read. Made while nothing is traced: facts are found eagerly.

    Args:
        activations: Of every layer.
    """

    def __init__(self, activations: Sequence[Activation]) -> None:
        known = [(i, a.function) for i, a in enumerate(activations) if a.input is not None]
        judged: list[tuple[int, int, Callable[[Any], Any]]] = [
            (layer, place, phi) for place, (layer, phi) in enumerate(known) if phi is not None and has_slope(phi)
        ]
        self._layers = len(activations)
        self._judged = [layer for layer, _, _ in judged]
        self._places = [place for _, place, _ in judged]
        self._probes = validation_probes([phi for _, _, phi in judged])
        self._count = tf.function(self._measure, autograph=False)

    def __call__(self, read: Sequence[Any]) -> dict[str, np.ndarray]:
        """Numbers by the name of the measurement, shape (layers,); NaN for layers whose activation is not known.

        Args:
            read: What the activations read, where that can be had.
        """
        rows: dict[str, np.ndarray] = {}
        if self._judged:
            for name, values in self._count([read[place] for place in self._places]).items():
                rows[name] = np.full(self._layers, np.nan, np.float32)
                rows[name][self._judged] = values.numpy()
        return rows

    def _measure(self, read: Sequence[Any]) -> Mapping[str, Any]:
        # As one example each: in a model that folds patches or time steps into the batch, batches differ in length.
        as_one = [tensor[None] for tensor in read]
        found: dict[str, Any] = {}
        for probe in self._probes:
            found |= probe.finish([tensor.shape for tensor in as_one], probe.measure_chunk(as_one, tf.ones([1])))
        return found
