"""The optimizer's loss scale: the pass that trains a float16 model multiplies its loss before it goes back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf


class LossScale:
    """What a model's optimizer multiplies the loss by; of a model that is not compiled, what `compile` would take.

    Args:
        model: The model.
    """

    def __init__(self, model: Any) -> None:
        self._model = model

    def tried(self) -> Iterator[float]:
        """The scale as it is now, and, of one that adapts, its halves down to 1, for gradients that overflow."""
        optimizer = getattr(self._model, "optimizer", None)
        if optimizer is None and self._model.dtype_policy.name == "mixed_float16":
            optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())
        scale = 1.0 if optimizer is None else float(optimizer.scale_loss(tf.ones([])))
        yield scale
        while isinstance(optimizer, keras.optimizers.LossScaleOptimizer) and scale > 1:
            scale /= 2
            yield scale
