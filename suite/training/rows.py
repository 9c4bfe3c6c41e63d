"""The traces of probed steps: a table a trace, written row by row inside the graph, and read when the run is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf


def probed_steps(steps: int, evaluations: int) -> np.ndarray:
    """The probed steps, from 0: the first, then evenly to the last; at most `evaluations`, the last if only one."""
    return np.unique(np.round(np.linspace(steps - 1, 0, evaluations)).astype(np.int32))


class TraceRows:
    """Tables of float32, one row a probed step.

    A trace of no layers (a network without hidden ones) has no numbers: it is left out of the graph, and is there
    again, empty, in what is read.

    Args:
        probed: The probed steps, ascending.
        shapes: Of one row of every trace, by name.
    """

    def __init__(self, probed: np.ndarray, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self._probed = probed
        self._shapes = dict(shapes)
        self._written = [name for name, shape in shapes.items() if 0 not in shape]

    def slots(self, steps: int) -> np.ndarray:
        """Of every step the row it is written to, or -1; int32, shape (steps,)."""
        slots = np.full(steps, -1, np.int32)
        slots[self._probed] = np.arange(len(self._probed), dtype=np.int32)
        return slots

    def empty(self) -> list[Any]:
        """The tables as a run begins: of each trace zeros, shape (probed steps, *shape)."""
        return [tf.zeros([len(self._probed), *self._shapes[name]]) for name in self._written]

    def write(self, tables: Sequence[Any], slot: Any, row: Mapping[str, Any]) -> list[Any]:
        """The tables with one more row.

        Args:
            tables: As they were.
            slot: Number of the row, a scalar tensor.
            row: Every trace's numbers at this step, by name, each of its trace's shape.
        """
        return [
            tf.tensor_scatter_nd_update(table, [[slot]], row[name][None])
            for name, table in zip(self._written, tables, strict=True)
        ]

    def named(self, tables: Sequence[Any]) -> dict[str, Any]:
        """The tables by the names of their traces."""
        return dict(zip(self._written, tables, strict=True))

    def read(self, tables: Mapping[str, np.ndarray], end: int) -> dict[str, np.ndarray]:
        """Every trace, shape (rows, *shape), and `probed_step`: the rows of the steps before `end`."""
        rows = int(np.searchsorted(self._probed, end))
        found = {
            name: tables[name][:rows] if name in tables else np.zeros((rows, *shape), np.float32)
            for name, shape in self._shapes.items()
        }
        return {"probed_step": self._probed[:rows], **found}
