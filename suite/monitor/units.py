"""Saturated and dead units of the layers whose activation is known, by the project's `UnitProbe`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from suite.monitor.activations import has_slope
from suite.monitor.calls import Activation
from suite.probes.units import UnitProbe

TRACES = ("saturated_fraction", "dead_fraction")


class Units:
    """Counts units from what the activations read. Made while nothing is traced: facts are found eagerly.

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
        self._probe = UnitProbe([phi for _, _, phi in judged])
        self._count = tf.function(self._measure, autograph=False)

    def __call__(self, read: Sequence[Any]) -> dict[str, np.ndarray]:
        """Fractions by trace name, shape (layers,); NaN for layers whose activation is not known.

        Args:
            read: What the activations read, where that can be had.
        """
        rows = {name: np.full(self._layers, np.nan, np.float32) for name in TRACES}
        if self._judged:
            found = self._count([read[place] for place in self._places])
            for name, row in rows.items():
                row[self._judged] = found[name].numpy()
        return rows

    def _measure(self, read: Sequence[Any]) -> Mapping[str, Any]:
        # As one example each: in a model that folds patches or time steps into the batch, batches differ in length.
        as_one = [tensor[None] for tensor in read]
        sums = self._probe.measure_chunk(as_one, tf.ones([1]))
        return self._probe.finish([tensor.shape for tensor in as_one], sums)
