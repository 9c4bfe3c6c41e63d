"""Probed gradients of every run, held compactly and handed out one cell at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suite.results.errors import ResultsError


class Traces:
    """RMS gradients in a long Parquet table, as a block of (replicates, steps, positions) per cell.

    Ten million rows take some 200 MB: labels and columns that no page shows are never read.
    Of the second table (through time) the first recurrent layer, nearest the input, is kept.

    Args:
        path: `gradients.parquet` or `gradients_through_time.parquet`.
        position: The column that is the last axis: `layer` or `time`, each counted from 1 or 0.
    """

    def __init__(self, path: Path, position: str) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns = ["cell", "replicate", "step", "gradient_rms", "layer", *(["time"] if position == "time" else [])]
        try:
            table = pq.read_table(path, columns=columns, read_dictionary=["cell"])
        except (OSError, pa.ArrowException) as error:
            raise ResultsError([f"{path}: cannot be read: {error}"]) from error
        keep = None
        if position == "time":
            layer = _numbers(table, "layer", np.int32)
            keep = layer == (layer.min() if len(layer) else 0)
        cells = table.column("cell").combine_chunks()
        if hasattr(cells, "chunks"):
            cells = cells.chunks[0]
        codes = cells.indices.to_numpy(zero_copy_only=False).astype(np.int32)
        names = cells.dictionary.to_pylist()
        order = np.argsort(codes, kind="stable") if keep is None else np.flatnonzero(keep)
        order = order if keep is None else order[np.argsort(codes[order], kind="stable")]
        self._replicate = _numbers(table, "replicate", np.int32)[order]
        self._step = _numbers(table, "step", np.int32)[order]
        self._position = _numbers(table, position, np.int32)[order]
        self._rms = _numbers(table, "gradient_rms", np.float64)[order]
        self.positions = int(self._position.max(initial=1) - self._position.min(initial=1)) + 1
        codes = codes[order]
        bounds = np.searchsorted(codes, np.arange(len(names) + 1))
        self._rows = {name: slice(bounds[code], bounds[code + 1]) for code, name in enumerate(names)}

    def of(self, cell: str) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
        """The replicates, steps and positions of a cell, and its (replicates, steps, positions) gradients.

        NaN where nothing was probed because the run had ended; infinite or NaN values of the run are infinite here.
        """
        rows = self._rows.get(cell, slice(0, 0))
        replicates, r = np.unique(self._replicate[rows], return_inverse=True)
        steps, s = np.unique(self._step[rows], return_inverse=True)
        positions, p = np.unique(self._position[rows], return_inverse=True)
        block = np.full((len(replicates), len(steps), len(positions)), np.nan)
        values = self._rms[rows]
        block[r, s, p] = np.where(np.isfinite(values), values, np.inf)
        return replicates, steps, positions, block


def _numbers(table: Any, column: str, dtype: type) -> NDArray[Any]:
    values = table.column(column).to_numpy()
    return np.asarray(values, dtype=dtype)
