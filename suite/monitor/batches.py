"""One batch as `fit` would hand it to `train_step`: read by Keras's own data handling, whatever `fit` takes."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

_WHOLE = 2**30
"""A batch size that no batch to look at exceeds."""


class MonitorError(ValueError):
    """The model, the batch or the loss does not fit. The message says what was expected and what was received."""


class Batch(NamedTuple):
    """Inputs, targets and sample weights as tensors; class weights are among the sample weights."""

    x: Any
    y: Any = None
    sample_weight: Any = None

    @property
    def size(self) -> int:
        """Number of examples."""
        leaves = [leaf for leaf in keras.tree.flatten(self.x) if leaf is not None]
        return int(leaves[0].shape[0]) if leaves and leaves[0].shape.rank else 0

    def nonfinite(self) -> str | None:
        """Where the first NaN or infinite value is, in words; None if all values are finite."""
        for what, part in (("inputs", self.x), ("targets", self.y), ("sample weights", self.sample_weight)):
            for leaf in keras.tree.flatten(part):
                values = _values(leaf)
                if values is None or np.isfinite(values).all():
                    continue
                places = np.argwhere(~np.isfinite(values))
                value = "NaN" if np.isnan(values[tuple(places[0])]) else "infinite value"
                row, *others = (int(index) for index in places[0])
                where = f", feature {others[0] if len(others) == 1 else tuple(others)}" if others else ""
                more = f" ({len(places):,} of {values.size:,} values)" if len(places) > 1 else ""
                return f"the data hold a{'n' * (value[0] == 'i')} {value}: {what}, row {row}{where}{more}"
        return None


def read_batch(x: Any, y: Any = None, *, sample_weight: Any = None, class_weight: Any = None) -> Batch:
    """The batch that `fit` makes of its arguments; of a dataset or generator, the first one.

    Args:
        x: Inputs, as `fit` takes them.
        y: Targets, likewise.
        sample_weight: Likewise.
        class_weight: Likewise.

    Raises:
        MonitorError: Keras does not take these arguments, or there is no example.
    """
    if y is None and isinstance(x, tuple) and len(x) in (2, 3):  # an element of a dataset, `next(iter(dataset))`
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(x)
    received: list[Any] = []  # no attribute of the model: Keras wraps those

    class Reader(keras.Model):
        def train_step(self, data: Any) -> dict[str, float]:
            received.append(data)
            return {"loss": 0.0}

    reader = Reader()
    reader.compile(run_eagerly=True)
    weights = {"sample_weight": sample_weight, "class_weight": class_weight}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of data that have no example, which is an error here
            reader.fit(x, y, batch_size=_WHOLE, steps_per_epoch=1, shuffle=False, verbose=0, **weights)
    except Exception as error:
        raise MonitorError(f"Expected a batch that `fit` takes. {one_line(error)}") from error
    batch = Batch(*keras.utils.unpack_x_y_sample_weight(received[0])) if received else Batch(None)
    if not batch.size:
        raise MonitorError("Expected a batch of at least one example. Received: none")
    return batch


def shapes(batch: Batch) -> str:
    """Shapes of a batch's parts, in words."""
    parts = {"inputs": batch.x, "targets": batch.y}
    found = {
        what: ", ".join(str(tuple(leaf.shape)) for leaf in keras.tree.flatten(part)) for what, part in parts.items()
    }
    return ", ".join(f"{what} of shape {shape}" for what, shape in found.items() if shape)


def one_line(error: Exception) -> str:
    """The beginning of an error's text, on one line."""
    text = " ".join(str(error).replace("\x1b[1m", "").replace("\x1b[0m", "").split()) or type(error).__name__
    return f"Keras says: {text if len(text) <= 300 else text[:299] + '…'}"


def _values(leaf: Any) -> np.ndarray | None:
    """Floating-point values of a tensor; None where there are none."""
    if isinstance(leaf, tf.SparseTensor):
        leaf = leaf.values
    if not isinstance(leaf, tf.Tensor) or not leaf.dtype.is_floating:
        return None
    return np.asarray(tf.cast(leaf, tf.float64 if leaf.dtype == tf.float64 else tf.float32))
